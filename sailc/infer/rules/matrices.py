"""Matrices taken apart, covariances, Fourier transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import WrongArguments
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.rules.arithmetic import as_number
from sailc.infer.rules.ordered import along, refuse, tensor_of
from sailc.infer.rules.undecided import has_open_rank, undecided
from sailc.infer.values import POISON, Value
from sailc.terms import Apply, Term
from sailc.types.dims import Dim
from sailc.types.model import Complex, Num, Tensor, TupleType, Type, TypeVar, Unknown

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


Matrix = tuple[Term, Num, Dim, Dim]
"""A matrix, its numbers, its rows and columns."""


def _matrix(ctx: Context, call: Bound, parts: int = 1) -> Matrix | Value:
    """The first argument as a matrix; or what an operator gives, as so many parts, where it is
    open or a mistake."""
    term = tensor_of(ctx, call)
    if term is None or has_open_rank(ctx.type_of(term)):
        return undecided(ctx, call, term, parts)
    match ctx.type_of(term):
        case Tensor(Num() as e, (Dim() as m, Dim() as n)):
            return term, Num(ctx.solver.unit(e.unit)), m, n
        case Tensor(TypeVar(), _):
            return undecided(ctx, call, term, parts)
        case found:
            refuse(ctx, call, found, "a matrix")
            return POISON


def _factors(call: Bound, term: Term, *parts: Type) -> Apply:
    return Apply(TupleType(parts), call.span, call.name, (term,))


def _qr(ctx: Context, call: Bound) -> Value:
    found = _matrix(ctx, call, 2)
    if not isinstance(found, tuple):
        return found
    term, e, m, n = found
    if ((m - n).value or 0) < 0:
        problem = "takes a matrix with as many rows as columns at least"
        ctx.report(WrongArguments(span=call.span, name="qr", problem=problem))
        return POISON
    return _factors(call, term, Tensor(Num(), (m, n)), Tensor(e, (n, n)))


def _svd(ctx: Context, call: Bound) -> Value:
    found = _matrix(ctx, call, 3)
    if not isinstance(found, tuple):
        return found
    term, e, m, n = found
    more = (m - n).value
    k = ctx.solver.dim_var("k") if more is None else n if more >= 0 else m
    return _factors(call, term, Tensor(Num(), (m, k)), Tensor(e, (k,)), Tensor(Num(), (k, n)))


def _eigh(ctx: Context, call: Bound) -> Value:
    found = _matrix(ctx, call, 2)
    if not isinstance(found, tuple):
        return found
    term, e, m, n = found
    wrong = ctx.solver.unify_dims(m, n, call.span)
    if wrong is not None:
        ctx.mismatch(wrong, ctx.type_of(term), Tensor(e, (m, m)), call.span)
        return POISON
    return _factors(call, term, Tensor(e, (n,)), Tensor(Num(), (n, n)))


def _covariance(ctx: Context, call: Bound) -> Value:
    found = _matrix(ctx, call)
    if not isinstance(found, tuple):
        return found
    term, e, _, n = found
    return Apply(Tensor(Num(e.unit**2), (n, n)), call.span, "covariance", (term,))


def _fft(ctx: Context, call: Bound) -> Value:
    """`fft ifft`: complex numbers in the unit of the argument."""
    term = as_number(ctx, lift(ctx, call.value("x"), call.where("x")))
    match ctx.type_of(term):
        case Tensor(Num(unit) | Complex(unit), shape) if shape:
            found = along(ctx, call, term)
            if found is None:
                return POISON
            made = Tensor(Complex(ctx.solver.unit(unit)), shape)
            return Apply(made, call.span, call.name, (term,), {"axis": found[2]})
        case Tensor(TypeVar()) | TypeVar():
            return Apply(ctx.solver.type_var(), call.span, call.name, (term,), {"axis": -1})
        case Unknown():
            return POISON
        case found:
            refuse(ctx, call, found, "a tensor of numbers")
            return POISON


def _magnitude(ctx: Context, call: Bound) -> Value:
    """`abs`: of a complex number a real one."""
    from sailc.infer import plantime

    try:
        return plantime.call("abs", call.value("x"))
    except plantime.CannotFold:
        term = as_number(ctx, lift(ctx, call.value("x"), call.where("x")))
    match ctx.type_of(term):
        case Tensor(Num(unit) | Complex(unit), shape):
            made = Tensor(Num(ctx.solver.unit(unit)), shape)
            return Apply(made, call.span, "abs", (term,))
        case Tensor(TypeVar()) | TypeVar():
            number = Tensor(Num(ctx.solver.unit_var()), (ctx.solver.spread_var("s"),))
            ctx.unify(term.type, number, call.span, "the argument `x` of `abs`")
            return Apply(number, call.span, "abs", (term,))
        case Unknown():
            return POISON
        case found:
            refuse(ctx, call, found, "numbers")
            return POISON


RULES: dict[str, Rule] = {
    "qr": _qr,
    "svd": _svd,
    "eigh": _eigh,
    "covariance": _covariance,
    "fft": _fft,
    "magnitude": _magnitude,
}
