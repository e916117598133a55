"""What all troubles with data files share."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, listing
from sailc.source import NOWHERE, Span


class DataDiagnostic(Diagnostic, frozen=True, kw_only=True):
    """The base of what can be wrong with a data file; never made itself."""

    span: Span = NOWHERE


def code_list(names: tuple[str, ...], word: str = "and") -> str:
    """The first names in backticks; `word` stands before the last."""
    shown = listing(f"`{name}`" for name in names)
    return shown.replace(" and `", f" {word} `")


def printable(text: str) -> str:
    """Text from a file, short and on one line: it may hold anything."""
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in words[:200])
