"""The templates' environment, and what every program's text is given at the end."""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from jinja2 import BytecodeCache, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

HERE = Path(__file__).parent


class Compiled(BytecodeCache):
    """What Jinja made of templates, by their names and texts: to parse them was four fifths of the
    work for a program. Filters, which are of one program, are looked up when it is filled."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (bucket.key, bucket.checksum) in self.known:
            bucket.bytecode_from_string(self.known[bucket.key, bucket.checksum])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


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
        bytecode_cache=COMPILED,
    )


def is_standard(line: str) -> bool:
    """Whether an import is of Python's own library."""
    return line.split()[1].split(".")[0] in sys.stdlib_module_names


def wrapped(text: str) -> str:
    """A documentation text in lines that fit, safe in a docstring."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return "\n".join(textwrap.wrap(flat, 88, break_long_words=False))


def without_idle(text: str, functions: Sequence[str] = ()) -> str:
    """A program without the whole modules that it imports and does not use, nor those of some
    functions that nothing calls but they themselves; what one calls comes after it."""
    lines = text.splitlines()
    top = {node: _names(node) for node in ast.parse(text).body}
    own = {node.name: node for node in top if isinstance(node, ast.FunctionDef)}
    for node in (own[name] for name in functions if name in own):
        if not any(node.name in names for other, names in top.items() if other is not node):
            del top[node]
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            lines[first:last] = [""] * (last - first)
    used = frozenset[str]().union(*top.values())
    brought = {line: line.split()[-1].split(".")[0] for line in lines if line[:7] == "import "}
    return "\n".join(line for line in lines if brought.get(line, "") in {"", *used})


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))


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
