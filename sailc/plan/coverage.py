"""Which operators a scenario's program needs: in the model, and on the data."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.plan.link import Link, Links
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


def of_data(link: Link, metrics: tuple[PlannedMetric, ...]) -> frozenset[str]:
    """What runs in NumPy: questions, truths, and scores."""
    roots = [link.line.source, link.fixture.question]
    roots += [link.fixture.truth] if link.fixture.truth is not None else []
    roots += [t for m in metrics for t in _of_metric(m)]
    return needed(*roots)


def _of_metric(metric: PlannedMetric) -> Iterator[Term]:
    found = metric.score or metric.measure
    assert found is not None
    yield found.value
    if found.reduced is not None:
        yield found.reduced
    yield from (d.condition for d in found.demands)
