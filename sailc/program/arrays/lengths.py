"""Lists whose length only the data know, and differs from point to point.

Points are batched by equal lengths. So a program counts, for every point, the elements of such
lists (`lengths`); what it computes of the points, it computes of those that are alike, and the
lists of these are arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING

from sailc.infer.modules.problem import DataLine
from sailc.plan.ragged import chain, chosen_by_point, has_unknown, length_of
from sailc.program.arrays.layout import (
    ELEMENT,
    POINTS,
    CannotLower,
    Group,
    Leaf,
    Vector,
    align,
    any_leaf,
    enter,
    merge,
)
from sailc.program.tree.nodes import Expr, Literal, Op, is_tuple
from sailc.source import Span
from sailc.terms import Map
from sailc.types.dims import Atom, Dim, DimName, FloorDiv
from sailc.types.model import ListType, RecordType, SetType, Tensor, TupleType, Type

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering

UNEQUAL = "lists of unequal lengths inside of one point"


def counts(low: Lowering, line: DataLine, some: Leaf) -> Expr:
    """How many elements the lists of every point hold: an array of numbers, or of rows of
    them where there are several lists."""
    found = [_count(low, term) for term in chosen_by_point(line)]
    if not found:
        return Op("repeat_rows", (Literal(0), some.expr), {"rank": 0})
    if len(found) == 1:
        return found[0]
    return Op("stack", tuple(found), {"axis": -1, "alike": True}, batch=1)


def _count(low: Lowering, term: Map) -> Expr:
    before = dict(low.memo)
    level = f"{ELEMENT}{next(low.levels)}"
    holds = _holds(low, term, level)
    low.memo = before
    return Op("sum", (holds.expr,), {"axes": (-1,)})


def _holds(low: Lowering, term: Map, level: str) -> Leaf:
    """Which elements are left, of those that the innermost source of a chain of comprehensions
    holds: a source that lacks elements itself is no array yet."""
    maps = chain(term)
    element = enter(low.lower(maps[-1].source), level)
    holds: Leaf | None = None
    for t in reversed(maps):
        low.bind(t.variable, element)
        if t.condition is not None:
            holds = _both(holds, low.leaf(t.condition))
        if t is not term:
            element = low.lower(t.body)
    assert holds is not None
    if holds.levels != (POINTS, level):
        raise CannotLower(UNEQUAL, term.span)
    return holds


def _both(a: Leaf | None, b: Leaf) -> Leaf:
    if a is None:
        return b
    levels = merge(a.levels, b.levels)
    parts = (align(a, levels, 0), align(b, levels, 0))
    return Leaf(Op("logical_and", parts), levels, 0)


def kept(low: Lowering, term: Map, source: Vector, holds: Leaf, span: Span) -> Vector:
    """The elements for which a condition holds, of points that keep equally many."""
    mask = low.store("kept", Leaf(holds.expr, (), 2), span).expr
    low.dims[length_of(term)] = Op("kept_count", (mask,))
    return _taken(low, source, mask, span)


def _taken(low: Lowering, source: Vector, mask: Expr, span: Span) -> Vector:
    match source:
        case Group(items):
            return Group({k: _taken(low, v, mask, span) for k, v in items.items()})
        case Leaf(expr, (), rank):
            places = low.store("places", Leaf(Op("kept_places", (mask,)), (), 2), span)
            return Leaf(Op("take_rows", (expr, places.expr)), (POINTS,), rank)
        case Leaf(expr, levels, rank):
            return Leaf(Op("take_kept", (expr, mask), {"rank": rank}), levels, rank)


def length(dim: Dim, known: Mapping[DimName, Expr], span: Span) -> Expr:
    """A length as an expression of those that are `known`."""
    total: Expr | None = None
    for monomial, coefficient in dim.terms:
        factors = [_known(a, dim, known, span) for a, power in monomial for _ in range(power)]
        if coefficient != 1 or not factors:
            factors.insert(0, Literal(coefficient))
        product = reduce(lambda a, b: Op("multiply", (a, b)), factors)
        total = product if total is None else Op("add", (total, product))
    return Literal(0) if total is None else total


def _known(a: Atom, dim: Dim, known: Mapping[DimName, Expr], span: Span) -> Expr:
    if isinstance(a, DimName) and a in known:
        return known[a]
    if isinstance(a, FloorDiv):
        parts = (a.numerator, a.divisor)
        return Op("floor_divide", tuple(length(d, known, span) for d in parts))
    raise CannotLower(f"the length `{dim}`", span)


def numbers(values: tuple[object, ...], known: Mapping[DimName, Expr], span: Span) -> Expr:
    """An array of numbers, among which there may be lengths that are `known` in a run."""
    if not has_unknown(values):
        return Op("constant", (), {"value": _counted(values)})
    parts = tuple(_number(v, known, span) for v in values)
    if any(map(is_tuple, values)):
        return Op("stack", parts, {"axis": 0, "alike": True})
    return Op("numbers", parts)


def _number(value: object, known: Mapping[DimName, Expr], span: Span) -> Expr:
    if is_tuple(value):
        return numbers(value, known, span)
    return length(value, known, span) if isinstance(value, Dim) else Literal(value)


def _counted(value: object) -> object:
    if is_tuple(value):
        return tuple(map(_counted, value))
    return value.value if isinstance(value, Dim) else value


def is_length(expr: Expr) -> bool:
    """Whether an expression is made of lengths: a number, and no array."""
    match expr:
        case Op("axis_length" | "kept_count"):
            return True
        case Op("add" | "subtract" | "multiply" | "divide" | "floor_divide" | "power", arguments):
            return all(isinstance(a, Literal) or is_length(a) for a in arguments)
        case _:
            return False


def repeated(leaf: Leaf, source: Leaf, level: str) -> Leaf:
    """What is the same for all elements of a collection, once for each of them; the elements
    are along the axis of `source` that follows its levels."""
    n = Op("axis_length", (source.expr,), {"axis": len(source.levels)})
    if leaf.rank == 0 and (isinstance(leaf.expr, Literal) or is_length(leaf.expr)):
        return Leaf(Op("repeat_number", (leaf.expr, n, source.expr)), (level,), 0)
    levels = merge(leaf.levels, (level,))
    axis = levels.index(level)
    row = align(leaf, levels, leaf.rank)
    if axis == 0:  # outermost, where what is aligned broadcasts without an axis of its own
        row = Op("expand", (leaf.expr,), {"marks": (None, *[":"] * (len(leaf.levels) + leaf.rank))})
    return Leaf(Op("repeat_along", (row, n), {"axis": axis}), levels, leaf.rank)


def found_in(type: Type, vector: Vector, outer: int) -> Iterator[tuple[DimName, Expr]]:
    """Where the lengths in a type are read off the arrays of a vector, which begin with
    `outer` axes more than the type says."""
    match type, vector:
        case ((ListType(item, n) | SetType(item, n)), _):
            yield from _axis(n, any_leaf(vector), outer)
            yield from found_in(item, vector, outer + 1)
        case (RecordType(fields), Group(items)):
            for name, inner in fields:
                yield from found_in(inner, items[name], outer)
        case (TupleType(types), Group(items)):
            for i, inner in enumerate(types):
                yield from found_in(inner, items[i], outer)
        case (Tensor(_, shape), Leaf() as leaf):
            for i, n in enumerate(shape):
                yield from _axis(n, leaf, outer + i)
        case _:
            pass


def _axis(n: object, leaf: Leaf, axis: int) -> Iterator[tuple[DimName, Expr]]:
    if isinstance(n, Dim) and isinstance(n.atom, DimName):
        yield n.atom, Op("axis_length", (leaf.expr,), {"axis": axis})
