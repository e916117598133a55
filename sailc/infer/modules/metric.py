"""Metrics: a score for each point and its reduction, or a measurement of the run."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.context import Context
from sailc.infer.lift import term
from sailc.infer.modules.common import apply_to, open_scope, overload, properties, words
from sailc.names import Entry
from sailc.source import Span
from sailc.terms import Term, Var
from sailc.types.dims import DimName, atom
from sailc.types.model import ListType, Tensor, Type


class Score(Struct, frozen=True):
    """A score at given types: `value` over `variables` (answer, truth, question), and the
    reduction over `scores`, the list of the points' scores."""

    variables: tuple[Var, ...]
    value: Term
    scores: Var
    reduced: Term


class MetricInfo(Struct, frozen=True):
    """What planning needs to know of a metric before any type."""

    name: str
    better: str
    verbs: tuple[str, ...]
    scored: bool
    measured: bool
    along: str
    invariant: tuple[str, ...]
    span: Span


def metric_info(entry: Entry) -> MetricInfo:
    d = entry.declaration
    return MetricInfo(
        d.name,
        next(iter(words(d, "better")), "higher"),
        words(d, "for"),
        any(True for _ in properties(d, "score")),
        any(True for _ in properties(d, "measure")),
        next(iter(words(d, "along")), ""),
        words(d, "invariant"),
        d.name_span,
    )


def find_score(
    ctx: Context, entry: Entry, answer: Type, truth: Type, question: Type
) -> Score | None:
    """The first score of a metric that accepts these types."""
    scope = open_scope(ctx, entry, {})
    for line in properties(entry.declaration, "score"):
        for a in line.arguments:
            found = overload(ctx, a.value, scope, (answer, truth, question))
            if found is not None:
                variables, value = found
                return _reduced(ctx, entry, variables, value)
    return None


def _reduced(ctx: Context, entry: Entry, variables: tuple[Var, ...], value: Term) -> Score:
    count = atom(DimName("points"))
    match ctx.type_of(value):
        case Tensor(element, shape):
            type: Type = Tensor(element, (count, *shape))
        case other:
            type = ListType(other, count)
    scores = Var(type, value.span, "scores")
    scope = open_scope(ctx, entry, {})
    for line in properties(entry.declaration, "reduce"):
        for a in line.arguments:
            return Score(variables, value, scores, apply_to(ctx, a.value, scope, scores))
    return Score(variables, value, scores, scores)


def find_measure(ctx: Context, entry: Entry) -> Term | None:
    """The measurement, as a term over variables such as `train.time`."""
    scope = open_scope(ctx, entry, {})
    for line in properties(entry.declaration, "measure"):
        for a in line.arguments:
            return term(ctx, a.value, scope)
    return None
