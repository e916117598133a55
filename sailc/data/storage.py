"""How numbers are stored: NumPy's type strings (`<f8`) and SAIL's widths (`f64`)."""

from __future__ import annotations

import re
import sys

from msgspec import Struct

_WIDTHS = {
    "b1": "bool",
    **{f"{k}{n}": f"{k}{8 * n}" for k in "ui" for n in (1, 2, 4, 8)},
    **{f"f{n}": f"f{8 * n}" for n in (2, 4, 8)},
    **{f"c{n}": f"c{8 * n}" for n in (8, 16)},
}
_TYPE = re.compile(r"([<>|=]?)([A-Za-z])(\d{0,9})(\[\w+\])?")
_FOREIGN_ORDER = ">" if sys.byteorder == "little" else "<"
_CHARACTER = {"U": 4, "S": 1}
_NATIVE = {
    "b": "bool",
    "t": "str",
    "u": "np.uint",
    "i": "np.int",
    "f": "np.float",
    "c": "np.complex",
}
_UNSUPPORTED = {
    "O": "Python objects",
    "V": "structured records",
    "M": "dates",
    "m": "lengths of time",
}


class Storage(Struct, frozen=True):
    """How one value is stored: SAIL's width, how many bytes, and whether NumPy must `convert`
    it, for its bytes have another order than the machine's, it is text in bytes, or of half
    precision."""

    name: str
    bytes: int
    convert: bool = False


def storage(type_string: str) -> Storage | str:
    """What NumPy's type string says, or the plural of what SAIL has no type for."""
    match = _TYPE.fullmatch(type_string)
    if match is None:
        return "structured records"
    order, kind, digits, _ = match.groups()
    size, foreign = int(digits or 0), order == _FOREIGN_ORDER
    if kind in _CHARACTER:
        return Storage("text", size * _CHARACTER[kind], foreign or kind == "S")
    name = _WIDTHS.get(kind + digits)
    if name is None:
        return _UNSUPPORTED.get(kind, f"numbers of type `{type_string}`")
    if name == "f16":  # too short to compute with: it is read as single precision
        return Storage("f32", size, convert=True)
    return Storage(name, size, foreign and size > 1)


def native(name: str) -> str:
    """The Python text of the type of this machine that is SAIL's width `name`."""
    digits = name[1:] if name[1:].isdigit() else ""
    return _NATIVE[name[0]] + digits
