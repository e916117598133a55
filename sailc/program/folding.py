"""`fold` and `scan`: a known reduction where the step is one, and otherwise a step at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.program.layout import CannotLower, Group, Leaf, Vector, any_leaf
from sailc.program.tree import Expr, Op, Ref, Step
from sailc.terms import Apply, Lambda

if TYPE_CHECKING:
    from sailc.program.vectors import Lowering

KNOWN = {"maximum": "max", "minimum": "min", "add": "sum"}


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
    return Leaf(Op(body.operator, (start.expr, reduced)), xs.levels, 0)


def _stepwise(low: Lowering, term: Apply, step: Lambda) -> Vector:
    from sailc.program.vectors import Lowering as Inner

    source, start = (low.lower(a) for a in term.arguments)
    inner = Inner(names=low.names, files=low.files, layers=low.layers, levels=low.levels)
    inner.memo.update(low.memo)
    state, element = (low.names.fresh(v.name) for v in step.variables)
    inner.bind(step.variables[0], _parts(start, Ref(state), 0))
    inner.bind(step.variables[1], _parts(source, Ref(element), 1))
    result = inner.lower(step.body)
    body = _written(_whole(result), {a.name: a.value for a in inner.body})
    if not _alike(result, start):
        raise CannotLower(term.operator, term.span)
    made = Op(
        term.operator,
        (Step((state, element), body), _leading(source), _whole(start)),
        {"axis": len(any_leaf(source).levels)},
    )
    if isinstance(start, Leaf):
        more = 1 if term.operator == "scan" else 0
        return Leaf(made, any_leaf(source).levels, start.rank + more)
    if term.operator == "scan":
        raise CannotLower("scan of a tuple", term.span)
    held = low.store("state", Leaf(made, (), 0), term.span)
    return _parts(start, held.expr, 0)


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


def _written(expr: Expr, known: dict[str, Expr]) -> Expr:
    """An expression with the statements of a step's body written where they are read."""
    match expr:
        case Ref(name) if name in known:
            return _written(known[name], known)
        case Op(operator, arguments, attributes, parameters, batch):
            inner = tuple(_written(a, known) for a in arguments)
            return Op(operator, inner, attributes, parameters, batch)
        case Step(parameters, body):
            return Step(parameters, _written(body, known))
        case _:
            return expr
