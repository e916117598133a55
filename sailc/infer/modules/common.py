"""What the kinds share: opening a declaration, its knobs, its requirements, overloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from statistics import NormalDist
from typing import TypeVar, TypeVarTuple, cast

from msgspec import Struct

from sailc.diagnostics.base import Diagnostic
from sailc.infer.calls import call
from sailc.infer.context import Context, OutOfFuel, never
from sailc.infer.draws import drawn
from sailc.infer.expressions import evaluate
from sailc.infer.lift import lift
from sailc.infer.read import read_type
from sailc.infer.scopes import bind_lets
from sailc.infer.values import (
    POISON,
    Awaiting,
    Closure,
    Composed,
    Constructor,
    Made,
    ModuleRef,
    Poison,
    Primitive,
    Quantity,
    Scope,
    Sequence,
    Value,
    Word,
    is_term,
)
from sailc.kinds.check import unknown_properties
from sailc.names import Entry, Names
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Const, Term, Var
from sailc.types.dims import Dim
from sailc.types.model import Label, Tensor, Type

Given = TypeVarTuple("Given")
R = TypeVar("R")
FileType = Callable[[str, str, str, Span], tuple[Type, tuple[Diagnostic, ...]]]


class World(Struct, frozen=True):
    """What elaboration reads: the names, the types of data files from their headers, which
    functions are wrong by themselves, and the machine at hand (`hardware here { probe }`).
    `facts` are what is known as `hardware` and `software`, if anything is. `remember` asks a
    function of the plain world, which knows no facts, once for its arguments."""

    names: Names
    file_type: FileType
    wrong_alone: Callable[[Span], bool] = never
    probe: Callable[[], Mapping[str, object]] = dict[str, object]
    facts: Mapping[str, Value] = {}
    remember: Callable[..., object] | None = None

    def ask(self, function: Callable[[World, *Given], R], *args: *Given) -> R:
        """What a function gives for the world and hashable arguments; it has to raise nothing."""
        if self.remember is None or self.facts:
            return function(self, *args)
        return cast("R", self.remember(function, *args))

    def context(self) -> Context:
        return Context(
            self.names, self.file_type, evaluate, call, self.wrong_alone, facts=self.facts
        )


class Knob(Struct, frozen=True):
    """A `suggest` line: what it names, the values that it lists, or a distribution."""

    names: tuple[str, ...]
    values: tuple[Value, ...]
    distribution: Made | None
    span: Span
    when: tree.Expr | None = None

    @property
    def label(self) -> str:
        return ", ".join(self.names)


Choice = Mapping[str, Value]


class Requirement(Struct, frozen=True):
    """A `require` line; `holds` is None where it cannot be told yet: then `condition` may
    be asked again in `scope` when more is known."""

    holds: bool | None
    because: str
    span: Span
    condition: tree.Expr
    scope: Scope

    def ask(self, ctx: Context) -> bool | None:
        """Whether it holds by what a context knows; None where only the run can tell."""
        if self.holds is not None:
            return self.holds
        value = ctx.evaluate(self.condition, self.scope)
        return value if isinstance(value, bool) else None


def properties(declaration: tree.Declaration, name: str) -> Iterator[tree.Property]:
    yield from declaration.properties.get(name, ())


def words(declaration: tree.Declaration, name: str) -> tuple[str, ...]:
    """The names or dotted paths that a property lists."""
    return tuple(
        text
        for line in properties(declaration, name)
        for a in line.arguments
        if (text := path_text(a.value)) is not None
    )


def path_text(expr: tree.Expr) -> str | None:
    match expr:
        case tree.Name(_, name):
            return name
        case tree.Member(_, value, name):
            base = path_text(value)
            return None if base is None else f"{base}.{name}"
        case tree.String(_, value):
            return value
        case _:
            return None


def has(declaration: tree.Declaration, name: str) -> bool:
    return name in declaration.properties


def in_field(module: Entry, problem: Entry) -> bool:
    """Whether a problem is in the field of science that a module is for, if it is for one."""
    wanted = next(iter(words(module.declaration, "field")), "")
    field = next(iter(words(problem.declaration, "field")), "")
    return not wanted or field == wanted or field.startswith(f"{wanted}.")


def open_scope(ctx: Context, entry: Entry, choice: Choice) -> Scope:
    """The scope of a declaration's block, with its knobs chosen and its lets bound."""
    scope = ctx.root(entry.file).child()
    for owner in ("train", "validate", "test", "model", "compile", "hardware", "software"):
        scope.names.setdefault(owner, ctx.facts.get(owner, ModuleRef(owner)))
    for p in entry.declaration.parameters or ():
        if p.default is not None:
            scope.names[p.name] = ctx.evaluate(p.default, scope)
    scope = scope.child()
    scope.names.update(choice)
    for line in unknown_properties(entry.declaration):
        for name in (n for a in line.arguments for n in tree.walk(a) if isinstance(n, tree.Name)):
            scope.names.setdefault(name.id, POISON)
    bind_lets(ctx, entry.declaration.body or (), scope)
    return scope


def knobs(ctx: Context, entry: Entry) -> tuple[Knob, ...]:
    """The `suggest` lines of a declaration. Of several that suggest the same, the first counts
    whose `when` holds; what stands below one without a `when` never does."""
    scope = ctx.root(entry.file).child()
    found: list[Knob] = []
    decided: set[tuple[str, ...]] = set()
    for line in entry.declaration.body or ():
        if not isinstance(line, tree.Suggest):
            continue
        names = suggested_names(line)
        if names not in decided:
            found += _knob(names, ctx.evaluate(line.domain, scope), line)
        if line.when is None:
            decided.add(names)
    return tuple(found)


def suggested_names(line: tree.Suggest) -> tuple[str, ...]:
    """What a `suggest` line names."""
    targets = line.target.items if isinstance(line.target, tree.Tuple) else (line.target,)
    return tuple(path_text(t) or "" for t in targets)


def _knob(names: tuple[str, ...], domain: Value, line: tree.Suggest) -> list[Knob]:
    match domain:
        case Sequence(items) if items:
            return [Knob(names, items, None, line.span, line.when)]
        case Apply(operator="sample") as draws if values := drawn(draws):
            return [Knob(names, values, None, line.span, line.when)]
        case Made("uniform", {"low": Constructor(Tensor(Label() as label), _)}):
            return [Knob(names, _constants(label, line.span), None, line.span, line.when)]
        case Made() as made:
            return [Knob(names, (), made, line.span, line.when)]
        case Poison():
            return []
        case value:
            return [Knob(names, (value,), None, line.span, line.when)]


def _constants(label: Label, span: Span) -> tuple[Value, ...]:
    """The constants of an enum."""
    return tuple(Const(Tensor(label), span, i, name) for i, name in enumerate(label.enum))


def choose(knob: Knob, value: Value) -> dict[str, Value]:
    """What a knob's names stand for when it has a value (a tuple, for paired names)."""
    if len(knob.names) == 1:
        return {knob.names[0]: value}
    if isinstance(value, Sequence) and len(value.items) == len(knob.names):
        return dict(zip(knob.names, value.items, strict=True))
    return dict.fromkeys(knob.names, POISON)


def together(found: Iterable[Knob], values: Iterable[Value]) -> dict[str, Value]:
    """What the names of some knobs stand for when each has a value."""
    result: dict[str, Value] = {}
    for k, value in zip(found, values, strict=True):
        result.update(choose(k, value))
    return result


def defaults(found: tuple[Knob, ...]) -> dict[str, Value]:
    """The first value of each knob, of the first line that suggests it."""
    first: dict[tuple[str, ...], Knob] = {}
    for k in found:
        first.setdefault(k.names, k)
    return together(first.values(), map(middle, first.values()))


def middle(knob: Knob) -> Value:
    """The value that a knob has before anybody chooses: the first that it lists, or the middle
    of its distribution."""
    if knob.values:
        return knob.values[0]
    return POISON if knob.distribution is None else at(knob.distribution, 0.5)


def at(made: Made, share: float) -> Value:
    """The value of a distribution below which lies a share of it, in the unit of its ends."""
    ends = [v for v in made.attributes.values() if isinstance(v, int | float | Quantity)][:2]
    if len(ends) < 2:
        return ends[0] if ends else POISON
    unit = next((e.unit for e in ends if isinstance(e, Quantity)), None)
    a, b = (
        e.value * e.unit.scale / unit.scale if isinstance(e, Quantity) and unit else float(str(e))
        for e in ends
    )
    number = _quantile(made.name, a, b, share)
    return number if unit is None else Quantity(number, unit)


def _quantile(distribution: str, a: float, b: float, share: float) -> float:
    match distribution:
        case "log_uniform":
            return a * (b / a) ** share
        case "normal":
            return NormalDist(a, b).inv_cdf(min(max(share, 1e-12), 1 - 1e-12))
        case _:
            return a + (b - a) * share


def requirements(ctx: Context, entry: Entry, scope: Scope) -> list[Requirement]:
    """The `require` lines, as far as they can be decided now."""
    found: list[Requirement] = []
    for line in entry.declaration.body or ():
        if isinstance(line, tree.Require):
            value = ctx.evaluate(line.condition, scope)
            holds = value if isinstance(value, bool) else None
            because = line.because or ""
            found.append(Requirement(holds, because, line.span, line.condition, scope))
    return found


def overload(
    ctx: Context, expr: tree.Expr, scope: Scope, given: tuple[Type, ...]
) -> tuple[tuple[Var, ...], Term] | None:
    """A `loss`, `score` or `prefer` applied to types, if it accepts them.

    Returns the variables and the body; None, with nothing reported, where the types of
    the parameters do not fit.
    """
    if not isinstance(expr, tree.Lambda) or not 2 <= len(expr.parameters) <= len(given):
        return None
    inner = scope.child()
    variables: list[Var] = []
    for p, type in zip(expr.parameters, given, strict=False):
        if p.type is not None:
            expected = read_type(ctx, p.type, inner)
            if ctx.solver.join(type, expected, p.span) is not None:
                return None
        variable = Var(type, p.span, p.name)
        inner.names[p.name] = variable
        variables.append(variable)
    return tuple(variables), lift(ctx, ctx.evaluate(expr.body, inner), expr.body.span)


def parameter_types(ctx: Context, entry: Entry, name: str) -> tuple[tuple[Type, ...], ...]:
    """What the overloads of a property (`loss`, `score`) take; a variable where no type is
    written."""
    scope = ctx.root(entry.file).child()
    return tuple(
        tuple(
            read_type(ctx, p.type, scope) if p.type is not None else ctx.solver.type_var()
            for p in a.value.parameters
        )
        for line in properties(entry.declaration, name)
        for a in line.arguments
        if isinstance(a.value, tree.Lambda)
    )


def apply_to(ctx: Context, expr: tree.Expr, scope: Scope, argument: Term) -> Term:
    """A property that is a function (`reduce mean`, `reduce pairs => …`) on a term."""
    function = ctx.evaluate(expr, scope)
    return lift(ctx, ctx.apply(function, [(argument, expr.span)], {}, expr.span), expr.span)


def show_value(value: Value) -> object:
    """A knob's value as JSON and tables have it."""
    match value:
        case bool() | int() | float() | str():
            return value
        case Dim():
            return value.value if value.value is not None else str(value)
        case Quantity(number, unit):
            return f"{number:g} {unit}"
        case Word(name):
            return name
        case Primitive(declaration):
            return declaration.name
        case Closure(name):
            return name or "lambda"
        case Composed(functions):
            return " >> ".join(str(show_value(f)) for f in functions)
        case Awaiting(function, positional):
            inner = ", ".join(str(show_value(v)) for v, _ in positional)
            return f"{show_value(function)}({inner})"
        case Made(name, attributes):
            return f"{name}({', '.join(str(show_value(v)) for v in attributes.values())})"
        case Sequence(items):
            return [show_value(i) for i in items]
        case _ if is_term(value):
            return getattr(value, "name", "") or "value"
        case _:
            return str(type(value).__name__)


def guarded(ctx: Context, work: Callable[[], None]) -> None:
    """Run a piece of elaboration; running out of fuel becomes a diagnostic."""
    try:
        work()
    except OutOfFuel as error:
        ctx.out_of_fuel(error)
