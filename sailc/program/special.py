"""Operators whose vectors need a rule of their own.

All others follow one of three rules (`sailc.program.vectors`): elementwise, a reduction, or
on the last axes of the first argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sailc.program import along, formulas, outside
from sailc.program.callables import callable_
from sailc.program.dynamics import course
from sailc.program.folding import fold
from sailc.program.gradient import gradient
from sailc.program.layout import (
    CannotLower,
    Group,
    Leaf,
    Levels,
    Vector,
    align,
    any_leaf,
    is_structured,
    merge,
    opened,
    rank_of,
    rebased,
    sizes,
)
from sailc.program.lengths import is_length
from sailc.program.pairs import chained, others
from sailc.program.solved import SOLVED
from sailc.program.tree import Expr, Literal, Op, Ref, is_tuple
from sailc.terms import Apply, Term
from sailc.types.dims import Dim
from sailc.types.model import Label, ListType, SetType, Tensor, TextType, Type
from sailc.types.parts import optional_parts, present

if TYPE_CHECKING:
    from sailc.program.vectors import Lowering


def _file(low: Lowering, term: Apply) -> Vector:
    expr = _of_file(low, term)
    if is_structured(term.type):
        expr = low.store(str(term.attributes["file"]), Leaf(expr, (), 1), term.span).expr
    return opened(term.type, expr)


def _path(low: Lowering, term: Apply) -> Vector:
    return Leaf(_of_file(low, term), (), 0)


def _of_file(low: Lowering, term: Apply) -> Expr:
    """The text of a file's values, or of its path."""
    expr = low.files.get((str(term.attributes["dataset"]), str(term.attributes["file"])))
    if expr is None:
        raise CannotLower("a question that reads a collection other than its points", term.span)
    return expr


def _zip(low: Lowering, term: Apply) -> Vector:
    return Group(dict(enumerate(low.lower(a) for a in term.arguments)))


def _tuple(low: Lowering, term: Apply) -> Vector:
    return Group(dict(enumerate(low.lower(a) for a in term.arguments)))


def _record(low: Lowering, term: Apply) -> Vector:
    names = term.attributes["fields"]
    assert isinstance(names, tuple)
    return Group({str(n): low.lower(a) for n, a in zip(names, term.arguments, strict=True)})


def _component(low: Lowering, term: Apply) -> Vector:
    owner = low.lower(term.arguments[0])
    key = term.attributes.get("index", term.attributes.get("name"))
    if not isinstance(owner, Group):
        raise CannotLower(term.operator, term.span)
    assert isinstance(key, int | str)
    return owner.items[key]


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
    parts = tuple(_beside(align(v, levels, rank), leaves) for v in leaves)
    alike = all(v.levels == levels and not isinstance(v.expr, Literal) for v in leaves)
    attributes = {"axis": -rank - 1, "alike": alike}
    return Leaf(Op("stack", parts, attributes, batch=len(levels)), levels, rank + 1)


def _beside(part: Expr, leaves: list[Leaf]) -> Expr:
    """A number as an array like those that it stands beside."""
    if not (isinstance(part, Literal) or is_length(part)):
        return part
    array = next((v.expr for v in leaves if not is_length(v.expr) and v.levels), None)
    return part if array is None else Op("beside", (part, array))


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


def _call(low: Lowering, term: Apply) -> Vector:
    """A call of a function that the program has."""
    function = low.calls.get(id(term.arguments[0]))
    return formulas.call(low, term) if function is None else function(low, term)


def _same(low: Lowering, term: Apply) -> Vector:
    """A list of tensors is stored stacked already; so is a set. A class is its index."""
    return low.lower(term.arguments[0])


def _label(low: Lowering, term: Apply) -> Vector:
    value = low.leaf(term.arguments[0])
    if isinstance(value.expr, Literal) and isinstance(value.expr.value, int | float):
        return Leaf(Literal(int(value.expr.value)), value.levels, value.rank)
    return Leaf(Op("label", (value.expr,)), value.levels, value.rank)


def _pairs(low: Lowering, term: Apply) -> Vector:
    """`auc`: of a list of pairs, its two arrays."""
    vector = low.lower(term.arguments[0])
    if not isinstance(vector, Group):
        raise CannotLower(term.operator, term.span)
    if any_leaf(vector).levels:
        raise CannotLower(f"`{term.operator}` of each of several lists", term.span)
    parts = tuple(v.expr for v in vector.items.values() if isinstance(v, Leaf))
    return Leaf(Op(term.operator, parts), (), 0)


def _matmul(low: Lowering, term: Apply) -> Vector:
    """A vector beside a matrix gets an axis where both are batched; so do batched matrices of
    unlike ranks."""
    a, b = (low.leaf(x) for x in term.arguments)
    levels = merge(a.levels, b.levels)
    rank = rank_of(term.type)
    left, right = align(a, levels, a.rank), align(b, levels, b.rank)
    if a.rank == 1 and b.rank == 1:
        product = Op("multiply", (left, right))
        return Leaf(Op("sum", (product,), {"axes": (-1,)}), levels, 0)
    if b.rank == 1 and b.levels:
        column = _among(Op("as_column", (right,)), 2, a.rank, levels)
        return Leaf(Op("from_column", (Op("matmul", (left, column)),)), levels, rank)
    if a.rank == 1 and b.levels:
        row = _among(Op("as_row", (left,)), 2, b.rank, levels)
        return Leaf(Op("from_row", (Op("matmul", (row, right)),)), levels, rank)
    left = _among(left, a.rank, b.rank, a.levels and levels)
    right = _among(right, b.rank, a.rank, b.levels and levels)
    return Leaf(Op("matmul", (left, right)), levels, rank)


def _among(expr: Expr, rank: int, other: int, levels: Levels) -> Expr:
    """Matrices that are multiplied with others of a rank, point by point."""
    return align(Leaf(expr, levels, rank), levels, max(rank, other)) if levels else expr


def _or_one(low: Lowering, term: Apply) -> Vector:
    """Its argument is read twice, so it has a name."""
    value = low.leaf(term.arguments[0])
    if not isinstance(value.expr, Ref):
        value = low.store("deviation", value, term.span)
    return Leaf(Op("or_one", (value.expr,)), value.levels, value.rank)


def _filled(low: Lowering, term: Apply) -> Vector:
    return Leaf(Op(term.operator, (), {"shape": sizes(term.type)}), (), rank_of(term.type))


def _sample(low: Lowering, term: Apply) -> Vector:
    parts = tuple(low.leaf(a).expr for a in term.arguments)
    attributes = {**term.attributes, "shape": sizes(term.type)}
    named = str(term.attributes["distribution"])
    named = named if named in ("sobol", "gaussian_field") else "sample"
    return Leaf(Op(named, parts, attributes), (), rank_of(term.type))


def _indices(low: Lowering, term: Apply) -> Vector:
    return Leaf(Op("arange", (), {"n": term.attributes["n"]}), (), 1)


SPECIAL = {
    **SOLVED,
    **along.SPECIAL,
    "file": _file,
    "path": _path,
    "zip": _zip,
    "tuple": _tuple,
    "record": _record,
    "item": _component,
    "field": _component,
    "column": _component,
    "first": _select,
    "last": _select,
    "drop": _select,
    "every": _select,
    "shuffle": _select,
    "known": _known,
    "fill": _fill,
    "index": _index,
    "stack": _stack,
    "list": _stack,
    "concat": _concat,
    "stack_list": _same,
    "set": _same,
    "label": _label,
    "or_one": _or_one,
    "matmul": _matmul,
    "grad": gradient,
    "others": others,
    "chain": chained,
    "call": _call,
    "fold": fold,
    "scan": fold,
    "motion": course,
    "rk4": course,
    "take": _take,
    "auc": _pairs,
    "zeros": _filled,
    "ones": _filled,
    "sample": _sample,
    "indices": _indices,
    "extern": outside.call,
    "class_index": _same,
    "callable": callable_,
    "function": formulas.function,
    "derived": formulas.derived,
    "equivalent": formulas.equivalent,
}

TOTAL = frozenset(
    [
        "zip", "tuple", "record", "item", "field", "column", "fill", "index", "stack", "list",
        "stack_list", "set", "class_index", "label", "or_one", "matmul", "zeros", "ones",
        "sample", "indices",
    ]
)  # fmt: skip
"""Those whose rules take whatever they are given."""
CHOICES = frozenset(["file", "path", "first", "last", "drop", "every", "shuffle", "known"])
"""Those whose rules take whatever the data of a problem are, but not what a point holds."""
