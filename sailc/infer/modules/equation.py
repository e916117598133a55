"""Equations: their unknowns, domain, laws and conditions, as typed terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sailc.diagnostics.base import Note
from sailc.diagnostics.kinds import WrongPropertyArgument
from sailc.diagnostics.names import DeclaredTwice
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.equations import parameter_type, unknown_calls, variables_of
from sailc.infer.lift import lift, term
from sailc.infer.modules.common import open_scope, properties
from sailc.infer.modules.posed import well_posed
from sailc.infer.values import Given, Poison, Scope, is_term
from sailc.names import Entry
from sailc.source import Span
from sailc.symbolic.form import Law, Required, Side, TypedEquation, placed, same
from sailc.syntax import tree
from sailc.terms import Apply, Const, Term, Var
from sailc.types.model import BOOLEAN, Num, Tensor, Unknown

Ends = tuple[Term, Term]


def elaborate_equation(ctx: Context, entry: Entry) -> TypedEquation | None:
    """An equation's lines as terms; None after mistakes, which are reported."""
    d = entry.declaration
    scope = open_scope(ctx, entry, {})
    parameters = tuple(
        Var(parameter_type(ctx, p, scope), p.span, p.name) for p in d.parameters or ()
    )
    scope.names.update((v.name, v) for v in parameters)
    required = tuple(_required(ctx, d, scope))
    ranges = _domain(ctx, d, scope)
    names = _variables(ctx, d, ranges)
    if names is None:
        return None
    independents = tuple(Var(ranges[n][0].type, ranges[n][0].span, n) for n in names)
    scope.names.update((v.name, v) for v in independents)
    unknowns = tuple(_unknown(ctx, c) for c in unknown_calls(d))
    scope.names.update((v.name, v) for v in unknowns)
    _apart(ctx, (*parameters, *independents, *unknowns))
    outer, ctx.independents = ctx.independents, independents
    try:
        laws = tuple(_laws(ctx, d, "law", scope))
        initial = tuple(_sides(ctx, d, "initial", scope))
        boundary = tuple(_sides(ctx, d, "boundary", scope))
    finally:
        ctx.independents = outer
    if ctx.failed or not laws:
        return None
    domain = tuple(ranges[n] for n in names)
    found = TypedEquation(
        d.name,
        d.doc,
        parameters,
        independents,
        unknowns,
        domain,
        laws,
        initial,
        boundary,
        d.name_span,
        required,
    )
    well_posed(ctx, found)
    return None if ctx.failed else found


def _wrong(ctx: Context, span: Span, name: str, expected: str) -> None:
    ctx.report(WrongPropertyArgument(span=span, name=name, expected=expected))


# --- what is required of parameters ---------------------------------------------------------


def required_of(ctx: Context, entry: Entry, arguments: Sequence[Term]) -> Iterator[Required]:
    """What an equation requires of an instance, as far as its arguments are known."""
    scope = open_scope(ctx, entry, {})
    for p, argument in zip(entry.declaration.parameters or (), arguments, strict=True):
        match argument:
            case Const(value=int() | float() as number):
                scope.names[p.name] = number
            case _:
                scope.names[p.name] = argument
    yield from _required(ctx, entry.declaration, scope)


def _required(ctx: Context, d: tree.Declaration, scope: Scope) -> Iterator[Required]:
    for line in d.body or ():
        if not isinstance(line, tree.Require):
            continue
        value = ctx.evaluate(line.condition, scope)
        because = line.because or "a `require` does not hold"
        if isinstance(value, bool):
            yield Required(value, because, line.span)
        elif not isinstance(value, Poison):
            holds = lift(ctx, value, line.condition.span)
            if ctx.unify(holds.type, BOOLEAN, line.condition.span, "a condition"):
                yield Required(holds, because, line.span)


# --- variables and unknowns -----------------------------------------------------------------


def _domain(ctx: Context, d: tree.Declaration, scope: Scope) -> dict[str, Ends]:
    """The range of each independent variable."""
    found: dict[str, Ends] = {}
    for line in properties(d, "domain"):
        for a in line.arguments:
            match a.value:
                case tree.Binary(_, "in", tree.Name(_, name), tree.Range(_, low, high, None)):
                    found[name] = _range(ctx, low, high, scope)
                case _:
                    _wrong(ctx, a.value.span, "domain", "ranges, as `domain x in 0..1, t in 0..10`")
    return found


def _range(ctx: Context, low: tree.Expr, high: tree.Expr, scope: Scope) -> Ends:
    first, last = term(ctx, low, scope), term(ctx, high, scope)
    for end in (first, last):
        ctx.unify(end.type, Tensor(Num(ctx.solver.unit_var())), end.span, "an end of the domain")
    ctx.unify(last.type, first.type, last.span, "the ends of a range")
    return first, coerce(ctx, last, first.type)


_UNKNOWN = "functions of the independent variables, as `unknown u(x, t)`"


def _variables(
    ctx: Context, d: tree.Declaration, ranges: dict[str, Ends]
) -> tuple[str, ...] | None:
    """The independent variables, in the order of the unknowns; None after a mistake."""
    calls = unknown_calls(d)
    given = [a for line in properties(d, "unknown") for a in line.arguments]
    for a in given:
        call = a.value
        if (
            not isinstance(call, tree.Call)
            or not isinstance(call.function, tree.Name)
            or not call.arguments
            or len(variables_of(call)) != len(call.arguments)
        ):
            _wrong(ctx, call.span, "unknown", _UNKNOWN)
        elif variables_of(call) != variables_of(calls[0]):
            same = ", ".join(variables_of(calls[0]))
            _wrong(ctx, call.span, "unknown", f"functions of the same variables ({same})")
    names = variables_of(calls[0]) if calls else ()
    if ctx.failed:
        return None
    lacking = [n for n in names if n not in ranges]
    for line in properties(d, "domain"):
        for name in lacking:
            _wrong(ctx, line.span, "domain", f"a range for each variable, `{name}` included")
        for name in [n for n in ranges if names and n not in names]:
            expected = f"the variables of the unknowns, and `{name}` is none"
            _wrong(ctx, line.span, "domain", expected)
    return names if names and not lacking and not ctx.failed else None


def _unknown(ctx: Context, call: tree.Call) -> Var:
    assert isinstance(call.function, tree.Name)
    return Var(Tensor(Num(ctx.solver.unit_var())), call.function.span, call.function.id)


def _apart(ctx: Context, variables: Sequence[Var]) -> None:
    """Report names that stand for two things: parameters, variables and unknowns."""
    first: dict[str, Var] = {}
    for v in variables:
        other = first.setdefault(v.name, v)
        if other is not v:
            note = Note(other.span, f"the other `{v.name}` is here")
            ctx.report(DeclaredTwice(span=v.span, name=v.name, kind="name", notes=(note,)))


# --- laws and conditions --------------------------------------------------------------------


def _laws(ctx: Context, d: tree.Declaration, name: str, scope: Scope) -> Iterator[Law]:
    for line in properties(d, name):
        for a in line.arguments:
            match a.value:
                case tree.Binary(span, "==", left, right):
                    law = _law(ctx, left, right, span, scope)
                    if law is not None:
                        yield law
                case other:
                    _wrong(ctx, other.span, name, "an equation, as `d(u, t) == -u`")


def _law(ctx: Context, left: tree.Expr, right: tree.Expr, span: Span, scope: Scope) -> Law | None:
    """Both sides, in one unit: their difference is what it checks."""
    sides: list[Given] = [(ctx.evaluate(e, scope), e.span) for e in (left, right)]
    both: list[Given] = [(lift(ctx, v, s), s) for v, s in sides]
    difference = ctx.apply(ctx.operator("subtract"), both, {}, span)
    if not is_term(difference) or isinstance(ctx.type_of(difference), Unknown):
        return None
    ctx.unify(difference.type, Tensor(Num(ctx.solver.unit_var())), span, "both sides of a law")
    assert isinstance(difference, Apply)
    return Law(difference.arguments[0], difference.arguments[1], span)


def _sides(ctx: Context, d: tree.Declaration, name: str, scope: Scope) -> Iterator[Side]:
    for law in _laws(ctx, d, name, scope):
        places = [(i, p) for at in placed(law.left, law.right) for i, p in _fixed(ctx, at)]
        axes = list(dict.fromkeys(i for i, _ in places))
        if len(axes) != 1:
            v = ctx.independents[-1].name
            _wrong(ctx, law.span, name, f"a condition at one end of one variable, as `u({v} = …)`")
            continue
        kept: list[Term] = []
        for _, p in places:
            if not any(same(p, k) for k in kept):
                kept.append(p)
        yield Side(law.left, law.right, axes[0], tuple(kept), law.span)


def _fixed(ctx: Context, at: Apply) -> Iterator[tuple[int, Term]]:
    """The variables that have a value where something is said of a place."""
    for i, (given, own) in enumerate(zip(at.arguments[1:], ctx.independents, strict=True)):
        if given is not own:
            yield i, given
