"""The few entries that other programs use: the language server, notebooks, tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sailc.diagnostics.base import Diagnostic
from sailc.workspace import Workspace


def check_text(path: str, text: str) -> Sequence[Diagnostic]:
    """The mistakes of a text that stands in the place of a file, in that file's workspace."""
    place = Path(path)
    workspace = Workspace.open([place] if place.exists() else [])
    workspace.edit(path, text)
    return workspace.check(path)
