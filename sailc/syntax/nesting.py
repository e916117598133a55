"""A limit to nesting, so that no text can exhaust the stack of a later stage.

Operators in a row nest as brackets do: a sum of a thousand terms is a tree as deep.
What is deeper than the limit is left out of the tree.
"""

from __future__ import annotations

from sailc import words
from sailc.diagnostics.syntax import NestingTooDeep
from sailc.source import Span
from sailc.syntax.filter import ENDS_A_LINE
from sailc.syntax.token import Token

LIMIT = 200
BRACKET = 2  # what stands in brackets is two nodes down: the call, its argument

_OPENS = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSES = frozenset({"RPAR", "RSQB", "RBRACE"})
_RESTARTS = frozenset({"COMMA", "COLON", "EQUAL"})
_DEEPENS = frozenset(
    [
        "PLUS",
        "MINUS",
        "TIMES",
        "POWER",
        "COMPARE",
        "PIPE",
        "COMPOSE",
        "DOTS",
        "SPREAD",
        "FATARROW",
        "ARROW",
        "DOT",
        "UNITS",
        "OPTIONAL",
        "and",
        "or",
        "not",
        "in",
        "if",
        "else",
        "match",
    ]
)
_ENDING_WORDS = frozenset({"true", "false"})


def bounded(tokens: list[Token], path: str) -> tuple[list[Token], NestingTooDeep | None]:
    """The tokens without what nests too deep; most often the very same list."""
    cutter = _Cutter()
    first = next((token for token in tokens if cutter.deep(token)), None)
    if first is None:
        return tokens, None
    cutter = _Cutter()
    kept: list[Token] = []
    for token in tokens:
        if not cutter.cuts(token):
            kept.append(token)
        elif not kept or not _can_end(kept[-1]):
            kept.append(Token("NAME", "", token.start, token.start))
    span = Span(path, first.start, first.end)
    return kept, NestingTooDeep(span=span)


class _Cutter:
    """Follows the depth that the tree can at most have at each token."""

    def __init__(self) -> None:
        self.depth = 0
        self.bases = [0]  # the depth where each open bracket began
        self.open_lines = [False]  # is a newline in it only a blank?
        self.ends = False  # the token before can end a line
        self.inside = -1  # brackets opened within what is cut, -1 where nothing is

    def deep(self, token: Token) -> bool:
        """Take a token; does it go too deep?"""
        type = token.type
        if type == "NAME":
            type = token.text
            self.ends = type not in words.RESERVED or type in _ENDING_WORDS
            if type in _DEEPENS:
                self.depth += 1
            return self.depth > LIMIT
        if type in _DEEPENS:
            self.depth += 1
        elif type in _OPENS:
            self._open(type)
        elif type in _CLOSES:
            self._close()
        elif type in _RESTARTS or (type == "NL" and self._ends_line()):
            self.depth = self.bases[-1]
        self.ends = type in ENDS_A_LINE
        return self.depth > LIMIT

    def cuts(self, token: Token) -> bool:
        """Take a token; is it, or what it stands in, too deep to be kept?"""
        if self.inside < 0:
            if not self.deep(token):
                return False
            if token.type in _OPENS:
                self.depth = self.bases.pop()
                self.open_lines.pop()
            self.inside = 0
        elif self.inside == 0 and self._resumes(token):
            self.inside = -1
            self.depth = self.bases[-1]
            return self.cuts(token)
        self.inside += (token.type in _OPENS) - (token.type in _CLOSES)
        self.ends = _can_end(token)
        return True

    def _resumes(self, token: Token) -> bool:
        if token.type == "NL":
            return self._ends_line()
        return token.type in _CLOSES or token.type == "COMMA"

    def _ends_line(self) -> bool:
        return self.ends and not self.open_lines[-1]

    def _open(self, type: str) -> None:
        self.depth += BRACKET
        self.bases.append(self.depth)
        self.open_lines.append(type != "LBRACE")

    def _close(self) -> None:
        if len(self.bases) > 1:
            self.depth = self.bases.pop()
            self.open_lines.pop()


def _can_end(token: Token) -> bool:
    return token.type in ENDS_A_LINE and (
        token.text not in words.RESERVED or token.text in _ENDING_WORDS
    )
