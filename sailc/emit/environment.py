"""The templates' environment, and what every program's text is given at the end."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent


class Templates(Environment):
    """Jinja's environment; its own annotation of `filters` says nothing of the values."""

    filters: dict[str, Callable[..., object]]


def environment(folders: Iterable[Path]) -> Templates:
    """The templates of some folders and those that all programs share."""
    return Templates(
        loader=ChoiceLoader([FileSystemLoader(f) for f in (*folders, HERE)]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def is_standard(line: str) -> bool:
    """Whether an import is of Python's own library."""
    return line.split()[1].split(".")[0] in sys.stdlib_module_names


def wrapped(text: str) -> str:
    """A documentation text in lines that fit, safe in a docstring."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return "\n".join(textwrap.wrap(flat, 88, break_long_words=False))


def without_idle(text: str) -> str:
    """A program without the whole modules that it imports and does not use."""
    lines = text.splitlines()
    named = [line.removeprefix("import ") for line in lines if line.startswith("import ")]
    idle = {f"import {m}" for m in named if " " not in m and not re.search(rf"\b{m}\.", text)}
    return "\n".join(line for line in lines if line not in idle)


def tidy(text: str) -> str:
    """Two blank lines between definitions, one newline at the end; and it is Python."""
    lines = [line.rstrip() for line in text.splitlines()]
    result: list[str] = []
    blank = 0
    for line in lines:
        if not line:
            blank += 1
            continue
        top = line.startswith(("def ", "class ", "@", "if __name__"))
        decorated = bool(result) and result[-1].startswith("@")
        if result and top and not decorated:
            blank = 2
        result += [""] * min(blank, 2 if not line.startswith(" ") else 1)
        result.append(line)
        blank = 0
    text = "\n".join(result) + "\n"
    ast.parse(text)
    return text
