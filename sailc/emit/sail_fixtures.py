"""Keeps what takes long to find in HDF5 files: what functions from outside gave, and references.

sailc puts this file beside the programs that can use it; they read it where they are given
`--fixtures FOLDER`. It needs NumPy and h5py, and no sailc.

Everything that decides what is found, but what a function is called with, names a folder. In it
are files of columns, each with a checksum: for every call a hash of what was given, and the
arrays of the result. A file is there whole or not at all.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import sys
import sysconfig
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

h5py: Any = import_module("h5py")  # it comes without types

Array = np.ndarray[Any, Any]
Arguments = tuple[object, ...]
Facts = dict[str, object]

SECONDS = 60
"""How long new results wait until they are written."""


def keeping(folder: Path) -> Callable[..., list[list[Array]]]:
    """What keeps the results of functions from outside in a folder, for programs to call."""

    def keep(
        compute: Callable[[Arguments], list[Array]],
        calls: Iterable[Arguments],
        place: str,
        kind: object,
        packages: Sequence[str],
    ) -> list[list[Array]]:
        """The arrays of `compute(arguments)` for each of the calls: kept ones, and others, which
        are computed and kept. `place` says which function of which imported module this is
        (`module:function`), `kind` what it gives, and `packages` are those whose versions count."""
        module, function = place.split(":")
        driver = getattr(sys.modules[module], "__file__", None) or ""
        versions = versions_of(["numpy", *packages])
        facts = made_by(function, place, dict(sources(driver)), versions, kind=repr(kind))
        return each_kept(compute, list(calls), folder_of(facts, folder), facts, driver)

    return keep


def found_once(
    find: Callable[[], list[Array]],
    folder: Path,
    name: str,
    module: str,
    files: Iterable[Path],
    packages: Sequence[str],
) -> list[Array]:
    """The arrays that `find()` gives, found once and kept: until the text of the module that
    finds them changes, a file that it reads, or the version of a package."""
    read = {str(file): file for file in files}
    versions, text = versions_of(packages), file_hash(module)
    facts = made_by(name, "reference", read, versions, text=text)
    path = folder_of(facts, folder) / "references.h5"
    with locked(path.parent):
        columns = read_columns(path) if path.exists() else None
        if columns is None:
            columns = find()
            write_columns(path, columns, facts, module)
    return columns


# --- what decides a result ------------------------------------------------------------------


def made_by(
    name: str,
    function: str,
    sources: Mapping[str, Path],
    versions: Mapping[str, str],
    **more: object,
) -> Facts:
    """The facts that decide what is found, with a hash of each source, by its name."""
    hashes = {source: file_hash(path) for source, path in sources.items()}
    facts = {"format": "sail fixture 1", "name": name, "function": function}
    return {**facts, "sources": hashes, "versions": versions, **more}


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """The versions of installed packages."""
    return {package: version(package) for package in packages}


def file_hash(path: str | Path) -> str:
    """A hash of what a file holds."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sources(driver: str) -> Iterator[tuple[str, Path]]:
    """The file of a function and those beside it that it imports, found without importing them,
    by their names; of an installed package, or where there is no file, that alone."""
    first = Path(driver)
    found: set[Path] = set()
    waiting = [first]
    for path in waiting:
        if path in found or not path.is_file():
            continue
        found.add(path)
        yield path.relative_to(first.parent).as_posix(), path
        if str(first.parent) in sys.path and not is_installed(first):
            waiting += imported(path, first.parent)


def is_installed(file: Path) -> bool:
    """Whether a module belongs to Python or to a package, and is not beside a program."""
    packages = {"site-packages", "dist-packages"}.intersection(file.parts)
    return bool(packages) or file.is_relative_to(sysconfig.get_path("stdlib"))


def imported(path: Path, root: Path) -> Iterator[Path]:
    """The files that a module may import from its folder, and from `root`."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names, base = [alias.name for alias in node.names], root
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
            base = path.parents[node.level - 1] if node.level else root
        else:
            continue
        for steps in (name.strip(".").split(".") for name in names):
            for i in range(1, len(steps) + 1):
                one = base.joinpath(*steps[:i])
                yield from (one / "__init__.py", one.with_suffix(".py"))


def fingerprint(value: object) -> bytes:
    """A hash of what a function is given: the same for the same numbers and files."""
    match value:
        case dict():
            return fingerprint(tuple(value.items()))  # pyright: ignore[reportUnknownArgumentType]
        case tuple():
            text = b"".join(map(fingerprint, value))  # pyright: ignore[reportUnknownArgumentType]
        case Path():
            text = (value.name + file_hash(value)).encode()
        case np.ndarray():
            text = f"{value.dtype.str} {value.shape}".encode() + value.tobytes()
        case _:
            text = repr(value).encode()
    return hashlib.sha256(text).digest()


# --- many results ---------------------------------------------------------------------------


def each_kept(
    compute: Callable[[Arguments], list[Array]],
    calls: Sequence[Arguments],
    folder: Path,
    facts: Facts,
    driver: str,
) -> list[list[Array]]:
    """The results of many calls. Others that want the same wait until all are found."""
    marks = [fingerprint(arguments) for arguments in calls]
    with locked(folder):
        known = recalled(folder, set(marks))
        new: dict[bytes, list[Array]] = {}
        start = time.monotonic()
        for mark, arguments in zip(marks, calls, strict=True):
            if mark not in known:
                new[mark] = known[mark] = compute(arguments)
            if new and time.monotonic() - start > SECONDS:
                write_results(folder, new, facts, driver)
                start, new = time.monotonic(), {}
        write_results(folder, new, facts, driver)
    return [known[mark] for mark in marks]


def recalled(folder: Path, wanted: set[bytes]) -> dict[bytes, list[Array]]:
    """What is kept of some results."""
    known: dict[bytes, list[Array]] = {}
    for path in sorted(folder.glob("*.h5")):
        columns = read_columns(path)
        if columns is not None:
            rows = zip(map(bytes, columns[0]), *columns[1:], strict=True)
            known.update((mark, row) for mark, *row in rows if mark in wanted)
    return known


def write_results(
    folder: Path, results: Mapping[bytes, list[Array]], facts: Facts, driver: str
) -> None:
    """Write new results; each file holds those of one shape."""
    groups: dict[tuple[tuple[int, ...], ...], list[bytes]] = {}
    for mark, arrays in results.items():
        groups.setdefault(tuple(array.shape for array in arrays), []).append(mark)
    for marks in groups.values():
        columns = [np.frombuffer(b"".join(marks), np.uint8).reshape(len(marks), -1)]
        columns += map(np.stack, zip(*(results[mark] for mark in marks), strict=True))
        write_columns(folder / f"{checksum(columns)[:16]}.h5", columns, facts, driver)


# --- folders and files ----------------------------------------------------------------------


def folder_of(facts: Facts, folder: Path) -> Path:
    """The folder for what some facts decide."""
    text = json.dumps(facts, sort_keys=True)
    identity = hashlib.sha256(text.encode()).hexdigest()[:12]
    found = folder / f"{facts['name']}-{identity}"
    found.mkdir(parents=True, exist_ok=True)
    return found


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Alone in a folder: another run may be finding the same."""
    with open(folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_columns(path: Path, columns: Iterable[Array], facts: Facts, driver: str) -> None:
    """Write arrays to a file that is there whole or not at all."""
    part, columns = path.with_suffix(".part"), list(columns)
    with h5py.File(part, "w") as file:
        for i, column in enumerate(columns):
            file[str(i)] = column
        digest, text = checksum(columns), json.dumps(facts)
        file.attrs.update(sha256=digest, facts=text, driver=driver)
    part.replace(path)


def read_columns(path: Path) -> list[Array] | None:
    """The arrays of a file; None where it is damaged, which is said. That one goes."""
    try:
        with h5py.File(path) as file:
            columns = [file[str(i)][...] for i in range(len(file))]
            if file.attrs["sha256"] == checksum(columns):
                return columns
    except (OSError, KeyError, RuntimeError, ValueError):
        pass  # as damaged as one that differs
    damaged = {"event": "damaged", "file": str(path), "then": "computed anew"}
    print(json.dumps(damaged), flush=True)
    path.unlink()
    return None


def checksum(columns: Iterable[Array]) -> str:
    """A hash of arrays: their types, shapes and numbers."""
    parts = [f"{c.dtype.str} {c.shape}".encode() + c.tobytes() for c in columns]
    hashes = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(hashes).hexdigest()
