"""CSV and its kin: tables of text, one row a line.

The whole file is read once, line by line, because only then it is known that a column
is all numbers and that no row is ragged. Cells follow RFC 4180: quoted with `"`, doubled
within. Blank lines and lines that begin with `#` do not count.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from msgspec.structs import replace

from sailc.data.header import Column, Header, Layout, Options, common_unit
from sailc.data.lines import TRAILING, Line, Rows, numbered_lines
from sailc.data.opening import opened
from sailc.data.tally import Tally
from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import Corrupt, DuplicateColumn, EmptyFile, NotReadable, Ragged

_SEPARATORS = ("\t", ";", ",", None)
"""Those that are tried; None is any run of blanks."""
_SAMPLE = 50
"""How many lines show the separator and the usual width."""
_UNIT = re.compile(r"[\[(]([^\[\]()]+)[\])]$")


def read_table(path: Path, compression: str, options: Options) -> Header:
    """The header of a table; `TroubleFound` if it is no text, empty or ragged."""
    separator = options.separator
    if separator is not None and not _may_separate(separator):
        reason = f"`{separator}` cannot separate its cells"
        mend = "a separator is one character"
        raise TroubleFound(NotReadable(file=path.name, reason=reason, mend=mend))
    try:
        with opened(path, compression) as stream:
            lines = numbered_lines(stream, path, bool(compression))
            header = _scan(islice(lines, max(options.skip, 0), None), path.name, options)
            return replace(header, compression=compression)
    except csv.Error as error:
        raise TroubleFound(Corrupt(file=path.name, format="CSV", reason=str(error))) from error


def _scan(lines: Iterator[Line], file: str, options: Options) -> Header:
    """Go through all rows."""
    sample = list(islice(lines, _SAMPLE))
    separator = _separator(sample, options)
    width = _usual(_widths(sample, separator))[0]
    rows = Rows(chain(sample, lines), separator)
    even = _even(rows, width, file)
    first = next(even, None)
    if first is None:
        raise TroubleFound(EmptyFile(file=file))
    skips, special = (rows.first - 1, rows.last), rows.forget()
    tally = Tally(width, options.missing)
    for row in even:
        tally.add(row)
    named = tally.heads(first) if options.header is None else options.header
    if not named:
        tally.add(first)
        rows.special |= special
    if not tally.rows:
        raise TroubleFound(EmptyFile(file=file))
    columns = _columns(first if named else [""] * width, tally, file)
    layout = _layout(rows, separator, skips[named], file)
    return _header(columns, tally.rows, named, layout)


def _header(columns: tuple[Column, ...], rows: int, named: bool, layout: Layout) -> Header:
    """The header of a table, or of an array if it is one nameless column of numbers."""
    text = any(c.kind == "text" for c in columns)
    header = Header(
        *("csv", (rows, len(columns)), "text" if text else "f64", common_unit(columns)),
        columns=columns,
        names=named,
        layout=layout,
    )
    if len(columns) == 1 and not named and not header.record:
        return replace(header, shape=(rows,), columns=())
    return header


def _columns(head: list[str], tally: Tally, file: str) -> tuple[Column, ...]:
    """The columns, by the cells of the header line; empty cells get a name by their place."""
    cells = [cell.strip().strip('"') for cell in head]
    names = [cell or f"column_{place}" for place, cell in enumerate(cells)]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise TroubleFound(DuplicateColumn(file=file, name=twice))
    return tuple(
        Column(name, "text" if word else "number", _unit(name), gap, tuple(values))
        for name, word, gap, values in zip(
            names, tally.words, tally.gaps, tally.values, strict=True
        )
    )


def _unit(name: str) -> str | None:
    """What stands in brackets at the end of a column's name."""
    found = _UNIT.search(name)
    return found[1].strip() or None if found else None


def _layout(rows: Rows, separator: str | None, skip: int, file: str) -> Layout:
    """How the rows after the first `skip` lines are to be cut."""
    if rows.commented and "#" in rows.special:
        reason = "some of its lines are comments, with `#`, and some of its cells hold a `#`"
        mend = "remove the comments from the file"
        raise TroubleFound(NotReadable(file=file, reason=reason, mend=mend))
    if TRAILING in rows.special:
        reason = "blanks stand at the end of a line that has quotes"
        mend = "separate the cells with commas, or remove those blanks"
        raise TroubleFound(NotReadable(file=file, reason=reason, mend=mend))
    quoted, hashes = ('"' in rows.special), ("#" in rows.special)
    return Layout(separator, skip, quoted, hashes, rows.bom and skip == 0)


def _even(rows: Rows, width: int, file: str) -> Iterator[list[str]]:
    """The rows, up to one that has another width."""
    for row in rows:
        if len(row) != width:
            found = len(row)
            raise TroubleFound(Ragged(file=file, line=rows.last, expected=width, found=found))
        yield row


def _separator(sample: list[Line], options: Options) -> str | None:
    """The author's separator, or the one that cuts most of the sample's rows alike."""
    if options.separator is not None:
        return None if options.separator == " " else options.separator
    usual = {separator: _usual(_widths(sample, separator)) for separator in _SEPARATORS}
    agreement = {s: count for s, (width, count) in usual.items() if width > 1}
    return max(agreement, key=lambda s: agreement[s]) if agreement else ","


def _usual(widths: Counter[int]) -> tuple[int, int]:
    """The most frequent number of cells, and how many rows have it."""
    return widths.most_common(1)[0] if widths else (0, 0)


def _widths(sample: list[Line], separator: str | None) -> Counter[int]:
    """How many rows of the sample have how many cells."""
    return Counter(len(row) for row in Rows(sample, separator))


def _may_separate(separator: str) -> bool:
    return len(separator) == 1 and separator not in '"#\r\n\0'
