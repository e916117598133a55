"""Texts and trees."""

from __future__ import annotations

from typing import cast

from sailc.diagnostics.base import Diagnostic
from sailc.query import Database, query
from sailc.source import Source
from sailc.syntax import tree
from sailc.syntax.parser import parse

Diagnostics = tuple[Diagnostic, ...]


def listed(db: Database, name: str) -> tuple[str, ...]:
    """The paths of the workspace's `files`, or of the library's (`standard`)."""
    value = db.get(name, "", ())
    return cast("tuple[str, ...]", value) if isinstance(value, tuple) else ()


@query
def source(db: Database, path: str) -> Source:
    """The text of a file; empty if the host has set none."""
    text = db.get("text", path, "")
    return Source(path, text if isinstance(text, str) else "")


@query
def parsed(db: Database, path: str) -> tuple[tree.File, Diagnostics]:
    """The tree of a file, and its mistakes of syntax."""
    return parse(source(db, path))
