"""Checking: all mistakes of a file."""

from __future__ import annotations

from collections.abc import Iterable

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.internal import InternalError
from sailc.infer.check import check_declaration
from sailc.infer.modules.common import World
from sailc.kinds.check import check_lines
from sailc.queries.data import world
from sailc.queries.names import clashes, seen
from sailc.queries.text import parsed
from sailc.query import CycleError, Database, query
from sailc.source import Span
from sailc.syntax import tree

Diagnostics = tuple[Diagnostic, ...]


@query
def checked(db: Database, path: str) -> Diagnostics:
    """All mistakes of one file, in the order of its text."""
    file, found = parsed(db, path)
    diagnostics = list(found)
    broken = {d.span.start for d in found}
    diagnostics += (*seen(db, path)[1], *clashes(db, path))
    around = world(db)
    for declaration in file.declarations:
        diagnostics += check_lines(declaration)
        if not any(declaration.span.start <= b <= declaration.span.end for b in broken):
            diagnostics += _guarded(around, declaration, path)
    return tuple(_unique(d for d in diagnostics if d.span.file == path))


def _guarded(around: World, declaration: tree.Declaration, path: str) -> Diagnostics:
    """The mistakes of a declaration. One that makes the compiler fail is a diagnostic of
    its own, so that it takes neither the other files nor the editor with it."""
    try:
        return check_declaration(around, declaration, path)
    except (CycleError, RecursionError, *_UNEXPECTED) as error:
        return (
            InternalError(span=declaration.name_span, error=f"{type(error).__name__}: {error}"),
        )


_UNEXPECTED = (AssertionError, AttributeError, LookupError, TypeError, ValueError, ArithmeticError)


def _unique(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text, and of one place only the first."""
    seen: dict[tuple[str, Span], Diagnostic] = {}
    for d in diagnostics:
        seen.setdefault((d.code, d.span), d)
    return sorted(seen.values(), key=lambda d: (d.span.start, d.span.end, d.code))
