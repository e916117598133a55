"""From runs to rows: every planned cell is in the table, whatever became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sailc.rank.rows import Cell, Row
from sailc.rank.statistics import Summary, summarize
from sailc.store import Run


def table(runs: Iterable[Run], labels: Mapping[str, str], seeds: Sequence[int] = ()) -> list[Row]:
    """A row for every scenario in `labels`, in that order.

    A seed of `seeds` that has no run is a cell `not run`; a run of a scenario without a label is
    left out. Metrics that are no single numbers (curves) are not summarized.
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
    return Row(scenario, label, _summaries(good), failed, cells)


def _cell(seed: int, run: Run | None) -> Cell:
    return Cell(seed, run.status, run.reason) if run else Cell(seed, "not run", "not run")


def _reason(cells: tuple[Cell, ...]) -> str:
    """The commonest reason, the first of equals."""
    counts = Counter(cell.reason for cell in cells)
    return counts.most_common(1)[0][0] if counts else "not run"


def _summaries(runs: list[Run]) -> dict[str, Summary]:
    values: dict[str, list[float]] = {}
    for run in runs:
        metrics: Any = (run.result or {}).get("metrics", {})
        for name, value in metrics.items():
            if isinstance(value, int | float):
                values.setdefault(name, []).append(value)
    return {name: summarize(found) for name, found in values.items()}
