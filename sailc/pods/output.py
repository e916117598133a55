"""What a script prints: bytes to lines, lines to messages, all of it to files of bounded size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any, cast

from sailc.pods.base import Message

LINE_LIMIT = 1 << 20
FILE_LIMIT = 32 << 20
TAIL = 64 << 10


class Lines:
    """Whole lines out of chunks of bytes; a longer line than `LINE_LIMIT` is cut."""

    def __init__(self) -> None:
        self._open = bytearray()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that this chunk completes, without their newlines."""
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            self._extend(part)
            yield self._take()
        self._extend(rest)

    def rest(self) -> Iterator[bytes]:
        """What came after the last newline, if anything did."""
        if self._open:
            yield self._take()

    def _extend(self, part: bytes) -> None:
        self._open += part[: LINE_LIMIT - len(self._open)]

    def _take(self) -> bytes:
        line = bytes(self._open).rstrip(b"\r")
        self._open.clear()
        return line


class Log:
    """`log.jsonl`: what a script prints on stdout, every line a JSON object.

    A line that is no event becomes `{"event": "print", "text": …}`. Beyond `FILE_LIMIT` only the
    result is still written; events are told all the same.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._size = 0
        self._lines = Lines()
        self.result: Message | None = None

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """The events in a chunk of output."""
        return (event for line in self._lines.feed(chunk) if (event := self._line(line)))

    def close(self) -> Iterator[Message]:
        """The last event, if its line was left without a newline."""
        yield from (event for line in self._lines.rest() if (event := self._line(line)))
        self._file.close()

    def _line(self, line: bytes) -> Message | None:
        event = message(line)
        if event is None:
            self._write({"event": "print", "text": line.decode("utf-8", "replace")})
            return None
        final = event["event"] == "result"
        self._write(event, final)
        if final:
            self.result = event
        return event

    def _write(self, event: Message, final: bool = False) -> None:
        if self._size < FILE_LIMIT or final:
            self._size += _write(self._file, json.dumps(event).encode() + b"\n")


class Errors:
    """`stderr.txt`: the beginning of what a script writes there, and always the end of it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._size = 0
        self._tail = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take a chunk of output."""
        if self._size < FILE_LIMIT:
            _write(self._file, chunk)
        self._size += len(chunk)
        self._tail += chunk
        if len(self._tail) > 2 * TAIL:
            del self._tail[:-TAIL]

    def close(self) -> str:
        """The end of it, as text."""
        tail = bytes(self._tail[-TAIL:])
        if self._size > FILE_LIMIT:
            _write(self._file, b"\n[...]\n" + tail)
        self._file.close()
        return tail.decode("utf-8", "replace")


def _write(file: FileIO, data: bytes) -> int:
    # A full disk costs the log, not the run.
    with suppress(OSError):
        file.write(data)
    return len(data)


def message(line: bytes) -> Message | None:
    """The event on a line, or `None` where it is something else."""
    if not line.startswith(b"{"):
        return None
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return cast(Message, value) if isinstance(value.get("event"), str) else None
