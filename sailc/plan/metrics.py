"""Which metrics apply to a link, and on which type of its answer chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.diagnostics.exclusions import Named, Without
from sailc.infer.context import Context
from sailc.infer.measures import EVERY_EPOCH
from sailc.infer.modules.common import World
from sailc.infer.modules.metric import (
    Demand,
    Measure,
    MetricInfo,
    Score,
    Use,
    find_measure,
    find_score,
    lacking,
    metric_info,
    unmet,
)
from sailc.infer.modules.problem import DataLine, TypedProblem
from sailc.names import Entry
from sailc.plan.cost import work_of
from sailc.plan.ground import Grounding
from sailc.plan.judging import Judging
from sailc.plan.link import Link, scored_type
from sailc.plan.matches import GroundModel
from sailc.plan.scenario import PlannedMetric
from sailc.plan.solving import is_solving
from sailc.syntax import tree
from sailc.terms import Var, walk
from sailc.types.model import FieldType, Type, Unknown, show

OF_PLAIN = frozenset(["train.time", "test.time", "test.count", "test.latency", "model.parameters"])
"""What is measured of a solver that no gradient teaches."""


class Out(Struct, frozen=True):
    """A metric that does not apply, and why."""

    metric: str
    why: str


class Ready(Struct, frozen=True, eq=False):
    """A metric that is asked for, the `place`th; `why` says why it can be of no use, whatever
    is asked."""

    entry: Entry
    use: Use
    info: MetricInfo
    why: str
    place: int
    label: str


class Useful(Struct, frozen=True, eq=False):
    """The metrics for one kind of task: those that score the first fixture, by name; all
    others of use; and those that are of none, by the reason."""

    scored: dict[str, list[Ready]]
    labels: tuple[str, ...]
    others: tuple[Ready, ...]
    useless: tuple[tuple[str, Named], ...]

    @classmethod
    def of(cls, asked: Iterable[Ready], verb: str | None) -> Useful:
        scored: dict[str, list[Ready]] = {}
        others: list[Ready] = []
        out: list[Out] = []
        for m in asked:
            why = m.why
            if m.info.verbs and verb not in m.info.verbs:
                why = why or f"`{m.use.name}` is for `{'`, `'.join(m.info.verbs)}`"
            if why:
                out.append(Out(m.label, why))
            elif m.info.scored and not m.use.fixture:
                scored.setdefault(m.use.name, []).append(m)
            else:
                others.append(m)
        labels = tuple(m.label for some in scored.values() for m in some)
        return cls(scored, labels, tuple(others), tuple(by_reason(out)))


def by_reason(out: Iterable[Out]) -> Iterator[tuple[str, Named]]:
    """The metrics that were left out for each reason."""
    reasons: dict[str, list[str]] = {}
    for m in out:
        reasons.setdefault(m.why, []).append(m.metric)
    for why, names in reasons.items():
        yield why, tuple(names)


class Metrics(Struct):
    """The metrics that a plan asks for; `every` one of every fixture where none is named."""

    world: World
    judging: Judging
    asked: list[Ready]
    every: bool
    _useful: dict[str | None, Useful] = field(default_factory=dict["str | None", Useful])

    @classmethod
    def of(
        cls, world: World, judging: Judging, asked: Iterable[tuple[Entry, Use]], every: bool
    ) -> Metrics:
        ready = [
            Ready(e, use, metric_info(e, use), _useless(world, e, use), i, use.label)
            for i, (e, use) in enumerate(asked)
        ]
        return cls(world, judging, ready, every)

    def of_problem(
        self, problem: TypedProblem, truths: Sequence[Type]
    ) -> tuple[list[Ready], list[tuple[str, Named]]]:
        """Those that may apply to a problem with some types of truths, and those that do not,
        whoever answers, by the reason. Looked up, so that it costs what is found."""
        if problem.verb not in self._useful:
            self._useful[problem.verb] = Useful.of(self.asked, problem.verb)
        useful = self._useful[problem.verb]
        scoring = frozenset[str]().union(*map(self.judging.scoring, truths))
        names = scoring if truths else useful.scored
        good = [m for name in names for m in useful.scored.get(name, ())]
        out = list(useful.useless)
        if len(good) < len(useful.labels):
            unscored = Without(useful.labels, frozenset(m.label for m in good))
            out.append((_unscored(truths), unscored))
        fixtures = {f.name for line in problem.of("test") for f in line.fixtures}
        left: list[Out] = []
        for m in useful.others:
            if m.use.fixture and m.use.fixture not in fixtures:
                left.append(Out(m.label, f"`{problem.name}` has no fixture `{m.use.fixture}`"))
            elif m.info.scored and truths and m.use.name not in scoring:
                left.append(Out(m.label, _unscored(truths)))
            else:
                good.append(m)
        good.sort(key=lambda m: m.place)
        if self.every:
            good += _of_others(good, problem)
        return good, [*out, *by_reason(left)]

    def of_link(
        self, asked: Iterable[Ready], problem: TypedProblem, link: Link
    ) -> Iterator[PlannedMetric | Out]:
        """Each metric at its types, or why it does not apply."""
        for m in asked:
            found = self._metric(m, problem, link)
            if not isinstance(found, str):
                yield found
            elif not (self.every and m.use.fixture):
                yield Out(m.label, found)

    def _metric(self, m: Ready, problem: TypedProblem, link: Link) -> PlannedMetric | str:
        if m.info.measured and not m.info.scored:
            measure = _measure(self.world, m.entry, m.use, problem, link)
            if isinstance(measure, str):
                return measure
            return PlannedMetric(m.info, m.entry, None, 0, measure, m.use)
        at = _fixture(m.use, link)
        truth = scored_type(link.line.fixtures[at])
        found = self._scores(m, link, at, truth) if truth is not None else None
        if found is None:
            output = show(_answers(link, at)[0])
            truths = show(truth) if truth is not None else "?"
            return f"it does not score `{output}` against `{truths}`"
        return PlannedMetric(m.info, m.entry, found[0], found[1], None, m.use, at)

    def _scores(self, m: Ready, link: Link, at: int, truth: Type) -> tuple[Score, int] | None:
        """A metric's score on the first type of a fixture's answer chain that it accepts."""
        types, chain = _answers(link, at), link.answered[at].answer
        question = link.fixture.question.type
        first = len(chain) if chain and chain[-1].inverse else 0
        for place, type in list(enumerate(types))[first:]:
            given = (type, truth, question)
            if self.judging.may_score(m.entry, given):
                ctx = self.world.context()
                found = find_score(ctx, m.entry, m.use.given, given)
                if found is not None and not ctx.failed:
                    return _ground_score(ctx, found), place
        return None


def on_another(world: World, m: PlannedMetric, first: Link, link: Link) -> PlannedMetric | None:
    """A score on the fixture of another line that is called as its own is, or has its place; None
    where it does not accept that."""
    name = first.line.fixtures[m.fixture].name
    names = [f.name for f in link.line.fixtures]
    at = names.index(name) if name in names else m.fixture
    truth = scored_type(link.line.fixtures[at]) if at < len(names) else None
    types = _answers(link, at) if truth is not None else ()
    if truth is None or m.at >= len(types):
        return None
    ctx = world.context()
    found = find_score(ctx, m.entry, m.use.given, (types[m.at], truth, link.fixture.question.type))
    if found is None or ctx.failed:
        return None
    return replace(m, score=_ground_score(ctx, found), fixture=at)


def _of_others(asked: Iterable[Ready], problem: TypedProblem) -> list[Ready]:
    """The same scores of the other fixtures. What a metric requires of its value is asked of
    the fixture that it is of, and of another where its name says so."""
    later = [
        f.name
        for line in problem.of("test")[:1]
        for i, f in enumerate(line.fixtures)
        if i > 0 and i != _judged(line)
    ]
    scored = [m for m in asked if m.info.scored and not m.use.fixture and not _demands(m.entry)]
    found: list[Ready] = []
    for name in later:
        for m in scored:
            use = replace(m.use, fixture=name)
            info = metric_info(m.entry, use)
            found.append(replace(m, use=use, info=info, label=use.label))
    return found


def _demands(entry: Entry) -> bool:
    """Whether a metric may fail a run."""
    return any(isinstance(line, tree.Require) for line in entry.declaration.body or ())


def _unscored(truths: Sequence[Type]) -> str:
    return f"it does not score a truth `{show(truths[0])}`"


def _fixture(use: Use, link: Link) -> int:
    """Which fixture a metric is of: the one that is named, or else the first with a truth."""
    names = [f.name for f in link.line.fixtures]
    return names.index(use.fixture) if use.fixture in names else _judged(link.line)


def _judged(line: DataLine) -> int:
    """The first fixture with a truth."""
    return next((i for i, f in enumerate(line.fixtures) if f.truth is not None), 0)


def _answers(link: Link, at: int) -> tuple[Type, ...]:
    """What the answer to a fixture is: as it is given, and after each converter; a field as
    its values where the truth is known."""
    fixture = link.line.fixtures[at]
    start = link.output if at == 0 else fixture.question.type
    types = (start, *(s.target for s in link.answered[at].answer))
    values = scored_type(fixture)
    if not isinstance(types[-1], FieldType) or values is None:
        return types
    return (*types[:-1], values)


def _useless(world: World, entry: Entry, use: Use) -> str:
    """Why a metric as it is used cannot apply to anything."""
    absent = lacking(entry, use)
    if absent:
        return f"`{use.name}` needs `{'`, `'.join(absent)}`"
    info = metric_info(entry)
    if info.along and info.scored:
        return f"`{use.name}` is a curve along `{info.along}`: that is of a `measure`"
    return unmet(world.context(), entry, use.given)


# --- scores ------------------------------------------------------------------------------


def _ground_score(ctx: Context, found: Score) -> Score:
    ground = Grounding(ctx.solver, by_algebra=True)
    return Score(
        tuple(ground.var(v) for v in found.variables),
        ground.term(found.value),
        ground.var(found.scores),
        ground.term(found.reduced),
        _ground_demands(ground, found.demands),
    )


def _untrained(model: GroundModel) -> str:
    name = model.entry.declaration.name
    if model.fitted is not None:
        return f"`{name}` is fitted, and not trained"
    return f"`{name}` {'starts afresh with each question' if model.afresh else 'learns nothing'}"


def _ground_demands(ground: Grounding, found: tuple[Demand, ...]) -> tuple[Demand, ...]:
    return tuple(
        Demand(ground.var(d.value), ground.term(d.condition), d.because, d.span) for d in found
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
    by_itself = link.model.by_itself and not is_solving((link,))
    other = sorted(measured - OF_PLAIN) if by_itself else []
    if other:
        return f"`{other[0]}` is not measured: {_untrained(link.model)}"
    early = sorted(p for p in measured if p.startswith(("train.", "compile.")))
    if is_solving((link,)) and early:
        name = link.model.entry.declaration.name
        return f"`{early[0]}` is not measured: `{name}` answers each question by itself"
    if "train.flops" in measured and any(work_of(link, f) is None for f in link.line.fixtures):
        return f"the cost of `{link.model.entry.declaration.name}` is not known"
    ground = Grounding(ctx.solver, by_algebra=True)
    return Measure(
        ground.term(found.value),
        ground.var(found.scores) if found.scores is not None else None,
        ground.term(found.reduced) if found.reduced is not None else None,
        _ground_demands(ground, found.demands),
    )


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(f"`{p}`" for p in sorted(paths))


def unmeasurable(metric: PlannedMetric, machine: str, energy: bool) -> str:
    """Why a machine cannot tell what a metric measures; empty if it can."""
    if metric.measure is None or energy or "train.energy" not in reads(metric.measure):
        return ""
    return f"`{machine}` has no counter of energy that may be read"
