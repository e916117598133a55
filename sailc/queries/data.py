"""Data files: where they are, and what their headers say."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import cast

from sailc.data import Header, Location, Options, Trouble, file_at, locate, read_header
from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.data import FileMissing, PackageMissing, trouble_diagnostic
from sailc.infer.dataset import FileLine, file_line, header_type, is_unit
from sailc.infer.externs.readers import read_by, reader
from sailc.infer.like import like_type
from sailc.infer.modules.common import World
from sailc.infer.read import read_type
from sailc.names import Entry
from sailc.queries.names import module, names
from sailc.query import Database, query
from sailc.types.meet import outline
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
def data_place(db: Database, folder: str, path: str) -> Location | Trouble:
    """Where a data file is that an extern reads, or why there is none. It is not opened."""
    found = locate(path, Path(folder))
    if not isinstance(found, Location):
        return found
    db.get("stamp", str(found.path))
    return file_at(found.path) or found


@query
def file_type(db: Database, dataset: str, name: str) -> tuple[Type, Diagnostics]:
    """The type of a dataset's file."""
    entry = module(db, "dataset", dataset)
    line = file_line(entry.declaration, name) if entry is not None else None
    if entry is None or line is None:
        return UNKNOWN, ()
    if line.read is not None:
        return _read_type(db, entry, line)
    _, header = data_header(db, str(Path(entry.file).parent), line)
    if not isinstance(header, Header):
        told = _told(db, entry, line) if isinstance(header, FileMissing | PackageMissing) else None
        return (told, ()) if told is not None else _troubled(header, line)
    header = header.with_units(is_unit)
    found = header_type(header)
    if line.like is None:
        return found, ()
    ctx = world(db).context()
    scope = ctx.root(entry.file).child()
    return like_type(ctx, found, header, line.like, scope, Path(line.path).name)


def _read_type(db: Database, entry: Entry, line: FileLine) -> tuple[Type, Diagnostics]:
    """The type of a file that an extern reads, which is not opened for that."""
    ctx = world(db).context()
    found = reader(ctx, line, entry.file)
    type = read_by(ctx, line, found, entry.file) if found is not None else None
    if type is None:
        return UNKNOWN, tuple(ctx.found.values())
    place = data_place(db, str(Path(entry.file).parent), line.path)
    absent = isinstance(place, FileMissing | PackageMissing) and line.like is not None
    return (type, ()) if absent or isinstance(place, Location) else _troubled(place, line)


def _troubled(trouble: Trouble, line: FileLine) -> tuple[Type, Diagnostics]:
    return UNKNOWN, (trouble_diagnostic(trouble, line.span),)


def _told(db: Database, entry: Entry, line: FileLine) -> Type | None:
    """The type that `like` says of a file that is not at hand, if it says all of it."""
    if line.like is None:
        return None
    ctx = world(db).context()
    found = read_type(ctx, line.like, ctx.root(entry.file).child())
    return found if outline(found) is not None and not ctx.failed else None


def file_trouble(db: Database, dataset: str, name: str) -> Diagnostic | None:
    """What is the matter with a dataset's file, whatever `like` says of it."""
    entry = module(db, "dataset", dataset)
    line = file_line(entry.declaration, name) if entry is not None else None
    if entry is None or line is None:
        return None
    folder = str(Path(entry.file).parent)
    if line.read is not None:
        found = data_place(db, folder, line.path)
    else:
        _, found = data_header(db, folder, line)
    return None if isinstance(found, Header | Location) else trouble_diagnostic(found, line.span)


def world(db: Database) -> World:
    """What elaboration reads, through queries."""
    probe = cast("Callable[[], Mapping[str, object]] | None", db.get("probe", ""))
    return World(
        names(db),
        lambda file, dataset, name, span: file_type(db, dataset, name),
        probe=probe or dict[str, object],
        remember=partial(_remembered, db),
    )


@query
def _remembered(db: Database, function: Callable[..., object], *args: Hashable) -> object:
    """What a function gives for the world and some arguments."""
    return function(world(db), *args)
