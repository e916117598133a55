"""Columns: what corresponds in neighbouring lines stands one below the other."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator

from msgspec import Struct, field

WORD = "word"  # the key behind the first word of a line of a block
_FARTHEST = 32  # blanks that a column may cost a line
# Heads of functions are of many lengths: few are worth a column with names.
_FARTHEST_OF = {"=": 8}
_BEFORE_COMMENT = 2
_ALL = -1  # the joint behind all cells

Key = tuple[str, str]


class Line(Struct):
    """A line as it will be printed: cells with one blank between, or more for a column.

    The keys, one less than the cells, say what stands at each joint: lines of a section
    have a column where their keys are the same from the left on. A line without cells is
    blank.
    """

    indent: int
    cells: list[str] = field(default_factory=list[str])
    keys: list[Key] = field(default_factory=list[Key])
    section: int = 0
    comment: str = ""

    @property
    def text(self) -> str:
        return (" " * self.indent + " ".join(self.cells)).rstrip()


def align(lines: list[Line]) -> None:
    """Widen cells, and put blanks before comments, for columns."""
    sections: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.section:
            sections[line.section].append(line)
    for section in sections.values():
        _columns(section)
    for run in _runs(lines, _ALL, _by_comment):
        _widen(run, _ALL, _BEFORE_COMMENT - 1)
        for line in run:
            line.cells.append(line.comment)


def _columns(section: list[Line]) -> None:
    if any(line.keys[:1] == [(WORD, "")] for line in section):
        # A line that is one word long parts nobody.
        section = [line for line in section if line.keys]
    for joint in range(max(len(line.keys) for line in section)):
        for run in _runs(section, joint, _by_keys(joint)):
            _widen(run, joint)


def _by_keys(joint: int) -> Callable[[Line], tuple[Key, ...]]:
    return lambda line: tuple(line.keys[: joint + 1]) if len(line.keys) > joint else ()


def _by_comment(line: Line) -> tuple[Key, ...]:
    return (("//", str(line.indent)),) if line.comment else ()


def _runs(
    lines: list[Line], joint: int, keys_of: Callable[[Line], tuple[Key, ...]]
) -> Iterator[list[Line]]:
    """Neighbours that have the same keys, and are not too far apart."""
    run: list[Line] = []
    before: tuple[Key, ...] = ()
    low = high = 0
    for line in lines:
        keys, width = keys_of(line), _width(line, joint)
        far = _FARTHEST_OF.get(keys[-1][0], _FARTHEST) if keys else 0
        if run and (keys != before or max(high, width) - min(low, width) > far):
            yield run
            run = []
        if keys:
            low, high = (min(low, width), max(high, width)) if run else (width, width)
            run.append(line)
        before = keys
    if run:
        yield run


def _widen(run: list[Line], joint: int, more: int = 0) -> None:
    """Let the cells before a joint end in one column."""
    widths = [_width(line, joint) for line in run]
    widest = max(widths)
    for line, width in zip(run, widths, strict=True):
        line.cells[joint] += " " * (widest - width + more)


def _width(line: Line, joint: int) -> int:
    text = " ".join(line.cells if joint == _ALL else line.cells[: joint + 1])
    return len(text) if text.isascii() else sum(_character_width(c) for c in text)


def _character_width(character: str) -> int:
    """In columns of a terminal (Unicode Standard Annex 11)."""
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
