"""`invariant`: cells of a benchmark that would measure nothing new are not run."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.diagnostics.base import listing
from sailc.plan.scenario import Plan, PlannedMetric, Scenario

Cell = tuple[str, int]


def pruned(plan: Plan) -> Mapping[Cell, str]:
    """The cells (scenario and seed) that measure nothing which an earlier one does not, and
    why. A metric tells cells apart by all that it does not declare itself invariant to."""
    seen: set[tuple[object, ...]] = set()
    reasons: dict[Cell, str] = {}
    for s in plan.scenarios:
        if s.split != "test":
            continue
        for seed in s.seeds:
            keys = {_key(s, seed, m) for m in s.metrics}
            if keys and keys <= seen:
                reasons[s.id, seed] = _reason(s)
            seen |= keys
    return reasons


def _key(s: Scenario, seed: int, m: PlannedMetric) -> tuple[object, ...]:
    software = (s.software.name, str(sorted(s.software.chosen.items())))
    knobs = {k: v for k, v in s.hyperparameters.items() if k not in s.software.chosen}
    return (
        m.info.name,
        s.problem.name,
        str(sorted(s.axes.items())),
        s.answerer,
        s.trainer_name,
        str(sorted(knobs.items())),
        None if "software" in m.info.invariant else software,
        None if "hardware" in m.info.invariant else s.hardware,
        None if "seed" in m.info.invariant else seed,
    )


def _reason(s: Scenario) -> str:
    names = listing(f"`{m.info.name}`" for m in s.metrics)
    on = listing(dict.fromkeys(i for m in s.metrics for i in m.info.invariant))
    verb = "does" if len(s.metrics) == 1 else "do"
    return f"measures nothing new: {names} {verb} not depend on {on}"
