"""Questions that a fixture asks, in one batch; and their answers, apart again."""

from __future__ import annotations

from sailc.program.arrays.layout import (
    POINTS,
    CannotLower,
    Group,
    Leaf,
    Levels,
    Vector,
    any_leaf,
    filled,
    merge,
)
from sailc.program.tree.nodes import Op
from sailc.source import Span


def levels_of(vector: Vector) -> Levels:
    """The batch axes of a question."""
    if isinstance(vector, Leaf):
        return vector.levels
    return merge(*(levels_of(v) for v in vector.items.values()))


def in_one_batch(vector: Vector, levels: Levels, span: Span) -> Vector:
    """A question with one batch axis: its own merged, one of size 1 where it has none."""
    if levels == (POINTS,):
        return filled(vector, _leading(vector, levels))
    match vector:
        case Group(items):
            return Group({k: in_one_batch(v, levels, span) for k, v in items.items()})
        case Leaf(expr, own, rank) if own == levels:
            return Leaf(Op("merge_batch", (expr,), batch=len(levels)), (POINTS,), rank)
        case _:
            raise CannotLower("a question with parts that others share", span)


def apart(vector: Vector, levels: Levels, like: Leaf) -> Vector:
    """An answer with the batch axes that its question had."""
    if levels == (POINTS,):
        return vector
    match vector:
        case Group(items):
            return Group({k: apart(v, levels, like) for k, v in items.items()})
        case Leaf(expr, _, rank):
            return Leaf(Op("part_batch", (expr, like.expr), batch=len(levels)), levels, rank)


def _leading(vector: Vector, levels: Levels) -> Leaf:
    """An array of a vector that has all of its batch axes."""
    if isinstance(vector, Leaf):
        return vector
    found = [_leading(v, levels) for v in vector.items.values()]
    return next((leaf for leaf in found if leaf.levels == levels), any_leaf(vector))
