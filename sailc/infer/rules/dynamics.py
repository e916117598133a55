"""`verlet` and `rk4`: a start, and what drives it on, as a function of where it has come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import NotKnownYet, TypeMismatch
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.values import POISON, Closure, Given, Poison, Value, as_dim
from sailc.terms import Apply, Attribute, Lambda, Term, Var
from sailc.types.dims import Dim
from sailc.types.model import Num, RecordType, SetType, Tensor, Type, TypeVar, Unknown, show
from sailc.types.parts import stacked
from sailc.units import Unit

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule

POSITION = "position"
"""The field that moves, where what moves is a set of records."""


def _motion(ctx: Context, call: Bound) -> Value:
    """`motion(force, start, step, steps, mass)`: mass times acceleration is the force."""
    mass = lift(ctx, call.value("mass"), call.where("mass"))
    weight = _unit(ctx, mass)
    if ctx.shape_of(mass):  # one of each, along all dimensions of space
        given: list[Given] = [(mass, mass.span)]
        mass = lift(ctx, ctx.apply(ctx.operator("unsqueeze"), given, {}, mass.span), mass.span)
    return POISON if weight is None else _course(ctx, call, "force", (mass,), weight, 2)


def _rk4(ctx: Context, call: Bound) -> Value:
    """`rk4(rate, start, step, steps)`."""
    return _course(ctx, call, "rate", (), Unit(), 1)


def _course(
    ctx: Context, call: Bound, name: str, more: tuple[Term, ...], weight: Unit, order: int
) -> Value:
    """What moves, after each step: its derivative of an order, times a weight, is what the
    function `name` says."""
    start, step = (lift(ctx, call.value(n), call.where(n)) for n in ("start", "step"))
    type = ctx.type_of(start)
    if isinstance(type, TypeVar | Unknown):
        return Apply(ctx.solver.type_var(), call.span, call.name, (start,))
    moved, tick, steps = _moving(type), _unit(ctx, step), as_dim(call.value("steps"))
    if moved is None or not isinstance(moved.element, Num):
        wanted = "Tensor[real, ...s]` or `Set[{ position: Tensor[real, d] }, n]"
        ctx.report(TypeMismatch(span=call.where("start"), found=show(type), expected=wanted))
        return POISON
    if steps is None:
        ctx.report(NotKnownYet(span=call.where("steps"), what="the argument `steps`"))
    if steps is None or tick is None:
        return POISON
    unit = ctx.solver.unit(moved.element.unit) * weight / tick**order
    driven = _function(ctx, call, name, type, Tensor(Num(unit), moved.shape))
    if driven is None:
        return POISON
    facts: dict[str, Attribute] = {"steps": steps, "drive": driven, "called": name}
    return Apply(stacked(moved, steps), call.span, call.name, (start, *more, step), facts)


def _function(ctx: Context, call: Bound, name: str, type: Type, wanted: Tensor) -> Lambda | None:
    """The function that drives, of what moves, in the unit that its steps are taken in."""
    given, where = call.value(name), call.where(name)
    state = Var(type, call.span, _name_of(given) or "state")
    value = ctx.apply(given, [(state, where)], {}, where)
    if isinstance(value, Poison):
        return None
    result = lift(ctx, value, where)
    if not ctx.unify(result.type, wanted, where, f"what `{name}` gives"):
        return None
    return Lambda((state,), coerce(ctx, result, wanted))


def _name_of(function: Value) -> str:
    """What an author calls what moves."""
    match function:
        case Closure(parameters=(one,)):
            return one.name
        case _:
            return ""


def _moving(type: Type) -> Tensor | None:
    """The positions of what moves: a tensor itself, or a field of the records of a set."""
    match type:
        case Tensor():
            return type
        case SetType(RecordType(fields), Dim() as n):
            found = dict(fields).get(POSITION)
            whole = None if found is None else stacked(found, n)
            return whole if isinstance(whole, Tensor) else None
        case _:
            return None


def _unit(ctx: Context, term: Term) -> Unit | None:
    """The unit of numbers; None of what is none, which is reported."""
    if isinstance(ctx.type_of(term), Unknown):
        return None
    found = ctx.solver.unit_var()
    numbers = Tensor(Num(found), (ctx.solver.spread_var(),))
    return ctx.solver.unit(found) if ctx.unify(term.type, numbers, term.span) else None


RULES: dict[str, Rule] = {"motion": _motion, "rk4": _rk4}
