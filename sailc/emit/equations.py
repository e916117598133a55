"""What programs about equations share: classes of equations, and functions for NumPy."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import partial
from symtable import symtable

from msgspec.structs import replace

from sailc.emit.numpy_rows import NUMPY
from sailc.emit.target import Target
from sailc.emit.text.environment import names_in
from sailc.emit.text.functions import Write, docstring, function, once
from sailc.emit.text.hygiene import bound
from sailc.emit.text.layout import fit
from sailc.program.equations.classes import EquationCode
from sailc.program.equations.fields import FieldMethod
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Function, Op

WRITTEN = ("equations", "grids", "lines")
"""The files whose functions a program is made of."""


def written(equations: Iterable[EquationCode]) -> tuple[str, ...]:
    """The files that a program's functions come from: those for a line say less."""
    return ("equations", "lines" if all(map(on_a_line, equations)) else "grids")


def on_a_line(e: EquationCode) -> bool:
    """Whether a grid for an equation has one dimension, where no slopes are given at the ends."""
    axes = ast.literal_eval(dict(e.facts).get("periodic", "()"))
    sloped = [m for m in e.methods if m.name == "slopes" and _holds_something(m)]
    return len(axes) <= 1 and not sloped


def _holds_something(f: Function) -> bool:
    """Whether the table that a function gives has entries."""
    (table,) = f.results
    return isinstance(table, Op) and bool(table.arguments)


def in_numpy() -> Write:
    """What writes the functions of a program that are of NumPy's arrays."""
    return once(partial(function, rows=NUMPY))


def called_by(functions: Iterable[str]) -> frozenset[str]:
    """The names in the texts of some functions."""
    whole = symtable("\n\n".join(functions), "program", "exec")
    return frozenset[str]().union(*map(names_in, whole.get_children()))


def equation_class(e: EquationCode, line: bool, target: Target | None = None) -> str:
    """A class of an equation; `target` writes the methods that are on arrays of the backend. On
    a `line`, nobody asks for slopes at the ends."""
    decorators = [target.decorator] if target and e.own and target.decorator else []
    lines = [*decorators, "@dataclass(frozen=True)", f"class {e.name}:", *docstring(e.doc, 4), ""]
    lines += [f"    {name}: float" for name in e.fields]
    lines += [""] if e.fields else []
    lines += [fit(f"{name} = {value}", 4) for name, value in e.facts]
    for m in e.methods:
        if not (line and m.name == "slopes"):
            lines += ["", function(m, NUMPY, indent=4)]
    if target is not None:
        for m in e.own:
            lines += ["", _of_field(m, target)]
    return "\n".join(lines)


def _of_field(m: FieldMethod, target: Target) -> str:
    """A method that reads a field, as a backend does."""
    f = m.function
    names = NameTable({*bound(f), *(name for r in m.readings for name in r.names)})
    read = [a for r in m.readings for a in target.reading(r, names)]
    body = (*f.body[: m.first], *read, *f.body[m.first :])
    return function(replace(f, body=body), target.rows, target.simplify, indent=4)
