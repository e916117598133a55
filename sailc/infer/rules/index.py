"""`x[i]`, `x[a:b]`, `row["name"]`."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf

from sailc.diagnostics.types import NoSuchField, NotKnownYet, OutOfRange, TypeMismatch
from sailc.infer.context import Context
from sailc.infer.values import POISON, Fields, Poison, Sequence, Value, as_dim, is_term
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Attribute, Term
from sailc.types.dims import Dim, const
from sailc.types.model import (
    Item,
    ListType,
    RecordType,
    Tensor,
    TupleType,
    TypeVar,
    Unknown,
    show,
)

Selector = Value | tuple[Value | None, ...]


def index(ctx: Context, owner: Value, items: SequenceOf[Selector], expr: tree.Index) -> Value:
    """An element or a part of a list, tuple, record or tensor."""
    from sailc.infer.lift import lift

    if isinstance(owner, Poison) or any(isinstance(i, Poison) for i in items):
        return POISON
    if isinstance(owner, Sequence) and len(items) == 1:
        return _of_sequence(ctx, owner, items[0], expr)
    if isinstance(owner, Fields) and len(items) == 1 and isinstance(items[0], str):
        return owner.items.get(items[0], POISON)
    return _of_term(ctx, lift(ctx, owner, expr.value.span), items, expr)


def _of_sequence(ctx: Context, owner: Sequence, item: Selector, expr: tree.Index) -> Value:
    if isinstance(item, tuple):
        a, b = (None if e is None else _whole(e) for e in item)
        return Sequence(owner.items[a:b], owner.brackets)
    i = _whole(item)
    if i is None:
        if is_term(item):
            from sailc.infer.lift import lift

            return _of_term(ctx, lift(ctx, owner, expr.span), [item], expr)
        ctx.report(NotKnownYet(span=expr.span, what="an index"))
        return POISON
    if not -len(owner.items) <= i < len(owner.items):
        there = f"{len(owner.items)} elements"
        ctx.report(OutOfRange(span=expr.span, what=f"element {i} is asked for", there=there))
        return POISON
    return owner.items[i]


def _whole(value: Value) -> int | None:
    dim = as_dim(value)
    return dim.value if dim is not None else None


def _of_term(ctx: Context, owner: Term, items: SequenceOf[Selector], expr: tree.Index) -> Value:
    match ctx.type_of(owner):
        case Tensor(element, shape, storage):
            return _of_tensor(ctx, owner, Tensor(element, shape, storage), items, expr)
        case ListType(item, n) if len(items) == 1:
            found = _position(ctx, items[0], n, expr.items[0].span)
            if isinstance(found, Poison):
                return POISON
            type = ListType(item, found[1]) if found[1] is not None else item
            return Apply(type, expr.span, "index", (owner,), {"items": (found[0],)})
        case ListType(Tensor(element, shape), n):
            whole = Tensor(element, (n, *shape))
            stacked = Apply(whole, owner.span, "stack_list", (owner,))
            return _of_tensor(ctx, stacked, whole, items, expr)
        case ListType() as list:
            there = f"one dimension in `{show(list)}`"
            what = f"{len(items)} indices are given"
            ctx.report(OutOfRange(span=expr.span, what=what, there=there))
            return POISON
        case TupleType(types) if len(items) == 1:
            i = _whole(items[0]) if not isinstance(items[0], tuple) else None
            if i is not None and 0 <= i < len(types):
                return Apply(types[i], expr.span, "item", (owner,), {"index": i})
            ctx.report(OutOfRange(span=expr.span, what="this item", there=f"{len(types)} items"))
            return POISON
        case RecordType(fields) if len(items) == 1 and isinstance(items[0], str):
            table = dict(fields)
            if items[0] in table:
                name = items[0]
                return Apply(table[name], expr.span, "field", (owner,), {"name": name})
            ctx.report(
                NoSuchField(
                    span=expr.items[0].span,
                    name=str(items[0]),
                    owner="this row",
                    known=tuple(table),
                )
            )
            return POISON
        case TypeVar():
            return Apply(ctx.solver.type_var(), expr.span, "index", (owner,), {"items": ()})
        case Unknown():
            return POISON
        case other:
            ctx.report(
                TypeMismatch(span=expr.value.span, found=show(other), expected="a list or tensor")
            )
            return POISON


def _of_tensor(
    ctx: Context,
    owner: Term,
    type: Tensor,
    items: SequenceOf[Selector],
    expr: tree.Index,
) -> Value:
    shape: list[Item] = []
    chosen: list[Attribute] = []
    rest = list(type.shape)
    dynamic: list[Term] = []
    for item, part in zip(items, expr.items, strict=True):
        if not rest:
            there = f"{len(type.shape)} dimensions in `{show(type)}`"
            what = f"{len(items)} indices are given"
            ctx.report(OutOfRange(span=expr.span, what=what, there=there))
            return POISON
        dim = rest.pop(0)
        if isinstance(item, str):
            return _column(ctx, owner, item, expr, part.span)
        if not isinstance(dim, Dim):
            return Apply(ctx.solver.type_var(), expr.span, "index", (owner,), {"items": ()})
        if not isinstance(item, tuple) and is_term(item):
            dynamic.append(item)
            chosen.append(None)
            shape += ctx.shape_of(item) or ()
            continue
        found = _position(ctx, item, dim, part.span)
        if isinstance(found, Poison):
            return POISON
        chosen.append(found[0])
        if found[1] is not None:
            shape.append(found[1])
    result = Tensor(type.element, (*shape, *rest), type.storage)
    if dynamic:
        return Apply(result, expr.span, "take", (owner, *dynamic))
    return Apply(result, expr.span, "index", (owner,), {"items": tuple(chosen)})


def _column(ctx: Context, owner: Term, name: str, expr: tree.Index, span: Span) -> Value:
    """`row["name"]` of a table whose columns are all numbers of one unit."""
    columns = _columns(owner)
    if name in columns:
        shape = ctx.shape_of(owner) or ()
        type = ctx.type_of(owner)
        assert isinstance(type, Tensor)
        result = Tensor(type.element, shape[:-1], type.storage)
        return Apply(result, expr.span, "index", (owner,), {"items": (columns.index(name),)})
    ctx.report(NoSuchField(span=span, name=name, owner="this row", known=columns))
    return POISON


def _columns(term: Term) -> tuple[str, ...]:
    """The column names of a table's row, which its type carries along."""
    return term.type.columns if isinstance(term.type, Tensor) else ()


def _position(
    ctx: Context, item: Selector, n: Dim, span: Span
) -> tuple[Attribute, Dim | None] | Poison:
    """The attribute of one index, and the dimension that is left (None for an element)."""
    if isinstance(item, tuple):
        return _slice(ctx, item, n, span)
    i = _whole(item)
    if i is None:
        ctx.report(NotKnownYet(span=span, what="an index"))
        return POISON
    if n.value is not None and not -n.value <= i < n.value:
        ctx.report(OutOfRange(span=span, what=f"element {i} is asked for", there=f"{n} elements"))
        return POISON
    return i, None


def _slice(
    ctx: Context, item: tuple[Value | None, ...], n: Dim, span: Span
) -> tuple[Attribute, Dim | None] | Poison:
    ends = [None if e is None else as_dim(e) for e in item]
    if any(e is None and given is not None for e, given in zip(ends, item, strict=True)):
        ctx.report(NotKnownYet(span=span, what="a bound of a slice"))
        return POISON
    start, stop = ends
    low = _absolute(start, n) if start is not None else const(0)
    high = _absolute(stop, n) if stop is not None else n
    count = high - low
    limit = (n - high).value
    if (limit is not None and limit < 0) or (count.value is not None and count.value < 1):
        what = f"the slice goes from {low} to {high}"
        ctx.report(OutOfRange(span=span, what=what, there=f"{n} elements"))
        return POISON
    a = low if start is not None else None
    b = high if stop is not None else None
    return (a, b), count


def _absolute(end: Dim, n: Dim) -> Dim:
    return n + end if end.value is not None and end.value < 0 else end
