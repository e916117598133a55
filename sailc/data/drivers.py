"""Where the functions behind doors are: files beside a program, or installed modules.

Nothing is imported to find out: a module is looked for where Python would look for it.
"""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path


def driver_file(module: str, folder: Path) -> Path | None:
    """The Python file of a module beside a program; None where there is none."""
    whole = folder.joinpath(*module.split("."))
    found = (whole.with_suffix(".py"), whole / "__init__.py")
    return next((f for f in found if f.is_file()), None)


def is_installed(module: str) -> bool:
    """Whether a module's package is where Python looks for packages."""
    return PathFinder.find_spec(module.split(".")[0]) is not None
