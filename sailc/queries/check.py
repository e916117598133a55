"""Checking: all mistakes of a file."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.internal import UNEXPECTED, InternalError
from sailc.infer.check import check_declaration
from sailc.infer.modules.common import World
from sailc.kinds.check import check_lines
from sailc.names.workspace import is_broken
from sailc.queries.data import world
from sailc.queries.names import clashes, declared, seen
from sailc.queries.text import parsed, source
from sailc.query import CycleError, Database, query
from sailc.source import Span
from sailc.syntax import tree

Diagnostics = tuple[Diagnostic, ...]


@query
def checked(db: Database, path: str) -> Diagnostics:
    """All mistakes of one file, in the order of its text."""
    file, found = parsed(db, path)
    diagnostics = list(found)
    text = source(db, path)
    lines = {text.position(d.span.start).line for d in found}
    diagnostics += (*seen(db, path)[1], *clashes(db, path))

    def is_wrong(span: Span) -> bool:
        return wrong_alone(db, span.file, span.start)

    around = replace(world(db), wrong_alone=is_wrong)
    for declaration in file.declarations:
        said = check_lines(declaration)
        diagnostics += [d for d in said if text.position(d.span.start).line not in lines]
        if not is_broken(declaration, found):
            diagnostics += _guarded(around, declaration, path)
    return tuple(_unique(d for d in diagnostics if d.span.file == path))


@query
def wrong_alone(db: Database, path: str, start: int) -> bool:
    """Whether the declaration at this place has a mistake of its own, or by what it calls."""
    inside = (e for e in declared(db, path) if e.declaration.span.start <= start)
    entry = max(inside, key=lambda e: e.declaration.span.start, default=None)
    if entry is None:
        return False
    said = _guarded(world(db), entry.declaration, path)
    return entry.broken or any(d.severity == "error" for d in said)


def _guarded(around: World, declaration: tree.Declaration, path: str) -> Diagnostics:
    """The mistakes of a declaration. One that makes the compiler fail is a diagnostic of
    its own, so that it takes neither the other files nor the editor with it."""
    try:
        return check_declaration(around, declaration, path)
    except (CycleError, *UNEXPECTED) as error:
        return (
            InternalError(span=declaration.name_span, error=f"{type(error).__name__}: {error}"),
        )


def _unique(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text, and of one place only the first."""
    seen: dict[tuple[str, Span], Diagnostic] = {}
    for d in diagnostics:
        seen.setdefault((d.code, d.span), d)
    return sorted(seen.values(), key=lambda d: (d.span.start, d.span.end, d.code))
