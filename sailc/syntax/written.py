"""Expressions as an author would write them, for messages."""

from __future__ import annotations

from collections.abc import Iterable

from sailc.syntax import tree


def written(expr: tree.Expr) -> str:
    """The text of an expression; `…` for parts that are long."""
    match expr:
        case tree.Name(_, name):
            return name
        case tree.Member(_, value, name):
            return f"{written(value)}.{name}"
        case tree.Number(_, value) | tree.String(_, value):
            return f"{value:g}" if isinstance(value, float) else repr(value)
        case tree.Quantity(_, value, unit):
            return f"{value:g} {unit}"
        case tree.Truth(_, value):
            return "true" if value else "false"
        case tree.Call(_, function, arguments):
            return f"{written(function)}({_listed(a.value for a in arguments)})"
        case tree.List(_, items):
            return f"[{_listed(items)}]"
        case tree.Tuple(_, items):
            return f"({_listed(items)})"
        case tree.Unary(_, operator, operand):
            return f"{operator}{' ' if operator.isalpha() else ''}{written(operand)}"
        case tree.Binary(_, operator, left, right):
            return f"{written(left)} {operator} {written(right)}"
        case _:
            return "…"


def _listed(items: Iterable[tree.Expr]) -> str:
    return ", ".join(map(written, items))
