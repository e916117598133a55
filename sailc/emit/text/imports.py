"""The import lines of programs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sailc.backends import distributions
from sailc.emit.text.layout import fit
from sailc.program.tree.nodes import Driver

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


def needed(
    packages: Iterable[str], imports: Iterable[str], drivers: Iterable[Driver]
) -> tuple[str, ...]:
    """The distributions that a program needs: its backend's, what reads its files, and those that
    functions from outside need."""
    modules = {re.split(r"[ .]", line)[1] for line in imports}
    readers = [name for name in ("h5py", "scipy") if name in modules]
    outside = (p for d in drivers for p in d.packages)
    return tuple(dict.fromkeys([*packages, *readers, *distributions(tuple(outside))]))


def in_order(lines: Iterable[str]) -> list[str]:
    """Imports as formatters sort them: whole modules first."""
    return sorted(set(lines), key=lambda line: (line.startswith("from"), line))
