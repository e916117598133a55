"""Which operators a scenario's program needs: in the model, and on the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sailc.infer.modules.problem import Condition, DataLine, TypedProblem
from sailc.plan.link import Links
from sailc.plan.ragged import asked_of, chosen_by_point, is_countable
from sailc.plan.scenario import PlannedMetric
from sailc.plan.solving import is_solving
from sailc.source import Span
from sailc.terms import Apply, Lambda, Map, Term, Var, walk

CONDITION = "a comprehension with `if`"


def needed(*roots: Term, whole: Iterable[Var] = ()) -> frozenset[str]:
    """The operators of some terms; what has no operator is named in words. `whole` are the
    variables that stand for one thing for all points."""
    return frozenset(_operators(roots, frozenset(map(id, whole))))


def _operators(roots: Iterable[Term], whole: frozenset[int]) -> Iterator[str]:
    for t in walk(*roots):
        if isinstance(t, Apply):
            yield t.operator
        elif isinstance(t, Map) and t.condition is not None and not _is_whole(t, whole):
            yield CONDITION


def _is_whole(term: Map, whole: frozenset[int]) -> bool:
    """Whether what a comprehension keeps is the same for all points: its collection and its
    condition read no point."""
    assert term.condition is not None
    inside = list(walk(term.source, term.condition))
    bound = {id(term.variable), *whole, *(id(v) for t in inside for v in _bound(t))}
    reads = any(t is term.variable for t in walk(term.condition))
    return reads and all(id(t) in bound for t in inside if isinstance(t, Var))


def _bound(term: Term) -> Iterator[Var]:
    """The variables that a term binds."""
    match term:
        case Map(variable=variable):
            yield variable
        case Apply(attributes=attributes):
            for value in attributes.values():
                if isinstance(value, Lambda):
                    yield from value.variables
        case _:
            pass


def of_model(links: Links) -> frozenset[str]:
    """What runs on the backend: the models and the losses."""
    if is_solving(links):
        fitted = [k.model for k in links if k.model.minimize is not None]
        return needed(*(t for m in fitted for t in (m.output, m.minimize) if t is not None))
    roots = model_roots(links)
    filtered = any(isinstance(t, Map) and t.condition is not None for t in walk(*roots))
    return needed(*roots) | frozenset([CONDITION] if filtered else [])


def model_roots(links: Links) -> list[Term]:
    """The answers of models, what is computed with them, the losses, what models minimize, and
    what solvers fit."""
    outputs = [k.model.output for k in links]
    losses = [a.loss.value for k in links if k.model.trained for a in k.answered if a.loss]
    objectives = [k.model.minimize for k in links if k.model.minimize is not None]
    fits = [k.model.fitted.bindings for k in links if k.model.fitted is not None]
    computed = [f.question for k in links for f in k.line.fixtures[1:]]
    return [*outputs, *computed, *losses, *objectives, *(t for f in fits for _, t in f)]


def data_roots(links: Links, conditions: Iterable[Condition]) -> list[Term]:
    """What is computed of the data: sources, questions and truths, and what is required."""
    roots: list[Term] = [c.holds for c in conditions]
    for k in links:
        roots.append(k.line.source)
        roots.append(k.fixture.question)
        for f in k.line.fixtures:
            roots += [t for t in (f.truth, f.weight) if t is not None]
    return roots


def made_with(problem: TypedProblem) -> frozenset[object]:
    """What a problem's points are made with: operators, functions from outside, and whether
    their lists differ in length. Two problems of which this is the same can be run alike."""
    roots = [*(line.source for line in problem.lines), *(c.holds for c in problem.conditions)]
    asked = [t for line in problem.lines for t in asked_of(line)]
    outside = {
        (t.operator, t.attributes["extern"], t.attributes["file"])
        for t in walk(*roots, *asked)
        if isinstance(t, Apply) and t.operator == "extern"
    }
    ragged = any(chosen_by_point(line) for line in problem.lines)
    return needed(*roots).union(*map(_of_points, problem.lines), outside, [ragged])


def of_data(
    links: Links, metrics: Iterable[PlannedMetric], conditions: Iterable[Condition]
) -> frozenset[str]:
    """What runs in NumPy: questions, truths, scores, and what is required of the data."""
    roots: list[Term] = [*(c.holds for c in conditions), *(k.line.source for k in links)]
    if is_solving(links):
        roots += [k.model.output for k in links if k.model.minimize is None]
    judged = list(metrics)
    whole = [v for m in judged if (v := _scores(m)) is not None]
    found = needed(*roots, *(t for m in judged for t in m.terms), whole=whole)
    return found.union(*(_of_points(k.line) for k in links))


def _of_points(line: DataLine) -> frozenset[str]:
    """What makes questions and truths of points: each may hold another number of elements."""
    found = needed(*asked_of(line), whole=[line.variable])
    countable = all(is_countable(t, line) for t in chosen_by_point(line))
    return found if countable else found | {CONDITION}


def _scores(metric: PlannedMetric) -> Var | None:
    """What stands for the list that a metric reduces."""
    found = metric.score or metric.measure
    assert found is not None
    return found.scores


def place_of(
    operator: str,
    links: Links,
    metrics: Iterable[PlannedMetric],
    conditions: Iterable[Condition],
) -> Span | None:
    """Where in the source an operator stands, as `lacks` names it; None for what stands nowhere,
    as an optimizer."""
    roots = [*model_roots(links), *data_roots(links, conditions)]
    roots += [t for m in metrics for t in m.terms]
    for t in walk(*roots):
        if isinstance(t, Apply) and f"`{t.operator}`" == operator:
            return t.span
        if isinstance(t, Map) and t.condition is not None and operator == CONDITION:
            return t.span
    return None
