"""The templates' environment, and what every program's text is given at the end."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from symtable import SymbolTable, symtable

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.runtime import Context

from sailc import __version__
from sailc.emit.text.imports import in_order
from sailc.emit.text.layout import WIDTH
from sailc.syntax.cache import folder

TEMPLATES = Path(__file__).parents[1] / "templates"
"""What all programs share; a backend has its own beside them."""


WRITERS = ("numpy", "own", "text", "equation")
"""The filters that write parts of a program: functions that a template is filled with."""


class Compiled(FileSystemBytecodeCache):
    """What Jinja made of templates, in the user's cache folder: to parse them takes longer than a
    whole program. Where the folder cannot be read or written, they are parsed."""

    def __init__(self) -> None:
        made_by = sha256(Path(__file__).read_bytes()).hexdigest()  # filters are compiled in
        super().__init__(str(folder() / f"templates-{made_by[:16]}"))

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


class Templates(Environment):
    """Jinja's environment; its own annotation of `filters` says nothing of the values."""

    filters: dict[str, Callable[..., object]]


def filled(template: Path, facts: Mapping[str, object], **writers: Callable[..., str]) -> str:
    """A template with the facts of a program, and the functions that write parts of it."""
    found = _environment(template.parent).get_template(template.name)
    return found.render(**facts, writers=writers)


@cache
def _environment(own: Path) -> Templates:
    """The templates of a folder and those that all programs share."""
    made = Templates(
        loader=ChoiceLoader([FileSystemLoader(f) for f in dict.fromkeys([own, TEMPLATES])]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        bytecode_cache=Compiled(),
    )
    made.filters.update({name: _writer(name) for name in WRITERS})
    return made


def _writer(name: str) -> Callable[[Context, object], str]:
    @pass_context
    def write(context: Context, value: object) -> str:
        return context["writers"][name](value)

    return write


def is_standard(line: str) -> bool:
    """Whether an import is of Python's own library."""
    return line.split()[1].split(".")[0] in sys.stdlib_module_names


def wrapped(text: str) -> str:
    """A documentation text in lines that fit, safe in a docstring."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return "\n".join(textwrap.wrap(flat, WIDTH, break_long_words=False))


def provenance(source: str, packages: Iterable[str], expressions: Iterable[str] = ()) -> str:
    """What a program says of where it comes from, and of what it needs: packages, and those whose
    data files some expressions read."""
    holders = dict.fromkeys(name for text in expressions for name in HOLDER.findall(text))
    needs = ", ".join([*packages, *(f"the data in {name}" for name in holders)])
    return wrapped(f"Written by sailc {__version__} from {source}. It needs {needs}, and no sailc.")


HOLDER = re.compile(r'find_spec\("(\w+)"\)')
"""How a program finds the package that holds a data file."""


IMPORTS = re.compile(r"(?m)(?:^(?:import|from) .+(?<!\()\n)+")
"""Statements that import, one after another."""


def tidy(text: str, functions: Sequence[str] = ()) -> str:
    """A program as it stands in a file: two blank lines between definitions, one newline at the
    end, imports in order. It is without the whole modules that it imports and does not use, nor
    those of some functions that nothing calls but they themselves; what one calls comes after
    it."""
    text = IMPORTS.sub(lambda found: "".join(in_order(found[0].splitlines(keepends=True))), text)
    whole = symtable(text, "program", "exec")  # raises SyntaxError: it is Python
    names = [(scope.get_name(), names_in(scope)) for scope in whole.get_children()]
    names += [("", frozenset(s.get_name() for s in whole.get_symbols() if s.is_referenced()))]
    for function in functions:
        if not any(function in read for name, read in names if name != function):
            names = [(name, read) for name, read in names if name != function]
            text = re.sub(rf"(?ms)^def {function}\(.*?^(?=\S)", "", text)
    used = frozenset[str]().union(*(read for _, read in names))
    lines = [line.rstrip() for line in text.splitlines()]
    brought = {line: line.split()[-1].split(".")[0] for line in lines if line[:7] == "import "}
    return _spaced(line for line in lines if brought.get(line, "") in {"", *used})


def names_in(scope: SymbolTable) -> frozenset[str]:
    """The names in a function, and in those inside it."""
    return frozenset(scope.get_identifiers()).union(*map(names_in, scope.get_children()))


def _spaced(lines: Iterable[str]) -> str:
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
    return "\n".join(result) + "\n"
