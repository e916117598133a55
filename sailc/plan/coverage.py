"""Which operators a scenario's program needs: in the model, and on the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sailc.infer.modules.problem import Condition
from sailc.plan.link import Links
from sailc.plan.scenario import PlannedMetric
from sailc.terms import Apply, Map, Term, walk

CONDITION = "a comprehension with `if`"


def needed(*roots: Term) -> frozenset[str]:
    """The operators of some terms; what has no operator is named in words."""
    return frozenset(_operators(*roots))


def _operators(*roots: Term) -> Iterator[str]:
    for t in walk(*roots):
        if isinstance(t, Apply):
            yield t.operator
        elif isinstance(t, Map) and t.condition is not None:
            yield CONDITION


def of_model(links: Links) -> frozenset[str]:
    """What runs on the backend: the models and the losses."""
    outputs = [k.model.output for k in links]
    return needed(*outputs, *(a.loss.value for k in links for a in k.answered if a.loss))


def of_data(
    links: Links, metrics: Iterable[PlannedMetric], conditions: Iterable[Condition]
) -> frozenset[str]:
    """What runs in NumPy: questions, truths, scores, and what is required of the data."""
    roots: list[Term] = [c.holds for c in conditions]
    for k in links:
        roots.append(k.line.source)
        for f in k.line.fixtures:
            roots += [t for t in (f.question, f.truth) if t is not None]
    return needed(*roots, *(t for m in metrics for t in _of_metric(m)))


def _of_metric(metric: PlannedMetric) -> Iterator[Term]:
    found = metric.score or metric.measure
    assert found is not None
    yield found.value
    if found.reduced is not None:
        yield found.reduced
    yield from (d.condition for d in found.demands)
