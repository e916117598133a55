"""HDF5: shapes, types and units of all the data sets in a file.

The HDF5 library is written in C, and hostile files make it crash. It therefore runs in a
process of its own (`hdf5_probe.py`), which may die: then the file is corrupt.
"""

from __future__ import annotations

import json
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import cast

from msgspec import Struct

from sailc.data.header import Header, Loading, Options
from sailc.data.opening import plain
from sailc.data.storage import Storage, native, storage
from sailc.data.text import call, imports, opened_path, quoted
from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import (
    Corrupt,
    EmptyFile,
    LibraryMissing,
    NotReadable,
    PathMissing,
    Truncated,
    Unsupported,
)

MAGIC = b"\x89HDF\r\n\x1a\n"
_PROBE = Path(__file__).with_name("hdf5_probe.py")
_ENVIRONMENT = {"HDF5_PLUGIN_PRELOAD": "::", "HDF5_USE_FILE_LOCKING": "FALSE"}
"""No filter is loaded as a plug-in, and read-only file systems are fine."""
_SECONDS = 60
_CUT_SHORT = re.compile(r"truncated file: eof = (\d+).*stored_eof = (\d+)")


class DataSet(Struct, frozen=True):
    """One data set: `type` is NumPy's type string, or `text`; `unsupported` is what it holds
    for which SAIL has no type."""

    shape: tuple[int, ...] = ()
    type: str = ""
    units: str | None = None
    unsupported: str | None = None


Inventory = dict[str, DataSet]
"""The data sets of a file by their paths, `/group/name`."""

_Rows = dict[str, dict[str, object]]


def read_hdf5(path: Path, compression: str, options: Options) -> Header:
    """The header of one data set: that at `options.path`, or the only one."""
    with plain(path, compression) as file:
        status = file.stat()
        answer = _ask(str(file), status.st_size, status.st_mtime_ns)
    inventory = _inventory(path.name, answer)
    name, data = _choose(path.name, inventory, options.path)
    stored = data.unsupported or (Storage("text", 0) if data.type == "text" else storage(data.type))
    if isinstance(stored, str):
        raise TroubleFound(Unsupported(file=path.name, content=stored))
    return Header(
        *("hdf5", data.shape, stored.name, data.units),
        path=name,
        compression=compression,
        convert=stored.convert,
    )


def load_hdf5(header: Header, options: Options) -> Loading:
    """The data set's text. HDF5 closes a file once nothing of it is referred to any more."""
    found = f"{call('h5py.File', opened_path(header))}[{quoted(header.path or '/')}]"
    expression = f"{found}[()]"
    if header.storage == "text":
        expression = call("np.asarray", f"{found}.asstr()[()]", "str")
    elif header.convert:
        expression += call(".astype", native(header.storage))
    return Loading(imports(header, "import h5py", "import numpy as np"), (), expression)


def _choose(file: str, inventory: Inventory, path: str | None) -> tuple[str, DataSet]:
    """The data set at a path, with or without its first slash; the only one for None."""
    if not inventory:
        raise TroubleFound(EmptyFile(file=file))
    if path is None and len(inventory) == 1:
        return next(iter(inventory.items()))
    full = "/" + (path or "").strip("/")
    if full not in inventory:
        raise TroubleFound(PathMissing(file=file, path=path, paths=tuple(inventory)))
    return full, inventory[full]


def _inventory(file: str, answer: str) -> Inventory:
    """What the probe's JSON says, or the trouble that it had."""
    said = cast(dict[str, object], json.loads(answer))
    match said:
        case {"library": str(library)}:
            raise TroubleFound(LibraryMissing(file=file, library=library))
        case {"unreadable": str(reason)}:
            raise TroubleFound(NotReadable(file=file, reason=reason))
        case {"error": str(reason)}:
            cut = _CUT_SHORT.search(reason)
            if cut:
                raise TroubleFound(Truncated(file=file, expected=int(cut[2]), found=int(cut[1])))
            raise TroubleFound(Corrupt(file=file, format="HDF5", reason=reason))
        case _:
            return {name: _data_set(row) for name, row in cast(_Rows, said["datasets"]).items()}


def _data_set(row: dict[str, object]) -> DataSet:
    match row:
        case {"unsupported": str(content)}:
            return DataSet(unsupported=content)
        case _:
            shape, units = cast(list[int], row["shape"]), cast(str | None, row["units"])
            return DataSet(tuple(shape), str(row["type"]), units)


@lru_cache(maxsize=64)
def _ask(path: str, size: int, modified: int) -> str:
    """The probe's answer about a file of that size and time, as JSON."""
    import subprocess

    environment = {**os.environ, **_ENVIRONMENT, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", str(_PROBE), path]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, env=environment, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return json.dumps({"unreadable": f"the HDF5 library takes longer than {_SECONDS} s"})
    if done.returncode:
        return json.dumps({"error": "the HDF5 library crashes on it"})
    return done.stdout.decode("utf-8", errors="replace")
