"""`reshape transpose concat stack unsqueeze` and what else moves elements about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import DimensionMismatch, NotKnownYet, TypeMismatch
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift, listed
from sailc.infer.rules.undecided import has_open_rank, undecided
from sailc.infer.values import POISON, RunOf, Sequence, Value, as_dim, as_run
from sailc.terms import Apply, Term
from sailc.types.dims import Dim, atom, const
from sailc.types.model import (
    ListType,
    SetType,
    Shape,
    Tensor,
    TypeVar,
    Unknown,
    show,
)
from sailc.types.solver import rank, size

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _first(ctx: Context, call: Bound) -> Term:
    name = next(iter(call.values))
    return lift(ctx, call.value(name), call.where(name))


def _not_tensor(ctx: Context, call: Bound, term: Term) -> Value:
    type = ctx.type_of(term)
    if has_open_rank(type):
        return undecided(ctx, call, term)
    if not isinstance(type, Unknown):
        ctx.report(
            TypeMismatch(
                span=call.span,
                found=show(type),
                expected="a tensor",
                context=f"`{call.name}`",
            )
        )
    return POISON


def _reshape(ctx: Context, call: Bound) -> Value:
    """`reshape(x, [a, b])`: as many elements as before."""
    term = _first(ctx, call)
    shape = as_run(call.value("shape"))
    if shape is None:
        ctx.report(NotKnownYet(span=call.where("shape"), what="a shape"))
        return POISON
    match ctx.type_of(term):
        case Tensor(element, old):
            wrong = ctx.solver.unify_dims(size(old), size(shape), call.span)
            if wrong is not None:
                new = show(Tensor(element, shape))
                ctx.report(
                    DimensionMismatch(
                        span=call.span,
                        left=f"{size(old)} elements",
                        right=f"{size(shape)} elements",
                        found=show(Tensor(element, old)),
                        expected=new,
                    )
                )
                return POISON
            return Apply(Tensor(element, shape), call.span, "reshape", (term,))
        case _:
            return _not_tensor(ctx, call, term)


def _parts(ctx: Context, call: Bound) -> list[Term] | Term:
    """The arguments: several, a plan-time list of several, or one collection."""
    given = [call.values[next(iter(call.values))], *call.extra]
    if len(given) == 1 and isinstance(given[0][0], Sequence):
        return [lift(ctx, v, given[0][1]) for v in given[0][0].items]
    terms = [lift(ctx, v, s) for v, s in given]
    return terms if len(terms) > 1 else terms[0]


def _concat(ctx: Context, call: Bound) -> Value:
    """Joined along the last dimension, the others equal."""
    parts = _parts(ctx, call)
    if not isinstance(parts, list):
        match ctx.type_of(parts):
            case ListType(Tensor(element, shape), n) if shape and isinstance(shape[-1], Dim):
                joined = (*shape[:-1], n * shape[-1])
                return Apply(Tensor(element, joined), call.span, "concat", (parts,))
            case _:
                return _not_tensor(ctx, call, parts)
    types = [ctx.type_of(p) for p in parts]
    if any(isinstance(t, Unknown) for t in types):
        return POISON
    if any(isinstance(t, TypeVar) for t in types):
        return Apply(ctx.solver.type_var(), call.span, "concat", tuple(parts))
    first = types[0]
    total = const(0)
    for p, t in zip(parts, types, strict=True):
        if not isinstance(t, Tensor) or not isinstance(first, Tensor) or not t.shape:
            return _not_tensor(ctx, call, p)
        wrong = ctx.solver.unify_elements(t.element, first.element, p.span)
        wrong = wrong or ctx.solver.unify_shapes(t.shape[:-1], first.shape[:-1], p.span)
        if wrong is not None:
            ctx.mismatch(wrong, t, first, p.span, "what is joined differs elsewhere")
            return POISON
        last = t.shape[-1]
        total = total + (last if isinstance(last, Dim) else ctx.solver.dim_var())
    assert isinstance(first, Tensor)
    shape = (*ctx.solver.items(first.shape[:-1]), total)
    type = Tensor(ctx.solver.element(first.element), shape)
    alike = tuple(coerce(ctx, p, type) for p in parts)
    return Apply(type, call.span, "concat", alike)


def _stack(ctx: Context, call: Bound) -> Value:
    """A list of tensors of one shape, along a new first dimension."""
    parts = _parts(ctx, call)
    if isinstance(parts, list):
        return listed(ctx, parts, call.span)
    match ctx.type_of(parts):
        case ListType(Tensor(element, shape), n) | SetType(Tensor(element, shape), n):
            return Apply(Tensor(element, (n, *shape)), call.span, "stack_list", (parts,))
        case Tensor():
            return parts
        case ListType(TypeVar()):
            return Apply(ctx.solver.type_var(), call.span, "stack_list", (parts,))
        case _:
            return _not_tensor(ctx, call, parts)


def _stitch(ctx: Context, call: Bound) -> Value:
    """`stitch(parts, [h, w], stride)`: as many tiles as `tiles` would cut."""
    parts = _stack(ctx, call)
    shape, stride = as_run(call.value("shape")), as_dim(call.value("stride"))
    if shape is None or stride is None:
        absent = "shape" if shape is None else "stride"
        ctx.report(NotKnownYet(span=call.where(absent), what=f"a {absent}"))
        return POISON
    if not isinstance(parts, Term):
        return parts
    match ctx.type_of(parts):
        case Tensor(element, (Dim() as count, *window, Dim() as c)) if len(window) == len(shape):
            cut = const(1)
            for n, whole in zip(window, shape, strict=True):
                assert isinstance(n, Dim)
                assert isinstance(whole, Dim)
                cut = cut * ((whole - n + stride - const(1)) // stride + const(1))
            type = Tensor(element, (*shape, c))
            wrong = ctx.solver.unify_dims(count, cut, call.span)
            if wrong is not None:
                ctx.report(
                    DimensionMismatch(
                        span=call.span,
                        left=f"{count} tiles",
                        right=f"{cut} tiles",
                        found=show(ctx.type_of(parts)),
                        expected=show(type),
                    )
                )
                return POISON
            return Apply(type, call.span, "stitch", (parts,), {"stride": stride})
        case _:
            return _not_tensor(ctx, call, parts)


def _transpose(ctx: Context, call: Bound) -> Value:
    term = _first(ctx, call)
    match ctx.type_of(term):
        case Tensor(element, shape) if all(isinstance(i, Dim) for i in shape) and len(shape) > 1:
            swapped = (*shape[:-2], shape[-1], shape[-2])
            return Apply(Tensor(element, swapped), call.span, "transpose", (term,))
        case _:
            return _not_tensor(ctx, call, term)


def _flat(ctx: Context, call: Bound) -> Value:
    """All elements in one dimension."""
    term = _first(ctx, call)
    match ctx.type_of(term):
        case Tensor(element, shape):
            return Apply(Tensor(element, (size(shape),)), call.span, "reshape", (term,))
        case _:
            return _not_tensor(ctx, call, term)


def _unsqueeze(ctx: Context, call: Bound) -> Value:
    term = _first(ctx, call)
    match ctx.type_of(term):
        case Tensor(element, shape):
            return Apply(Tensor(element, (*shape, const(1))), call.span, "reshape", (term,))
        case TypeVar() as v:
            inner, run = ctx.solver.type_var(), ctx.solver.spread_var()
            ctx.unify(v, Tensor(inner, (run,)), call.span)
            return Apply(Tensor(inner, (run, const(1))), call.span, "reshape", (term,))
        case _:
            return _not_tensor(ctx, call, term)


def _squeeze(ctx: Context, call: Bound) -> Value:
    term = _first(ctx, call)
    match ctx.type_of(term):
        case Tensor(element, (*rest, Dim() as last)):
            wrong = ctx.solver.unify_dims(last, const(1), call.span)
            if wrong is not None:
                ctx.mismatch(
                    wrong, ctx.type_of(term), Tensor(element, (*rest, const(1))), call.span
                )
                return POISON
            return Apply(Tensor(element, tuple(rest)), call.span, "reshape", (term,))
        case _:
            return _not_tensor(ctx, call, term)


def _run(call: Bound) -> Shape | None:
    value = call.value(next(iter(call.values)))
    return value.items if isinstance(value, RunOf) else None


def _size(ctx: Context, call: Bound) -> Value:
    """`size(s)`: the product of a run of dimensions, or the number of elements."""
    run = _run(call)
    if run is not None:
        return size(ctx.solver.items(run))
    term = _first(ctx, call)
    shape = ctx.shape_of(term)
    return size(shape) if shape is not None else _not_tensor(ctx, call, term)


def _rank(ctx: Context, call: Bound) -> Value:
    run = _run(call)
    if run is not None:
        return rank(ctx.solver.items(run))
    term = _first(ctx, call)
    shape = ctx.shape_of(term)
    return rank(shape) if shape is not None else _not_tensor(ctx, call, term)


def _power_rank(ctx: Context, call: Bound) -> Value:
    """`volume(k, s)`: k to the power of the rank of s, for the window of a layer."""
    run = call.value("run")
    k = as_dim(call.value("size"))
    if not isinstance(run, RunOf) or k is None:
        return POISON
    items = ctx.solver.items(run.items)
    n = rank(items).value
    if n is not None:
        return k**n
    from sailc.types.dims import SizeOf
    from sailc.types.model import SpreadMap, SpreadVar

    spreads = [i for i in items if isinstance(i, SpreadVar | SpreadMap)]
    base = spreads[0].base if isinstance(spreads[0], SpreadMap) else spreads[0]
    known = k ** (len(items) - len(spreads))
    return known * atom(SizeOf(SpreadMap(base, k)))


def _window(ctx: Context, call: Bound) -> Value:
    """`window(k, s)`: the number k for each dimension of the run s."""
    run = call.value("run")
    k = as_dim(call.value("size"))
    if not isinstance(run, RunOf) or k is None:
        return POISON
    from sailc.types.solver import map_items

    return RunOf(map_items(ctx.solver.items(run.items), k))


RULES: dict[str, Rule] = {
    "reshape": _reshape,
    "concat": _concat,
    "stack": _stack,
    "stitch": _stitch,
    "transpose": _transpose,
    "flat": _flat,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "size": _size,
    "rank": _rank,
    "volume": _power_rank,
    "window": _window,
}
