"""Fixtures: what functions from outside gave at data time, in `<folder>/.sail/fixtures`.

Programs write them (`sailc/emit/sail_fixtures.py`): a folder for everything that decides a
result but its arguments, in it HDF5 files with, for each point, the hash of the arguments and the
arrays of the result; each file with a checksum. A file is there whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

import numpy as np
from msgspec import Struct

from sailc.emit.sail_fixtures import checksum, file_hash


class Fixture(Struct, frozen=True):
    """One file of results: of how many points, and what made them. `damage` says why it cannot
    be trusted; `stale` what is no longer as it was when it was made."""

    path: Path
    name: str
    function: str
    points: int
    bytes: int
    versions: Mapping[str, str]
    damage: str = ""
    stale: str = ""


def fixtures_of(folder: Path) -> list[Fixture]:
    """The fixtures of a workspace, every one read and compared with its checksum."""
    return fixtures_in(folder / ".sail" / "fixtures")


def fixtures_in(folder: Path) -> list[Fixture]:
    """The same of the folder that fixtures are kept in."""
    return [_read(path) for path in sorted(folder.glob("*/*.h5"))]


def unfinished(folder: Path) -> list[Path]:
    """What a program that was killed had not written whole."""
    return sorted((folder / ".sail" / "fixtures").glob("*/*.part"))


def _read(path: Path) -> Fixture:
    size = path.stat().st_size
    try:
        with _opened(path) as file:
            facts = _facts(file)
            columns = [np.asarray(file[str(i)]) for i in range(len(file))]
            whole = str(file.attrs["sha256"]) == checksum(columns)
            driver = str(file.attrs["driver"])
            stale = _changed(driver, facts)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError):
        return Fixture(path, path.parent.name.rpartition("-")[0], "", 0, size, {}, "cannot be read")
    damage = "" if whole else "differs from its checksum"
    name, function, versions = str(facts["name"]), str(facts["function"]), facts["versions"]
    return Fixture(path, name, function, len(columns[0]), size, versions, damage, stale)


def _opened(path: Path) -> Any:
    return import_module("h5py").File(path)


def _facts(file: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(str(file.attrs["facts"])))


def _changed(driver: str, facts: Mapping[str, Any]) -> str:
    """What made a fixture and is no longer so here."""
    for name, was in facts["sources"].items():
        file = Path(driver).parent / name
        if not file.is_file():
            return f"{name} is gone"
        if file_hash(file) != was:
            return f"{name} has changed"
    for package, was in facts["versions"].items():
        now = _version(package)
        if now != was:
            return f"{package} was {was} and is {now}"
    return ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
