"""Checksums that were computed before, of files and of programs.

A file is known again by its size, its times and its inode. Reading the times is not enough where a
file is changed twice within one tick of its clock, so a file that has just been written is
not remembered (as git does with its index).
"""

from __future__ import annotations

import json
import sys
import time
from hashlib import file_digest, sha256
from os import stat_result
from pathlib import Path
from stat import S_ISDIR
from typing import cast

from sailc.store.atomic import write
from sailc.store.identity import identity

RACY_NS = 2_000_000_000  # the coarsest clock of a file system in use
FORMAT = f"sail memo 1, python {sys.version_info.major}.{sys.version_info.minor}"
LIMIT = 50_000


class Memo:
    """Checksums by path and by text, kept in one JSON file; a damaged one is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _load(path)
        self._changed = False

    def program(self, text: str) -> str:
        """The checksum of what a program does (see `identity`)."""
        raw = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        found = self._known.get(raw)
        return found[1] if found else self._remember(raw, "", identity(text))

    def file(self, path: Path) -> str:
        """The checksum of a file's contents, or of all in a folder; `absent` if it is not there."""
        try:
            facts = path.stat()
            return self._folder(path) if S_ISDIR(facts.st_mode) else self._file(path, facts)
        except OSError:
            return "absent"

    def flush(self) -> None:
        """Write what is new; a store that cannot be written only remembers less."""
        if not self._changed:
            return
        entries = dict(list(self._known.items())[-LIMIT:])
        try:
            write(self._path, json.dumps({"format": FORMAT, "known": entries}).encode())
        except OSError:
            return
        self._changed = False

    def _file(self, path: Path, facts: stat_result) -> str:
        name, stamp = str(path.absolute()), _stamp(facts)
        found = self._known.get(name)
        if found and found[0] == stamp:
            return found[1]
        with path.open("rb") as stream:
            digest = file_digest(stream, "sha256").hexdigest()
        age = time.time_ns() - max(facts.st_mtime_ns, facts.st_ctime_ns)
        if age < RACY_NS or _stamp(path.stat()) != stamp:
            return digest
        return self._remember(name, stamp, digest)

    def _folder(self, path: Path) -> str:
        inside = sorted(p for p in path.rglob("*") if not p.is_dir())
        listing = [(p.relative_to(path).as_posix(), self.file(p)) for p in inside]
        return sha256(json.dumps(listing).encode()).hexdigest()

    def _remember(self, name: str, stamp: str, digest: str) -> str:
        self._known.pop(name, None)  # so that the newest stand last
        self._known[name] = (stamp, digest)
        self._changed = True
        return digest


def _stamp(facts: stat_result) -> str:
    # The time of change (ctime) is there because a copy can set the time of modification back.
    return f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns} {facts.st_ino}"


def _load(path: Path) -> dict[str, tuple[str, str]]:
    try:
        stored = cast(dict[str, object], json.loads(path.read_bytes()))
        if stored["format"] != FORMAT:
            return {}
        known = cast(dict[str, list[str]], stored["known"])
        return {name: (str(stamp), str(digest)) for name, (stamp, digest) in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
