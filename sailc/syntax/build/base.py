"""What all parts of the builder share: places, names, documentation, problems."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from sailc.diagnostics import syntax as problem
from sailc.diagnostics.base import Diagnostic
from sailc.source import Span
from sailc.syntax.token import Token
from sailc.syntax.tree import Expr, Missing, Name, Node

Place = Token | Node


class Enclosed(Node, frozen=True):
    """The lines of a block, or parameters in parentheses: never part of the tree."""

    items: tuple[Any, ...]


def start_of(place: Place) -> int:
    return place.start if isinstance(place, Token) else place.span.start


def end_of(place: Place) -> int:
    return place.end if isinstance(place, Token) else place.span.end


class Base:
    """`docs` is the documentation of the whole text, by the offset of the line below it."""

    def __init__(self, origin: str, text: str, docs: dict[int, str]) -> None:
        self.origin = origin
        self.text = text
        self.docs = docs
        self.problems: list[Diagnostic] = []

    def place(self, start: int, end: int) -> Span:
        return Span(self.origin, start, end)

    def at(self, token: Token) -> Span:
        return Span(self.origin, token.start, token.end)

    def between(self, first: Place, last: Place) -> Span:
        return Span(self.origin, start_of(first), end_of(last))

    def across(self, values: Iterable[Any]) -> Span:
        """From the first to the last of the values that are there."""
        places = [v for v in values if isinstance(v, (Token, Node))]
        return self.between(places[0], places[-1])

    def doc(self, start: int) -> str:
        """The documentation of what starts here, if it is the first on its line."""
        if not self.docs:
            return ""
        line = self.text.rfind("\n", 0, start) + 1
        doc = self.docs.get(line, "")
        return doc if doc and not self.text[line:start].strip() else ""

    def identifier(self, token: Token) -> str:
        """A name as it is known: the same however its accents are typed."""
        text = token.text
        if text.isascii():
            return text
        text = unicodedata.normalize("NFKC", text)
        if not token.text.isidentifier():
            self.problems.append(_not_a_name(self.origin, token))
        return text

    def name(self, token: Token) -> Expr:
        if not token.text:
            return Missing(self.at(token))
        return Name(self.at(token), self.identifier(token))


def _not_a_name(path: str, token: Token) -> Diagnostic:
    """The first character of a word that no name may hold."""
    text = token.text
    good = next(i for i in range(len(text)) if not text[: i + 1].isidentifier())
    at = token.start + good
    return problem.UnknownCharacter(span=Span(path, at, at + 1), text=text[good])
