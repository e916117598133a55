"""Data files: where they are, and what their headers say."""

from __future__ import annotations

from pathlib import Path

from sailc.data import Header, Location, Options, Trouble, locate, read_header
from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.data import trouble_diagnostic
from sailc.infer.dataset import FileLine, file_line, header_type
from sailc.queries.names import module
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
    if line.like is not None:
        return UNKNOWN, ()
    _, header = data_header(db, str(Path(entry.file).parent), line)
    if isinstance(header, Header):
        return header_type(header, line, dataset)
    return UNKNOWN, (trouble_diagnostic(header, line.span),)
