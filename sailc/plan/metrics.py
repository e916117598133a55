"""Which metrics apply to a link, and on which type of its answer chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from sailc.infer.context import Context
from sailc.infer.modules.common import World, words
from sailc.infer.modules.metric import (
    EVERY_EPOCH,
    Demand,
    Measure,
    Score,
    Use,
    find_measure,
    find_score,
    lacking,
    metric_info,
    unmet,
)
from sailc.infer.modules.problem import TypedProblem
from sailc.names import Entry
from sailc.plan.cost import cost_of
from sailc.plan.ground import resolver
from sailc.plan.link import Link, truth_type
from sailc.plan.scenario import PlannedMetric
from sailc.terms import Term, Var, rebuild, walk
from sailc.types.model import Type, Unknown, show

Asked = Iterable[tuple[Entry, Use]]


class Out(Struct, frozen=True):
    """A metric that does not apply, and why."""

    metric: str
    why: str


def metrics_of(
    world: World, asked: Asked, problem: TypedProblem, link: Link
) -> Iterator[PlannedMetric | Out]:
    """Each metric that is asked for: at its types, or why it does not apply."""
    for entry, use in asked:
        found = _metric(world, entry, use, problem, link)
        yield Out(use.label, found) if isinstance(found, str) else found


def _metric(
    world: World, entry: Entry, use: Use, problem: TypedProblem, link: Link
) -> PlannedMetric | str:
    info = metric_info(entry, use)
    reason = _unfit(world, entry, use, problem)
    if reason:
        return reason
    if info.measured and not info.scored:
        measure = _measure(world, entry, use, problem, link)
        if isinstance(measure, str):
            return measure
        return PlannedMetric(info, entry, None, 0, measure)
    if info.along == "epoch":
        return f"`{use.name}` would need answers after every epoch: a curve is of a `measure`"
    names = [f.name for f in link.line.fixtures]
    if use.fixture and use.fixture not in names:
        return f"`{problem.name}` has no fixture `{use.fixture}`"
    at = names.index(use.fixture) if use.fixture else 0
    truth = truth_type(link.line.fixtures[at])
    types = _answers(link, at)
    found = _scores(world, entry, use, link, at, truth) if truth is not None else None
    if found is None:
        pair = f"`{show(types[0])}` against `{show(truth) if truth is not None else '?'}`"
        return f"`{use.label}` does not score {pair}"
    return PlannedMetric(info, entry, found[0], found[1], None, at)


def _unfit(world: World, entry: Entry, use: Use, problem: TypedProblem) -> str:
    """Why a metric is not meant for a problem, before any type."""
    verbs, absent = words(entry.declaration, "for"), lacking(entry, use)
    if verbs and problem.verb not in verbs:
        return f"`{use.name}` is for `{'`, `'.join(verbs)}`"
    if absent:
        return f"`{use.name}` needs `{'`, `'.join(absent)}`"
    return unmet(world.context(), entry, use.given)


# --- scores ------------------------------------------------------------------------------


def _answers(link: Link, at: int) -> tuple[Type, ...]:
    """What the answer to a fixture is: as it is given, and after each converter."""
    start = link.output if at == 0 else link.line.fixtures[at].question.type
    return (start, *(s.target for s in link.answered[at].answer))


def _scores(
    world: World, entry: Entry, use: Use, link: Link, at: int, truth: Type
) -> tuple[Score, int] | None:
    """A metric's score on the first type of a fixture's answer chain that it accepts."""
    types, chain = _answers(link, at), link.answered[at].answer
    question = link.line.fixtures[at].question.type
    first = len(types) - 1 if chain and chain[-1].inverse else 0
    for place in range(first, len(types)):
        ctx = world.context()
        found = find_score(ctx, entry, use.given, (types[place], truth, question))
        if found is not None and not ctx.failed:
            return _ground_score(ctx, found), place
    return None


def _grounder(ctx: Context) -> Callable[[Term], Term]:
    resolve, memo = resolver(ctx), dict[int, Term]()
    return lambda term: rebuild(term, resolve, memo)


def _variable(ground: Callable[[Term], Term], variable: Var) -> Var:
    made = ground(variable)
    assert isinstance(made, Var)
    return made


def _ground_score(ctx: Context, found: Score) -> Score:
    ground = _grounder(ctx)
    return Score(
        tuple(_variable(ground, v) for v in found.variables),
        ground(found.value),
        _variable(ground, found.scores),
        ground(found.reduced),
        _ground_demands(ground, found.demands),
    )


def _ground_demands(
    ground: Callable[[Term], Term], found: tuple[Demand, ...]
) -> tuple[Demand, ...]:
    return tuple(
        Demand(_variable(ground, d.value), ground(d.condition), d.because, d.span) for d in found
    )


# --- measurements ------------------------------------------------------------------------


def reads(measure: Measure) -> frozenset[str]:
    """The measurements that a metric reads: `train.time`…"""
    return frozenset(t.name for t in walk(measure.value) if isinstance(t, Var))


def _measure(
    world: World, entry: Entry, use: Use, problem: TypedProblem, link: Link
) -> Measure | str:
    ctx = world.context()
    found = find_measure(ctx, entry, use.given)
    if found is None or ctx.failed or isinstance(ctx.type_of(found.value), Unknown):
        return f"`{use.name}` has mistakes: see `sailc check`"
    measured = reads(found)
    along = metric_info(entry).along
    if along == "epoch" and measured - EVERY_EPOCH:
        path = min(measured - EVERY_EPOCH)
        return f"`{path}` is not known after an epoch: a curve may read {_listed(EVERY_EPOCH)}"
    if "validate.loss" in measured and not problem.of("validate"):
        return f"`{use.name}` reads `validate.loss`, and `{problem.name}` has no `validate` line"
    if "train.flops" in measured and cost_of(link.model).train_flops is None:
        return f"the cost of `{link.model.entry.declaration.name}` is not known"
    ground = _grounder(ctx)
    return Measure(
        ground(found.value),
        _variable(ground, found.scores) if found.scores is not None else None,
        ground(found.reduced) if found.reduced is not None else None,
        _ground_demands(ground, found.demands),
    )


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(f"`{p}`" for p in sorted(paths))


def unmeasurable(metric: PlannedMetric, machine: str, energy: bool) -> str:
    """Why a machine cannot tell what a metric measures; empty if it can."""
    if metric.measure is None or energy or "train.energy" not in reads(metric.measure):
        return ""
    return f"`{machine}` has no counter of energy that may be read"
