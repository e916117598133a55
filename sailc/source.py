"""Source text and places in it.

A `Span` counts characters (not bytes) from 0 and is half-open, as a slice is;
`Source.position` turns an offset into a line and a column, both counted from 1.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from msgspec import Struct


class Span(Struct, frozen=True, gc=False, order=True):
    """The characters `start` up to `end` of the file `file`."""

    file: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of `other`."""
        return Span(self.file, self.start, max(self.end, other.end))

    def head(self) -> Span:
        """The empty span at the start of this one."""
        return Span(self.file, self.start, self.start)


NOWHERE = Span("", 0, 0)


class Position(Struct, frozen=True, gc=False, order=True):
    """A line and a column, both counted from 1."""

    line: int
    column: int


class Source(Struct, frozen=True, dict=True):
    """The text of one file. `path` is as the user would write it."""

    path: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return starts

    def position(self, offset: int) -> Position:
        """Line and column of a character offset; offsets past the end are clamped."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its newline."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")

    def cut(self, span: Span) -> str:
        """The text that a span covers."""
        return self.text[span.start : span.end]
