"""Copying functions from `sailc.emit.written` into programs, with what they call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

import sailc.symbolic.written
from sailc.emit.text.formulas import CALLED

WRITTEN = Path(__file__).parents[1] / "written"
ELSEWHERE = {"formulas": Path(sailc.symbolic.written.__file__).parent / "formulas.py"}
"""What is the compiler's, too."""


class Piece(Struct, frozen=True):
    """A function or class: its text, and the names that it reads."""

    text: str
    reads: frozenset[str]


class Pieces(Struct, frozen=True):
    """The functions of some files by name, in their order; `imports` are the lines that bring
    names from elsewhere."""

    functions: dict[str, Piece]
    imports: dict[str, str]


@cache
def pieces(*files: str) -> Pieces:
    """The functions in some files of `written`."""
    functions: dict[str, Piece] = {}
    imports: dict[str, str] = {}
    for file in files:
        path = ELSEWHERE.get(file, WRITTEN / f"{file}.py")
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            match node:
                case ast.FunctionDef(name=own) | ast.ClassDef(name=own):
                    marks = [f"@{ast.unparse(d)}" for d in node.decorator_list]
                    segment = lines[node.lineno - 1 : node.end_lineno]
                    functions[own] = Piece("\n".join([*marks, *segment]), _names(node))
                case ast.ImportFrom(module=module) if (module or "").startswith("sailc."):
                    pass
                case ast.Import(names) | ast.ImportFrom(names=names):
                    imports |= {a.asname or a.name: _line(node, a) for a in names}
                case _:
                    pass
    return Pieces(functions, imports)


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def _line(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    renamed = f" as {alias.asname}" if alias.asname else ""
    if isinstance(node, ast.Import):
        return f"import {alias.name}{renamed}"
    return f"from {node.module} import {alias.name}{renamed}"


def taken(files: Sequence[str], wanted: Iterable[str]) -> tuple[list[str], list[str]]:
    """The texts of some functions and of all that they call, in the order of the files, and
    the imports that these need."""
    found = pieces(*files)
    whole: set[str] = set()
    stack = [w for w in wanted if w in found.functions]
    while stack:
        one = stack.pop()
        if one not in whole:
            whole.add(one)
            stack += [r for r in found.functions[one].reads if r in found.functions]
    reads = frozenset[str]().union(*(found.functions[w].reads for w in whole))
    texts = [p.text for n, p in found.functions.items() if n in whole]
    return texts, merged([line for n, line in found.imports.items() if n in reads])


def merged(lines: Iterable[str]) -> list[str]:
    """Import lines, those from one module as one."""
    result: dict[str, list[str]] = {}
    for line in lines:
        head, _, names = line.partition(" import ")
        result.setdefault(head if names else line, []).extend([names] if names else [])
    return [
        f"{head} import {', '.join(sorted(set(names)))}" if names else head
        for head, names in result.items()
    ]


def helpers(operators: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """The functions that some operators' rows call: those `known`, and those of formulas."""
    own = [known[o] for o in sorted(operators) if o in known]
    formulas, _ = taken(("formulas",), CALLED.intersection(operators))
    return [*dict.fromkeys(own), *formulas]
