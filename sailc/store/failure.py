"""What a Python program's last words say: the exception, and the line it came from."""

from __future__ import annotations

import re

HEAD = "Traceback (most recent call last):"
FATAL = re.compile(r"^Fatal Python error: .*$", re.MULTILINE)
LINE = re.compile(r'^ *File "[^"]*script\.py", line (\d+)', re.MULTILINE)


def exception(stderr: str) -> str:
    """`ValueError: bad`: the first line of the last exception, or the last line there is.

    An exception's text may run over many lines (torch adds a C++ stack); its first says most.
    """
    if fatal := FATAL.search(stderr):
        return fatal.group()
    head, _, trace = stderr.rpartition(HEAD)
    lines = [line for line in trace.splitlines() if line.strip()]
    if head or HEAD in stderr:
        return next((line for line in lines if not line[0].isspace()), "")
    return lines[-1].strip() if lines else ""


def failing_lines(stderr: str) -> tuple[int, ...]:
    """The lines of `script.py` on the last stack in `stderr`, the innermost last."""
    if fatal := FATAL.search(stderr):
        # The stack of a crash in compiled code begins with the innermost call.
        return tuple(map(int, reversed(LINE.findall(stderr, fatal.end()))))
    return tuple(map(int, LINE.findall(stderr.rpartition(HEAD)[2])))


def failing_line(stderr: str) -> int | None:
    """The innermost line of `script.py` on the last stack in `stderr`."""
    return next(reversed(failing_lines(stderr)), None)
