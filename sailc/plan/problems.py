"""Problems with every type known, in classes of those that ask alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.exclusions import Reason
from sailc.infer.context import Context
from sailc.infer.modules.common import Choice, World, guarded, show_value
from sailc.infer.modules.problem import (
    Condition,
    DataLine,
    Question,
    TypedProblem,
    elaborate_problem,
)
from sailc.infer.values import is_term
from sailc.names import Entry
from sailc.plan.coverage import made_with
from sailc.plan.fused import fused, is_ragged
from sailc.plan.ground import Grounding
from sailc.plan.link import Trained, asks, scored_type, taught_type, truth_type
from sailc.plan.metrics import Ready
from sailc.plan.scenario import PlannedMetric
from sailc.plan.select import suggested
from sailc.types.dims import DimName, atom
from sailc.types.model import Type, Unknown
from sailc.types.parts import lengths


class Posed(Struct, frozen=True, eq=False):
    """A problem, the values of its axes, and the share of its training points, if it is
    scaled."""

    problem: TypedProblem
    choice: Choice
    share: float | None = None

    @property
    def axes(self) -> dict[str, object]:
        """The values as they are shown, by `Problem.axis`; the share as `scale.data`."""
        own = {f"{self.problem.name}.{k}": show_value(v) for k, v in self.choice.items()}
        return own if self.share is None else {**own, "scale.data": self.share}


class Class(Struct, eq=False):
    """Problems that ask alike: they have the same links, trainers (`able`) and metrics:
    `asked` are those that may apply, `metrics` those that do, by the match that is judged."""

    first: TypedProblem
    members: list[Posed]
    able: list[Trained] | None = None
    asked: list[Ready] | None = None
    metrics: dict[int, tuple[PlannedMetric, ...]] = field(
        default_factory=dict[int, "tuple[PlannedMetric, ...]"]
    )

    def truths(self, split: str) -> list[Type]:
        """The types of the truths of some lines, each once."""
        kind = taught_type if split == "train" else scored_type
        found = (kind(f) for line in self.first.of(split) for f in line.fixtures)
        return list(dict.fromkeys(t for t in found if t is not None))

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(p.problem.name for p in self.members))


def classes(world: World, problems: Iterable[Posed]) -> list[Class]:
    """Problems together that ask for the same types in the same way, suggest the same, and
    make their points of the same operators."""
    found: dict[object, Class] = {}
    for posed in problems:
        problem = posed.problem
        hints = tuple(k.span for k in suggested(world, problem.entry))
        key = (problem.verb, asks(problem), hints, made_with(problem))
        found.setdefault(key, Class(problem, [])).members.append(posed)
    return list(found.values())


class Grounds(Struct):
    """Makes problems ground; mistakes are kept in `diagnostics`."""

    world: World
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def ground(self, entry: Entry, choice: Choice) -> TypedProblem | Reason:
        """A problem with every type known."""
        ctx = self.world.context()
        found: list[TypedProblem] = []
        guarded(ctx, lambda: found.append(elaborate_problem(ctx, entry, choice)))
        wrong = ctx.solver.settle()
        mistakes = Reason("X0302", f"`{entry.declaration.name}` has mistakes: see `sailc check`")
        if ctx.failed or wrong is not None or not found:
            self.diagnostics += list(ctx.found.values())
            return mistakes
        problem = found[0]
        if not problem.lines or not all(line.fixtures for line in problem.lines):
            return mistakes
        for r in problem.requirements:
            if r.ask(ctx) is False:
                return Reason("X0106", r.because or "a `require` does not hold")
        ground = Grounding(ctx.solver, by_algebra=True)
        conditions = tuple(_conditions(ctx, problem, ground))
        lines = tuple(_line(line, ground) for line in problem.lines)
        if any(isinstance(f.question.type, Unknown) for line in lines for f in line.fixtures):
            return mistakes
        return replace(problem, lines=lines, conditions=conditions)


def _conditions(ctx: Context, problem: TypedProblem, ground: Grounding) -> Iterator[Condition]:
    """The requirements that only the data can tell."""
    for r in problem.requirements:
        value = ctx.evaluate(r.condition, r.scope) if r.holds is None else r.holds
        if is_term(value):
            yield Condition(ground.term(value), r.because, r.span)


def _line(line: DataLine, ground: Grounding) -> DataLine:
    ragged = is_ragged(line.source)
    source = None if ragged else ground.term(line.source)
    ground = _by_place(line, ground)
    found = replace(
        line,
        variable=ground.var(line.variable),
        source=ground.term(line.source) if source is None else source,
        fixtures=tuple(_fixtures(line.fixtures, ground)),
        answering=ground.var(line.answering) if line.answering is not None else None,
    )
    return fused(found) if ragged else found


def _by_place(line: DataLine, ground: Grounding) -> Grounding:
    """With the lengths that only the data know named by their order in the question and the
    truth, so that lines that ask alike have equal types, whatever they are points of."""
    types = [t for f in line.fixtures for t in (f.question.type, truth_type(f)) if t is not None]
    found = lengths(*map(ground.solver.resolve, types))
    if not found:
        return ground
    solver = ground.solver.fork()
    for i, length in enumerate(found):
        solver.names[length] = atom(DimName("some" if i == 0 else f"some_{i + 1}"))
    return Grounding(solver, by_algebra=True)


def _fixtures(fixtures: Iterable[Question], ground: Grounding) -> Iterator[Question]:
    for f in fixtures:
        yield replace(
            f,
            question=ground.term(f.question),
            truth=ground.term(f.truth) if f.truth is not None else None,
            truth_type=ground.solver.resolve(f.truth_type) if f.truth_type is not None else None,
            weight=ground.term(f.weight) if f.weight is not None else None,
        )
