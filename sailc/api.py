"""The few entries that other programs use: the language server, notebooks, tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sailc.diagnostics.base import Diagnostic
from sailc.workspace import Workspace


def check_text(path: str, text: str) -> Sequence[Diagnostic]:
    """The mistakes of a text that stands in the place of a file."""
    workspace = Workspace()
    return open_with(workspace, path, text).check(path)


def open_with(workspace: Workspace, path: str, text: str) -> Workspace:
    """A workspace around a file whose text an editor holds."""
    place = Path(path)
    opened = Workspace.open([place] if place.exists() else [])
    opened.edit(path, text)
    return opened
