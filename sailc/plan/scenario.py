"""What a plan is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from msgspec import Struct

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.exclusions import Exclusion
from sailc.infer.modules.metric import Measure, MetricInfo, Score
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import TypedTrainer
from sailc.names import Entry
from sailc.plan.cost import Cost
from sailc.plan.link import Link


class PlannedMetric(Struct, frozen=True):
    """A metric that applies: its score on what the first `at` steps of the answer chain
    have made of the output, or a measurement."""

    info: MetricInfo
    entry: Entry
    score: Score | None
    at: int
    measure: Measure | None


class Software(Struct, frozen=True):
    name: str
    backend: str
    packages: tuple[str, ...]


class Scenario(Struct, frozen=True):
    """One combination that makes sense, with everything decided."""

    id: str
    problem: TypedProblem
    axes: Mapping[str, object]
    model: Entry
    trainer: TypedTrainer
    hyperparameters: Mapping[str, object]
    link: Link
    metrics: tuple[PlannedMetric, ...]
    software: Software
    hardware: str
    seeds: tuple[int, ...]
    cost: Cost

    @property
    def title(self) -> str:
        d = self.model.declaration
        trainer = self.trainer.entry.declaration.name
        return f"{self.problem.name} / {d.name} / {trainer} / {self.software.name}"


class Plan(Struct, frozen=True):
    """Scenarios in order of problem, model, trainer, hyperparameters, software."""

    file: str
    benchmark: str
    scenarios: tuple[Scenario, ...]
    excluded: tuple[Exclusion, ...]
    rankings: tuple[Entry, ...]
    budget: float | None
    diagnostics: tuple[Diagnostic, ...]


def scenario_id(parts: Mapping[str, object]) -> str:
    """The hash that a scenario is (CORE.md, step 17), in 12 hexadecimal digits."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
