"""Reductions: over the elements of a list or set, over all of a tensor, or along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import NotKnownYet, OutOfRange, TypeMismatch
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.rules.arithmetic import as_number
from sailc.infer.rules.undecided import has_open_rank, undecided
from sailc.infer.values import POISON, Value, as_dim
from sailc.terms import Apply, Term
from sailc.types.dims import Dim
from sailc.types.model import (
    Bool,
    Complex,
    Element,
    Label,
    ListType,
    Num,
    SetType,
    Shape,
    Tensor,
    Type,
    TypeVar,
    Unknown,
    show,
)
from sailc.units import ONE

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _axis(ctx: Context, call: Bound) -> int | bool | None:
    """The axis asked for; None for all; False after a reported mistake."""
    if "axis" not in call.values or call.value("axis") is False:
        return None
    dim = as_dim(call.value("axis"))
    if dim is None or dim.value is None:
        ctx.report(NotKnownYet(span=call.where("axis"), what="an axis"))
        return False
    return dim.value


def _reduced(ctx: Context, call: Bound, term: Term, element: Element | None) -> Value:
    """The type after reducing; `element` replaces that of the argument if given."""
    axis = _axis(ctx, call)
    if axis is False:
        return POISON
    where = None if axis is None or isinstance(axis, bool) else axis
    match ctx.type_of(term):
        case Tensor(e, shape):
            rest = _without(ctx, call, shape, where)
            if rest is None:
                return POISON
            attributes = {"axis": where}
            type = Tensor(element if element is not None else _number(e), rest)
            return Apply(type, call.span, call.name, (term,), attributes)
        case ListType(item, _) | SetType(item, _):
            type = _over(item, element)
            if type is None:
                return _refuse(ctx, call, term)
            return Apply(type, call.span, call.name, (term,), {"axis": 0})
        case TypeVar():
            return Apply(ctx.solver.type_var(), call.span, call.name, (term,), {"axis": where})
        case Unknown():
            return POISON
        case _:
            return _refuse(ctx, call, term)


def _number(e: Element) -> Element:
    return Num() if isinstance(e, Bool) else e


def _over(item: Type, element: Element | None) -> Type | None:
    match item:
        case Tensor(e, shape):
            return Tensor(element if element is not None else _number(e), shape)
        case TypeVar() | Unknown():
            return item
        case _:
            return None


def _without(ctx: Context, call: Bound, shape: Shape, axis: int | None) -> Shape | None:
    if axis is None:
        return ()
    if not all(isinstance(i, Dim) for i in shape):
        if _is_from_end(shape, axis):
            return (*shape[:axis], *shape[len(shape) + axis + 1 :])
        return (ctx.solver.spread_var(),)
    if not -len(shape) <= axis < len(shape):
        there = f"{len(shape)} axes in `{show(Tensor(Num(), shape))}`"
        ctx.report(
            OutOfRange(span=call.where("axis"), what=f"axis {axis} is asked for", there=there)
        )
        return None
    axis %= len(shape)
    return (*shape[:axis], *shape[axis + 1 :])


def _is_from_end(shape: Shape, axis: int) -> bool:
    """Whether an axis of a tensor is known, which has some run of dimensions: it follows on it."""
    return -len(shape) <= axis < 0 and all(isinstance(n, Dim) for n in shape[axis:])


def _refuse(ctx: Context, call: Bound, term: Term) -> Value:
    ctx.report(
        TypeMismatch(
            span=call.span,
            found=show(ctx.type_of(term)),
            expected="numbers",
            context=f"`{call.name}`",
        )
    )
    return POISON


def _first(ctx: Context, call: Bound) -> Term:
    """What is reduced; libraries add up booleans, and compare them, as they are."""
    name = next(iter(call.values))
    term = lift(ctx, call.value(name), call.where(name))
    return term if call.name in ("sum", "mean", "max", "min") else as_number(ctx, term)


def _plain(ctx: Context, call: Bound) -> Value:
    """`sum mean median std norm max min`: a number in the unit of its argument."""
    term = _first(ctx, call)
    match ctx.type_of(term):
        case Tensor(Label()) | ListType(Tensor(Label())):
            return _refuse(ctx, call, term)
        case (
            Tensor(Complex(unit)) | ListType(Tensor(Complex(unit))) | SetType(Tensor(Complex(unit)))
        ) if call.name not in ("sum", "mean"):
            if call.name not in ("norm", "std"):
                return _refuse(ctx, call, term)
            return _reduced(ctx, call, term, Num(unit))
        case _:
            return _reduced(ctx, call, term, None)


def _position(ctx: Context, call: Bound) -> Value:
    """`argmax argmin`: a class, of as many labels as there are places."""
    term = _first(ctx, call)
    axis = _axis(ctx, call)
    match ctx.type_of(term):
        case Tensor(Complex()):
            return _refuse(ctx, call, term)
        case Tensor(_, shape) if shape:
            at = axis if isinstance(axis, int) and not isinstance(axis, bool) else None
            if at is None and len(shape) == 1:
                at = 0
            if has_open_rank(ctx.type_of(term)) and (at is None or not _is_from_end(shape, at)):
                return undecided(ctx, call, term)
            if at is None:
                return _reduced(ctx, call, term, Num())
            rest = _without(ctx, call, shape, at)
            n = shape[at] if -len(shape) <= at < len(shape) else None
            if rest is None or not isinstance(n, Dim):
                return POISON
            return Apply(Tensor(Label(n), rest), call.span, call.name, (term,), {"axis": at})
        case ListType(Tensor(_, ()), n):
            return Apply(Tensor(Label(n)), call.span, call.name, (term,), {"axis": 0})
        case _:
            return _reduced(ctx, call, term, Num())


def _extreme(ctx: Context, call: Bound) -> Value:
    """`max(xs)` reduces; `max(a, b)` is elementwise."""
    given = [call.values[next(iter(call.values))], *call.extra]
    if "b" in call.values and call.value("b") is not False:
        given = [call.values["xs"], call.values["b"], *call.extra]
    if len(given) == 1:
        return _plain(ctx, call)
    numbers = [v for v, _ in given]
    plain = [v for v in numbers if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(plain) == len(given):
        return max(plain) if call.name == "max" else min(plain)
    name = "maximum" if call.name == "max" else "minimum"
    value = given[0]
    for other in given[1:]:
        value = (ctx.apply(ctx.operator(name), [value, other], {}, call.span), call.span)
    return value[0]


def _quantile(ctx: Context, call: Bound) -> Value:
    term = _first(ctx, call)
    q = call.value("q")
    if not isinstance(q, int | float):
        ctx.report(NotKnownYet(span=call.where("q"), what="the share `q`"))
        return POISON
    if isinstance(type := ctx.type_of(term), Tensor) and isinstance(type.element, Complex):
        return _refuse(ctx, call, term)
    result = _reduced(ctx, call, term, None)
    if isinstance(result, Apply):
        return Apply(
            result.type, call.span, "quantile", result.arguments, {**result.attributes, "q": q}
        )
    return result


def _variance(ctx: Context, call: Bound) -> Value:
    term = _first(ctx, call)
    match ctx.type_of(term):
        case (
            Tensor(Num(unit) | Complex(unit))
            | ListType(Tensor(Num(unit) | Complex(unit)))
            | SetType(Tensor(Num(unit) | Complex(unit)))
        ):
            return _reduced(ctx, call, term, Num(ctx.solver.unit(unit) ** 2))
        case _:
            return _reduced(ctx, call, term, Num(ONE))


RULES: dict[str, Rule] = {
    "reduction": _plain,
    "position": _position,
    "extreme": _extreme,
    "quantile": _quantile,
    "variance": _variance,
}
