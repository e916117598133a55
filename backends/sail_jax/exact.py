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
from collections.abc import Mapping

from sailc.emit.text.functions import Code

STORED = re.compile(r"(\w+\.)*(conv\w*|conv_general_dilated)")
SAME = frozenset({"jax.nn.relu", "jax.nn.leaky_relu", "jnp.abs", "jnp.ravel", "largest"})
MOVED = frozenset({"reshape", "repeat", "ravel", "swapaxes", "transpose", "max", "min"})


def by_value(code: Code, kept: frozenset[str]) -> Code:
    """Statements with JAX's own maximum where that is safe."""
    known = dict(code)
    return [(name, _ByValue(known).visit(value)) for name, value in code]


class _ByValue(ast.NodeTransformer):
    """`x.max(axis=1)` for `largest(x, 1)`, and `x.min(axis=1)` for `-largest(-x, 1)`."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self.known = known

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        inner, axes = _largest(node.operand)
        match inner:
            case ast.UnaryOp(ast.USub(), x) if axes and self._is_exact(x):
                return _method(self.visit(x), "min", axes)
            case _:
                self.generic_visit(node)
                return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        inner, axes = _largest(node)
        if axes and self._is_exact(inner):
            return _method(self.visit(inner), "max", axes)
        self.generic_visit(node)
        return node

    def _is_exact(self, node: ast.expr) -> bool:
        """Whether a number is the same each time that it is computed."""
        match node:
            case ast.Name(name):
                return name in self.known and self._is_exact(self.known[name])
            case ast.BinOp(_, ast.MatMult(), _):
                return True
            case ast.BinOp(left, ast.Add() | ast.Sub(), right):
                sides = (left, right)
                return any(map(self._is_exact, sides)) and all(map(self._is_term, sides))
            case ast.Subscript(value, _):
                return self._is_exact(value)
            case ast.Call(ast.Attribute(value, name)) if name in MOVED:
                return self._is_exact(value)
            case ast.Call(function, arguments):
                text = ast.unparse(function)
                if STORED.fullmatch(text):
                    return True
                return text in SAME and self._is_exact(arguments[0])
            case _:
                return False

    def _is_term(self, node: ast.expr) -> bool:
        """Whether adding a number is one operation: a bias, or what is exact itself."""
        return isinstance(node, ast.Subscript) or self._is_exact(node)


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
