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
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import cast

from sailc.program.expressions import operations
from sailc.program.tree import Block, Expr, Function, Literal, Op, Ref, Step, Text, is_tuple

Row = str | Callable[[Op], str]
Rows = Mapping[str, Row]
ARGUMENTS = "abcd"


class NoRow(Exception):
    """An operator that a table has no row for, of those that lowering makes of an author's: a
    backend's `lacks` has been asked about these before."""

    def __init__(self, operator: str) -> None:
        super().__init__(operator)
        self.operator = operator


@cache
def _parsed(row: str) -> ast.expr:
    return ast.parse(row, mode="eval").body


class _Fill(ast.NodeTransformer):
    def __init__(self, holes: Mapping[str, ast.expr]) -> None:
        self.holes = holes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.holes.get(node.id, node)

    def visit_Starred(self, node: ast.Starred) -> ast.AST:
        inner = node.value
        if isinstance(inner, ast.Name) and isinstance(self.holes.get(inner.id), ast.Tuple):
            return ast.Starred(self.holes[inner.id], ast.Load())
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.args = _unstarred(node.args)
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        self.generic_visit(node)
        node.elts = _unstarred(node.elts)
        return node

    def visit_List(self, node: ast.List) -> ast.AST:
        self.generic_visit(node)
        node.elts = _unstarred(node.elts)
        return node


def _unstarred(items: list[ast.expr]) -> list[ast.expr]:
    """`*(a, b)` in a list of items is `a, b`."""
    result: list[ast.expr] = []
    for i in items:
        if isinstance(i, ast.Starred) and isinstance(i.value, ast.Tuple):
            result += i.value.elts
        else:
            result.append(i)
    return result


def render(expr: Expr, rows: Rows) -> ast.expr:
    """The Python expression of an expression. Raises `NoRow` where a row is lacking."""
    match expr:
        case Ref(name):
            return ast.Name(name, ast.Load())
        case Literal(value):
            return literal(value)
        case Text(text):
            return ast.parse(text, mode="eval").body
        case Step(parameters, body):
            names = [ast.arg(p) for p in parameters]
            arguments = ast.arguments([], names, None, [], [], None, [])
            return ast.Lambda(arguments, render(body, rows))
        case Op():
            return _operator(expr, rows)
        case Block():
            raise TypeError("a function with statements is no expression")


def _operator(op: Op, rows: Rows) -> ast.expr:
    parsed = _parsed(row_text(op, rows))
    holes = _holes(op, [render(a, rows) for a in op.arguments])
    import copy

    return ast.fix_missing_locations(_Fill(holes).visit(copy.deepcopy(parsed)))


def filled(op: Op, rows: Rows) -> tuple[ast.expr, frozenset[str]]:
    """The row of an operator, which has one, and the names of its holes."""
    return _parsed(row_text(op, rows)), frozenset(
        _holes(op, [ast.Constant(None) for _ in op.arguments])
    )


def row_text(op: Op, rows: Rows) -> str:
    """What an operator's row says, its holes open. Raises `NoRow` where it is lacking."""
    row = rows.get(op.operator)
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
    for name, key in op.parameters.items():
        place = ast.Name("w", ast.Load())
        holes[name] = ast.Subscript(place, ast.Constant(key), ast.Load())
    for name, key in op.state.items():
        place = ast.Name("running", ast.Load())
        holes[name] = ast.Subscript(place, ast.Constant(key), ast.Load())
    return holes


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


def operators_in(functions: Iterable[Function]) -> frozenset[str]:
    """The operators that some functions use."""
    return frozenset(o.operator for f in functions for o in operations(*f.expressions))
