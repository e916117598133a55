"""Equations: derivatives, what a solution leaves over, solutions on a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.equations import NotIndependent
from sailc.diagnostics.types import NotKnownYet, TypeMismatch, WrongArguments
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.values import (
    POISON,
    Awaiting,
    Closure,
    Composed,
    Given,
    Poison,
    Primitive,
    Value,
    as_dim,
)
from sailc.source import Span
from sailc.terms import Apply, Lambda, Term, Var
from sailc.types.dims import Dim
from sailc.types.model import (
    EquationType,
    FieldType,
    FunctionType,
    Num,
    Tensor,
    Unknown,
    show,
)
from sailc.units import ONE

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _derivative(ctx: Context, call: Bound) -> Value:
    """`d(u, x, x)`: the unit is divided by that of each variable."""
    value = lift(ctx, call.value("u"), call.where("u"))
    type = ctx.type_of(value)
    if isinstance(type, Unknown):
        return POISON
    if not isinstance(type, Tensor) or type.shape or not isinstance(type.element, Num):
        ctx.report(TypeMismatch(span=call.where("u"), found=show(type), expected="a number"))
        return POISON
    unit = ctx.solver.unit(type.element.unit)
    names: list[str] = []
    for by, span in [call.values["x"], *call.extra]:
        variable = _independent(ctx, by, span)
        if variable is None:
            return POISON
        assert isinstance(variable.type, Tensor)
        element = variable.type.element
        unit = unit / ctx.solver.unit(element.unit if isinstance(element, Num) else ONE)
        names.append(variable.name)
    return Apply(Tensor(Num(unit)), call.span, "derivative", (value,), {"by": tuple(names)})


def _independent(ctx: Context, value: Value, span: Span) -> Var | None:
    if isinstance(value, Poison):
        return None
    if isinstance(value, Var) and value in ctx.independents:
        return value
    known = tuple(v.name for v in ctx.independents)
    name = getattr(value, "name", "") or "this"
    ctx.report(NotIndependent(span=span, name=name, known=known))
    return None


def _equation(ctx: Context, call: Bound) -> tuple[Term, EquationType] | None:
    """The equation that an operator is about."""
    eq = lift(ctx, call.value("eq"), call.where("eq"))
    wanted = EquationType(ctx.solver.dim_var("d"), ctx.solver.dim_var("k"))
    if not ctx.unify(eq.type, wanted, call.where("eq"), f"what `{call.name}` is about"):
        return None
    found = ctx.type_of(eq)
    return (eq, found) if isinstance(found, EquationType) else None


def _left_over(ctx: Context, call: Bound) -> Value:
    """`residual(eq, phi, at = n)`, `mismatch(…)`: of a field, or of a function."""
    about = _equation(ctx, call)
    at = as_dim(call.value("at"))
    if at is None and not isinstance(call.value("at"), Poison):
        ctx.report(NotKnownYet(span=call.where("at"), what="the argument `at`"))
    if about is None or at is None:
        return POISON
    eq, type = about
    shape = (at, type.unknowns) if call.name == "residual" else (at,)
    field = as_function(ctx, call.value("phi"), call.where("phi"), type)
    match field:
        case None:
            return POISON
        case Lambda():
            attributes = {"at": at, "field": field}
            return Apply(Tensor(Num(), shape), call.span, call.name, (eq,), attributes)
        case _:
            return Apply(Tensor(Num(), shape), call.span, call.name, (eq, field), {"at": at})


def as_function(
    ctx: Context, value: Value, span: Span, about: EquationType
) -> Lambda | Term | None:
    """A field as it is; a function (a hole, a composition of layers) as what it does with a
    point. None after a mistake, which is reported."""
    point = Tensor(Num(), (about.independent,))
    values = Tensor(Num(), (about.unknowns,))
    if isinstance(value, Poison):
        return None
    if isinstance(value, Closure | Primitive | Awaiting | Composed):
        return _applied(ctx, value, Var(point, span, "point"), values, span)
    term = lift(ctx, value, span)
    found = ctx.type_of(term)
    if isinstance(found, FieldType):
        wanted = FieldType(about.independent, about.unknowns)
        return term if ctx.unify(found, wanted, span, "a solution of the equation") else None
    if not ctx.unify(found, FunctionType((point,), values), span, "a solution of the equation"):
        return None
    return _applied(ctx, term, Var(point, span, "point"), values, span)


def _applied(
    ctx: Context, function: Value, point: Var, values: Tensor, span: Span
) -> Lambda | None:
    given: list[Given] = [(point, span)]
    body = ctx.apply(function, given, {}, span)
    if isinstance(body, Poison):
        return None
    result = lift(ctx, body, span)
    fits = ctx.unify(result.type, values, span, "what the function gives")
    return Lambda((point,), result) if fits else None


def _reference(ctx: Context, call: Bound) -> Value:
    """`reference(eq, x = 256, t = 100)`: a count for each variable, by its name."""
    about = _equation(ctx, call)
    if about is None:
        return POISON
    eq, type = about
    counts = {n: as_dim(v) for n, (v, _) in call.values.items() if n != "eq"}
    d = type.independent.value
    names = set(type.variables) or set(counts)
    if d is not None and (len(counts) != d or names != set(counts)):
        variables = type.variables or tuple(f"x{i + 1}" for i in range(d))
        problem = f"wants how many places along each of {', '.join(variables)}"
        how = f"reference(eq, {', '.join(f'{v} = 100' for v in variables)})"
        ctx.report(WrongArguments(span=call.span, name="reference", problem=problem, mend=how))
        return POISON
    for name, n in counts.items():
        if n is None or n.value is None or n.value < 2:
            what = f"a whole number of places, 2 or more, as `{name}`"
            ctx.report(NotKnownYet(span=call.where(name), what=what))
            return POISON
    sizes: dict[str, Dim] = {n: v for n, v in counts.items() if v is not None}
    ordered = tuple(sizes[n] for n in (type.variables or sizes))
    field = FieldType(type.independent, type.unknowns)
    return Apply(field, call.span, "reference", (eq,), {"counts": ordered})


def _smooth(ctx: Context, call: Bound) -> Value:
    """`smooth(f, n)`: told of what is known; of a hole, once it is filled."""
    from sailc.symbolic.smoothness import smoothness

    n = as_dim(call.value("n"))
    if n is None or n.value is None:
        ctx.report(NotKnownYet(span=call.where("n"), what="the argument `n`"))
        return POISON
    value, span = call.values["f"]
    point = Var(ctx.solver.type_var(), span, "point")
    if isinstance(value, Var):
        type = ctx.type_of(value)
        if isinstance(type, FunctionType) and len(type.parameters) == 1:
            point = Var(type.parameters[0], span, "point")
    body = ctx.apply(value, [(point, span)], {}, span)
    if isinstance(body, Poison):
        return POISON
    function = Lambda((point,), lift(ctx, body, span))
    known = smoothness(function)
    if known is not None:
        return known >= n.value
    attributes = {"f": function, "n": n}
    from sailc.types.model import BOOLEAN

    return Apply(BOOLEAN, call.span, "smooth", (), attributes)


RULES: dict[str, Rule] = {
    "derivative": _derivative,
    "residual": _left_over,
    "mismatch": _left_over,
    "reference": _reference,
    "smooth": _smooth,
}
