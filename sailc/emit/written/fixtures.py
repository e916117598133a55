"""Fixtures: what takes long to find, kept in HDF5 files.

Everything that decides what is found names a folder; in it, files of columns, each with
a checksum. A file is there whole or not at all.
"""

# These are texts for programs, in their style: without annotations.
# pyright: basic, reportArgumentType=false, reportIndexIssue=false

from __future__ import annotations

import fcntl
import hashlib
import json
from contextlib import contextmanager

import h5py


def made_by(name, function, sources, versions, **more):
    """The facts that decide what is found, with a hash of each source, by its name."""
    hashes = {source: file_hash(path) for source, path in sources.items()}
    facts = {"format": "sail fixture 1", "name": name, "function": function}
    return {**facts, "sources": hashes, "versions": versions, **more}


def file_hash(path):
    """A hash of what a file holds."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_of(facts, folder):
    """The folder for what some facts decide."""
    text = json.dumps(facts, sort_keys=True)
    identity = hashlib.sha256(text.encode()).hexdigest()[:12]
    found = folder / f"{facts['name']}-{identity}"
    found.mkdir(parents=True, exist_ok=True)
    return found


@contextmanager
def locked(folder):
    """Alone in a folder: another run may be finding the same."""
    with open(folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_columns(path, columns, facts, driver):
    """Write arrays to a file that is there whole or not at all."""
    part = path.with_suffix(".part")
    with h5py.File(part, "w") as file:
        for i, column in enumerate(columns):
            file[str(i)] = column
        digest, text = checksum(columns), json.dumps(facts)
        file.attrs.update(sha256=digest, facts=text, driver=driver)
    part.replace(path)


def read_columns(path):
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


def checksum(columns):
    """A hash of arrays: their types, shapes and numbers."""
    parts = [f"{c.dtype.str} {c.shape}".encode() + c.tobytes() for c in columns]
    hashes = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(hashes).hexdigest()
