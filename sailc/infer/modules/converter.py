"""Converters: their types, their statistics, and what they do to a term."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.modules.builtin import CONVERTER_RULES
from sailc.infer.modules.common import has, open_scope, properties, words
from sailc.infer.read import read_type
from sailc.names import Entry
from sailc.syntax import tree
from sailc.terms import Term, Var, named
from sailc.types.dims import DimName, atom
from sailc.types.model import UNKNOWN, Type
from sailc.types.parts import stacked
from sailc.types.solver import Solver


class Converter(Struct, frozen=True, eq=False):
    """A declared converter, as the search sees it.

    It leads from `source` to `target`, whose variables are of `solver`: a search forks it.
    """

    entry: Entry
    name: str
    path: str
    cost: float
    fitted: bool
    invertible: bool
    rule: str
    source: Type
    target: Type
    solver: Solver


class Statistic(Struct, frozen=True):
    """What a fitted converter holds: a name, and how it follows from all training points."""

    variable: Var
    value: Term


class Conversion(Struct, frozen=True):
    """A converter at one type. `points` stands for the stacked training points in the
    statistics; `inverse` leads from `answer` back."""

    converter: Converter
    source: Type
    target: Type
    input: Var
    points: Var
    statistics: tuple[Statistic, ...]
    output: Term
    answer: Var | None
    inverse: Term | None


def converter(ctx: Context, entry: Entry) -> Converter:
    d = entry.declaration
    source, target = parameter_type(ctx, entry)
    costs = [
        a.value.value
        for line in properties(d, "cost")
        for a in line.arguments
        if isinstance(a.value, tree.Number)
    ]
    fitted = any(isinstance(line, tree.Fit) for line in d.body or ())
    return Converter(
        entry,
        d.name,
        next(iter(words(d, "path")), ""),
        float(costs[0]) if costs else 1.0,
        fitted,
        has(d, "inverse"),
        next(iter(words(d, "rule")), ""),
        source,
        target,
        ctx.solver,
    )


def parameter_type(ctx: Context, entry: Entry) -> tuple[Type, Type]:
    """The types that a converter leads from and to, with fresh variables."""
    d = entry.declaration
    scope = ctx.root(entry.file).child()
    first = (d.parameters or ())[:1]
    source = (
        read_type(ctx, first[0].type, scope) if first and first[0].type is not None else UNKNOWN
    )
    target = read_type(ctx, d.result, scope) if d.result is not None else UNKNOWN
    return source, target


def apply_converter(ctx: Context, found: Converter, given: Type) -> Conversion | None:
    """A converter on a ground type; None where it does not take that type."""
    if found.rule:
        return built_in(found, given)
    entry = found.entry
    d = entry.declaration
    scope = open_scope(ctx, entry, {})
    assert d.parameters
    p = d.parameters[0]
    expected = read_type(ctx, p.type, scope) if p.type is not None else ctx.solver.type_var()
    if ctx.solver.unify(given, expected, p.span) is not None:
        return None
    input = Var(given, p.span, p.name)
    points = Var(all_points(given), p.span, p.name)
    scope.names[p.name] = coerce(ctx, points, all_points(expected))
    statistics: list[Statistic] = []
    for line in d.body or ():
        for b in line.bindings if isinstance(line, tree.Fit) else ():
            if isinstance(b.name, tree.Name):
                value = named(lift(ctx, ctx.evaluate(b.value, scope), b.value.span), b.name.id)
                variable = Var(ctx.type_of(value), b.span, b.name.id)
                statistics.append(Statistic(variable, value))
                scope.names[b.name.id] = variable
    scope.names[p.name] = coerce(ctx, input, expected)
    output = named(lift(ctx, ctx.evaluate(_body(d), scope), d.span), d.name)
    if d.result is not None:
        result = read_type(ctx, d.result, scope)
        if ctx.unify(output.type, result, d.span):
            output = coerce(ctx, output, result)
    target = ctx.type_of(output)
    answer, inverse = None, None
    for line in properties(d, "inverse"):
        answer = Var(target, line.span, "y")
        function = ctx.evaluate(line.arguments[0].value, scope)
        back = lift(ctx, ctx.apply(function, [(answer, line.span)], {}, line.span), line.span)
        inverse = coerce(ctx, back, given)
    return Conversion(
        found, given, target, input, points, tuple(statistics), output, answer, inverse
    )


def built_in(found: Converter, given: Type) -> Conversion | None:
    """A built-in converter on a ground type; None where it does not take that type."""
    rule = CONVERTER_RULES.get(found.rule)
    d = found.entry.declaration
    if rule is None or not d.parameters:
        return None
    p = d.parameters[0]
    input = Var(given, p.span, p.name)
    output = rule(input, d.name_span)
    if output is None:
        return None
    return Conversion(found, given, output.type, input, input, (), output, None, None)


def _body(d: tree.Declaration) -> tree.Expr:
    for line in d.body or ():
        if isinstance(line, tree.Give):
            return line.value
    return d.value if d.value is not None else tree.Missing(d.span)


def all_points(type: Type) -> Type:
    """All training points of a type together, along a new first axis."""
    return stacked(type, atom(DimName("points")))
