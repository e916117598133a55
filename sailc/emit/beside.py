"""Modules that are put beside programs: their names and texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

KEEPER = "sail_fixtures"
"""What programs keep fixtures with, where they are given `--fixtures`."""


@cache
def keeper() -> dict[str, str]:
    """The module that keeps fixtures, as it is put beside programs."""
    return {KEEPER: Path(__file__).with_name(f"{KEEPER}.py").read_text(encoding="utf-8")}
