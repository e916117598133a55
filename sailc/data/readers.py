"""The formats, one row each, and which one a file has."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from sailc.data import hdf5, idx, netcdf, npy
from sailc.data.header import Header, Loading, Options
from sailc.data.opening import check_regular, compression_of, opened, system_trouble
from sailc.data.table import read_table
from sailc.data.table_loading import load_table
from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import NotReadable, Trouble, UnknownFormat


class Reader(Struct, frozen=True):
    """A format.

    `patterns` are of names without the suffix of a compression; `is_start` tells the
    format by a file's first bytes. `read` (path, compression, options) gives the header
    or raises `TroubleFound`; `load` says how a program reads the file.
    """

    patterns: tuple[str, ...]
    is_start: Callable[[bytes], bool]
    read: Callable[[Path, str, Options], Header]
    load: Callable[[Header, Options], Loading]


def _magic(magic: bytes) -> Callable[[bytes], bool]:
    return lambda start: start.startswith(magic)


READERS: dict[str, Reader] = {
    "csv": Reader(
        ("*.csv", "*.tsv", "*.txt", "*.dat", "*.data"), lambda _: False, read_table, load_table
    ),
    "npy": Reader(("*.npy",), _magic(npy.MAGIC), npy.read_npy, npy.load_npy),
    "npz": Reader(("*.npz",), _magic(npy.MAGIC_NPZ), npy.read_npz, npy.load_npy),
    "hdf5": Reader(("*.h5", "*.hdf5", "*.hdf"), _magic(hdf5.MAGIC), hdf5.read_hdf5, hdf5.load_hdf5),
    "netcdf": Reader(("*.cdf",), _magic(netcdf.MAGIC), netcdf.read_netcdf, netcdf.load_netcdf),
    "idx": Reader(("*.idx", "*-idx?-*", "*.idx?-*"), idx.is_idx, idx.read_idx, idx.load_idx),
}


def read_header(path: Path, options: Options) -> Header | Trouble:
    """What can be known of the file without its data, or what is wrong with it.

    Nothing of the file is executed or unpickled, no other file is opened, and only a
    table is read to its end. An option that a format does not know is ignored.
    """
    try:
        check_regular(path)
        compression = compression_of(path)
        return _reader(path, compression, options).read(path, compression, options)
    except TroubleFound as found:
        return found.trouble
    except OSError as error:
        return system_trouble(path, error)
    except (ValueError, MemoryError) as error:
        return NotReadable(file=path.name, reason=str(error) or "it does not fit into memory")


def file_at(path: Path) -> Trouble | None:
    """Why there is no file that could be read; it is not opened."""
    try:
        check_regular(path)
    except TroubleFound as found:
        return found.trouble
    except OSError as error:
        return system_trouble(path, error)
    return None


def loading(header: Header, options: Options) -> Loading:
    """How an emitted program reads the file that has this header."""
    return READERS[header.format].load(header, options)


def _reader(path: Path, compression: str, options: Options) -> Reader:
    """The format, by the name, else by the first bytes, else by what the author wrote."""
    name = path.name.lower()
    name = name.rpartition(".")[0] if compression else name
    for reader in READERS.values():
        if any(fnmatchcase(name, pattern) for pattern in reader.patterns):
            return reader
    with opened(path, compression) as stream:
        start = stream.read(8)
    for reader in READERS.values():
        if reader.is_start(start):
            return reader
    if options.of_table:
        return READERS["csv"]
    known = tuple(pattern for reader in READERS.values() for pattern in reader.patterns)
    raise TroubleFound(UnknownFormat(file=path.name, known=known))
