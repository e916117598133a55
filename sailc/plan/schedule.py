"""How long runs take, and when they begin: the cells of a plan on their machines' timelines.

A run is estimated by what it computes: the operations of training (points, epochs, and the steps
that L-BFGS takes in one), of fitting each question where a solver does that
(`sailc.plan.evaluating`), and of answering the test questions, at the rate of its machine, after
a start. The rate is a tenth of the peak that the hardware declares for the precision of the
stack, or 10 GFLOP/s where it declares none; a start (imports, data, compiling) takes 4 s. Earlier
runs correct that: a scenario that has run takes its median, the others are scaled by the median
of measured to counted seconds, of the same stack and machine where there are any.

Cells begin in rounds, the first seed of every scenario before the second of any, and in a
round the shortest first: so each hour tells the most. A cell that would end after the budget of
its machine is not scheduled.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Literal

from msgspec import Struct

from sailc.infer.values import Fields, Quantity
from sailc.plan.cost import points_of
from sailc.plan.evaluating import steps
from sailc.plan.prune import Cell, pruned
from sailc.plan.scenario import Machine, Plan, Scenario

START = 4.0
RATE = 1e10  # operations in a second of a machine that says nothing of itself
SHARE = 0.1  # of a declared peak

Basis = Literal["measured", "corrected", "counted", "unknown"]
Measured = Mapping[str, Sequence[float]]
"""Seconds that earlier runs took, by scenario."""


class Estimate(Struct, frozen=True):
    """Seconds of one run of a scenario, and what they rest on; None where nothing tells."""

    seconds: float | None
    basis: Basis


class Slot(Struct, frozen=True):
    """A cell on a machine's timeline: seconds from the beginning, and how many it takes."""

    cell: Cell
    hardware: str
    begins: float
    seconds: float


class Schedule(Struct, frozen=True):
    """The cells in the order in which they begin, those that do not fit with the reason, and
    the estimates by scenario."""

    slots: tuple[Slot, ...]
    left: Mapping[Cell, str]
    estimates: Mapping[str, Estimate]

    def ends(self, hardware: str) -> float:
        """Seconds until the last cell of a machine is over."""
        return max((s.begins + s.seconds for s in self.slots if s.hardware == hardware), default=0)


def schedule(plan: Plan, measured: Measured, workers: int | None = None) -> Schedule:
    """The schedule of a plan, by what earlier runs took. `workers` is how many runs a machine
    takes at once, as many as it has cores or accelerators if not given."""
    found = estimates(plan, measured)
    free = {m.name: [0.0] * (workers or places(m)) for m in plan.machines}
    slots: list[Slot] = []
    left: dict[Cell, str] = {}
    for s, seed in in_rounds(plan, found):
        seconds = _with_tuning(s, seed, found)
        begins = free[s.hardware][0]
        budget = plan.budgets.get(s.hardware)
        if budget is not None and begins + seconds > budget:
            left[s.id, seed] = _beyond(begins + seconds, budget, s.hardware)
            continue
        slots.append(Slot((s.id, seed), s.hardware, begins, seconds))
        heapq.heapreplace(free[s.hardware], begins + seconds)
    return Schedule(tuple(slots), left, found)


def in_rounds(plan: Plan, found: Mapping[str, Estimate]) -> list[tuple[Scenario, int]]:
    """The cells that measure anything new: the first seed of every scenario, then the second;
    in a round the shortest first, and what nothing is known of last."""
    skipped = pruned(plan)
    cells = [
        (round, _length(found[s.id]), place, s, seed)
        for place, s in enumerate(plan.scenarios)
        for round, seed in enumerate(s.seeds)
        if (s.id, seed) not in skipped
    ]
    return [(s, seed) for *_, s, seed in sorted(cells, key=lambda cell: cell[:3])]


def _length(estimate: Estimate) -> float:
    return float("inf") if estimate.seconds is None else estimate.seconds


def _beyond(ends: float, budget: float, hardware: str) -> str:
    return f"would end after {ends:,.0f} s, and the budget on `{hardware}` is {budget:,.0f} s"


def _with_tuning(s: Scenario, seed: int, found: Mapping[str, Estimate]) -> float:
    """Seconds of a cell; the first of a tuned scenario waits for all of its candidates."""
    seconds = found[s.id].seconds or 0.0
    trials = s.tuning.candidates if s.tuning is not None and seed == s.seeds[0] else ()
    return seconds + sum(found[c.id].seconds or 0.0 for c in trials)


def places(machine: Machine) -> int:
    """How many runs a machine takes at once: one for each accelerator, or else each core."""
    facts = machine.facts
    each = facts.get("devices") if _accelerated(machine) else facts.get("cores")
    nodes = facts.get("nodes")
    count = (each if isinstance(each, int) else 1) * (nodes if isinstance(nodes, int) else 1)
    return max(1, count)


def _accelerated(machine: Machine) -> bool:
    devices = machine.facts.get("devices")
    return isinstance(devices, int) and devices > 0


# --- estimates ---------------------------------------------------------------------------


def estimates(plan: Plan, measured: Measured) -> dict[str, Estimate]:
    """What one run of each scenario takes, candidates of tuning included."""
    machines = {m.name: m for m in plan.machines}
    every = {s.id: s for top in plan.scenarios for s in (top, *_candidates(top))}
    known = {i: counted(s, machines[s.hardware]) for i, s in every.items()}
    ratios = [
        ((s.software.name, s.hardware), median(measured[i]) / seconds)
        for i, s in every.items()
        if measured.get(i) and (seconds := known[i]) is not None
    ]
    return {i: _estimate(s, measured.get(i, ()), known[i], ratios) for i, s in every.items()}


def _candidates(s: Scenario) -> tuple[Scenario, ...]:
    return s.tuning.candidates if s.tuning is not None else ()


def _estimate(
    s: Scenario,
    taken: Sequence[float],
    seconds: float | None,
    ratios: Iterable[tuple[tuple[str, str], float]],
) -> Estimate:
    if taken:
        return Estimate(median(taken), "measured")
    if seconds is None:
        return Estimate(None, "unknown")
    own = [r for where, r in ratios if where == (s.software.name, s.hardware)]
    found = own or [r for _, r in ratios]
    return Estimate(seconds * median(found), "corrected") if found else Estimate(seconds, "counted")


def counted(s: Scenario, machine: Machine) -> float | None:
    """Seconds of one run by the operations that it takes; None where they are not known."""
    each = (s.cost.train_flops, s.cost.evaluation_flops, s.cost.forward_flops)
    points = [
        points_of(k.line for k in s.links if k.line.split == split) for split in ("train", s.split)
    ]
    if None in each or None in points:
        return None
    (train, fit, forward), (learned, asked) = ([n or 0 for n in x] for x in (each, points))
    operations = (train * learned + fit * asked) * steps(s.trainer.phases) + forward * asked
    return START + operations / rate(machine, s.software.precision)


def rate(machine: Machine, precision: str) -> float:
    """Operations in a second that a run gets of a machine."""
    peaks = machine.facts.get("peak")
    peak = peaks.items.get(precision) if isinstance(peaks, Fields) else None
    return SHARE * peak.value * peak.unit.scale if isinstance(peak, Quantity) else RATE
