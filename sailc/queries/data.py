"""Data files: where they are, and what their headers say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from sailc.data import Header, Location, Options, Trouble, locate, read_header
from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.data import trouble_diagnostic
from sailc.infer.dataset import FileLine, file_line, header_type, is_unit
from sailc.infer.like import like_type
from sailc.infer.modules.common import World
from sailc.queries.names import module, names
from sailc.query import Database, query
from sailc.types.model import UNKNOWN, Type

Diagnostics = tuple[Diagnostic, ...]


def data_header(
    db: Database, folder: str, line: FileLine
) -> tuple[Location | None, Header | Trouble]:
    """Where a data file is and what its header says, or the trouble with it."""
    return _header(db, folder, line.path, line.options)


@query
def _header(
    db: Database, folder: str, path: str, options: Options
) -> tuple[Location | None, Header | Trouble]:
    found = locate(path, Path(folder))
    if not isinstance(found, Location):
        return None, found
    db.get("stamp", str(found.path))
    return found, read_header(found.path, options)


@query
def file_type(db: Database, dataset: str, name: str) -> tuple[Type, Diagnostics]:
    """The type of a dataset's file."""
    entry = module(db, "dataset", dataset)
    line = file_line(entry.declaration, name) if entry is not None else None
    if entry is None or line is None:
        return UNKNOWN, ()
    _, header = data_header(db, str(Path(entry.file).parent), line)
    if not isinstance(header, Header):
        return UNKNOWN, (trouble_diagnostic(header, line.span),)
    header = header.with_units(is_unit)
    found = header_type(header)
    if line.like is None:
        return found, ()
    ctx = world(db).context()
    scope = ctx.root(entry.file).child()
    return like_type(ctx, found, header, line.like, scope, Path(line.path).name)


def world(db: Database) -> World:
    """What elaboration reads, through queries."""
    probe = cast("Callable[[], Mapping[str, object]] | None", db.get("probe", ""))
    return World(
        names(db),
        lambda file, dataset, name, span: file_type(db, dataset, name),
        probe=probe or dict[str, object],
    )
