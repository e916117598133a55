"""Activations that write over a convolution's result instead of beside it.

Neither the gradient of a convolution (or of its normalization) nor that of these activations asks
for the numbers before the activation, and in networks of convolutions these are most of the memory
that training holds: CosmoFlow at 32³ takes a tenth less, and as long. Results of linear layers,
which are small beside their weights, stay as they are.
"""

from __future__ import annotations

import ast
import re
from collections import Counter

from sailc.emit.text.functions import Code

MADE = re.compile(r"(?:F\.)?(?:conv|conv_transpose)\dd|F\.batch_norm")
ACTIVATIONS = frozenset({"torch.relu", "F.leaky_relu"})


def in_place(code: Code, kept: frozenset[str]) -> Code:
    """Statements whose activations take the place of what nobody else reads; `kept` are names that
    are read elsewhere."""
    reads = Counter(n.id for _, value in code for n in ast.walk(value) if isinstance(n, ast.Name))
    free: set[str] = set()
    found: Code = []
    for name, value in code:
        found.append((name, _Over(free).visit(value)))
        if _is_made(value) and name not in kept and reads[name] == 1:
            free.add(name)
    return found


class _Over(ast.NodeTransformer):
    """`torch.relu_(x)` for `torch.relu(x)`, where x is free to be written over."""

    def __init__(self, free: set[str]) -> None:
        self.free = free

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node  # what is called several times reads a name as often

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        called = ast.unparse(node.func)
        if called in ACTIVATIONS and self._is_free(node.args[0]) and not _falls(node.args[1:]):
            return ast.Call(ast.parse(f"{called}_", mode="eval").body, node.args, node.keywords)
        return node

    def _is_free(self, node: ast.expr) -> bool:
        return node.id in self.free if isinstance(node, ast.Name) else _is_made(node)


def _is_made(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and bool(MADE.fullmatch(ast.unparse(node.func)))


def _falls(slope: list[ast.expr]) -> bool:
    """Whether a slope is not known to keep signs, from which the gradient is told."""
    numbers = (isinstance(s, ast.Constant) and isinstance(s.value, int | float) for s in slope)
    return not all(numbers)
