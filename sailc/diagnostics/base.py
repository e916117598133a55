"""What every diagnostic is: a value with a stable code, a span, notes and a next step.

A diagnostic is one class. Its fields are the facts; `message` says what is wrong in
the author's own terms, `help` what to write instead. The class's docstring is its
page (`sailc explain CODE`): Markdown, with a `sail` block that shows the mistake.
Subclasses register themselves by code; two of one code are a programming error.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar, Literal

from msgspec import Struct

from sailc.source import Span

Severity = Literal["error", "warning", "info"]

REGISTRY: dict[str, type[Diagnostic]] = {}


class Note(Struct, frozen=True):
    """A further place that has to do with a diagnostic, and what it has to do with it."""

    span: Span
    message: str


class Fix(Struct, frozen=True):
    """Text that is certain to mend the mistake."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True, kw_only=True):
    """The base of all diagnostics; never made itself."""

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""

    span: Span
    notes: tuple[Note, ...] = ()

    def __init_subclass__(cls) -> None:
        if cls.code:
            previous = REGISTRY.get(cls.code)
            if previous is not None and previous.__qualname__ != cls.__qualname__:
                raise TypeError(f"{cls.__name__} and {previous.__name__} share {cls.code}")
            REGISTRY[cls.code] = cls

    @property
    def severity(self) -> Severity:
        match self.code[:1]:
            case "E":
                return "error"
            case "W":
                return "warning"
            case _:
                return "info"

    @property
    def message(self) -> str:
        raise NotImplementedError

    @property
    def help(self) -> str:
        raise NotImplementedError

    @property
    def fix(self) -> Fix | None:
        return None


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest to a misspelt one, if any is near."""
    known = sorted(set(known))
    folded = {k.casefold(): k for k in known}
    if name.casefold() in folded:
        return folded[name.casefold()]
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return near[0] if near else None


def listing(names: Iterable[str], limit: int = 8) -> str:
    """`a, b and c`, or the first few and how many more there are."""
    items = list(names)
    if len(items) > limit:
        return ", ".join(items[:limit]) + f" and {len(items) - limit} more"
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]
