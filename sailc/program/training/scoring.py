"""Metrics as functions: of answers, truths and questions, or of what was measured."""

from __future__ import annotations

import re

from msgspec.structs import replace

from sailc.infer.modules.metric import Demand
from sailc.plan.scenario import PlannedMetric
from sailc.program.arrays.layout import Group, Leaf, Vector, opened, packed
from sailc.program.arrays.vectors import Lowering
from sailc.program.tree.names import NameTable, identifier
from sailc.program.tree.nodes import Check, Expr, Function, Op, Ref
from sailc.program.tree.programs import MetricCode
from sailc.terms import Term, Var, walk


def score_code(
    m: PlannedMetric, answers: str, names: NameTable, grouped: bool, truth: str = "truth"
) -> MetricCode:
    """The function that makes one number of answers and truths, as these are called; two where
    these come in parts: the scores of each part, and the number of all of them."""
    score = m.score
    assert score is not None
    low = Lowering()
    parameters: list[str] = []
    for v in score.variables:
        parameters.append(low.names.fresh(v.name))
        low.bind(v, low.points(v.type, parameters[-1]))
    low.count(score.value)
    points = gathered(low.lower(score.value))
    if grouped:
        return _apart(m, answers, names, _scores(m, tuple(parameters), low, points))
    if isinstance(points, Leaf):
        points = low.store("scores", points, score.value.span)
    low.bind(score.scores, points)
    result, checks = _reduced(low, m, score.reduced, score.demands)
    function = _function(m, names, tuple(parameters), low, result, checks)
    asks = len(parameters) > 2
    doc = _said(m)
    return MetricCode(
        m.info.name, function, answers, measured=False, truth=truth, asks=asks, doc=doc
    )


def _scores(
    m: PlannedMetric, parameters: tuple[str, ...], low: Lowering, points: Vector
) -> Function:
    assert m.score is not None
    doc = f"What {m.info.name} makes of each of some points."
    body, span = tuple(low.body), m.score.value.span
    return Function("scores", doc, parameters, body, (packed(points),), span)


def _apart(m: PlannedMetric, answers: str, names: NameTable, scores: Function) -> MetricCode:
    assert m.score is not None
    low = Lowering()
    start = low.names.fresh("scores")
    low.bind(m.score.scores, opened(m.score.scores.type, Ref(start)))
    result, checks = _reduced(low, m, m.score.reduced, m.score.demands)
    function = _function(m, names, (start,), low, result, checks)
    scores = replace(scores, name=names.fresh(f"{function.name}_scores"))
    asks, doc = len(scores.parameters) > 2, _said(m)
    return MetricCode(
        m.info.name, function, answers, measured=False, asks=asks, scores=scores, doc=doc
    )


def gathered(vector: Vector) -> Vector:
    """What is there for each point, as the list of it for all."""
    match vector:
        case Leaf(expr, _, rank):
            return Leaf(expr, (), rank + 1)
        case Group(items):
            return Group({k: gathered(v) for k, v in items.items()})


def measure_code(m: PlannedMetric, names: NameTable) -> MetricCode:
    """The function of what was measured: once, or after every epoch."""
    assert m.measure is not None
    low = Lowering()
    for t in walk(m.measure.value):
        if isinstance(t, Var):
            low.bind(t, Leaf(Op("measure", (Ref("run"),), {"path": t.name}), (), 0))
    value = m.measure.value
    if m.info.along:
        low.count(value)
        function = _function(m, names, ("run",), low, low.leaf(value).expr, ())
        curve = m.info.along == "epoch"  # what runs of a sweep measure is put together later
        reduced = curve_code(m, names) if curve else None
        return MetricCode(m.info.name, function, "", measured=True, curve=curve, reduced=reduced)
    result, checks = _reduced(low, m, value, m.measure.demands)
    function = _function(m, names, ("run",), low, result, checks)
    return MetricCode(m.info.name, function, "", measured=True, doc=_said(m))


def curve_code(m: PlannedMetric, names: NameTable) -> Function | None:
    """What is made of a whole curve, if anything is."""
    assert m.measure is not None
    if m.measure.reduced is None:
        return None
    low = Lowering()
    start = low.names.fresh("curve")
    assert m.measure.scores is not None
    low.bind(m.measure.scores, Leaf(Ref(start), (), 1))
    result, checks = _reduced(low, m, m.measure.reduced, m.measure.demands)
    return _function(m, names, (start,), low, result, checks)


def _said(m: PlannedMetric) -> str:
    """What its author says of a metric; of the library's own the manual says it."""
    return "" if m.entry.standard else m.entry.declaration.doc


def _reduced(
    low: Lowering, m: PlannedMetric, value: Term, demands: tuple[Demand, ...]
) -> tuple[Expr, tuple[Check, ...]]:
    """A metric's number, and what it has to fulfil. Read more than once, it has a name."""
    low.count(value, *(d.condition for d in demands))
    result = low.leaf(value)
    if demands and not isinstance(result.expr, Ref):
        result = low.store("value", result, value.span)
    checks: list[Check] = []
    for d in demands:
        low.bind(d.value, result)
        message = f"{m.info.name}: {d.because or 'its `require` does not hold'}"
        checks.append(Check(low.leaf(d.condition).expr, message, d.span))
    return result.expr, tuple(checks)


def _function(
    m: PlannedMetric,
    names: NameTable,
    parameters: tuple[str, ...],
    low: Lowering,
    result: Expr,
    checks: tuple[Check, ...],
) -> Function:
    d = m.entry.declaration
    name = names.fresh(re.sub("_+", "_", identifier(m.info.name)).strip("_"))
    doc = d.doc or f"The metric {m.info.name}."
    return Function(name, doc, parameters, tuple(low.body), (result,), d.name_span, checks)
