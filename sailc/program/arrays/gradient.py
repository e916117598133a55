"""`grad(e, p)` by automatic differentiation: `e` as a function of what stands at `p`.

What is differentiated is the sum over all points. A point's number hangs on nothing but what is
the point's own, so each gets the derivative of its own number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.program.arrays.layout import CannotLower, Group, Leaf, Vector, inside, packed
from sailc.program.tree.nodes import Assign, Block, Expr, Op, Ref, Step
from sailc.terms import Apply, Path, Term, below, rooted

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


def gradient(low: Lowering, term: Apply) -> Vector:
    """The derivative of the first argument by the second."""
    e, p = term.arguments
    root, path = rooted(p)
    whole = low.lower(root)
    by = inside(whole, path)
    assert isinstance(by, Leaf)
    inner = low.inside(hanging_on(root, e))
    name = _name(inner, by, str(path[-1]) if path else getattr(root, "name", ""))
    inner.bind(root, updated(whole, path, Leaf(Ref(name), by.levels, by.rank)))
    inner.count(e)
    value = inner.leaf(e)
    if not set(value.levels) <= set(by.levels):
        raise CannotLower("grad of each of several numbers", term.span)
    function = _function(low, e, name, inner.body, value)
    return Leaf(Op("grad", (function, by.expr)), by.levels, by.rank)


def _name(inner: Lowering, by: Leaf, label: str) -> str:
    """What the function calls what it is differentiated by: as it is called outside, where it
    stands for it everywhere."""
    return by.expr.name if isinstance(by.expr, Ref) else inner.names.fresh(label or "x")


def _function(low: Lowering, e: Term, name: str, body: list[Assign], value: Leaf) -> Expr:
    """The sum of the values as a function, with a name where it has statements of its own."""
    expr = value.expr
    if body and expr == Ref(body[-1].name):
        expr = body.pop().value
    total = Op("sum", (expr,), {"axes": None}) if value.levels else expr
    if not body:
        return Step((name,), total)
    block = Block((name,), tuple(body), total)
    return low.store(e.name or "value", Leaf(block, (), 0), e.span).expr


def hanging_on(root: Term, term: Term) -> set[int]:
    """The identities of a term and of what is below it that are made of a root."""
    found: set[int] = set()
    seen: dict[int, bool] = {id(root): True}

    def visit(t: Term) -> bool:
        if id(t) not in seen:
            inside = [visit(b) for b in below(t)]
            seen[id(t)] = any(inside)
            if seen[id(t)]:
                found.add(id(t))
        return seen[id(t)]

    visit(term)
    return found


def updated(vector: Vector, path: Path, value: Vector) -> Vector:
    """A vector with another value at a path."""
    if not path:
        return value
    assert isinstance(vector, Group)
    key, rest = path[0], path[1:]
    inner = updated(vector.items[key], rest, value)
    items = {**vector.items, key: inner}
    if vector.whole is None or not isinstance(key, str):
        return Group(items)
    before = _unchanged(vector.whole, key)
    return Group(items, Op("updated", (before, packed(inner)), {"name": key}))


def _unchanged(whole: Expr, key: str) -> Expr:
    """A record without an earlier change of the field that changes."""
    match whole:
        case Op("updated", (before, _), attributes) if attributes["name"] == key:
            return before
        case _:
            return whole
