"""The lines of a text file of unknown origin, and the rows that they make."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from sailc.data.opening import check_expanded
from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import NotReadable, NotText

Line = tuple[int, str]
"""A line's number in the file, from 1, and its text with its end."""

TRAILING = '" '
"""Blanks at the end of a row that has quotes: `np.loadtxt` takes them for another cell."""
_LONGEST = 1 << 24
"""In characters. No table has longer lines, and none must fill the memory."""


def numbered_lines(stream: BinaryIO, path: Path, compressed: bool) -> Iterator[Line]:
    """The lines of a file; raises `TroubleFound` at the first that is not UTF-8 text."""
    file = TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape")
    number = length = 0
    while line := file.readline(_LONGEST):
        number, length = number + 1, length + len(line)
        if len(line) == _LONGEST:
            reason = f"line {number} does not end"
            raise TroubleFound(NotReadable(file=path.name, reason=reason))
        if "\0" in line or not (line.isascii() or _is_text(line)):
            raise TroubleFound(NotText(file=path.name, line=number))
        if compressed:
            check_expanded(path, length)
        yield number, line


def _is_text(line: str) -> bool:
    """Whether all of a line's bytes were UTF-8."""
    return not any("\ud800" <= c <= "\udfff" for c in line)


class Rows:
    """Iterates over the rows of a table, cut at a separator, None being any run of blanks.

    Blank lines do not count, nor do comments: lines that begin with `#`, with blanks
    before it where blanks separate. `first` and `last` are the numbers of the first line
    of the first row, and of the last line of the row that was given last; `bom` says that
    the file began with a byte-order mark. `special` says which of `"`, `#` and `TRAILING`
    occur in the rows given since `forget`, and `commented` whether comments stood there.
    """

    def __init__(self, lines: Iterable[Line], separator: str | None) -> None:
        self.first = 0
        self.last = 0
        self.bom = False
        self.special: set[str] = set()
        self.commented = False
        self._lines = lines
        self._separator = separator
        self._inside = False
        self._quoted = False

    def __iter__(self) -> Iterator[list[str]]:
        delimiter, lines = self._separator or " ", self._text()
        if self._separator is None:
            lines = (" ".join(line.split()) for line in lines)
        for row in csv.reader(lines, delimiter=delimiter):
            self._inside = self._quoted = False
            if row:
                yield row

    def forget(self) -> set[str]:
        """What was special about the rows so far; begins anew."""
        special, self.special, self.commented = self.special, set(), False
        return special

    def _text(self) -> Iterator[str]:
        """The lines that belong to rows; a row may take several, and is then `_inside`."""
        for number, line in self._lines:
            text = line
            if number == 1:
                text = line.removeprefix("\ufeff")
                self.bom = text != line
            if not self._inside and self._is_comment(text):
                self.commented = True
            elif self._inside or text.strip("\n" if self._separator else None):
                self._note(number, text)
                yield text

    def _note(self, number: int, text: str) -> None:
        self.first, self.last, self._inside = self.first or number, number, True
        if "#" in text:
            self.special.add("#")
        if '"' in text:
            self.special.add('"')
            self._quoted = True
        if self._quoted and self._separator is None and text.rstrip("\n") != text.rstrip():
            self.special.add(TRAILING)

    def _is_comment(self, text: str) -> bool:
        if "#" not in text:
            return False
        indented = self._separator is None or not self.first
        return (text.lstrip() if indented else text).startswith("#")
