"""The import lines of programs."""

from __future__ import annotations

from collections.abc import Iterable

from sailc.emit.text.layout import fit

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


def versions(packages: Iterable[str]) -> str:
    """The statement by which a program tells the versions of some distributions, and Python's."""
    names = ", ".join(f'"{name}"' for name in packages)
    told = f"{{p: version(p) for p in [{names}]}}"
    return fit(f'VERSIONS = {told} | {{"python": python_version()}}')


def in_order(lines: Iterable[str]) -> list[str]:
    """Imports as formatters sort them: whole modules first."""
    return sorted(set(lines), key=lambda line: (line.startswith("from"), line))
