"""A script that prints, as JSON, what data sets an HDF5 file holds.

It is run by `sailc.data.hdf5` in a process of its own, for the HDF5 library crashes on
some damaged files, and imports nothing of sailc. It reads no values, follows no link
into another file, and limits its own memory.
"""

from __future__ import annotations

import json
import posixpath
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

MOST_OBJECTS = 20_000
MOST_MEMORY = 8 << 30
"""In bytes of address space, of which a sound file takes next to nothing."""

LONGEST_UNITS = 100
"""In characters."""

Row = dict[str, object]
"""`shape`, `type` (NumPy's type string, or `text`) and `units`; or `unsupported`, a plural."""


def main(path: str) -> dict[str, object]:
    """The data sets in a file, or what went wrong."""
    limit_memory()
    try:
        h5py: Any = import_module("h5py")
    except ImportError:
        return {"library": "h5py"}
    try:
        with h5py.File(path, "r") as file:
            return {"datasets": rows(h5py, file)}
    except TooMany:
        return {"unreadable": f"it holds more than {MOST_OBJECTS:,} objects"}
    except Exception as error:
        return {"error": str(error)}


class TooMany(Exception):
    """The file holds more than `MOST_OBJECTS` links."""


def rows(h5py: Any, file: Any) -> dict[str, Row]:
    """One row for each data set, and for each soft link to one, by path, in order."""
    found: dict[str, Row] = {}
    links: dict[str, str] = {}
    for path, link, group in walk(h5py, file):
        name = posixpath.basename(path)
        if isinstance(link, h5py.SoftLink):
            links[path] = posixpath.normpath(posixpath.join(posixpath.dirname(path), link.path))
        elif isinstance(link, h5py.HardLink) and group.get(name, getclass=True) is h5py.Dataset:
            found[path] = row(h5py, group[name])
    aliases = {path: found[target] for path, target in links.items() if target in found}
    return dict(sorted({**found, **aliases}.items()))


def walk(h5py: Any, file: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every link below the root, with its path and its group; each group is entered once."""
    todo: list[tuple[str, Any]] = [("/", file["/"])]
    entered: set[int] = set()
    count = 0
    while todo:
        path, group = todo.pop()
        address = int(h5py.h5o.get_info(group.id).addr)
        if address in entered:
            continue
        entered.add(address)
        for name in filter(str.isprintable, group):
            count += 1
            if count > MOST_OBJECTS:
                raise TooMany
            link, below = group.get(name, getlink=True), posixpath.join(path, name)
            if isinstance(link, h5py.HardLink) and group.get(name, getclass=True) is h5py.Group:
                todo.append((below, group[name]))
            else:
                yield below, link, group


def row(h5py: Any, data: Any) -> Row:
    """What is known of one data set."""
    made = data.id.get_create_plist()
    if made.get_external_count() or made.get_layout() == h5py.h5d.VIRTUAL:
        return {"unsupported": "values kept in other files"}
    if data.shape is None:
        return {"unsupported": "data sets without values"}
    text = h5py.check_string_dtype(data.dtype) is not None
    if not text and h5py.check_vlen_dtype(data.dtype) is not None:
        return {"unsupported": "lists of unequal length"}
    if h5py.check_ref_dtype(data.dtype) is not None:
        return {"unsupported": "references"}
    kind = "text" if text else str(data.dtype.str)
    return {"shape": list(data.shape), "type": kind, "units": units(data)}


def units(data: Any) -> str | None:
    """The `units` attribute, if it is one short text."""
    try:
        value = data.attrs.get("units")
    except Exception:
        return None
    if getattr(value, "shape", None) == (1,):
        value = value[0]
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value
    short = isinstance(text, str) and text.isprintable() and len(text) < LONGEST_UNITS
    return str(text).strip() or None if short else None


def limit_memory() -> None:
    """Have this process fail rather than take the machine's memory, or leave a core dump."""
    try:
        resource: Any = import_module("resource")
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
