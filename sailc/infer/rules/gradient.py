"""`grad(e, p)`: the derivative of a number by something that it is computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import NoDerivative
from sailc.infer.context import Context
from sailc.infer.externs import through_extern
from sailc.infer.lift import lift
from sailc.infer.values import POISON, Value
from sailc.source import Span
from sailc.terms import Apply, Term, overlap, paths, rooted
from sailc.types.model import Num, Tensor, Type, TypeVar, Unknown, show

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _grad(ctx: Context, call: Bound) -> Value:
    """In the shape of `p`, and in the unit of `e` for one of `p`."""
    e, p = (lift(ctx, call.value(n), call.where(n)) for n in ("e", "p"))
    if isinstance(p, Apply) and p.operator == "index":  # the derivative by x[i] is that by x, at i
        whole = _derivative(ctx, call, e, p.arguments[0])
        if not isinstance(whole, Apply) or not isinstance(whole.type, Tensor):
            return whole
        shape = p.type.shape if isinstance(p.type, Tensor) else ()
        type = Tensor(whole.type.element, shape)
        return Apply(type, call.span, "index", (whole,), p.attributes)
    return _derivative(ctx, call, e, p)


def _derivative(ctx: Context, call: Bound, e: Term, p: Term) -> Value:
    of, by = ctx.type_of(e), ctx.type_of(p)
    if isinstance(of, Unknown) or isinstance(by, Unknown):
        return POISON
    if not isinstance(of, Tensor | TypeVar) or not isinstance(by, Tensor | TypeVar):
        return _refuse(ctx, call, of, by)
    root, path = rooted(p)
    if not any(overlap(read, path) for read in paths(root, e)):
        problem = "what it is taken by does not occur in what is differentiated"
        return _none(ctx, call.where("p"), problem)
    if isinstance(of, TypeVar) or isinstance(by, TypeVar):
        return Apply(ctx.solver.type_var(), call.span, "grad", (e, p))
    if not isinstance(of.element, Num) or of.shape or not isinstance(by.element, Num):
        return _refuse(ctx, call, of, by)
    declared = through_extern(ctx, e, p, call.span)
    if declared is not None:
        return declared
    if isinstance(e, Apply) and e.operator == "extern" and not e.attributes["gradients"]:
        problem = f"`{e.attributes['extern']}` declares no `gradient` by this"
        return _none(ctx, call.where("p"), problem)
    unit = ctx.solver.unit(of.element.unit) / ctx.solver.unit(by.element.unit)
    type = Tensor(Num(unit), by.shape)
    return Apply(type, call.span, "grad", (e, p))


def _refuse(ctx: Context, call: Bound, of: Type, by: Type) -> Value:
    if isinstance(of, TypeVar) or (
        isinstance(of, Tensor) and isinstance(of.element, Num) and not of.shape
    ):
        problem = f"it is taken by real numbers, and this is `{show(by)}`"
        return _none(ctx, call.where("p"), problem)
    problem = f"it is of one real number, and this is `{show(of)}`"
    return _none(ctx, call.where("e"), problem)


def _none(ctx: Context, span: Span, problem: str) -> Value:
    ctx.report(NoDerivative(span=span, problem=problem))
    return POISON


RULES: dict[str, Rule] = {"grad": _grad}
