"""What can be known of a data file without its data, and how a program reads it.

`Header` is what a reader finds, `Options` what the author wrote beside the file's
name, `Loading` the Python text that reads the whole file later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace


class Column(Struct, frozen=True):
    """One column of a table.

    `name` is the whole text of the header line's cell, `sepal length (cm)`, its unit
    included; without a header line it is `column_0`, `column_1`, …. `unit` is what
    stands in the cell's last brackets: a candidate, for nobody has looked it up yet.
    `missing` says that some cells are empty or hold a marker of `Options.missing`;
    `values` are the different texts of a column of text, the first `MOST_VALUES` of them.
    `labels` are the texts that a program reads as 0, 1, 2, …, where the author said so.
    """

    name: str
    kind: Literal["number", "text"]
    unit: str | None = None
    missing: bool = False
    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


MOST_VALUES = 1_000


class Layout(Struct, frozen=True):
    """How the text of a table is to be cut.

    `separator` is one character, None for any run of blanks; `skip` counts the lines
    before the first row of values; `quoted` and `hashes` say that a `"` or a `#` occurs
    among the values, `bom` that the values begin with a byte-order mark.
    """

    separator: str | None
    skip: int = 0
    quoted: bool = False
    hashes: bool = False
    bom: bool = False


class Header(Struct, frozen=True):
    """What can be known of a file without its data.

    `shape` is the array's, or (rows, columns) of a table; a table of one nameless column
    of numbers is an array of shape (rows,). `storage` is how a number is stored: `u8`
    (8 bits) to `i64`, `f32` and `f64`, `c64` (two `f32`), `c128`, `bool`, or `text`; of a
    table `f64`, or `text` where some column is text. `unit` is an HDF5 `units` attribute,
    or the one unit of all columns.
    """

    format: str
    shape: tuple[int, ...]
    storage: str
    unit: str | None = None
    columns: tuple[Column, ...] = ()
    names: bool = False
    path: str | None = None
    """The HDF5 path or NPZ key that was read."""
    compression: str = ""
    """The module of the standard library that opens the file: `gzip`, `bz2`, `lzma`."""
    convert: bool = False
    """Whether the values' bytes have another order than the machine's, or are text in bytes."""
    layout: Layout | None = None
    """Of a table."""
    taken: tuple[int, ...] = ()
    """The places of the columns in the file, where the author chose them."""

    @property
    def record(self) -> bool:
        """Whether a row is a record: the author said so, or some column is text, misses
        cells, or has another unit."""
        plain = all(c.kind == "number" and not c.missing for c in self.columns)
        return bool(self.taken) or not plain or len({c.unit for c in self.columns}) > 1

    def taking(self, fields: Mapping[str, tuple[str, ...]]) -> Header:
        """The same table with these columns only, which its rows have as fields; those with
        `labels` are read as classes."""
        places = {c.name: i for i, c in enumerate(self.columns)}
        columns = tuple(
            replace(self.columns[places[name]], labels=labels) for name, labels in fields.items()
        )
        return replace(self, columns=columns, taken=tuple(places[name] for name in fields))

    def with_units(self, known: Callable[[str], bool]) -> Header:
        """The same header without the units, of columns or of all numbers, that are not `known`."""
        if not self.columns:
            return self if self.unit is None or known(self.unit) else replace(self, unit=None)
        columns = tuple(
            c if c.unit is None or known(c.unit) else replace(c, unit=None) for c in self.columns
        )
        return replace(self, columns=columns, unit=common_unit(columns))


def common_unit(columns: tuple[Column, ...]) -> str | None:
    """The unit that all columns have, if they have one."""
    units = {c.unit for c in columns}
    return units.pop() if len(units) == 1 else None


class Options(Struct, frozen=True):
    """What the author wrote beside the file's name.

    `path` is the HDF5 path or NPZ key; the others are of tables. `separator` is one
    character, `" "` standing for any run of blanks; `header` says whether the first row
    names the columns; `skip` counts lines to leave out at the start; the cells whose
    text is in `missing`, and empty ones, are missing.
    """

    path: str | None = None
    separator: str | None = None
    header: bool | None = None
    skip: int = 0
    missing: tuple[str, ...] = ()

    @property
    def of_table(self) -> bool:
        """Whether the author reads the file as a table."""
        return bool(self.separator or self.header is not None or self.skip or self.missing)


class Loading(Struct, frozen=True):
    """How an emitted program reads a file.

    `expression` gives a NumPy array of the header's shape, its numbers in the machine's
    byte order; for a table whose rows are records it gives a dict from the columns'
    names to arrays of shape (rows,): f64, NaN where a number is missing, or text, empty
    where it is missing. The expression calls the functions in `helpers`, which are
    whole definitions, and needs `imports`, which are whole lines.
    """

    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    expression: str

    def at(self, path: str) -> str:
        """The expression for the file that the Python expression `path` finds."""
        apart = "{path}." in self.expression and " / " in path
        return self.expression.replace("{path}", f"({path})" if apart else path, 1)
