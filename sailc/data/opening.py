"""Opening files of unknown origin: only regular ones, decompressed as little as possible."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from sailc.data.trouble import TroubleFound
from sailc.diagnostics.data import (
    Corrupt,
    EmptyFile,
    FileMissing,
    IsDirectory,
    NotPermitted,
    NotReadable,
    Trouble,
)

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}
"""From a name's last suffix to the module that opens such a file."""

MOST_EXPANDED = 1 << 30
"""The most bytes that are decompressed to know a header: what is larger may be a bomb."""


def compression_of(path: Path) -> str:
    """The module that decompresses the file, by its name; empty if it is not compressed."""
    return COMPRESSIONS.get(path.suffix.lower(), "")


def check_regular(path: Path) -> None:
    """Raise the trouble with a path that is not a readable, regular file with something in it."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise TroubleFound(IsDirectory(file=path.name, inside=tuple(sorted(names_in(path))[:8])))
    if not stat.S_ISREG(status.st_mode):
        reason = "it is a device or a pipe, not a file"
        raise TroubleFound(NotReadable(file=path.name, reason=reason, mend="name a file"))
    if status.st_size == 0:
        raise TroubleFound(EmptyFile(file=path.name))


def check_expanded(path: Path, size: int) -> None:
    """Raise the trouble with a file that grows past `MOST_EXPANDED` when decompressed."""
    if size > MOST_EXPANDED:
        reason = f"it holds more than {MOST_EXPANDED >> 30} GiB when it is decompressed"
        mend = "decompress it, and name the decompressed file"
        raise TroubleFound(NotReadable(file=path.name, reason=reason, mend=mend))


@contextmanager
def opened(path: Path, compression: str) -> Generator[BinaryIO]:
    """The bytes of a file, decompressed; a broken archive is `TroubleFound`."""
    try:
        if compression:
            stream = cast(BinaryIO, import_module(compression).open(path, "rb"))
        else:
            stream = path.open("rb")
        with stream:
            yield stream
    except ImportError:
        reason = f"this Python was built without {compression}"
        trouble = NotReadable(file=path.name, reason=reason, mend="decompress the file")
        raise TroubleFound(trouble) from None
    except (OSError, *_damages(compression)) as error:
        if isinstance(error, OSError) and (error.errno is not None or not compression):
            raise
        trouble = Corrupt(file=path.name, format=compression, reason=str(error))
        raise TroubleFound(trouble) from error


@contextmanager
def plain(path: Path, compression: str) -> Generator[Path]:
    """The path of the file's content without compression, a temporary file if need be."""
    if not compression:
        yield path
        return
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile() as copy:
        with opened(path, compression) as stream:
            while block := stream.read(1 << 20):
                copy.write(block)
                check_expanded(path, copy.tell())
        copy.flush()
        yield Path(copy.name)


def _damages(compression: str) -> tuple[type[Exception], ...]:
    """What the module raises for damaged files, beside `OSError` without a number."""
    match compression:
        case "":
            return ()
        case "lzma":
            return (EOFError, cast(type[Exception], import_module("lzma").LZMAError))
        case _:
            return (EOFError, zlib.error)


def system_trouble(path: Path, error: OSError) -> Trouble:
    """What the operating system said about a path."""
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return missing_file(path)
        case PermissionError():
            return NotPermitted(file=path.name)
        case _:
            reason = f"the system says “{error.strerror or error}”"
            return NotReadable(file=path.name, reason=reason)


def missing_file(path: Path) -> FileMissing:
    """That there is no such file: names the first part of the path that is not there."""
    while path.parent != path and not path.parent.exists():
        path = path.parent
    folder = path.parent.resolve()
    near = near_names(path.name, names_in(folder))
    return FileMissing(file=path.name, folder=folder.name or str(folder), near=near)


def near_names(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """At most three of the names, the most similar first."""
    return tuple(get_close_matches(name, sorted(set(names)), n=3, cutoff=0.6))


def names_in(folder: Path) -> list[str]:
    """The names in a folder, at most ten thousand; none if it cannot be listed."""
    try:
        names = (entry.name for entry in islice(folder.iterdir(), 10_000))
        return [name for name in names if name.isprintable()]
    except OSError:
        return []
