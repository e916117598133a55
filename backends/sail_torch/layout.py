"""Channels where PyTorch wants them: second, from one convolution to the next.

SAIL's tensors have channels last, so a row moves them to the front and back again. Here the moves
that meet are taken out: what is done to each number by itself, and joining along channels, is done
before the move back, and a name stands for the tensor with its channels second.
"""

from __future__ import annotations

import ast
import re

from sailc.emit.text.functions import Code

# What works on each number by itself; other arguments have to be plain numbers.
NAMES = "abs cos erf exp log log1p relu sigmoid sin sqrt tanh"
FUNCTIONAL = "dropout elu gelu leaky_relu silu softplus"
ELEMENTWISE = frozenset(
    [*(f"torch.{n}" for n in NAMES.split()), *(f"F.{n}" for n in FUNCTIONAL.split())]
)

# What leaves a tensor with channels second, by the rank that its name says.
SPATIAL = re.compile(r"(?:F\.)?(?:conv|conv_transpose|max_pool|avg_pool)(\d)d")


def channels_second(code: Code, kept: frozenset[str]) -> Code:
    """Statements without moves that meet; `kept` are the names that have to stay what they are."""
    moved: dict[str, int] = {}
    found: Code = []
    for name, value in code:
        value = _Inward(moved).visit(value)
        inner = _before(value, "1", "-1")
        if name and name not in kept and inner is not None and _rank(inner, moved):
            moved[name] = _rank(inner, moved)
            value = inner
        found.append((name, value))
    return found


class _Inward(ast.NodeTransformer):
    """Takes moves back to channels last towards the outside, until they meet one to the front.
    `moved` says by its name how many dimensions of space a tensor with channels second has."""

    def __init__(self, moved: dict[str, int]) -> None:
        self.moved = moved

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return _last(node) if node.id in self.moved else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        source = _before(node, "-1", "1")
        if source is not None:
            return _before(source, "1", "-1") or node
        called = ast.unparse(node.func)
        if called in ELEMENTWISE and not any(map(_is_variable, [*node.args[1:], *node.keywords])):
            inner = _before(node.args[0], "1", "-1")
            if inner is not None:
                return _last(ast.Call(node.func, [inner, *node.args[1:]], node.keywords))
        if called == "torch.cat":
            return self._joined(node)
        return node

    def _joined(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(args=[ast.List(parts)], keywords=[ast.keyword("dim", dim)]):
                inner = [p for x in parts if (p := _before(x, "1", "-1")) is not None]
                if len(inner) == len(parts) and ast.unparse(dim) == "-1":
                    along = ast.keyword("dim", ast.Constant(1))
                    return _last(ast.Call(node.func, [ast.List(inner, ast.Load())], [along]))
            case _:
                pass
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            return node
        sides = [_before(side, "1", "-1") or side for side in (node.left, node.right)]
        ranks = {_rank(s, self.moved) for s in sides if _is_variable(s)}
        apart = [s for s, was in zip(sides, (node.left, node.right), strict=True) if s is was]
        if len(ranks) != 1 or ranks == {0} or any(map(_is_variable, apart)):
            return node
        return _last(ast.BinOp(sides[0], node.op, sides[1]))


def _last(node: ast.expr) -> ast.Call:
    """With channels moved from the second place to the last."""
    ends: list[ast.expr] = [ast.Constant(1), ast.UnaryOp(ast.USub(), ast.Constant(1))]
    return ast.fix_missing_locations(ast.Call(ast.Attribute(node, "movedim", ast.Load()), ends, []))


def _before(node: ast.expr, source: str, target: str) -> ast.expr | None:
    """What a node is with one dimension moved from source to target; None if it is not."""
    match node:
        case ast.Call(ast.Attribute(inner, "movedim"), [a, b], []):
            return inner if [ast.unparse(a), ast.unparse(b)] == [source, target] else None
        case _:
            return None


def _is_variable(node: ast.AST) -> bool:
    names = (x.id for x in ast.walk(node) if isinstance(x, ast.Name))
    return any(name != "training" for name in names)


def _rank(node: ast.expr, moved: dict[str, int]) -> int:
    """How many dimensions of space a tensor with channels second has; 0 where that is not seen."""
    match node:
        case ast.Name(name):
            return moved.get(name, 0)
        case ast.Call(args=[ast.List([first, *_]), *_]) | ast.Call(args=[first, *_]):
            known = SPATIAL.fullmatch(ast.unparse(node.func))
            return int(known[1]) if known else _rank(first, moved)
        case ast.BinOp(left, _, right):
            return _rank(left, moved) or _rank(right, moved)
        case _:
            return 0
