"""What kinds of cells stand in the columns of a table."""

from __future__ import annotations

import re

from sailc.data.header import MOST_VALUES

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.I | re.A)


def is_number(cell: str) -> bool:
    """Whether `np.loadtxt` reads a number in the cell: stricter than `float`, which takes `1_0`."""
    return _NUMBER.fullmatch(cell.strip()) is not None


class Tally:
    """Counts rows, and knows of each column whether numbers, words and gaps occurred in it,
    and its first different words.

    A gap is an empty cell, or one whose text is among `missing`.
    """

    def __init__(self, width: int, missing: tuple[str, ...]) -> None:
        self.rows = 0
        self.numbers = [False] * width
        self.words = [False] * width
        self.gaps = [False] * width
        self.values: list[dict[str, None]] = [{} for _ in range(width)]
        self._all = [True] * width
        self._missing = frozenset(("", *missing))
        self._fast = not missing

    def add(self, row: list[str]) -> None:
        """Count a row; it has as many cells as there are columns."""
        self.rows += 1
        if self._fast and _all_numbers(row):
            self.numbers = self._all
            return
        self._fast = False
        for column, cell in enumerate(row):
            if self.is_gap(cell):
                self.gaps[column] = True
            elif is_number(cell):
                self.numbers[column] = True
            else:
                self.words[column] = True
                self._note(self.values[column], cell.strip())

    def _note(self, known: dict[str, None], value: str) -> None:
        if len(known) < MOST_VALUES:
            known[value] = None

    def is_gap(self, cell: str) -> bool:
        """Whether a cell counts as missing."""
        return cell.strip() in self._missing

    def heads(self, first: list[str]) -> bool:
        """Whether a first row names the columns: it has a word where a number follows."""
        return any(
            number and not self.is_gap(cell) and not is_number(cell)
            for cell, number in zip(first, self.numbers, strict=True)
        )


def _all_numbers(row: list[str]) -> bool:
    """The same as `is_number` for all cells, but fast."""
    try:
        for _ in map(float, row):
            pass
    except ValueError:
        return False
    text = "".join(row)
    return text.isascii() and "_" not in text
