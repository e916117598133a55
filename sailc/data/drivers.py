"""Where the functions behind doors are: files beside a program, or installed modules.

Nothing is imported to find out: a module is looked for where Python would look for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
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


def with_imported(driver: Path) -> tuple[Path, ...]:
    """A driver and the files beside it that it imports, one after another."""
    found: dict[Path, None] = {}
    waiting = [driver]
    for path in waiting:
        if path not in found and path.is_file():
            found[path] = None
            waiting += _imported(path, driver.parent)
    return tuple(found)


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """The files that a module may import from its folder, and from `root`."""
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except (SyntaxError, ValueError):
        return  # which is said when it is imported
    for node in nodes:
        names, base = list[str](), root
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
            base = path.parents[node.level - 1] if node.level else root
        for steps in (name.strip(".").split(".") for name in names):
            for i in range(1, len(steps) + 1):
                one = base.joinpath(*steps[:i])
                yield from (one / "__init__.py", one.with_suffix(".py"))
