"""Keeps the tables of the parser: those of the grammar as it was published come with it
(`python -m sailc.syntax.cache` writes them), others are kept in the user's cache folder.

A file is named by all that the tables depend on, and holds plain JSON. One that is not
there, cannot be read or is damaged is made anew; where it cannot be written, it is not.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import sail_grammar
from sailc.syntax import tables
from sailc.syntax.tables import Rule, Tables

PUBLISHED = Path(sail_grammar.__file__).with_name("tables.json")


@cache
def load() -> Tables:
    """The tables, from the cache if they are there."""
    key = _key()
    path = folder() / f"grammar-{key[:16]}.json"
    found = _read(PUBLISHED, key) or _read(path, key)
    if found is None:
        found = tables.build()
        _write(path, key, found)
    return found


def folder() -> Path:
    """`$XDG_CACHE_HOME/sail`, or what stands for it on this system."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(base or os.path.expanduser("~/.cache")) / "sail"


def _key() -> str:
    maker = Path(tables.__file__).read_bytes()
    parts = (sail_grammar.text().encode(), maker)
    return sha256(b"\0".join(parts)).hexdigest()


def _read(path: Path, key: str) -> Tables | None:
    """The file's first line is the key and the digest of the rest."""
    # Whatever is wrong with the file, the answer is to make it again.
    with suppress(Exception):
        head, body = path.read_bytes().split(b"\n", 1)
        if head == _head(key, body):
            made = Tables(*json.loads(body))
            return made._replace(rules=[Rule(*rule) for rule in made.rules])
    return None


def _write(path: Path, key: str, made: Tables) -> None:
    import tempfile  # rarely needed, and slow to import

    body = json.dumps(made).encode()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with open(handle, "wb") as file:
                file.write(_head(key, body) + b"\n" + body)
            os.replace(name, path)
        except OSError:
            os.unlink(name)


def _head(key: str, body: bytes) -> bytes:
    return f"{key} {sha256(body).hexdigest()}".encode()


if __name__ == "__main__":
    _write(PUBLISHED, _key(), tables.build())
