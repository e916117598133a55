"""Equations as values: instances of a declaration, and what their lines are made of."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.diagnostics.types import WrongArguments
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.read import read_type
from sailc.infer.values import POISON, Given, Scope, Value
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Lambda, Term, Var
from sailc.types.dims import const
from sailc.types.model import (
    REAL,
    EquationType,
    FieldType,
    FunctionType,
    Num,
    Tensor,
    Type,
)


def unknown_calls(declaration: tree.Declaration) -> list[tree.Call]:
    """The functions that an equation seeks: `u(x, t)`."""
    return [
        a.value
        for line in declaration.properties.get("unknown", ())
        for a in line.arguments
        if isinstance(a.value, tree.Call) and isinstance(a.value.function, tree.Name)
    ]


def variables_of(call: tree.Call) -> tuple[str, ...]:
    """The independent variables of an unknown, in its order."""
    return tuple(a.value.id for a in call.arguments if isinstance(a.value, tree.Name))


def equation_type(declaration: tree.Declaration) -> EquationType:
    """`Equation[d, k]`: how many variables, how many unknowns."""
    calls = unknown_calls(declaration)
    variables = variables_of(calls[0]) if calls else ()
    return EquationType(const(max(1, len(variables))), const(max(1, len(calls))), variables)


def equation_term(d: tree.Declaration, arguments: tuple[Term, ...], span: Span) -> Term:
    """An instance of an equation, its parameters in the order of the declaration."""
    where = {"name": d.name, "source": d.span.file}
    return Apply(equation_type(d), span, "equation", arguments, where)


def parameter_type(ctx: Context, p: tree.Parameter, scope: Scope) -> Type:
    """The type of a parameter; a number of any unit where none is written."""
    if p.type is None:
        return Tensor(Num(ctx.solver.unit_var()))
    return read_type(ctx, p.type, scope)


def instance(
    ctx: Context,
    declaration: tree.Declaration,
    values: Mapping[str, Given],
    scope: Scope,
    span: Span,
) -> Value:
    """`Burgers(0.01)`: the parameters are numbers, in the units that they are declared in."""
    arguments: list[Term] = []
    for p in declaration.parameters or ():
        value, where = values[p.name]
        expected = parameter_type(ctx, p, scope)
        given = lift(ctx, value, where)
        context = f"the parameter `{p.name}` of `{declaration.name}`"
        if not ctx.unify(given.type, expected, where, context):
            return POISON
        arguments.append(coerce(ctx, given, expected))
    return equation_term(declaration, tuple(arguments), span)


def at_place(ctx: Context, value: Term, positional: list[Given], span: Span) -> Value:
    """`u(x, 0)`: an expression of an equation at a place."""
    names = ", ".join(v.name for v in ctx.independents)
    if len(positional) != len(ctx.independents):
        what = getattr(value, "name", "") or "this"
        problem = f"takes a value for each of {names}"
        mend = f"{what}({names})"
        ctx.report(WrongArguments(span=span, name=what, problem=problem, mend=mend))
        return POISON
    places: list[Term] = []
    for (v, where), own in zip(positional, ctx.independents, strict=True):
        given = lift(ctx, v, where)
        if not ctx.unify(given.type, own.type, where, f"the value of `{own.name}`"):
            return POISON
        places.append(coerce(ctx, given, own.type))
    return Apply(value.type, span, "at", (value, *places))


def at_point(
    ctx: Context, field: Term, type: FieldType, positional: list[Given], span: Span
) -> Value:
    """`field(0.5, 1)`, or of one vector: the unknowns at a point."""
    places = [lift(ctx, v, s) for v, s in positional]
    d = type.independent.value
    scalars = all(ctx.shape_of(p) == () for p in places)
    result = Tensor(Num(), (type.unknowns,))
    if len(places) == 1 and not scalars:
        whole = Tensor(Num(), (type.independent,))
        fits = ctx.unify(places[0].type, whole, places[0].span, "a point of a field")
        point = Apply(result, span, "at_point", (field, *places), {"vector": True})
        return point if fits else POISON
    if d is not None and len(places) != d:
        problem = f"is a field of {d} variables, and {len(places)} values are given"
        how = f"field({', '.join('xyzt'[:d])})"
        name = getattr(field, "name", "") or "this"
        ctx.report(WrongArguments(span=span, name=name, problem=problem, mend=how))
        return POISON
    for p in places:
        if not ctx.unify(p.type, REAL, p.span, "a coordinate of a field"):
            return POISON
    return Apply(result, span, "at_point", (field, *places))


def as_answer(ctx: Context, term: Term) -> Term:
    """A hole that is itself the answer, as the function of a point that fills it."""
    type = ctx.type_of(term)
    if not isinstance(term, Var) or not isinstance(type, FunctionType):
        return term
    points = tuple(Var(p, term.span, "point") for p in type.parameters)
    function = Lambda(points, Apply(type.result, term.span, "call", (term, *points)))
    return Apply(type, term.span, "function", (), {"function": function}, name=term.name)
