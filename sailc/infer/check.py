"""Checking a declaration by itself (CORE.md, steps 1 to 6): only what is certainly wrong
is reported, for the knobs' first values, and only if it is wrong for every value."""

from __future__ import annotations

from collections.abc import Callable

from sailc.diagnostics.base import Diagnostic, Note
from sailc.diagnostics.kinds import MissingLine, WrongPropertyArgument
from sailc.diagnostics.names import DeclaredTwice
from sailc.diagnostics.types import DimensionMismatch, TypeMismatch, UnitMismatch
from sailc.diagnostics.warnings import LeakingSplit
from sailc.infer.context import Context, OutOfFuel
from sailc.infer.externs import check_extern
from sailc.infer.leaks import ENDLESS, shared
from sailc.infer.lift import lift
from sailc.infer.members import dataset_file
from sailc.infer.modules.benchmark import check_names, shares
from sailc.infer.modules.common import (
    Choice,
    Knob,
    World,
    apply_to,
    choose,
    defaults,
    guarded,
    knobs,
    open_scope,
    properties,
)
from sailc.infer.modules.conditions import check_conditions
from sailc.infer.modules.converter import all_points
from sailc.infer.modules.equation import elaborate_equation
from sailc.infer.modules.metric import list_of
from sailc.infer.modules.model import elaborate_model, force_lets
from sailc.infer.modules.problem import TypedProblem, elaborate_problem
from sailc.infer.modules.ranking import check_ranking
from sailc.infer.modules.trainer import elaborate_trainer
from sailc.infer.read import declared_type, read_type, read_unit
from sailc.infer.scopes import entry_value
from sailc.infer.units import declared_unit
from sailc.infer.values import Function, Given, Lazy, Poison, Scope, as_dim
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Var
from sailc.types.dims import Dim
from sailc.types.model import Type, TypeVar, show

Diagnostics = tuple[Diagnostic, ...]
Checker = Callable[[Context, Entry, Choice], None]
VARIANTS = 8


def check_declaration(world: World, declaration: tree.Declaration, path: str) -> Diagnostics:
    """What is certainly wrong with a declaration."""
    entry = Entry(declaration, path, False)
    checker = _CHECKERS.get(declaration.kind)
    if checker is None or not declaration.name:
        return ()
    context = world.context()
    found: list[Choice] = [{}]
    try:
        knob_table = knobs(context, entry)
        found = _variants(knob_table, defaults(knob_table))
        context.home = declaration.span
        check_conditions(context, entry)
    except OutOfFuel as error:
        context.out_of_fuel(error)
    first = _run(world, checker, entry, found[0])
    if not any(d.severity == "error" for d in first):
        return (*context.found.values(), *first)
    for choice in found[1:]:
        other = {(d.code, d.span) for d in _run(world, checker, entry, choice)}
        first = tuple(d for d in first if (d.code, d.span) in other)
        if not first:
            break
    return (*context.found.values(), *first)


def _variants(table: tuple[Knob, ...], base: Choice) -> list[Choice]:
    """The default choice, then others that differ from it in one knob."""
    found: list[Choice] = [dict(base)]
    for knob in table:
        for value in knob.values[1:]:
            if len(found) < VARIANTS:
                found.append({**base, **choose(knob, value)})
    return found


def _run(world: World, checker: Checker, entry: Entry, choice: Choice) -> Diagnostics:
    context = world.context()
    context.home, context.counts = entry.declaration.span, False
    guarded(context, lambda: checker(context, entry, choice))
    return tuple(context.found.values())


def _fresh_parameters(
    ctx: Context, parameters: tuple[tree.Parameter, ...] | None, scope: Scope
) -> list[tuple[Var, Type]]:
    """Variables of the declared types, for a body that is checked by itself."""
    result: list[tuple[Var, Type]] = []
    for p in parameters or ():
        if isinstance(p.type, tree.Name) and p.type.id in ("int", "bool"):
            scope.names[p.name] = ctx.solver.dim_var(p.name) if p.type.id == "int" else True
            continue
        type = read_type(ctx, p.type, scope) if p.type is not None else ctx.solver.type_var()
        variable = Var(type, p.span, p.name)
        scope.names[p.name] = variable
        result.append((variable, type))
    return result


def _problem(ctx: Context, entry: Entry, choice: Choice) -> None:
    problem = elaborate_problem(ctx, entry, choice)
    _leaks(ctx, entry.declaration, problem)
    _lets(ctx, entry, choice)


def _leaks(ctx: Context, declaration: tree.Declaration, problem: TypedProblem) -> None:
    """Points that are learned from, or decided by, and asked about once more."""
    if ctx.failed:
        return
    sources = {n.span: n.source.span for n in tree.walk(declaration) if isinstance(n, tree.Data)}
    order = ("train", "validate", "test")
    for later in problem.lines:
        for line in problem.lines:
            if order.index(line.split) < order.index(later.split):
                count = shared(line.source, later.source)
                if count:
                    note = Note(sources[line.span], f"`{line.split}` takes its points here")
                    leak = LeakingSplit(
                        span=sources[later.span],
                        split=later.split,
                        other=line.split,
                        count=count if count < ENDLESS // 2 else 0,
                        notes=(note,),
                    )
                    ctx.report(leak)


def _lets(ctx: Context, entry: Entry, choice: Choice) -> None:
    """Lines that nothing uses are checked too."""
    scope = open_scope(ctx, entry, choice)
    force_lets(ctx, scope)


def _model(ctx: Context, entry: Entry, choice: Choice) -> None:
    if elaborate_model(ctx, entry, choice, None) is not None:
        wrong = ctx.solver.settle()
        if wrong is not None:
            span = entry.declaration.name_span
            ctx.mismatch(wrong, ctx.solver.type_var(), ctx.solver.type_var(), span)


def _trainer(ctx: Context, entry: Entry, choice: Choice) -> None:
    elaborate_trainer(ctx, entry, choice)
    scope = open_scope(ctx, entry, choice)
    for line in properties(entry.declaration, "batch"):
        for a in line.arguments:
            value = ctx.evaluate(a.value, scope)
            count = as_dim(value)
            if not isinstance(value, Poison) and (count is None or (count.value or 0) < 1):
                expected = "a whole number, 1 or more"
                wrong = WrongPropertyArgument(span=a.value.span, name="batch", expected=expected)
                ctx.report(wrong)
    for line in properties(entry.declaration, "loss"):
        for a in line.arguments:
            _lambda(ctx, a.value, scope)
    for line in properties(entry.declaration, "clip"):
        for a in line.arguments:
            ctx.evaluate(a.value, scope)


def _lambda(ctx: Context, expr: tree.Expr, scope: Scope) -> Type | None:
    """A function property's body, under its declared parameter types."""
    if not isinstance(expr, tree.Lambda):
        ctx.evaluate(expr, scope)
        return None
    inner = scope.child()
    _fresh_parameters(ctx, expr.parameters, inner)
    return ctx.type_of(lift(ctx, ctx.evaluate(expr.body, inner), expr.body.span))


def _metric(ctx: Context, entry: Entry, choice: Choice) -> None:
    given = ctx.root(entry.file).child()
    _fresh_parameters(ctx, entry.declaration.parameters, given)
    open_ = {p.name for p in entry.declaration.parameters or () if p.default is None}
    free = {n: v for n, v in given.names.items() if n in open_ and not isinstance(v, Lazy)}
    scope = open_scope(ctx, entry, {**choice, **free})
    for line in properties(entry.declaration, "score"):
        for a in line.arguments:
            type = _lambda(ctx, a.value, scope)
            if type is not None:
                _reduce(ctx, entry, scope, type)
    for line in properties(entry.declaration, "measure"):
        for a in line.arguments:
            ctx.evaluate(a.value, scope)
    inner = scope.child()
    inner.names["value"] = Var(ctx.solver.type_var(), entry.declaration.span, "value")
    for line in entry.declaration.body or ():
        if isinstance(line, tree.Require):
            ctx.evaluate(line.condition, inner)


def _reduce(ctx: Context, entry: Entry, scope: Scope, type: Type) -> None:
    for line in properties(entry.declaration, "reduce"):
        for a in line.arguments:
            value = Var(type, a.value.span, "score")
            apply_to(ctx, a.value, scope, list_of(ctx, value, "points"))


def _converter(ctx: Context, entry: Entry, choice: Choice) -> None:
    d = entry.declaration
    if len(d.parameters or ()) != 1 or d.result is None:
        line = "(x: FROM) -> TO"
        ctx.report(MissingLine(span=d.name_span, name=d.name, kind=d.kind, line=line))
        return
    scope = open_scope(ctx, entry, choice).child()
    points = scope.child()
    for v, type in _fresh_parameters(ctx, d.parameters, scope):
        points.names[v.name] = Var(all_points(type), v.span, v.name)
    for line in d.body or ():
        for b in line.bindings if isinstance(line, tree.Fit) else ():
            if isinstance(b.name, tree.Name):
                value = lift(ctx, ctx.evaluate(b.value, points), b.value.span)
                scope.names[b.name.id] = Var(ctx.type_of(value), b.span, b.name.id)
    body = d.value
    for line in d.body or ():
        body = line.value if isinstance(line, tree.Give) else body
    if body is None:
        return
    result = lift(ctx, ctx.evaluate(body, scope), body.span)
    expected = read_type(ctx, d.result, scope)
    if ctx.unify(result.type, expected, body.span, "the result", d.result.span):
        _rigid(ctx, scope, body.span)


def _rigid(ctx: Context, scope: Scope, span: Span) -> None:
    """The variables of a declaration are its callers' to choose: a body that fits only one
    choice of them does not have the type that is written."""
    for name, value in scope.names.items():
        if isinstance(value, Dim) and value.variable is not None:
            known = ctx.solver.dim(value)
            if known.value is not None:
                ctx.report(DimensionMismatch(span=span, left=name, right=str(known)))
    for name, unit in scope.units.items():
        known_unit = ctx.solver.unit(unit)
        if known_unit.dims or (not known_unit.variables):
            ctx.report(UnitMismatch(span=span, left=name, right=str(known_unit)))
    for name, type in scope.types.items():
        known_type = ctx.solver.resolve(type)
        if not isinstance(known_type, TypeVar):
            ctx.report(TypeMismatch(span=span, found=name, expected=show(known_type)))


def _equation(ctx: Context, entry: Entry, choice: Choice) -> None:
    elaborate_equation(ctx, entry)


def _function(ctx: Context, entry: Entry, choice: Choice) -> None:
    d = entry.declaration
    scope = ctx.root(entry.file).child()
    if d.value is None and not any(isinstance(line, tree.Give) for line in d.body or ()):
        for p in d.parameters or ():
            if p.type is not None:
                read_type(ctx, p.type, scope)
        return

    inner = scope.child()
    arguments = _fresh_parameters(ctx, d.parameters, inner)
    function = entry_value(ctx, entry, d.name_span)
    if d.parameters is None or len(arguments) != len(d.parameters):
        return
    given: list[Given] = [(v, v.span) for v, _ in arguments]
    made = ctx.apply(function, given, {}, d.name_span)
    if isinstance(made, Function):
        return  # what it is a function of is known where it is called
    result = lift(ctx, made, d.name_span)
    if d.result is not None and not ctx.failed:
        span = d.value.span if d.value is not None else d.name_span
        expected = read_type(ctx, d.result, inner)
        if ctx.unify(result.type, expected, span, "the result", d.result.span):
            _rigid(ctx, inner, span)


def _dataset(ctx: Context, entry: Entry, choice: Choice) -> None:
    for line in properties(entry.declaration, "file"):
        if line.arguments and isinstance(line.arguments[0].value, tree.Name):
            name = line.arguments[0].value
            owner = tree.Name(entry.declaration.name_span, entry.declaration.name)
            member = tree.Member(name.span, owner, name.id, name.span)
            dataset_file(ctx, entry.declaration, member)


def _type(ctx: Context, entry: Entry, choice: Choice) -> None:
    declared_type(ctx, entry)
    value = entry.declaration.value
    seen: dict[str, tree.RecordField] = {}
    for f in value.fields if isinstance(value, tree.Record) else ():
        if f.name in seen:
            note = Note(seen[f.name].name_span, "the first is here")
            what = "constant" if entry.declaration.kind == "enum" else "field"
            ctx.report(DeclaredTwice(span=f.name_span, name=f.name, kind=what, notes=(note,)))
        seen.setdefault(f.name, f)


def _unit(ctx: Context, entry: Entry, choice: Choice) -> None:
    declared_unit(ctx, entry)


def _scoped(*names: str) -> Checker:
    """A kind of which only some properties are expressions that can be checked."""

    def checker(ctx: Context, entry: Entry, choice: Choice) -> None:
        scope = open_scope(ctx, entry, choice)
        force_lets(ctx, scope)
        for name in names:
            for line in properties(entry.declaration, name):
                for a in line.arguments:
                    ctx.evaluate(a.value, scope)

    return checker


def _benchmark(ctx: Context, entry: Entry, choice: Choice) -> None:
    scope = ctx.root(entry.file)
    for node in tree.walk(entry.declaration):
        if isinstance(node, tree.Quantity):
            read_unit(ctx, node.unit, node.unit_span, scope)
    for d in check_names(ctx, entry):
        ctx.report(d)
    shares(ctx, entry)
    _scoped("seeds", "budget")(ctx, entry, choice)


def _ranking(ctx: Context, entry: Entry, choice: Choice) -> None:
    check_ranking(ctx, entry)


def _extern(ctx: Context, entry: Entry, choice: Choice) -> None:
    check_extern(ctx, entry)


_CHECKERS: dict[str, Checker] = {
    "problem": _problem,
    "model": _model,
    "solver": _model,
    "trainer": _trainer,
    "metric": _metric,
    "equation": _equation,
    "converter": _converter,
    "fn": _function,
    "extern": _extern,
    "dataset": _dataset,
    "type": _type,
    "enum": _type,
    "unit": _unit,
    "hardware": _scoped("memory", "device_memory", "peak", "bandwidth", "price"),
    "benchmark": _benchmark,
    "ranking": _ranking,
}
