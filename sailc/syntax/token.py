"""A token: a terminal of the grammar and the place of its text."""

from __future__ import annotations

from typing import NamedTuple


class Token(NamedTuple):
    """The characters `start` up to `end`. One that error recovery put in has no text."""

    type: str
    text: str
    start: int
    end: int

    def as_type(self, type: str) -> Token:
        """The same text as another terminal."""
        return Token(type, self.text, self.start, self.end)


END = "$END"
