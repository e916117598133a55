"""The import lines of programs."""

from __future__ import annotations

from collections.abc import Iterable

STANDARD = (
    "import argparse",
    "import json",
    "import math",
    "import time",
    "from importlib.metadata import version",
    "from pathlib import Path",
    "from platform import python_version",
)
"""What every program of ours imports of Python's own library."""


def listed(names: Iterable[str]) -> str:
    """The distributions whose versions a program tells, as the items of a list."""
    return ", ".join(f'"{name}"' for name in names)


def in_order(lines: Iterable[str]) -> list[str]:
    """Imports as formatters sort them: whole modules first."""
    return sorted(set(lines), key=lambda line: (line.startswith("from"), line))
