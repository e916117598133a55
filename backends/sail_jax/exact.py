"""Where a compiled step may look for the largest number by its value.

JAX's own maximum gives the slope to what equals it. XLA may compute numbers a second time beside
it, and a product and a sum in one operation there, which rounds otherwise: then nothing equals the
largest, and slopes are wrong without a word. So programs look for its place (`largest`), but
where numbers can only come out the same: of a convolution or a matrix product, which are stored,
and sums with these, rectified or not. That is shorter, and in pools a tenth faster.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Set

from sailc.emit.text.functions import Code

STORED = re.compile(r"(\w+\.)*(conv\w*|conv_general_dilated)")
SAME = frozenset({"jax.nn.relu", "jax.nn.leaky_relu", "jnp.abs", "jnp.ravel", "largest"})
MOVED = frozenset({"reshape", "repeat", "ravel", "swapaxes", "transpose", "max", "min"})


def by_value(code: Code, kept: frozenset[str]) -> Code:
    """Statements with JAX's own maximum where that is safe."""
    exact: set[str] = set()
    found: Code = []
    for name, value in code:
        if _is_exact(value, exact):
            exact.add(name)
        found.append((name, _ByValue(exact).visit(value)))
    return found


class _ByValue(ast.NodeTransformer):
    """`x.max(axis=1)` for `largest(x, 1)`, and `x.min(axis=1)` for `-largest(-x, 1)`."""

    def __init__(self, exact: Set[str]) -> None:
        self.exact = exact

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        inner, axes = _largest(node.operand)
        match inner:
            case ast.UnaryOp(ast.USub(), x) if axes and _is_exact(x, self.exact):
                return _method(self.visit(x), "min", axes)
            case _:
                self.generic_visit(node)
                return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        inner, axes = _largest(node)
        if axes and _is_exact(inner, self.exact):
            return _method(self.visit(inner), "max", axes)
        self.generic_visit(node)
        return node


def _is_exact(node: ast.expr, exact: Set[str]) -> bool:
    """Whether a number is the same each time that it is computed, as some names are."""
    match node:
        case ast.Name(name):
            return name in exact
        case ast.BinOp(_, ast.MatMult(), _):
            return True
        case ast.BinOp(left, ast.Add() | ast.Sub(), right):
            sides = {side: _is_exact(side, exact) for side in (left, right)}
            biased = (is_it or isinstance(side, ast.Subscript) for side, is_it in sides.items())
            return any(sides.values()) and all(biased)
        case ast.Subscript(value, _):
            return _is_exact(value, exact)
        case ast.Call(ast.Attribute(value, name)) if name in MOVED:
            return _is_exact(value, exact)
        case ast.Call(function, arguments):
            text = ast.unparse(function)
            if STORED.fullmatch(text):
                return True
            return text in SAME and _is_exact(arguments[0], exact)
        case _:
            return False


def _largest(node: ast.expr) -> tuple[ast.expr, list[int]]:
    """What the largest is of, and along which axes, if that is asked; several are of one array
    where none moves another."""
    axes: list[int] = []
    while True:
        match node:
            case ast.Call(ast.Name("largest"), [inner, at]) if _stays(axes, ast.literal_eval(at)):
                axes.append(ast.literal_eval(at))
                node = inner
            case _:
                return node, axes


def _stays(later: list[int], axis: int) -> bool:
    """Whether axes are where they were before another one was reduced."""
    return all((a > axis) == (axis < 0) and (a < 0) == (axis < 0) for a in later)


def _method(x: ast.expr, name: str, axes: list[int]) -> ast.expr:
    """A method that reduces an array, as text has it; what is flat had several axes."""
    match x:
        case ast.Call(ast.Attribute(ast.Name("jnp"), "ravel"), [whole]):
            return ast.Call(ast.Attribute(whole, name), [], [])
        case _:
            which: object = axes[0] if len(axes) == 1 else tuple(sorted(axes))
            text = ast.parse(repr(which), mode="eval").body
            return ast.Call(ast.Attribute(x, name), [], [ast.keyword("axis", text)])
