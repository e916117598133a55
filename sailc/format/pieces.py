"""The tokens of a text as the grammar knows them, and what stands between them."""

from __future__ import annotations

import re

from msgspec import Struct

from sailc.syntax.filter import ENDS_A_LINE, Filter
from sailc.syntax.machine import machine
from sailc.syntax.token import END

CLOSES = frozenset({"RPAR", "RSQB", "RBRACE"})
OPENS = frozenset({"LPAR", "LSQB", "LBRACE", "BLOCK", "FIXTURES"})
_INNER_BLANKS = re.compile(r"[ \t]+")


class Gap(Struct, frozen=True):
    """Between two tokens: the comment behind the first, then rows of their own, each a
    comment or, where empty, a blank line. `broken` is whether a newline is among it."""

    trailing: str
    rows: tuple[str, ...]
    broken: bool

    @property
    def comments(self) -> list[str]:
        return [comment for comment in (self.trailing, *self.rows) if comment]


class Piece(Struct, frozen=True):
    """A token, the gap before it, and what the filter knew of its place.

    `level` is the kind of bracket that it stands in (one that opens or closes stands
    outside and inside); `inner` the kind that it opens. `head` is whether it begins a line
    of its level, `unary` whether it is a sign.
    """

    type: str
    text: str
    gap: Gap
    level: str
    inner: str
    head: bool
    ended: bool
    unary: bool
    start: int
    end: int

    @property
    def names_property(self) -> bool:
        return self.head and self.type == "NAME" and self.level == "block"


def pieces(text: str) -> list[Piece]:
    """The pieces of a text without mistakes of syntax; the last is empty, at its end.
    All newlines must be `\\n`."""
    found: list[Piece] = []
    filter = Filter()
    end, ended = 0, False
    for raw in machine().tokens(text, 0, len(text)):
        level, head = filter.level.kind, not filter.level.head
        token = filter.push(raw)
        if raw.type == "NL":
            ended |= token is not None
            continue
        assert token is not None
        previous = found[-1] if found else None
        found.append(
            Piece(
                token.type,
                _spelled(token.type, token.text),
                _gap(text[end : token.start], at_start=previous is None),
                level,
                filter.level.kind if token.type in OPENS else "",
                head and token.type not in CLOSES,
                ended,
                token.type == "MINUS" and not _is_operand(previous),
                token.start,
                token.end,
            )
        )
        end, ended = token.end, False
    last = _gap(text[end:], at_start=not found)
    size = len(text)
    found.append(Piece(END, "", last, "file", "", False, True, False, size, size))
    return found


def _is_operand(previous: Piece | None) -> bool:
    """Does an operand end here, so that a minus behind it subtracts?"""
    return previous is not None and previous.type in ENDS_A_LINE and not previous.names_property


def _spelled(type: str, text: str) -> str:
    return _INNER_BLANKS.sub(" ", text) if type == "QUANTITY" else text


def _gap(text: str, at_start: bool) -> Gap:
    """At the start of a text a comment on the first row stands on a row of its own."""
    first, *rest = text.split("\n")
    rows = [_comment(row) for row in rest[:-1]]
    if rest:
        # The last row leads to the token; only at the end of a text is it a comment.
        rows += [last] if (last := _comment(rest[-1])) else []
    head = _comment(first)
    if at_start:
        return Gap("", (head, *rows), broken=True)
    return Gap(head, tuple(rows), broken=bool(rest))


def _comment(row: str) -> str:
    start = row.find("//")
    return row[start:].rstrip() if start >= 0 else ""
