"""Operators on collections: `zip first last drop every shuffle split len fold …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import NotKnownYet, OutOfRange
from sailc.infer.context import Context
from sailc.infer.lift import elements, lift, with_length
from sailc.infer.values import POISON, Closure, Given, Poison, Sequence, Value, as_dim, as_run
from sailc.terms import Apply, Lambda, Term, Var, digest
from sailc.types.dims import Dim, DimName, atom, const
from sailc.types.model import (
    Label,
    ListType,
    MaybeType,
    Num,
    SetType,
    Tensor,
    TupleType,
    Type,
    Unknown,
)
from sailc.types.parts import present, stacked

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _first(ctx: Context, call: Bound) -> Term:
    name = next(iter(call.values))
    return lift(ctx, call.value(name), call.where(name))


def _count(ctx: Context, call: Bound, name: str = "n") -> Dim | None:
    dim = as_dim(call.value(name))
    if dim is None:
        ctx.report(NotKnownYet(span=call.where(name), what=f"the argument `{name}`"))
    return dim


def _part(ctx: Context, call: Bound) -> Value:
    """`first(n) last(n) drop(n) every(n)` of a collection."""
    xs, k = _first(ctx, call), _count(ctx, call)
    if k is None or isinstance(ctx.type_of(xs), Unknown):
        return POISON
    _, n = elements(ctx, xs, call.span)
    left = {"first": k, "last": k, "drop": n - k}.get(call.name)
    if left is None:
        left = (n + k - const(1)) // k
    short = (n - k).value
    if (short is not None and short < 0) or (left.value is not None and left.value < 0):
        what = f"`{call.name}` asks for {k}"
        ctx.report(OutOfRange(span=call.where("n"), what=what, there=f"{n} elements"))
        return POISON
    type = with_length(ctx, xs, left)
    return Apply(type, call.span, call.name, (xs,), {"n": k})


def _same(ctx: Context, call: Bound) -> Value:
    """`shuffle(seed)`: the same type in another order."""
    xs = _first(ctx, call)
    elements(ctx, xs, call.span)
    attributes = {
        n: as_dim(v) or (v if isinstance(v, int | float | str | bool) else None)
        for n, (v, _) in list(call.values.items())[1:]
    }
    for name, value in attributes.items():
        if value is None:
            ctx.report(NotKnownYet(span=call.where(name), what=f"the argument `{name}`"))
            return POISON
    return Apply(ctx.type_of(xs), call.span, call.name, (xs,), attributes)


def _known(ctx: Context, call: Bound) -> Value:
    """`known`: those elements of which nothing is missing; their number is the data's."""
    xs = _first(ctx, call)
    item, n = elements(ctx, xs, call.span)
    if isinstance(item, Unknown):
        return POISON
    left = atom(DimName(f"known of {n}@{digest(xs)}"))
    if isinstance(item, MaybeType):
        return Apply(stacked(present(item), left), call.span, call.name, (xs,))
    match with_length(ctx, xs, left):
        case ListType(inner, _):
            return Apply(ListType(present(inner), left), call.span, call.name, (xs,))
        case type:
            return Apply(type, call.span, call.name, (xs,))


def _zip(ctx: Context, call: Bound) -> Value:
    """Collections of one length, element by element, as tuples."""
    parts = [lift(ctx, v, s) for v, s in call.all()]
    items: list[Type] = []
    length: Dim | None = None
    for p, (_, span) in zip(parts, call.all(), strict=True):
        item, n = elements(ctx, p, span)
        items.append(item)
        if length is not None:
            wrong = ctx.solver.unify_dims(n, length, span)
            if wrong is not None:
                ctx.mismatch(wrong, p.type, parts[0].type, span)
                return POISON
        length = n
    assert length is not None
    return Apply(ListType(TupleType(tuple(items)), length), call.span, "zip", tuple(parts))


def _split(ctx: Context, call: Bound) -> Value:
    """`split([0.8, 0.2])`: consecutive parts by share, as a tuple."""
    xs = _first(ctx, call)
    shares = call.value("shares")
    _, n = elements(ctx, xs, call.span)
    if not isinstance(shares, Sequence):
        ctx.report(NotKnownYet(span=call.where("shares"), what="the shares"))
        return POISON
    parts: list[Value] = []
    start = 0
    numbers = [s for s in shares.items if isinstance(s, int | float)]
    for i, share in enumerate(numbers):
        if n.value is None:
            size: Dim = atom(DimName(f"{share} of {n}"))
            parts.append(Apply(with_length(ctx, xs, size), call.span, "first", (xs,), {"n": size}))
            continue
        last = i == len(numbers) - 1 and abs(sum(numbers) - 1) < 1e-9
        size = const(n.value - start if last else round(share * n.value))
        rest = Apply(
            with_length(ctx, xs, const(n.value - start)),
            call.span,
            "drop",
            (xs,),
            {"n": const(start)},
        )
        source = rest if start else xs
        type = with_length(ctx, xs, size)
        parts.append(Apply(type, call.span, "first", (source,), {"n": size}))
        start += size.value or 0
    return Sequence(tuple(parts), brackets=False)


def _len(ctx: Context, call: Bound) -> Value:
    value = call.value(next(iter(call.values)))
    if isinstance(value, Sequence):
        return len(value.items)
    return elements(ctx, _first(ctx, call), call.span)[1]


def _indices(ctx: Context, call: Bound) -> Value:
    n = elements(ctx, _first(ctx, call), call.span)[1]
    return Apply(Tensor(Label(n), (n,)), call.span, "indices", (), {"n": n})


def _fold(ctx: Context, call: Bound) -> Value:
    """`fold(init, step)` and `scan`: `step(state, element)` along a collection."""
    xs = lift(ctx, call.value("xs"), call.where("xs"))
    start = lift(ctx, call.value("init"), call.where("init"))
    item, n = elements(ctx, xs, call.span)
    names = _names_of(call.value("step")) or ("state", "element")
    state, element = (Var(t, call.span, n) for t, n in zip((start.type, item), names, strict=True))
    arguments: list[Given] = [(state, call.span), (element, call.span)]
    body = ctx.apply(call.value("step"), arguments, {}, call.where("step"))
    if isinstance(body, Poison):
        return POISON
    result = lift(ctx, body, call.where("step"))
    ctx.unify(result.type, start.type, call.where("step"), "what `step` gives")
    type = start.type if call.name == "fold" else ListType(start.type, n)
    step = Lambda((state, element), result)
    return Apply(type, call.span, call.name, (xs, start), {"step": step})


def _names_of(step: Value) -> tuple[str, ...] | None:
    """What an author calls the two parameters of a step."""
    if isinstance(step, Closure) and len(step.parameters) == 2:
        return tuple(p.name for p in step.parameters)
    return None


def _samples(ctx: Context, call: Bound) -> Value:
    """A distance of two samples of numbers, in their unit."""
    parts = [lift(ctx, v, s) for v, s in call.all()]
    number = Tensor(Num(ctx.solver.unit_var()))
    for p, (_, span) in zip(parts, call.all(), strict=True):
        item, _ = elements(ctx, p, span)
        if not ctx.unify(item, number, span, f"what `{call.name}` compares"):
            return POISON
    return Apply(number, call.span, call.name, tuple(parts))


def _others(ctx: Context, call: Bound) -> Value:
    """`others(s, e)`: the elements of a set but one of them."""
    xs = lift(ctx, call.value("xs"), call.where("xs"))
    e = lift(ctx, call.value("element"), call.where("element"))
    item, n = elements(ctx, xs, call.span)
    ctx.unify(e.type, item, call.span)
    return Apply(SetType(item, n - const(1)), call.span, "others", (xs, e))


def _filled(ctx: Context, call: Bound) -> Value:
    """`zeros([a, b])`, `ones([a, b])`."""
    shape = as_run(call.value("shape"))
    if shape is None:
        ctx.report(NotKnownYet(span=call.where("shape"), what="a shape"))
        return POISON
    return Apply(Tensor(Num(), shape), call.span, call.name, ())


def _sample(ctx: Context, call: Bound) -> Value:
    """`uniform(a, b) |> sample(n, seed)`: n draws of a distribution."""
    from sailc.infer.rules.makers import draw_type, label_of
    from sailc.infer.values import Made

    source = call.value("distribution")
    n = _count(ctx, call)
    seed = as_dim(call.value("seed"))
    if not isinstance(source, Made) or n is None or seed is None:
        if n is not None and not isinstance(source, Poison):
            from sailc.diagnostics.types import WrongArguments

            problem = "draws from a distribution, and what stands before it is none"
            how = "uniform(0, 1) |> sample(100, seed = 1)"
            ctx.report(WrongArguments(span=call.span, name="sample", problem=problem, mend=how))
        return POISON
    inner = as_run(source.attributes.get("shape")) or ()
    label = label_of(source)
    if label is not None:
        drawn = {"distribution": "labels", "n": n, "seed": seed, "labels": label.size}
        return Apply(Tensor(label, (n, *inner)), call.span, "sample", (), drawn)
    arguments = [lift(ctx, v, call.span) for k, v in source.attributes.items() if k != "shape"]
    of = arguments[:1] if source.name == "gaussian_field" else arguments
    type = draw_type(ctx, of, (n, *inner), call.span)
    attributes = {"distribution": source.name, "n": n, "seed": seed}
    return Apply(type, call.span, "sample", tuple(arguments), attributes)


RULES: dict[str, Rule] = {
    "part": _part,
    "same": _same,
    "known": _known,
    "zip": _zip,
    "split": _split,
    "len": _len,
    "indices": _indices,
    "fold": _fold,
    "samples": _samples,
    "others": _others,
    "filled": _filled,
    "sample": _sample,
}
