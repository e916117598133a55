"""Models and solvers: from an input's type to an output, with the layers on the way."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.equations import as_answer
from sailc.infer.lift import function_term, lift
from sailc.infer.modules.common import (
    Choice,
    Requirement,
    open_scope,
    properties,
    requirements,
)
from sailc.infer.modules.converter import all_points
from sailc.infer.read import read_type
from sailc.infer.scopes import force
from sailc.infer.values import Closure, Composed, Lazy, Scope, Value
from sailc.names import Entry
from sailc.source import NOWHERE, Span
from sailc.syntax import tree
from sailc.terms import HOLE, Apply, Const, Layer, Map, Term, Var, named
from sailc.types.model import FunctionType, Num, Tensor, TupleType, Type


class Hole(Struct, frozen=True):
    """A `needs` line: a function that the planner finds."""

    name: str
    verb: str | None
    type: Type
    variable: Var
    span: Span


class Fitting(Struct, frozen=True):
    """The `fit` lines of a solver: what they bind, computed from all training points together
    (`points`, one for each input), their true answers and the scenario's seed."""

    points: tuple[Var, ...]
    truth: Var
    seed: Var
    bindings: tuple[tuple[Var, Term], ...]


class TypedModel(Struct, frozen=True):
    """A model under one input type. Types may hold variables that the answer decides."""

    entry: Entry
    inputs: tuple[Var, ...]
    output: Term
    layers: tuple[Layer, ...]
    holes: tuple[Hole, ...]
    minimize: Term | None
    fitted: Fitting | None
    requirements: tuple[Requirement, ...]


def input_type(ctx: Context, entry: Entry, scope: Scope) -> Type:
    """The declared type of the input; several inputs are a tuple; a variable if unwritten."""
    lines = ports(entry, "input")
    scope.names |= {line.name: Lazy(line, scope) for line in lines if line.name}
    types = [
        read_type(ctx, line.type, scope) if line.type is not None else ctx.solver.type_var()
        for line in lines
    ]
    return types[0] if len(types) == 1 else TupleType(tuple(types))


def ports(entry: Entry, side: str) -> list[tree.Port]:
    return [
        line
        for line in entry.declaration.body or ()
        if isinstance(line, tree.Port) and line.side == side
    ]


def elaborate_model(
    ctx: Context, entry: Entry, choice: Choice, given: Type | None, truth: Type | None = None
) -> TypedModel | None:
    """A model's body, its input of the type given; None where the input does not take it.
    `truth` is the type of the true answers, for `fit` lines."""
    scope = open_scope(ctx, entry, choice)
    expected = input_type(ctx, entry, scope)
    if given is not None and ctx.solver.join(given, expected, _input_span(entry)) is not None:
        return None
    inputs = _bind_inputs(ctx, entry, scope, expected, given)
    holes = tuple(_hole(ctx, line, scope) for line in _needs(entry))
    for h in holes:
        scope.names[h.name] = h.variable
    found = tuple(requirements(ctx, entry, scope))
    fitted = _fitted(ctx, entry, scope, inputs, truth)
    output = _output(ctx, entry, scope)
    minimize = None
    for line in properties(entry.declaration, "minimize"):
        if line.arguments:
            value = ctx.evaluate(line.arguments[0].value, scope)
            minimize = lift(ctx, value, line.span)
    return TypedModel(entry, inputs, output, tuple(ctx.layers), holes, minimize, fitted, found)


def _needs(entry: Entry) -> list[tree.Needs]:
    return [line for line in entry.declaration.body or () if isinstance(line, tree.Needs)]


def _input_span(entry: Entry) -> Span:
    for p in ports(entry, "input"):
        return p.type.span if p.type is not None else p.span
    return NOWHERE


def _bind_inputs(
    ctx: Context, entry: Entry, scope: Scope, type: Type, given: Type | None
) -> tuple[Var, ...]:
    """The inputs, as they arrive; the body sees them in the units that it declares."""
    lines = ports(entry, "input")
    resolved = ctx.solver.resolve(type)
    types = (
        list(resolved.items) if isinstance(resolved, TupleType) and len(lines) > 1 else [resolved]
    )
    arriving = ctx.solver.resolve(given) if given is not None else resolved
    found = arriving.items if isinstance(arriving, TupleType) and len(lines) > 1 else (arriving,)
    inputs: list[Var] = []
    for p, own, type in zip(lines, types, found, strict=False):
        if p.name:
            inputs.append(Var(type, p.name_span, p.name))
            scope.names[p.name] = coerce(ctx, inputs[-1], own)
    return tuple(inputs)


def _hole(ctx: Context, line: tree.Needs, scope: Scope) -> Hole:
    type = read_type(ctx, line.type, scope)
    if not isinstance(type, FunctionType):
        type = FunctionType((ctx.solver.type_var(),), type)
    variable = Var(type, line.name_span, line.name, f"{HOLE} {line.name}")
    return Hole(line.name, line.verb, type, variable, line.span)


def _fitted(
    ctx: Context, entry: Entry, scope: Scope, inputs: tuple[Var, ...], truth: Type | None
) -> Fitting | None:
    """`fit name = …` of a solver: elaborated with all points, `truth` and `seed` at hand."""
    lines = [line for line in entry.declaration.body or () if isinstance(line, tree.Fit)]
    if not lines:
        return None
    inner, span = scope.child(), lines[0].span
    points = tuple(Var(all_points(ctx.type_of(v)), v.span, v.name) for v in inputs)
    for v in points:
        own = scope.names[v.name]
        wanted = ctx.type_of(own) if isinstance(own, Var | Const | Apply | Map) else v.type
        inner.names[v.name] = coerce(ctx, v, all_points(wanted))
    truths = Var(all_points(truth) if truth is not None else ctx.solver.type_var(), span, "truth")
    seed = Var(Tensor(Num(), (), "int"), span, "seed")
    inner.names.update(truth=truths, seed=seed)
    found: list[tuple[Var, Term]] = []
    for b in (b for line in lines for b in line.bindings):
        if isinstance(b.name, tree.Name):
            value = lift(ctx, ctx.evaluate(b.value, inner), b.value.span)
            variable = Var(ctx.type_of(value), b.span, b.name.id)
            found.append((variable, value))
            scope.names[b.name.id] = inner.names[b.name.id] = variable
    return Fitting(points, truths, seed, tuple(found))


def _output(ctx: Context, entry: Entry, scope: Scope) -> Term:
    outputs: list[Term] = []
    for line in ports(entry, "output"):
        if line.value is None:
            outputs.append(ctx.poison(line.span))
            continue
        # The type comes first: its dimensions may be named in the value (`linear(m)`).
        expected = read_type(ctx, line.type, scope) if line.type is not None else None
        outer, ctx.part = ctx.part, line.name or "output"
        value = ctx.evaluate(line.value, scope)
        term = as_answer(ctx, _answered(ctx, value, line.value.span, expected))
        ctx.part = outer
        fits = expected and ctx.unify(term.type, expected, line.value.span, "the output")
        if expected is not None and fits:
            term = coerce(ctx, term, expected)
        outputs.append(named(term, line.name) if line.name else term)
    return outputs[0] if outputs else ctx.poison(entry.declaration.span)


def _answered(ctx: Context, value: Value, span: Span, expected: Type | None) -> Term:
    """What a model answers; a function may hold what is learned."""
    if isinstance(value, Closure | Composed):
        return function_term(ctx, value, span, expected) or ctx.poison(span)
    return lift(ctx, value, span)


def force_lets(ctx: Context, scope: Scope) -> None:
    """Evaluate every `let` without parameters, so that unused ones are checked too."""
    for name, value in list(scope.names.items()):
        if isinstance(value, Lazy):
            force(ctx, name, value, value.line.span)
