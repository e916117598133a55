"""NPY and NPZ, NumPy's own files.

The header is a short Python literal (NumPy's documentation, `numpy.lib.format`). It is
parsed here without NumPy, and nothing is ever unpickled: an array of Python objects is
refused.
"""

from __future__ import annotations

from ast import literal_eval
from math import prod
from pathlib import Path
from struct import error as StructError
from typing import IO, cast
from zlib import error as ZlibError

from msgspec.structs import replace

from sailc.data.header import Header, Loading, Options
from sailc.data.opening import opened, plain
from sailc.data.storage import Storage, native, storage
from sailc.data.text import call, imports, opened_path, quoted
from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import Corrupt, PathMissing, Truncated, Unsupported

MAGIC = b"\x93NUMPY"
MAGIC_NPZ = b"PK\x03\x04"
_LONGEST_HEADER = 10_000
"""In bytes; NumPy refuses longer ones, too."""


def read_npy(path: Path, compression: str, options: Options) -> Header:
    """The header of an NPY file; `TroubleFound` if it has none, or too few values after it."""
    with opened(path, compression) as stream:
        shape, stored = _array(stream, path.name)
        expected = stream.tell() + prod(shape) * stored.bytes
    found = path.stat().st_size
    if not compression and found < expected:
        raise TroubleFound(Truncated(file=path.name, expected=expected, found=found))
    return Header("npy", shape, stored.name, compression=compression, convert=stored.convert)


def read_npz(path: Path, compression: str, options: Options) -> Header:
    """The header of one array of an NPZ file: that at `options.path`, or the only one."""
    from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

    damages = (
        *(BadZipFile, NotImplementedError, RuntimeError, ValueError, OverflowError),
        *(StructError, ZlibError, EOFError),
    )
    try:
        with plain(path, compression) as file, ZipFile(file) as archive:
            files = filter(str.isprintable, archive.namelist())
            names = {n.removesuffix(".npy"): n for n in files if n.endswith(".npy")}
            key = next(iter(names)) if options.path is None and len(names) == 1 else options.path
            if key is None or key not in names:
                raise TroubleFound(PathMissing(file=path.name, path=key, paths=tuple(names)))
            if archive.getinfo(names[key]).compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise NotImplementedError("it is compressed as NumPy never does")
            with archive.open(names[key]) as member:
                shape, stored = _array(member, path.name)
    except damages as error:
        raise TroubleFound(Corrupt(file=path.name, format="NPZ", reason=str(error))) from error
    header = Header("npz", shape, stored.name, compression=compression, convert=stored.convert)
    return replace(header, path=key)


def load_npy(header: Header, options: Options) -> Loading:
    """`np.load(PATH)`, and the array's key for NPZ."""
    key = "" if header.path is None else f"[{quoted(header.path)}]"
    conversion = call(".astype", native(header.storage)) if header.convert else ""
    expression = call("np.load", opened_path(header)) + key + conversion
    return Loading(imports(header, "import numpy as np"), (), expression)


def _array(stream: IO[bytes], file: str) -> tuple[tuple[int, ...], Storage]:
    """The shape and storage of the array whose NPY header the stream begins with."""
    literal = _literal(_header_text(stream, file))
    header = cast(dict[object, object], literal) if isinstance(literal, dict) else {}
    type_string, shape = header.get("descr"), header.get("shape")
    if isinstance(type_string, list):
        raise TroubleFound(Unsupported(file=file, content="structured records"))
    if not isinstance(type_string, str) or not isinstance(shape, tuple):
        raise _corrupt(file, "its header does not describe an array")
    sizes = cast(tuple[object, ...], shape)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise _corrupt(file, "its header names an impossible shape")
    stored = storage(type_string)
    if isinstance(stored, str):
        raise TroubleFound(Unsupported(file=file, content=stored))
    return cast(tuple[int, ...], sizes), stored


def _header_text(stream: IO[bytes], file: str) -> str:
    start = stream.read(8)
    if len(start) < 8 or not start.startswith(MAGIC):
        raise _corrupt(file, "it does not begin as such a file does")
    digits = 2 if start[6] == 1 else 4
    length = int.from_bytes(stream.read(digits), "little")
    if length > _LONGEST_HEADER:
        raise _corrupt(file, "its header is too long")
    text = stream.read(length)
    if len(text) < length:
        raise _corrupt(file, "it ends within its header")
    return text.decode("utf-8" if start[6] > 2 else "latin-1", errors="replace")


def _literal(text: str) -> object:
    """The value of a Python literal, None if it is none."""
    try:
        return literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _corrupt(file: str, reason: str) -> TroubleFound:
    return TroubleFound(Corrupt(file=file, format="NPY", reason=reason))
