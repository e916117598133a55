"""`verlet` and `rk4`: steps from a start, along a function of what has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.program.arrays.gradient import updated
from sailc.program.arrays.layout import CannotLower, Group, Leaf, Vector, align, inside, merge
from sailc.program.tree.nodes import Block, Expr, Op, Ref
from sailc.terms import Apply, Lambda, Term

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


def course(low: Lowering, term: Apply) -> Vector:
    """What moves, after each step: an axis of a point in front of its own."""
    start, *more = term.arguments
    drive = term.attributes["drive"]
    assert isinstance(drive, Lambda)
    whole = low.lower(start)
    path = ("position",) if isinstance(whole, Group) else ()
    moved = inside(whole, path)
    assert isinstance(moved, Leaf)
    facts = [low.leaf(t) for t in more]
    levels = merge(moved.levels, *(f.levels for f in facts))
    if moved.levels != levels:
        raise CannotLower("one start for many motions", term.span)
    function = low.inside()
    label = path[0] if path else drive.variables[0].name
    name = moved.expr.name if isinstance(moved.expr, Ref) else function.names.fresh(label)
    function.bind(drive.variables[0], updated(whole, path, Leaf(Ref(name), levels, moved.rank)))
    called = str(term.attributes["called"])
    function = _function(low, function, drive.body, moved, name, called)
    parts = (align(f, levels, moved.rank) for f in facts)
    attributes = {"steps": term.attributes["steps"], "axis": len(levels)}
    made = Op(term.operator, (function, moved.expr, *parts), attributes)
    return Leaf(made, levels, moved.rank + 1)


def _function(
    low: Lowering, inner: Lowering, body: Term, moved: Leaf, name: str, called: str
) -> Expr:
    """What drives the motion, as a function of what has moved."""
    inner.count(body)
    value = inner.leaf(body)
    if not set(value.levels) <= set(moved.levels):
        raise CannotLower("several forces on one motion", body.span)
    result = align(value, moved.levels, moved.rank)
    block = Block((name,), tuple(inner.body), result)
    return low.store(called, Leaf(block, (), 0), body.span).expr
