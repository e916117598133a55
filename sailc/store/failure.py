"""What a Python program's last words say: the exception, and the line it came from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

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


def failing_lines(stderr: str, program: str) -> tuple[int, ...]:
    """The lines of `script.py`, whose text is `program`, on the last stack in `stderr`, the
    innermost last; without a stack, that which said the last words and ended it."""
    if fatal := FATAL.search(stderr):
        # The stack of a crash in compiled code begins with the innermost call.
        return tuple(map(int, reversed(LINE.findall(stderr, fatal.end()))))
    stack = tuple(map(int, LINE.findall(stderr.rpartition(HEAD)[2])))
    return stack or tuple(sorted(_refusals(stderr, program))[:1])


def _refusals(stderr: str, program: str) -> Iterator[int]:
    """The lines of a program that end it with its last words, which leaves no stack."""
    for node in ast.walk(ast.parse(program)) if "raise SystemExit" in program else ():
        match node:
            case ast.Raise(ast.Call(ast.Name("SystemExit"), [ast.Constant(str(said))])):
                if f"\n{stderr.strip()}".endswith(f"\n{said.strip()}"):
                    yield node.lineno
            case _:
                pass


def failing_line(stderr: str, program: str) -> int | None:
    """The innermost of these lines."""
    return next(reversed(failing_lines(stderr, program)), None)
