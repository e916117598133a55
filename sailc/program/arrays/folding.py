"""`fold` and `scan`: a known reduction where the step is one, and otherwise a step at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

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
from sailc.program.tree.nodes import Assign, Block, Expr, Literal, Op, Ref, Step
from sailc.terms import Apply, Lambda

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering

KNOWN = {"maximum": "max", "minimum": "min", "add": "sum", "multiply": "product"}
NEUTRAL = {"add": 0, "multiply": 1}
"""What a fold starts from that adds nothing to the reduction."""


def fold(low: Lowering, term: Apply) -> Vector:
    """`fold(xs, init, step)`, `scan(xs, init, step)`."""
    step = term.attributes["step"]
    assert isinstance(step, Lambda)
    reduced = _known(low, term, step) if term.operator == "fold" else None
    return reduced if reduced is not None else _stepwise(low, term, step)


def _known(low: Lowering, term: Apply, step: Lambda) -> Vector | None:
    """The reduction that a step is, as `(a, b) => max(a, b)` is `max`."""
    body = step.body
    if not isinstance(body, Apply) or body.operator not in KNOWN:
        return None
    if {id(a) for a in body.arguments} != {id(v) for v in step.variables}:
        return None
    xs, start = (low.leaf(a) for a in term.arguments)
    if xs.rank != 1:
        return None
    axes = (-1,) if xs.levels else None
    reduced = Op(KNOWN[body.operator], (xs.expr,), {"axes": axes})
    if isinstance(start.expr, Literal) and start.expr.value == NEUTRAL.get(body.operator):
        return Leaf(reduced, xs.levels, 0)
    return Leaf(Op(body.operator, (start.expr, reduced)), xs.levels, 0)


def _stepwise(low: Lowering, term: Apply, step: Lambda) -> Vector:
    """A step at a time: what the state hangs on after the first step, it has from the start."""
    source, start = (low.lower(a) for a in term.arguments)
    inner, made = _stepped(low, step, source, start)
    if _levels(made) != _levels(start):
        source = low.at_hand(source, term.span)
        start = _widened(start, made, source, term)
        inner, made = _stepped(low, step, source, start)
    if not _alike(made, start):
        raise CannotLower(term.operator, term.span)
    levels = _levels(made)
    expr = _function(low, step, inner, made)
    folded = Op(term.operator, (expr, _leading(source), _whole(start)), {"axis": len(levels)})
    if isinstance(start, Leaf):
        more = 1 if term.operator == "scan" else 0
        return Leaf(folded, levels, start.rank + more)
    if term.operator == "scan":
        raise CannotLower("scan of a tuple", term.span)
    held = low.store("state", Leaf(folded, (), 0), term.span)
    return _parts(start, held.expr, 0)


class Inner(Struct):
    """The body of a step: its parameters and statements."""

    parameters: tuple[str, str]
    body: list[Assign]


def _stepped(low: Lowering, step: Lambda, source: Vector, start: Vector) -> tuple[Inner, Vector]:
    """What a step makes of a state and an element of the source."""
    state, element = step.variables
    inner = low.inside()
    names = (inner.names.fresh(state.name), inner.names.fresh(element.name))
    inner.bind(state, _parts(start, Ref(names[0]), 0))
    inner.bind(element, _parts(source, Ref(names[1]), 1))
    inner.count(step.body)
    return Inner(names, inner.body), inner.lower(step.body)


def _function(low: Lowering, step: Lambda, inner: Inner, made: Vector) -> Expr:
    """A step as a function, with a name where it has statements of its own."""
    body, result = list(inner.body), _whole(made)
    if body and result == Ref(body[-1].name):
        result = body.pop().value
    if not body:
        return Step(inner.parameters, result)
    block = Block(inner.parameters, tuple(body), result)
    return low.store(
        getattr(step.body, "name", "") or "advance", Leaf(block, (), 0), step.body.span
    ).expr


def _levels(vector: Vector) -> Levels:
    """The batch axes of a vector's arrays."""
    if isinstance(vector, Leaf):
        return vector.levels
    return merge(*(_levels(v) for v in vector.items.values()))


def _widened(start: Vector, made: Vector, source: Vector, term: Apply) -> Vector:
    """A start that is the same for all points, once for each of them."""
    if set(_levels(made)) - set(_levels(start)) != {POINTS}:
        raise CannotLower(f"`{term.operator}` from one start along several lists", term.span)
    some = next((v for v in (source, made) if _levels(v)), made)
    return filled(start, any_leaf(some))


def _parts(vector: Vector, expr: Expr, dropped: int) -> Vector:
    """A vector of the same form whose arrays are the components of an expression."""
    match vector:
        case Leaf(_, levels, rank):
            return Leaf(expr, levels, rank - dropped)
        case Group(items):
            return Group(
                {
                    k: _parts(v, Op("component", (expr,), {"index": i}), dropped)
                    for i, (k, v) in enumerate(items.items())
                }
            )


def _whole(vector: Vector) -> Expr:
    """A vector as one expression: tuples of arrays."""
    match vector:
        case Leaf(expr):
            return expr
        case Group(items):
            return Op("together", tuple(_whole(v) for v in items.values()))


def _leading(vector: Vector) -> Expr:
    """A collection that Python can run over: its axis first."""
    match vector:
        case Leaf(expr, (), _):
            return expr
        case Leaf(expr, _, rank):
            return Op("leading", (expr,), {"axis": -rank})
        case Group(items):
            return Op("in_step", tuple(_leading(v) for v in items.values()))


def _alike(a: Vector, b: Vector) -> bool:
    match a, b:
        case Leaf(), Leaf():
            return a.rank == b.rank
        case Group(), Group():
            pairs = zip(a.items.values(), b.items.values(), strict=False)
            return len(a.items) == len(b.items) and all(_alike(x, y) for x, y in pairs)
        case _:
            return False
