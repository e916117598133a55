"""Metrics along an axis: each run measures a number, and `reduce` sees those of a sweep.

Scenarios that differ in nothing but the axis are one sweep; the numbers stand in the order
of the axis' values. Every row of a sweep has its value, once for each seed that all have.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable

import numpy as np
from msgspec.structs import replace

from sailc.emit.numpy_rows import HELPERS, NUMPY
from sailc.emit.text.functions import function
from sailc.plan.scenario import Plan, PlannedMetric, Scenario
from sailc.program.training.scoring import curve_code
from sailc.program.tree.names import NameTable
from sailc.rank import Row, summarize


def swept(plan: Plan, rows: list[Row]) -> list[Row]:
    """Rows whose metrics along an axis are those of the sweeps that they belong to."""
    found = {row.scenario: row for row in rows}
    sweeps: dict[tuple[object, ...], list[tuple[Scenario, PlannedMetric]]] = {}
    for s in plan.scenarios:
        for m in s.metrics:
            if m.info.along not in ("", "epoch"):
                sweeps.setdefault((m.info.name, *_rest(s, m.info.along)), []).append((s, m))
    for members in sweeps.values():
        metric = members[0][1]
        sweep = [found[s.id] for s, _ in members]
        curves = tuple(_curves(metric.info.name, sweep))
        value = summarize(map(_reduce(metric), curves))
        for row in sweep:
            if metric.info.name in row.metrics:
                name = metric.info.name
                found[row.scenario] = replace(
                    found[row.scenario],
                    metrics={**found[row.scenario].metrics, name: value},
                    curves={**found[row.scenario].curves, name: curves},
                )
    return [found[row.scenario] for row in rows]


def _rest(s: Scenario, axis: str) -> tuple[object, ...]:
    """What a scenario is but for the value of an axis."""
    values = {**s.axes, **s.hyperparameters}
    rest = tuple((k, str(v)) for k, v in values.items() if k.rpartition(".")[2] != axis)
    trainer = s.trainer_name
    return (s.problem.name, s.answerer, trainer, s.software.name, s.hardware, rest)


def _curves(name: str, sweep: Iterable[Row]) -> Iterable[tuple[float, ...]]:
    """The numbers along the axis, for each seed that every run of the sweep has."""
    values = [row.metrics[name].values for row in sweep if name in row.metrics]
    return zip(*values, strict=False)


def _reduce(m: PlannedMetric) -> Callable[[tuple[float, ...]], float]:
    """A metric's `reduce` as a function of numbers; the last of them where it has none.

    It is the function that a program would have, run here: it is made of the operators of
    the library alone.
    """
    made = curve_code(m, NameTable())
    if made is None:
        return lambda curve: curve[-1]
    text = "\n".join([*HELPERS.values(), function(made, NUMPY)])
    known: dict[str, object] = {"np": np, "functools": functools, "math": math}
    exec(compile(text, f"<{m.info.name}>", "exec"), known)
    work = known[made.name]
    assert callable(work)

    def reduced(curve: tuple[float, ...]) -> float:
        try:
            return float(work(np.array(curve)))  # pyright: ignore[reportArgumentType]
        except SystemExit:  # a `require` that the sweep does not meet
            return math.nan

    return reduced
