"""The right to run one cell, held by one runner at a time.

The lock is the system's (`flock`), so it is gone with its holder however that dies, and what a dead
runner left behind is known by being unlocked.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from msgspec import Struct


class Claim(Struct, frozen=True):
    """A cell that is ours to run, and an empty folder to run it in."""

    key: str
    folder: Path
    lock: Path
    descriptor: int

    def release(self) -> None:
        """Give the cell back, and drop what was not kept."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.unlink(missing_ok=True)
        os.close(self.descriptor)


def claim(running: Path, key: str) -> Claim | None:
    """Claim a cell, or `None` where another runner has it. Raises `OSError`."""
    lock = running / f"{key}.lock"
    descriptor = _lock(lock)
    if descriptor is None:
        return None
    held = Claim(key, running / key, lock, descriptor)
    try:
        shutil.rmtree(held.folder, ignore_errors=True)
        held.folder.mkdir()
    except OSError:
        held.release()
        raise
    return held


def _lock(path: Path) -> int | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _still(path, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _still(path: Path, descriptor: int) -> bool:
    """Whether the file locked is the one that now has the name; its last holder removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
