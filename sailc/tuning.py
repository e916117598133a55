"""Tuning, carried out: candidates are judged on `validate`, and the best decides the knobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sailc.plan.scenario import Plan, Scenario, Tuning
from sailc.store import Run


class Candidate(Struct, frozen=True):
    """What came of one candidate: its value of the criterion, or why it has none."""

    id: str
    hyperparameters: Mapping[str, object]
    value: float | None
    reason: str
    seconds: float


class Tuned(Struct, frozen=True):
    """What tuning a scenario took and came to: `best` is the candidate that is run on `test`,
    None where no candidate has a value."""

    scenario: str
    method: str
    criterion: str
    candidates: tuple[Candidate, ...]
    best: Candidate | None

    @property
    def seconds(self) -> float:
        """What all candidates took together: the tuning budget of the method."""
        return sum(c.seconds for c in self.candidates)


def trial(candidate: Scenario, criterion: str) -> Scenario:
    """A candidate as it is tried: once, judged on `validate` by the criterion; its program does
    not read `test`."""
    metrics = tuple(m for m in candidate.metrics if m.info.name == criterion)
    return replace(candidate, split="validate", metrics=metrics, seeds=candidate.seeds[:1])


def trials(plan: Plan) -> Plan:
    """The plan of all candidates of a plan."""
    found = {
        c.id: trial(c, s.tuning.criterion)
        for s in plan.scenarios
        if s.tuning is not None
        for c in s.tuning.candidates
    }
    return replace(plan, scenarios=tuple(found.values()))


def settled(plan: Plan, runs: Iterable[Run]) -> tuple[Plan, list[Tuned]]:
    """The plan with the knobs that the runs of its trials decide. A scenario of which no
    candidate has a value stays as it is."""
    by_scenario = {run.scenario: run for run in runs}
    scenarios: list[Scenario] = []
    outcomes: list[Tuned] = []
    for s in plan.scenarios:
        if s.tuning is None:
            scenarios.append(s)
            continue
        outcome = _outcome(s, s.tuning, by_scenario)
        outcomes.append(outcome)
        scenarios.append(_settled(s, s.tuning, outcome))
    return replace(plan, scenarios=tuple(scenarios)), outcomes


def _outcome(s: Scenario, tuning: Tuning, runs: Mapping[str, Run]) -> Tuned:
    tried = tuple(_candidate(c, tuning.criterion, runs.get(c.id)) for c in tuning.candidates)
    usable = [c for c in tried if c.value is not None]
    sign = -1 if tuning.higher else 1
    best = min(usable, key=lambda c: sign * (c.value or 0.0), default=None)
    return Tuned(s.id, tuning.method, tuning.criterion, tried, best)


def _candidate(c: Scenario, criterion: str, run: Run | None) -> Candidate:
    if run is None or not run.good:
        reason = run.reason if run is not None else "not run"
        return Candidate(c.id, c.hyperparameters, None, reason, run.seconds if run else 0.0)
    metrics: Any = (run.result or {}).get("metrics", {})
    value = metrics.get(criterion)
    if not isinstance(value, int | float) or not isfinite(value):
        reason = f"{criterion} is not a number"
        return Candidate(c.id, c.hyperparameters, None, reason, run.seconds)
    return Candidate(c.id, c.hyperparameters, float(value), "", run.seconds)


def _settled(s: Scenario, tuning: Tuning, outcome: Tuned) -> Scenario:
    """The best candidate under the tuned scenario's name."""
    if outcome.best is None:
        return s
    best = next(c for c in tuning.candidates if c.id == outcome.best.id)
    return replace(best, id=s.id, seeds=s.seeds)
