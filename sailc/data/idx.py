"""IDX, the format of the MNIST database (LeCun, Cortes and Burges; yann.lecun.com/exdb/mnist).

Four bytes (two zeros, the type of a value, the rank), the sizes as big-endian u32, and
the values, big-endian.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from struct import unpack

from sailc.data.header import Header, Loading, Options
from sailc.data.opening import opened
from sailc.data.text import call, imports
from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import Corrupt, Truncated

_WIDTHS = {
    8: ("u8", 1),
    9: ("i8", 1),
    11: ("i16", 2),
    12: ("i32", 4),
    13: ("f32", 4),
    14: ("f64", 8),
}
"""From the type's code to SAIL's width and the bytes of a value."""

HELPER = '''\
def read_idx(content: bytes) -> np.ndarray:
    """The array in an IDX file, the format of the MNIST database."""
    dtype = {8: "u1", 9: "i1", 11: "i2", 12: "i4", 13: "f4", 14: "f8"}[content[2]]
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    values = np.frombuffer(content, ">" + dtype, offset=4 + 4 * len(shape))
    return values.reshape(shape).astype(dtype)
'''


def is_idx(start: bytes) -> bool:
    """Whether a file that starts so may be IDX."""
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in _WIDTHS and start[3] > 0


def read_idx(path: Path, compression: str, options: Options) -> Header:
    """The header of an IDX file; `TroubleFound` if it has none, or too few values after it."""
    with opened(path, compression) as stream:
        start = stream.read(4)
        sizes = stream.read(4 * start[3]) if is_idx(start) else b""
    if not is_idx(start):
        raise _corrupt(path.name, "it does not begin as such a file does")
    if len(sizes) < 4 * start[3]:
        raise _corrupt(path.name, "it ends within its header")
    shape: tuple[int, ...] = unpack(f">{start[3]}I", sizes)
    name, size = _WIDTHS[start[2]]
    expected, found = 4 + len(sizes) + prod(shape) * size, path.stat().st_size
    if not compression and found < expected:
        raise TroubleFound(Truncated(file=path.name, expected=expected, found=found))
    return Header("idx", shape, name, compression=compression)


def load_idx(header: Header, options: Options) -> Loading:
    """`read_idx(PATH.read_bytes())`, where PATH is a `pathlib.Path`."""
    content = "{path}.read_bytes()"
    if header.compression:
        content = call(f"{header.compression}.decompress", content)
    return Loading(imports(header, "import numpy as np"), (HELPER,), call("read_idx", content))


def _corrupt(file: str, reason: str) -> TroubleFound:
    return TroubleFound(Corrupt(file=file, format="IDX", reason=reason))
