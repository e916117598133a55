"""Elements of a collection beside one of them, and collections of collections as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.program.arrays.layout import CannotLower, Group, Leaf, Vector, any_leaf
from sailc.program.tree.nodes import Op
from sailc.terms import Apply

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


def others(low: Lowering, term: Apply) -> Vector:
    """`others(xs, x)`: for each element of a collection all that are not it."""
    xs, x = (low.lower(a) for a in term.arguments)
    before = any_leaf(xs).levels
    more = [name for name in any_leaf(x).levels if name not in before]
    if len(more) != 1:
        raise CannotLower("others of what is no element", term.span)
    return _gathered(xs, more[0])


def _gathered(xs: Vector, level: str) -> Vector:
    match xs:
        case Group(items):
            return Group({k: _gathered(v, level) for k, v in items.items()})
        case Leaf(expr, levels, rank):
            found = Op("others", (expr,), {"axis": len(levels)})
            return Leaf(found, (*levels, level), rank)


def chained(low: Lowering, term: Apply) -> Vector:
    """The elements of the lists of a list, in one."""
    return _flattened(low.lower(term.arguments[0]))


def _flattened(vector: Vector) -> Vector:
    match vector:
        case Group(items):
            return Group({k: _flattened(v) for k, v in items.items()})
        case Leaf(expr, levels, rank):
            return Leaf(Op("flat_pair", (expr,), {"axis": len(levels)}), levels, rank - 1)
