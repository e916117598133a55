"""Metrics: a score for each point and its reduction, or a measurement of the run."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from sailc.infer.context import Context
from sailc.infer.lift import lift, term
from sailc.infer.modules.common import (
    apply_to,
    open_scope,
    overload,
    path_text,
    properties,
    show_value,
    words,
)
from sailc.infer.values import Scope, Value
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Term, Var
from sailc.types.dims import DimName, atom
from sailc.types.model import ListType, Tensor, Type


class Use(Struct, frozen=True):
    """A metric as a benchmark or a ranking names it: `accuracy`, `accuracy(force)` of another
    fixture than the first, `never_beyond(limit = 0.1)` with parameters."""

    name: str
    fixture: str = ""
    given: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def label(self) -> str:
        """The name under which its values are kept and shown."""
        parts = [self.fixture] if self.fixture else []
        parts += [f"{k} = {show_value(v)}" for k, v in sorted(self.given.items())]
        return f"{self.name}({', '.join(parts)})" if parts else self.name


def metric_use(ctx: Context, expr: tree.Expr, scope: Scope) -> Use | None:
    """How an expression names a metric; None where it is no name and no call of one."""
    if not isinstance(expr, tree.Call):
        name = path_text(expr)
        return Use(name) if name is not None else None
    name = path_text(expr.function)
    if name is None:
        return None
    fixture = next((path_text(a.value) or "" for a in expr.arguments if a.name is None), "")
    given = {
        path_text(a.name) or "": ctx.evaluate(a.value, scope)
        for a in expr.arguments
        if a.name is not None
    }
    return Use(name, fixture, given)


class Demand(Struct, frozen=True):
    """A `require` of a metric that only the run can tell: a condition on `value`."""

    value: Var
    condition: Term
    because: str
    span: Span


class Score(Struct, frozen=True):
    """A score at given types: `value` over `variables` (answer, truth, question), and the
    reduction over `scores`, the list of the points' scores."""

    variables: tuple[Var, ...]
    value: Term
    scores: Var
    reduced: Term
    demands: tuple[Demand, ...] = ()


class Measure(Struct, frozen=True):
    """A measurement, over variables such as `train.time`. Along an axis, `reduced` is a number
    got from `scores`, the list of the measurements; None where the list itself is asked for."""

    value: Term
    scores: Var | None = None
    reduced: Term | None = None
    demands: tuple[Demand, ...] = ()

    @property
    def type(self) -> Type:
        """The type of what is kept, or of one point of a curve."""
        return self.reduced.type if self.reduced is not None else self.value.type


class MetricInfo(Struct, frozen=True):
    """What planning needs to know of a metric before any type; `name` is a use's label."""

    name: str
    better: str
    verbs: tuple[str, ...]
    field: str
    scored: bool
    measured: bool
    along: str
    invariant: tuple[str, ...]
    span: Span


def metric_info(entry: Entry, use: Use | None = None) -> MetricInfo:
    d = entry.declaration
    return MetricInfo(
        use.label if use is not None else d.name,
        next(iter(words(d, "better")), "higher"),
        words(d, "for"),
        next(iter(words(d, "field")), ""),
        any(True for _ in properties(d, "score")),
        any(True for _ in properties(d, "measure")),
        next(iter(words(d, "along")), ""),
        words(d, "invariant"),
        d.name_span,
    )


def lacking(entry: Entry, use: Use) -> tuple[str, ...]:
    """The parameters without a default that a use does not give."""
    return tuple(
        p.name
        for p in entry.declaration.parameters or ()
        if p.default is None and p.name not in use.given
    )


def find_score(
    ctx: Context, entry: Entry, given: Mapping[str, Value], types: tuple[Type, Type, Type]
) -> Score | None:
    """The first score of a metric that accepts the types of answer, truth and question."""
    scope = open_scope(ctx, entry, given)
    for line in properties(entry.declaration, "score"):
        for a in line.arguments:
            found = overload(ctx, a.value, scope, types)
            if found is not None:
                variables, value = found
                return _scored(ctx, entry, scope, variables, value)
    return None


def _scored(
    ctx: Context, entry: Entry, scope: Scope, variables: tuple[Var, ...], value: Term
) -> Score:
    scores = list_of(ctx, value, "points")
    reduced = _reduction(ctx, entry, scope, scores) or scores
    return Score(variables, value, scores, reduced, demands(ctx, entry, scope, reduced))


def list_of(ctx: Context, value: Term, of: str) -> Var:
    """The list of what a term is for each of some points."""
    count = atom(DimName(of))
    match ctx.type_of(value):
        case Tensor(element, shape):
            type: Type = Tensor(element, (count, *shape))
        case other:
            type = ListType(other, count)
    return Var(type, value.span, "scores")


def _reduction(ctx: Context, entry: Entry, scope: Scope, scores: Var) -> Term | None:
    for line in properties(entry.declaration, "reduce"):
        for a in line.arguments:
            return apply_to(ctx, a.value, scope, scores)
    return None


def find_measure(ctx: Context, entry: Entry, given: Mapping[str, Value]) -> Measure | None:
    """The measurement of a metric, and what is made of its curve."""
    scope = open_scope(ctx, entry, given)
    for line in properties(entry.declaration, "measure"):
        for a in line.arguments:
            value = term(ctx, a.value, scope)
            if not words(entry.declaration, "along"):
                return Measure(value, demands=demands(ctx, entry, scope, value))
            scores = list_of(ctx, value, "points")
            reduced = _reduction(ctx, entry, scope, scores)
            found = demands(ctx, entry, scope, reduced) if reduced is not None else ()
            return Measure(value, scores, reduced, found)
    return None


def demands(ctx: Context, entry: Entry, scope: Scope, value: Term) -> tuple[Demand, ...]:
    """What a metric requires of its value. One that a plan can tell already is no demand: see
    `unmet`."""
    inner = scope.child()
    result = Var(ctx.type_of(value), value.span, "value")
    inner.names["value"] = result
    found: list[Demand] = []
    for line in entry.declaration.body or ():
        if isinstance(line, tree.Require):
            held = ctx.evaluate(line.condition, inner)
            if not isinstance(held, bool):
                condition = lift(ctx, held, line.condition.span)
                found.append(Demand(result, condition, line.because or "", line.span))
    return tuple(found)


def unmet(ctx: Context, entry: Entry, given: Mapping[str, Value]) -> str:
    """Why a metric with these parameters cannot be meant, by a `require` on them alone."""
    scope = open_scope(ctx, entry, given)
    scope.names["value"] = Var(ctx.solver.type_var(), entry.declaration.span, "value")
    for line in entry.declaration.body or ():
        if isinstance(line, tree.Require) and ctx.evaluate(line.condition, scope) is False:
            return line.because or "a `require` does not hold"
    return ""
