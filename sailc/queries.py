"""The stages as queries: what the command, the tests and the editor all ask.

A workspace is known by its `Key`; its texts and the stamps of its data files are the
inputs of the database, set by the host (`sailc.workspace`). Nothing here does input or
output but the reading of data headers, which is keyed by the file's stamp.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from sailc.data import Header, Location, Trouble, locate, read_header
from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.data import trouble_diagnostic
from sailc.diagnostics.internal import InternalError
from sailc.infer.check import check_declaration
from sailc.infer.dataset import FileLine, file_line, header_type
from sailc.infer.modules.common import World
from sailc.kinds.check import check_lines
from sailc.names import Names, resolve
from sailc.query import CycleError, Database, query
from sailc.source import Source, Span
from sailc.syntax import tree
from sailc.syntax.parser import parse
from sailc.types.model import UNKNOWN, Type

Diagnostics = tuple[Diagnostic, ...]
STANDARD = "std"


@query
def source(db: Database, path: str) -> Source:
    """The text of a file; empty if the host has set none."""
    text = db.get("text", path, "")
    return Source(path, text if isinstance(text, str) else "")


@query
def parsed(db: Database, path: str) -> tuple[tree.File, Diagnostics]:
    """The tree of a file, and its mistakes of syntax."""
    return parse(source(db, path))


def _listed(db: Database, name: str) -> tuple[str, ...]:
    value = db.get(name, "", ())
    return cast("tuple[str, ...]", value) if isinstance(value, tuple) else ()


@query
def names(db: Database) -> tuple[Names, Diagnostics]:
    """What each file sees, and the planner's catalogue."""
    files, standard = _listed(db, "files"), _listed(db, "standard")
    paths = {_module_path(f): f for f in files} | {_standard_path(f): f for f in standard}
    return resolve(
        {f: parsed(db, f)[0] for f in files},
        {f: parsed(db, f)[0] for f in standard},
        {**_relative(db, files), **paths},
        [f for f in standard if "/prelude/" in f],
    )


def _module_path(path: str) -> str:
    return Path(path).with_suffix("").name


def _standard_path(path: str) -> str:
    """`…/std/chemistry.sail` is `std.chemistry`."""
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[len(parts) - 1 - parts[::-1].index(STANDARD) :])


def _relative(db: Database, files: tuple[str, ...]) -> dict[str, str]:
    root = db.get("root", "", "")
    result: dict[str, str] = {}
    for f in files:
        try:
            inner = Path(f).relative_to(str(root)) if root else Path(f)
        except ValueError:
            continue
        result[".".join(inner.with_suffix("").parts)] = f
    return result


@query
def data_header(
    db: Database, folder: str, line: FileLine
) -> tuple[Location | None, Header | Trouble]:
    """Where a data file is and what its header says, or the trouble with it."""
    found = locate(line.path, Path(folder))
    if not isinstance(found, Location):
        return None, found
    db.get("stamp", str(found.path))
    return found, read_header(found.path, line.options)


@query
def file_type(
    db: Database, file: str, dataset: str, name: str, span: Span
) -> tuple[Type, Diagnostics]:
    """The type of a dataset's file."""
    table = names(db)[0].modules["dataset"]
    entry = table.get(dataset)
    line = file_line(entry.declaration, name) if entry is not None else None
    if entry is None or line is None:
        return UNKNOWN, ()
    if line.like is not None:
        return UNKNOWN, ()
    _, header = data_header(db, str(Path(entry.file).parent), line)
    if isinstance(header, Header):
        return header_type(header, line, dataset)
    return UNKNOWN, (trouble_diagnostic(header, line.span),)


def world(db: Database) -> World:
    """What elaboration reads, through queries."""
    return World(
        names(db)[0], lambda file, dataset, name, span: file_type(db, file, dataset, name, span)
    )


@query
def checked(db: Database, path: str) -> Diagnostics:
    """All mistakes of one file, in the order of its text."""
    file, found = parsed(db, path)
    diagnostics = list(found)
    broken = {d.span.start for d in found}
    diagnostics += [d for d in names(db)[1] if d.span.file == path]
    for declaration in file.declarations:
        diagnostics += check_lines(declaration)
        if not any(declaration.span.start <= b <= declaration.span.end for b in broken):
            diagnostics += _guarded(db, declaration, path)
    return tuple(_unique(d for d in diagnostics if d.span.file == path))


def _guarded(db: Database, declaration: tree.Declaration, path: str) -> Diagnostics:
    """The mistakes of a declaration. One that makes the compiler fail is a diagnostic of
    its own, so that it takes neither the other files nor the editor with it."""
    try:
        return check_declaration(world(db), declaration, path)
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
