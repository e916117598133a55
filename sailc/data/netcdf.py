"""NetCDF's classic formats: shapes, types and units of the variables in a file.

The header is big-endian and short: dimensions, attributes, and of each variable its type and
where its values are (NetCDF User's Guide, appendix B: file format specifications). NetCDF-4
files are HDF5, and are read as such.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from sailc.data.header import Header, Loading, Options
from sailc.data.opening import opened
from sailc.data.text import call, imports, opened_path, quoted
from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import Corrupt, EmptyFile, PathMissing, Truncated, Unsupported

MAGIC = b"CDF"
_WIDTHS = {1: ("i8", 1), 3: ("i16", 2), 4: ("i32", 4), 5: ("f32", 4), 6: ("f64", 8)}
"""From a type's number to SAIL's width and the bytes of a value."""
_TEXT = 2
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_MOST = 100_000
"""What a sound header does not have more of: it would be no header."""

HELPER = '''\
def read_netcdf(source: Path, name: str) -> np.ndarray:
    """The variable `name` of a classic NetCDF file; what is missing is NaN."""
    with netcdf_file(source, mmap=False) as file:
        variable = file.variables[name]
        values = variable[:].astype(variable.data.dtype.newbyteorder("="))
        for mark in ("missing_value", "_FillValue"):
            if values.dtype.kind == "f" and hasattr(variable, mark):
                values[values == getattr(variable, mark)] = np.nan
        return values
'''


class Variable(Struct, frozen=True):
    """A variable: its shape, its type's number, its `units`, and where its values begin."""

    shape: tuple[int, ...]
    type: int
    units: str | None
    begin: int
    by_record: bool


class _Reader(Struct):
    """What is read of a header, from front to back."""

    stream: BinaryIO
    file: str
    wide: int

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.bytes(size), "big")

    def bytes(self, count: int) -> bytes:
        found = self.stream.read(count)
        if len(found) < count:
            raise _corrupt(self.file, "it ends within its header")
        return found

    def padded(self, count: int) -> bytes:
        """Some bytes, which are filled up to four."""
        if count > _MOST * 100:
            raise _corrupt(self.file, "its header names something impossibly long")
        return self.bytes(count + -count % 4)[:count]

    def name(self) -> str:
        return self.padded(self.number()).decode("utf-8", errors="replace")

    def count(self, tag: int) -> int:
        """How many entries a list of the header has; none where it is absent."""
        found, count = self.number(), self.number()
        if (found, count) == (0, 0):
            return 0
        if found != tag or count > _MOST:
            raise _corrupt(self.file, "its header is not in order")
        return count

    def units(self) -> str | None:
        """The `units` among some attributes."""
        units = None
        for _ in range(self.count(_ATTRIBUTES)):
            name, kind, count = self.name(), self.number(), self.number()
            size = 1 if kind == _TEXT else self.width(kind)[1]
            value = self.padded(count * size)
            if name == "units" and kind == _TEXT:
                units = value.decode("utf-8", errors="replace").strip("\0 ") or None
        return units

    def width(self, kind: int) -> tuple[str, int]:
        if kind not in _WIDTHS:
            raise _corrupt(self.file, f"it has no type {kind}")
        return _WIDTHS[kind]


def read_netcdf(path: Path, compression: str, options: Options) -> Header:
    """The header of one variable: that at `options.path`, or the only one."""
    with opened(path, compression) as stream:
        variables = _variables(stream, path.name)
    if not variables:
        raise TroubleFound(EmptyFile(file=path.name))
    name = options.path.strip("/") if options.path is not None else ""
    if options.path is None and len(variables) == 1:
        name = next(iter(variables))
    if name not in variables:
        paths = tuple(variables)
        raise TroubleFound(PathMissing(file=path.name, path=options.path, paths=paths))
    found = variables[name]
    if found.type == _TEXT:
        raise TroubleFound(Unsupported(file=path.name, content="characters"))
    width, size = _WIDTHS[found.type]
    end, there = found.begin + prod(found.shape) * size, path.stat().st_size
    if not compression and not found.by_record and there < end:
        raise TroubleFound(Truncated(file=path.name, expected=end, found=there))
    return Header(*("netcdf", found.shape, width, found.units), path=name, compression=compression)


def load_netcdf(header: Header, options: Options) -> Loading:
    """A small function that opens the file with SciPy and takes the variable."""
    expression = call("read_netcdf", opened_path(header), quoted(header.path or ""))
    needed = ("from pathlib import Path", "import numpy as np", "from scipy.io import netcdf_file")
    return Loading(imports(header, *needed), (HELPER,), expression)


def _variables(stream: BinaryIO, file: str) -> dict[str, Variable]:
    start = stream.read(4)
    if start[:3] != MAGIC or start[3:] not in (b"\x01", b"\x02"):
        raise _corrupt(file, "it is of none of the two classic formats")
    header = _Reader(stream, file, 4 if start[3] == 1 else 8)
    records = header.number()
    sizes: list[int] = []
    for _ in range(header.count(_DIMENSIONS)):
        header.name()
        sizes.append(header.number())
    header.units()
    return dict(_variable(header, sizes, records) for _ in range(header.count(_VARIABLES)))


def _variable(header: _Reader, sizes: list[int], records: int) -> tuple[str, Variable]:
    name, rank = header.name(), header.number()
    places = [header.number() for _ in range(min(rank, _MOST))]
    if any(p >= len(sizes) for p in places):
        raise _corrupt(header.file, "a variable has a dimension that is not declared")
    units, kind = header.units(), header.number()
    if kind != _TEXT:
        header.width(kind)
    header.number()
    begin = header.number(header.wide)
    by_record = bool(places) and sizes[places[0]] == 0
    shape = tuple(sizes[p] or records for p in places)
    return name, Variable(shape, kind, units, begin, by_record)


def _corrupt(file: str, reason: str) -> TroubleFound:
    return TroubleFound(Corrupt(file=file, format="NetCDF", reason=reason))
