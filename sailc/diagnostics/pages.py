"""The page of each code: what `sailc explain CODE` prints and the manual holds."""

from __future__ import annotations

import inspect
from importlib import import_module
from textwrap import fill

from sailc.diagnostics.base import REGISTRY
from sailc.diagnostics.exclusions import NEXT, TITLES

_MODULES = (
    "backends",
    "data",
    "diverged",
    "equations",
    "files",
    "formulas",
    "internal",
    "kinds",
    "names",
    "outside",
    "runs",
    "syntax",
    "types",
    "warnings",
)


def load_all() -> None:
    """Import every module of diagnostics, so that the registry is whole."""
    for name in _MODULES:
        import_module(f"sailc.diagnostics.{name}")


def page(code: str) -> str | None:
    """The page of a code, as Markdown; None where there is no such code."""
    load_all()
    if code in REGISTRY:
        kind = REGISTRY[code]
        return f"# {code}: {kind.title}\n\n{inspect.getdoc(kind) or ''}\n"
    if code in TITLES:
        return (
            f"# {code}: {TITLES[code]}\n\nA reason why a combination is not a scenario. "
            "`sailc plan FILE` counts such combinations,\nand `sailc explain FILE PROBLEM MODEL` "
            f"tells how far one of them got.\n{_next(code)}"
        )
    return None


def _next(code: str) -> str:
    """What an author may do about a reason."""
    return f"\n{fill(f'What to do: {NEXT[code]}.', 88)}\n" if code in NEXT else ""
