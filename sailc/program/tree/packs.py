"""Dicts and tuples as expressions: points by split, questions with truths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from sailc.program.tree.inlining import folded
from sailc.program.tree.nodes import Expr, Op


def at(points: Expr, split: str, i: int) -> Expr:
    """The questions or the truths of a split."""
    return part(folded(Op("key", (points,), {"name": split})), i)


def part(points: Expr, i: int) -> Expr:
    """Those of a pair."""
    return folded(Op("place", (points,), {"i": i}))


def dict_of(values: Mapping[str, Expr]) -> Op:
    """Values by name."""
    return Op("pack", tuple(values.values()), {"names": tuple(values)})


def tuple_of(values: Sequence[Expr]) -> Op:
    """Values one after another."""
    return Op("pack", tuple(values), {"names": tuple(range(len(values)))})


def is_pack(expr: Expr) -> TypeGuard[Op]:
    """Whether the parts of a value stand there."""
    return isinstance(expr, Op) and expr.operator == "pack"
