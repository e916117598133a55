"""Which elements of collections are read, and values put together into one array."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sailc.program.arrays.layout import (
    CannotLower,
    Group,
    Leaf,
    Vector,
    align,
    any_leaf,
    merge,
    rebased,
    sizes,
)
from sailc.program.arrays.lengths import is_length
from sailc.program.tree.nodes import Expr, Literal, Op, Ref, is_tuple
from sailc.terms import Apply, Term
from sailc.types.dims import Dim
from sailc.types.model import Label, ListType, SetType, Tensor, TextType, Type
from sailc.types.parts import optional_parts, present

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


def _select(low: Lowering, term: Apply) -> Vector:
    """`first last drop every shuffle`: the same choice from every component."""
    source = _held(low, term.arguments[0])
    attributes = dict(term.attributes)
    if any_leaf(source).levels:
        return _indexed(source, (_range(term),))
    if isinstance(attributes.get("n"), Dim):
        raise CannotLower("a share of what only the data know the length of", term.span)
    if term.operator == "first":
        return each(source, lambda x: _first_rows(x, attributes))
    if term.operator == "shuffle":
        length = Op("length", (any_leaf(source).expr,))
        order: Expr = Op("permutation", (length,), {"seed": attributes["seed"]})
        if isinstance(source, Group):
            order = low.store("order", Leaf(order, (), 1), term.span).expr
        return each(source, lambda x: Op("take_rows", (x, order)))
    return each(source, lambda x: Op(term.operator, (x,), attributes))


def _range(term: Apply) -> tuple[int | None, ...]:
    """The choice that a point makes of its own elements, as where it starts and ends, and by
    what steps."""
    n = term.attributes.get("n")
    if not isinstance(n, int):
        raise CannotLower(f"`{term.operator}` of what a point holds", term.span)
    match term.operator:
        case "first":
            return (None, n)
        case "last":
            return (-n, None) if n else (0, 0)
        case "drop":
            return (n, None)
        case "every":
            return (None, None, n)
        case name:
            raise CannotLower(f"`{name}` of what a point holds", term.span)


def _held(low: Lowering, term: Term) -> Vector:
    """A collection of which every array is read: a table has a name."""
    vector = low.lower(term)
    if not isinstance(vector, Group) or vector.whole is None or isinstance(vector.whole, Ref):
        return vector
    name = term.operator if isinstance(term, Apply) else "rows"
    stored = low.store(name, Leaf(vector.whole, (), 0), term.span)
    return rebased(vector, stored.expr)


def _first_rows(expr: Expr, attributes: Mapping[str, object]) -> Expr:
    """`drop(a) |> first(n)` is one slice."""
    match expr:
        case Op("drop", arguments, dropped):
            start, count = dropped["n"], attributes["n"]
            if isinstance(start, int) and isinstance(count, int):
                return Op("rows", arguments, {"start": start, "stop": start + count})
        case _:
            pass
    return Op("first", (expr,), attributes)


def each(vector: Vector, change: Callable[[Expr], Expr]) -> Vector:
    """The same done to every array; in one expression where they are a table's columns."""
    match vector:
        case Leaf(expr, levels, rank):
            return Leaf(change(expr), levels, rank)
        case Group(items, whole) if whole is not None and _is_flat(items):
            return rebased(vector, Op("each_column", (whole, change(Ref("column")))))
        case Group(items):
            return Group({k: each(v, change) for k, v in items.items()})


def _is_flat(items: Mapping[str | int, Vector]) -> bool:
    return all(isinstance(k, str) and isinstance(v, Leaf) for k, v in items.items())


def _known(low: Lowering, term: Apply) -> Vector:
    """The rows of which nothing is missing."""
    source = _held(low, term.arguments[0])
    item = _item(term.arguments[0].type)
    if isinstance(source, Leaf) and not isinstance(source.expr, Ref):
        source = low.store(_field_of(source.expr), source, term.span)
    there: list[Expr] = []
    for path, type in optional_parts(item):
        part = source
        for name in path:
            assert isinstance(part, Group)
            part = part.items[name]
        assert isinstance(part, Leaf)
        there.append(Op("present", (part.expr,), {"kind": _kind(type)}))
    if not there:
        return source
    keep: Expr = there[0] if len(there) == 1 else Op("all_of", tuple(there))
    if isinstance(source, Group):
        keep = low.store("complete", Leaf(keep, (), 1), term.span).expr
    return each(source, lambda x: Op("take_rows", (x, keep)))


def _fill(low: Lowering, term: Apply) -> Vector:
    """A value where another is missing."""
    x, value = (low.leaf(a) for a in term.arguments)
    if not isinstance(x.expr, Ref):
        x = low.store(_field_of(x.expr), x, term.span)
    kind = _kind(present(term.arguments[0].type))
    levels = merge(x.levels, value.levels)
    rank = max(x.rank, value.rank)
    parts = tuple(align(v, levels, rank) for v in (x, value))
    return Leaf(Op("fill", parts, {"kind": kind}), levels, rank)


def _field_of(expr: Expr) -> str:
    """A name for a value that is read twice: that of the field that it is."""
    match expr:
        case Op("key", _, attributes):
            return str(attributes["name"])
        case _:
            return "value"


def _item(type: Type) -> Type:
    return type.item if isinstance(type, ListType | SetType) else type


def _kind(type: Type) -> str:
    """How what is missing is marked: NaN among numbers, -1 among labels, an empty text."""
    match type:
        case Tensor(Label()):
            return "label"
        case TextType():
            return "text"
        case _:
            return "number"


def _index(low: Lowering, term: Apply) -> Vector:
    vector = low.lower(term.arguments[0])
    items = term.attributes["items"]
    return _indexed(vector, items)


def _take(low: Lowering, term: Apply) -> Vector:
    """`xs[i]` of a table that is the same for all points, at places that data give."""
    table, *places = (low.leaf(a) for a in term.arguments)
    if table.levels or len(places) > 1:
        raise CannotLower("an index that only the data know", term.span)
    place = places[0]
    taken = Op("take", (table.expr, place.expr))
    return Leaf(taken, place.levels, place.rank + table.rank - 1)


def _indexed(vector: Vector, items: object) -> Vector:
    match vector:
        case Group(parts):
            return Group({k: _indexed(v, items) for k, v in parts.items()})
        case Leaf(expr, levels, rank):
            assert is_tuple(items)
            dropped = sum(not is_tuple(i) for i in items)
            op = Op("index", (expr,), {"items": items}, batch=len(levels))
            return Leaf(op, levels, rank - dropped)


def _stack(low: Lowering, term: Apply) -> Vector:
    return _stacked([low.lower(a) for a in term.arguments])


def _stacked(vectors: list[Vector]) -> Vector:
    """Values along a new first axis; of tuples and records, component by component."""
    groups = [v for v in vectors if isinstance(v, Group)]
    if groups:
        keys = groups[0].items
        return Group({k: _stacked([g.items[k] for g in groups]) for k in keys})
    leaves = [v for v in vectors if isinstance(v, Leaf)]
    levels = merge(*(v.levels for v in leaves))
    rank = max(v.rank for v in leaves)
    if rank == 0 and _are_lengths(leaves):
        return Leaf(Op("numbers", tuple(v.expr for v in leaves)), (), 1)
    parts = tuple(_beside(align(v, levels, rank), leaves) for v in leaves)
    alike = all(v.levels == levels and not isinstance(v.expr, Literal) for v in leaves)
    attributes = {"axis": -rank - 1, "alike": alike}
    return Leaf(Op("stack", parts, attributes, batch=len(levels)), levels, rank + 1)


def _are_lengths(leaves: list[Leaf]) -> bool:
    """Whether all that stands together are numbers, some of which arrays have to say."""
    lengths = [is_length(v.expr) for v in leaves]
    plain = (isinstance(v.expr, Literal) for v in leaves)
    return any(lengths) and all(a or b for a, b in zip(lengths, plain, strict=True))


def _beside(part: Expr, leaves: list[Leaf]) -> Expr:
    """A number as an array like those that it stands beside."""
    if not (isinstance(part, Literal) or is_length(part)):
        return part
    array = next((v.expr for v in leaves if not is_length(v.expr) and v.levels), None)
    if array is None:
        return Op("scalar", (part,)) if is_length(part) else part
    return Op("beside", (part, array))


def _concat(low: Lowering, term: Apply) -> Vector:
    leaves = [low.leaf(a) for a in term.arguments]
    if len(leaves) == 1:
        raise CannotLower("concat of a list", term.span)
    levels = merge(*(v.levels for v in leaves))
    rank = max(v.rank for v in leaves)
    parts = tuple(align(v, levels, rank) for v in leaves)
    if any(v.levels != levels for v in leaves):
        full = next((v for v in leaves if v.levels == levels), None)
        whole = full or Leaf(Op("across", parts), levels, rank)
        held = whole if isinstance(whole.expr, Ref) else low.store("whole", whole, term.span)
        leaves = [held if v is full else v for v in leaves]
        parts = tuple(align(v, levels, rank) for v in leaves)
        ends = [sizes(a.type)[-1] for a in term.arguments]
        pairs = zip(leaves, parts, ends, strict=True)
        parts = tuple(
            p if v.levels == levels else Op("spread", (p, held.expr), {"n": n}) for v, p, n in pairs
        )
    return Leaf(Op("concat", parts, batch=len(levels)), levels, rank)


SPECIAL = {
    "first": _select,
    "last": _select,
    "drop": _select,
    "every": _select,
    "shuffle": _select,
    "known": _known,
    "fill": _fill,
    "index": _index,
    "take": _take,
    "stack": _stack,
    "list": _stack,
    "concat": _concat,
}
