"""What goes along an axis, and matrices taken apart into several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.program.arrays.layout import Group, Leaf, Vector, align, merge, opened, rank_of
from sailc.program.tree.nodes import Op
from sailc.terms import Apply

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


def factors(low: Lowering, term: Apply) -> Vector:
    """`qr svd eigh`: several arrays that are found at once."""
    value = low.leaf(term.arguments[0])
    made = Leaf(Op(term.operator, (value.expr,)), value.levels, 0)
    stored = low.store(term.name or "factors", made, term.span)
    return opened(term.type, stored.expr, value.levels)


def histogram(low: Lowering, term: Apply) -> Vector:
    """Counts along an axis, between bounds that are the same along it."""
    leaves = [low.leaf(a) for a in term.arguments]
    levels = merge(*(v.levels for v in leaves))
    rank = leaves[0].rank
    parts = tuple(align(v, levels, rank) for v in leaves)
    return Leaf(Op("histogram", parts, term.attributes), levels, rank_of(term.type))


def windows(low: Lowering, term: Apply) -> Vector:
    """Consecutive parts along the first axis of a point's own."""
    return _windows(low.lower(term.arguments[0]), term)


def _windows(vector: Vector, term: Apply) -> Vector:
    match vector:
        case Group(items):
            return Group({k: _windows(v, term) for k, v in items.items()})
        case Leaf(expr, levels, rank):
            attributes = {**term.attributes, "axis": len(levels)}
            return Leaf(Op("windows", (expr,), attributes), levels, rank + 1)


SPECIAL = {
    "qr": factors,
    "svd": factors,
    "eigh": factors,
    "histogram": histogram,
    "windows": windows,
}
