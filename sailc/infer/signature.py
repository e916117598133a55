"""A function's declaration in one line, for messages and hovers."""

from __future__ import annotations

from sailc.infer.values import Closure, Primitive
from sailc.syntax import tree


def signature(function: Closure | Primitive) -> str:
    if isinstance(function, Closure):
        return f"{function.name}({', '.join(map(_parameter, function.parameters))})"
    d = function.declaration
    return f"{d.name}({', '.join(map(_parameter, d.parameters or ()))})"


def _parameter(p: tree.Parameter) -> str:
    default = f" = {_short(p.default)}" if p.default is not None else ""
    return p.name + default


def _short(expr: tree.Expr) -> str:
    match expr:
        case tree.Name(_, name):
            return name
        case tree.Number(_, value):
            return str(value)
        case tree.Truth(_, value):
            return str(value).lower()
        case _:
            return "…"
