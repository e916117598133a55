"""What a plan is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from msgspec import Struct, field

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.exclusions import Exclusion
from sailc.infer.modules.common import show_value
from sailc.infer.modules.metric import Measure, MetricInfo, Score, Use
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import TypedTrainer
from sailc.infer.values import Value
from sailc.names import Entry
from sailc.plan.cost import Cost
from sailc.plan.link import Link, Links
from sailc.plan.matches import GroundModel
from sailc.terms import Term


class PlannedMetric(Struct, frozen=True):
    """A metric that applies: its score on what the first `at` steps of the answer chain
    have made of the output, or a measurement. `use` is how it was asked for."""

    info: MetricInfo
    entry: Entry
    score: Score | None
    at: int
    measure: Measure | None
    use: Use
    fixture: int = 0

    @property
    def terms(self) -> tuple[Term, ...]:
        """All that it computes: of each point, of all, and what has to hold."""
        found = self.score or self.measure
        assert found is not None
        reduced = (found.reduced,) if found.reduced is not None else ()
        return (found.value, *reduced, *(d.condition for d in found.demands))


class Software(Struct, frozen=True):
    """A stack; `chosen` are the values of its knobs as they are shown, by `Software.knob`, and
    `given` the values themselves, by `knob`."""

    name: str
    backend: str
    packages: tuple[str, ...]
    chosen: Mapping[str, object] = field(default_factory=dict[str, object])
    given: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def precision(self) -> str:
        """How numbers are stored when a program runs: f32 unless a knob says otherwise."""
        return str(self.chosen.get(f"{self.name}.precision", "f32"))


class Machine(Struct, frozen=True):
    """A machine: what is known of it while planning, and whether it can tell energy."""

    entry: Entry
    facts: Mapping[str, Value]
    energy: bool

    @property
    def name(self) -> str:
        return self.entry.declaration.name


class Scenario(Struct, frozen=True):
    """One combination that makes sense, with everything decided.

    `split` is what it is judged on. `tuning` says how its knobs
    are decided, where a benchmark tunes them.
    """

    id: str
    problem: TypedProblem
    axes: Mapping[str, object]
    model: Entry
    trainer: TypedTrainer
    hyperparameters: Mapping[str, object]
    links: Links
    metrics: tuple[PlannedMetric, ...]
    software: Software
    hardware: str
    seeds: tuple[int, ...]
    cost: Cost
    split: str = "test"
    tuning: Tuning | None = None

    @property
    def link(self) -> Link:
        """The link of the first line that it is judged on."""
        return judged(self.links, self.split)

    @property
    def training(self) -> Link:
        """The link of the first training line, which says what is made small."""
        return next(k for k in self.links if k.line.split == "train")

    @property
    def answerer(self) -> str:
        """The model, and what fills its holes."""
        return answerer(self.link.model)

    @property
    def trainer_name(self) -> str:
        """The trainer's name; empty where nothing is learned."""
        return self.trainer.entry.declaration.name if learns(self.links) else ""

    @property
    def title(self) -> str:
        parts = (self.problem.name, self.answerer, self.trainer_name, self.software.name)
        return " / ".join(p for p in parts if p)


class Tuning(Struct, frozen=True):
    """How knobs are tuned: `grid` or `random(20)`, the scenarios that are tried, and the metric
    on `validate` by which the best is taken."""

    method: str
    candidates: tuple[Scenario, ...]
    criterion: str
    higher: bool


def judged(links: Links, split: str = "test") -> Link:
    """The link of the first test line; of the first line where nothing is tested."""
    return next((k for k in links if k.line.split == split), links[0])


def learns(links: Links) -> bool:
    """Whether a trainer has anything to do."""
    return any(k.model.trained or k.model.minimize is not None for k in links)


def answerer(model: GroundModel) -> str:
    """`SumOverElements(phi = MLP)`."""
    name = model.entry.declaration.name
    holes = ", ".join(f"{h.name} = {answerer(h.match.model)}" for h in model.holes)
    return f"{name}({holes})" if holes else name


def hyperparameters(model: GroundModel, path: str = "") -> dict[str, object]:
    """The values of a model's knobs, then those of what fills its holes: `phi.MLP.width`."""
    name = model.entry.declaration.name
    found = {f"{path}{name}.{k}": show_value(v) for k, v in model.choice.items()}
    for h in model.holes:
        found |= hyperparameters(h.match.model, f"{path}{h.name}.")
    return found


class Plan(Struct, frozen=True):
    """Scenarios in order of problem, model, trainer, hyperparameters, software. `budgets` are
    seconds of wall-clock time, by machine."""

    file: str
    benchmark: str
    scenarios: tuple[Scenario, ...]
    excluded: tuple[Exclusion, ...]
    rankings: tuple[Entry, ...]
    budgets: Mapping[str, float]
    machines: tuple[Machine, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def budget(self) -> float | None:
        """The most that a machine may take: machines work side by side."""
        return max(self.budgets.values(), default=None)


def scenario_id(parts: Mapping[str, object]) -> str:
    """The hash that a scenario is (CORE.md, step 17), in 12 hexadecimal digits."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
