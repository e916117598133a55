"""From runs to rows: every planned cell is in the table, whatever became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from sailc.rank.rows import Cell, Curve, Row
from sailc.rank.statistics import Summary, summarize
from sailc.store import Run


def table(runs: Iterable[Run], labels: Mapping[str, str], seeds: Sequence[int] = ()) -> list[Row]:
    """A row for every scenario in `labels`, in that order.

    A seed of `seeds` that has no run is a cell `not run`; a run of a scenario without a label is
    left out. Of a metric that is a curve, the last value is summarized.
    """
    found: dict[str, dict[int, Run]] = {scenario: {} for scenario in labels}
    for run in runs:
        if run.scenario in found:
            found[run.scenario][run.seed] = run
    return [_row(name, label, found[name], seeds) for name, label in labels.items()]


def _row(scenario: str, label: str, runs: Mapping[int, Run], seeds: Sequence[int]) -> Row:
    cells = tuple(_cell(seed, runs.get(seed)) for seed in sorted({*seeds, *runs}))
    good = [runs[cell.seed] for cell in cells if not cell.reason]
    failed = "" if good else _reason(cells)
    return Row(scenario, label, _summaries(good), failed, cells, _curves(good))


def _cell(seed: int, run: Run | None) -> Cell:
    return Cell(seed, run.status, run.reason) if run else Cell(seed, "not run", "not run")


def _reason(cells: tuple[Cell, ...]) -> str:
    """The commonest reason, the first of equals."""
    counts = Counter(cell.reason for cell in cells)
    return counts.most_common(1)[0][0] if counts else "not run"


def _numbers(run: Run) -> Iterator[tuple[str, Curve, bool]]:
    """The metrics of a run: name, numbers, and whether they are a curve."""
    metrics: Any = (run.result or {}).get("metrics", {})
    for name, value in metrics.items():
        if isinstance(value, int | float):
            yield name, (float(value),), False
        elif isinstance(value, list) and value:
            yield name, tuple(cast("list[float]", value)), True


def _summaries(runs: list[Run]) -> dict[str, Summary]:
    values: dict[str, list[float]] = {}
    for run in runs:
        for name, numbers, _ in _numbers(run):
            values.setdefault(name, []).append(numbers[-1])
    return {name: summarize(found) for name, found in values.items()}


def _curves(runs: list[Run]) -> dict[str, tuple[Curve, ...]]:
    found: dict[str, list[Curve]] = {}
    for run in runs:
        for name, numbers, curve in _numbers(run):
            if curve:
                found.setdefault(name, []).append(numbers)
    return {name: tuple(curves) for name, curves in found.items()}
