"""What goes along an axis and keeps it, or makes another: `cumsum sort histogram windows`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import NotKnownYet, OutOfRange, TypeMismatch
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.rules.arithmetic import as_number
from sailc.infer.rules.undecided import has_open_rank, is_open, undecided
from sailc.infer.values import POISON, Value, as_dim
from sailc.terms import Apply, Term
from sailc.types.dims import Dim, const
from sailc.types.model import (
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
from sailc.types.solver import size

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def tensor_of(ctx: Context, call: Bound) -> Term | None:
    """The first argument as a tensor of numbers: a list of tensors along a new first dimension.
    What is open stays what it is. None after a reported mistake."""
    name = next(iter(call.values))
    term = as_number(ctx, lift(ctx, call.value(name), call.where(name)))
    match ctx.type_of(term):
        case Tensor(Num() | TypeVar()):
            return term
        case ListType(Tensor(Num() as e, shape), n) | SetType(Tensor(Num() as e, shape), n):
            return Apply(Tensor(e, (n, *shape)), term.span, "stack_list", (term,))
        case Unknown():
            return None
        case found if is_open(found):
            return term
        case found:
            refuse(ctx, call, found, "a list or tensor of real numbers")
            return None


def refuse(ctx: Context, call: Bound, found: Type, expected: str) -> None:
    """Report that an operator takes something else."""
    context = f"`{call.name}`"
    ctx.report(TypeMismatch(span=call.span, found=show(found), expected=expected, context=context))


def along(ctx: Context, call: Bound, term: Term) -> tuple[Term, Shape, int] | None:
    """What an operator goes along: a tensor, its shape, and an axis counted from the end; all of
    it in one dimension where no axis is asked for. None after a reported mistake."""
    type = ctx.type_of(term)
    assert isinstance(type, Tensor)
    shape = ctx.solver.items(type.shape)
    if call.value("axis") is False:
        if len(shape) == 1 and isinstance(shape[0], Dim):
            return term, shape, -1
        flat: Shape = (size(shape),)
        return Apply(Tensor(type.element, flat), call.span, "reshape", (term,)), flat, -1
    found = as_dim(call.value("axis"))
    if found is None or found.value is None:
        ctx.report(NotKnownYet(span=call.where("axis"), what="an axis"))
        return None
    axis = found.value
    if not all(isinstance(n, Dim) for n in shape):
        return (term, shape, axis) if axis < 0 else None
    if not -len(shape) <= axis < len(shape):
        there = f"{len(shape)} axes in `{show(type)}`"
        asked = f"axis {axis} is asked for"
        ctx.report(OutOfRange(span=call.where("axis"), what=asked, there=there))
        return None
    return term, shape, axis if axis < 0 else axis - len(shape)


def _running(ctx: Context, call: Bound) -> Value:
    """`cumsum sort`: as many numbers as before."""
    term = tensor_of(ctx, call)
    if term is None or is_open(ctx.type_of(term)):
        return undecided(ctx, call, term)
    found = along(ctx, call, term)
    if found is None:
        return POISON
    source, shape, axis = found
    type = ctx.type_of(source)
    assert isinstance(type, Tensor)
    made = Tensor(type.element, shape)
    return Apply(made, call.span, call.name, (source,), {"axis": axis})


def _histogram(ctx: Context, call: Bound) -> Value:
    """`histogram(xs, bins, low, high)`: a count for each bin; bounds in the unit of the numbers."""
    term = tensor_of(ctx, call)
    whole = call.value("axis") is False
    if term is None or (is_open if whole else has_open_rank)(ctx.type_of(term)):
        return undecided(ctx, call, term)
    found = along(ctx, call, term)
    bins = as_dim(call.value("bins"))
    if bins is None:
        ctx.report(NotKnownYet(span=call.where("bins"), what="a number of bins"))
    if found is None or bins is None:
        return POISON
    source, shape, axis = found
    type = ctx.type_of(source)
    assert isinstance(type, Tensor)
    bound = Tensor(type.element)
    ends: list[Term] = []
    for name in ("low", "high"):
        end = lift(ctx, call.value(name), call.where(name))
        if not ctx.unify(end.type, bound, call.where(name), "a bound of a histogram"):
            return POISON
        ends.append(coerce(ctx, end, bound))
    rest = tuple(n for i, n in enumerate(shape) if i != len(shape) + axis)
    attributes = {"axis": axis, "bins": bins}
    return Apply(Tensor(Num(), (*rest, bins)), call.span, "histogram", (source, *ends), attributes)


def _windows(ctx: Context, call: Bound) -> Value:
    """`windows(xs, n)`: consecutive parts, of whatever the elements are."""
    name = next(iter(call.values))
    term = lift(ctx, call.value(name), call.where(name))
    n, stride = as_dim(call.value("n")), as_dim(call.value("stride"))
    if n is None or stride is None:
        what = "n" if n is None else "stride"
        ctx.report(NotKnownYet(span=call.where(what), what=f"`{what}`"))
        return POISON
    attributes = {"n": n, "stride": stride}
    match ctx.type_of(term):
        case Tensor(element, (Dim() as m, *rest)):
            shape = (_count(m, n, stride), n, *rest)
            return Apply(Tensor(element, shape), call.span, "windows", (term,), attributes)
        case ListType(item, m):
            type = ListType(ListType(item, n), _count(m, n, stride))
            return Apply(type, call.span, "windows", (term,), attributes)
        case Unknown():
            return POISON
        case found if has_open_rank(found):
            return undecided(ctx, call, term)
        case found:
            refuse(ctx, call, found, "a list or tensor")
            return POISON


def _count(m: Dim, n: Dim, stride: Dim) -> Dim:
    """How many windows begin among m elements."""
    return (m - n) // stride + const(1)


RULES: dict[str, Rule] = {
    "running": _running,
    "histogram": _histogram,
    "windows": _windows,
}
