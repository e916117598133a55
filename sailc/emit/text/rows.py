"""Rows: how a library writes an operator.

A row is Python text with holes, `"torch.relu(a)"`, or a function of an `Op` that gives
such a text. The holes are the arguments by place (`a`, `b`, `c`, `d`), all of them
(`args`), the attributes by name, and a layer's parameters by theirs. A row is parsed
once and its holes are filled with trees, so brackets come out right. (Beyond the fourth,
arguments are `arg4`, `arg5`, ….)
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TypeVar, cast

from sailc.program.tree.expressions import operations
from sailc.program.tree.nodes import (
    Block,
    Each,
    Expr,
    Function,
    Literal,
    Op,
    Ref,
    Step,
    Text,
    is_tuple,
)

Row = str | Callable[[Op], str]
Rows = Mapping[str, Row]
ARGUMENTS = "abcd"
READ = re.compile(r"\{(\w+)\}")
COMMON = {"copy": "a(b)", "as_real": "a"}
"""What is written alike for every library, where it has no row of its own: what a backend computes
with are real numbers already."""
T = TypeVar("T", bound=ast.AST)


class NoRow(Exception):
    """An operator that a table has no row for, of those that lowering makes of an author's: a
    backend's `lacks` has been asked about these before."""

    def __init__(self, operator: str) -> None:
        super().__init__(operator)
        self.operator = operator


@cache
def _parsed(row: str) -> ast.expr:
    return ast.parse(row, mode="eval").body


def _fill(node: ast.expr, holes: Mapping[str, ast.expr]) -> ast.expr:
    """A row with its holes filled; nothing of the row itself is changed."""
    if isinstance(node, ast.Name):
        return holes.get(node.id, node)
    return _filled(node, holes)


def _filled(node: T, holes: Mapping[str, ast.expr]) -> T:
    """Any part of a row. `*(a, b)` in a list of items is `a, b`."""
    parts: dict[str, object] = {}
    for name, value in ast.iter_fields(node):
        match value:
            case list():
                parts[name] = [i for v in cast("list[object]", value) for i in _items(v, holes)]
            case ast.expr():
                parts[name] = _fill(value, holes)
            case ast.AST() if value._fields:
                parts[name] = _filled(value, holes)
            case _:
                parts[name] = value
    return type(node)(**parts)


def _items(value: object, holes: Mapping[str, ast.expr]) -> list[object]:
    match value:
        case ast.Starred(ast.Name(name)) if isinstance(found := holes.get(name), ast.Tuple):
            return [*found.elts]
        case ast.expr():
            return [_fill(value, holes)]
        case ast.AST():
            return [_filled(value, holes)]
        case _:
            return [value]


def render(expr: Expr, rows: Rows) -> ast.expr:
    """The Python expression of an expression. Raises `NoRow` where a row is lacking."""
    match expr:
        case Ref(name):
            return ast.Name(name, ast.Load())
        case Literal(value):
            return literal(value)
        case Text(text):
            return _fill(_parsed(text), {})
        case Step(parameters, body):
            names = [ast.arg(p) for p in parameters]
            arguments = ast.arguments([], names, None, [], [], None, [])
            return ast.Lambda(arguments, render(body, rows))
        case Op():
            return _operator(expr, rows)
        case Each(body=()):
            return _comprehension(expr, rows)
        case Block() | Each():
            raise TypeError("a function with statements is no expression")


def _comprehension(each: Each, rows: Rows) -> ast.expr:
    """`{split: (x, y) for split, (x, y) in points.items()}`."""
    kept = [each.kept] if each.kept else []
    made = ", ".join([*(ast.unparse(render(r, rows)) for r in each.results), *kept])
    return ast.parse(f"{{split: ({made}) for {each.loop}}}", mode="eval").body


def _operator(op: Op, rows: Rows) -> ast.expr:
    parsed = _parsed(row_text(op, rows))
    made = _fill(parsed, _holes(op, [render(a, rows) for a in op.arguments]))
    numbers = _numbers(op.arguments)
    return made if numbers is None else _InRange(numbers).visit(made)


def _numbers(arguments: Sequence[Expr]) -> range | None:
    """The numbers of the copies that an operator is applied to, which come one after another."""
    match arguments:
        case [Op("copy", (_, Literal(int(first)))), *_]:
            return range(first, first + len(arguments))
        case _:
            return None


class _InRange(ast.NodeTransformer):
    """Writes a list of copies as a comprehension."""

    def __init__(self, numbers: range) -> None:
        self.numbers = numbers

    def visit_List(self, node: ast.List) -> ast.expr:
        match node.elts:
            case [ast.Call(called, [ast.Constant()]), *_] if len(node.elts) == len(self.numbers):
                start, stop = self.numbers.start, self.numbers.stop
                bounds = f"{stop}" if start == 0 else f"{start}, {stop}"
                text = f"[{ast.unparse(called)}(i) for i in range({bounds})]"
                return _parsed(text)
            case _:
                return node


def hole_names(op: Op) -> set[str]:
    """What a row of an operator's may call its holes."""
    places = {*ARGUMENTS[: len(op.arguments)], *(f"arg{i}" for i in range(len(op.arguments)))}
    told = {name for name, value in op.attributes.items() if _plain(value)}
    return {"args", *places, *told, *op.parameters, *op.state}


def row_text(op: Op, rows: Rows) -> str:
    """What an operator's row says, its holes open. Raises `NoRow` where it is lacking."""
    row = rows.get(op.operator, COMMON.get(op.operator))
    if row is None:
        raise NoRow(op.operator)
    return row if isinstance(row, str) else row(op)


def _holes(op: Op, arguments: Sequence[ast.expr]) -> dict[str, ast.expr]:
    """What stands in a row for its holes."""
    holes = dict(zip(ARGUMENTS, arguments, strict=False))
    holes["args"] = ast.Tuple(list(arguments), ast.Load())
    holes.update((f"arg{i}", a) for i, a in enumerate(arguments))
    for name, value in op.attributes.items():
        if _plain(value):
            holes.setdefault(name, literal(value))
    for owner, keys in (("w", op.parameters), ("running", op.state)):
        for name, key in keys.items():
            holes[name] = ast.Subscript(ast.Name(owner, ast.Load()), _key(key), ast.Load())
    return holes


def _key(key: str) -> ast.expr:
    return _parsed(key_text(key))


def key_text(key: str) -> str:
    """A key of what is learned, as Python has it; that of one of several copies reads which one
    it is."""
    return f'f"{key}"' if "{" in key else f'"{key}"'


def numbers_read(op: Op) -> set[str]:
    """The variables that an operator's keys read."""
    return {n for key in (*op.parameters.values(), *op.state.values()) for n in READ.findall(key)}


def _plain(value: object) -> bool:
    if is_tuple(value):
        return all(_plain(v) for v in value)
    return value is None or isinstance(value, int | float | bool | str)


def literal(value: object) -> ast.expr:
    """A number, text, truth value, or nested tuples (as lists where longer than axes are)."""
    if is_tuple(value):
        return ast.Tuple([literal(v) for v in value], ast.Load())
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), literal(-value))
    if value == math.pi:
        return ast.Attribute(ast.Name("math", ast.Load()), "pi", ast.Load())
    return ast.Constant(cast("int | float | bool | str | None", value))


MAKERS = frozenset({"arange", "as_array", "constant", "numbers", "ones", "scalar", "zeros"})
"""What makes arrays out of nothing, on the device that is the default."""


def operators_in(functions: Iterable[Function]) -> frozenset[str]:
    """The operators that some functions use."""
    return frozenset(o.operator for f in functions for o in operations(*f.expressions))
