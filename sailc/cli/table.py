"""Ranked tables, for people and for programs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from sailc.judge import Board
    from sailc.plan.scenario import Plan
    from sailc.rank import Ranked, Summary
    from sailc.store import Run
    from sailc.tuning import Tuned

VERSION = 1


def number(value: float, half: float | None = None) -> str:
    """A number to the digits that its interval leaves; to four without one."""
    if value and (abs(value) >= 1e7 or abs(value) < 1e-3):
        return f"{value:.2e}"
    if half is None and value == round(value) and abs(value) >= 10:
        return f"{value:,.0f}"
    digits = 4 - 1 - _magnitude(value) if half is None else 1 - _magnitude(half)
    return f"{value:,.{max(0, min(digits, 6))}f}"


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def interval(s: Summary) -> str:
    """Mean and half the width of the interval, or the mean alone for one seed."""
    if s.undefined:
        return f"not a number in {s.undefined} of {s.n}"
    if s.low is None or s.high is None:
        return number(s.mean)
    half = (s.high - s.low) / 2
    return f"{number(s.mean, half or None)} ± {number(half, half or None) if half else 0}"


def print_boards(found: list[Board]) -> None:
    """A table for each ranking; every planned scenario is a row of it."""
    from rich.console import Console

    console = Console()
    for board in found:
        _print_board(console, board)
    if any(s.n > 1 for b in found for r in b.ranked for s in r.row.metrics.values()):
        console.print("± half of the 95 % interval of the mean over seeds (Student t);")
        console.print("= ties: their intervals overlap.")


def _print_board(console: Console, board: Board) -> None:
    """One table, of as many metrics as there is room for: those that decide come first."""
    from rich.table import Table

    table = Table(title=board.name, title_justify="left")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("scenario", overflow="fold", min_width=LABEL)
    shown = _fitting(board, console.width)
    for m in shown:
        table.add_column(_head(board, m), justify="right", no_wrap=True)
    table.add_column("runs", justify="right", no_wrap=True)
    common = _common(board)
    for r in board.ranked:
        table.add_row(*_cells(r, shown, told=bool(common)))
    console.print(table)
    if common:
        console.print(common, highlight=False)
    rest = [m for m in board.metrics if m not in shown]
    if rest:
        console.print(f"not shown for lack of room: {', '.join(rest)}", highlight=False)


def _common(board: Board) -> str:
    """The reason why no row is ranked, if it is one for all."""
    reasons = {r.reason for r in board.ranked if r.reason != r.row.failed}
    ranked = any(r.rank is not None for r in board.ranked)
    return reasons.pop() if len(reasons) == 1 and not ranked else ""


LABEL = 18  # columns that a scenario's name gets at least


def _head(board: Board, metric: str) -> str:
    """A metric's name, and its unit if it has one."""
    unit = board.units.get(metric)
    return metric if unit is None or unit.dimensionless else f"{metric} ({unit})"


def _fitting(board: Board, width: int) -> list[str]:
    """The first metrics whose columns fit beside the others; one at least."""
    left = width - LABEL - len("rank") - len("runs") - 10
    shown: list[str] = []
    for m in board.metrics:
        cells = [interval(r.row.metrics[m]) for r in board.ranked if m in r.row.metrics]
        left -= max(map(len, [_head(board, m), *cells])) + 3
        if left < 0 and shown:
            break
        shown.append(m)
    return shown


def print_tuning(plan: Plan, tuned: list[Tuned]) -> None:
    """What the tuning of each scenario took, and which knobs it decided."""
    from sailc.judge import labels

    names = labels(plan)
    for t in tuned:
        good = sum(c.value is not None for c in t.candidates)
        budget = f"{good} of {len(t.candidates)} candidates, {t.seconds:.0f} s"
        click.echo(f"{names[t.scenario]}: tuned by {t.method} on `validate` ({budget})")
        if t.best is not None and t.best.value is not None:
            knobs = ", ".join(f"{k} {v}" for k, v in t.best.hyperparameters.items())
            click.echo(f"    best {t.criterion} {number(t.best.value)} with {knobs}")


def print_formulas(plan: Plan, runs: list[Run]) -> None:
    """What was found, of each scenario whose answers are formulas: the first of its first run."""
    from sailc.judge import asked, labels

    names = labels(plan)
    scenarios = {s.id: s for s in plan.scenarios}
    told: set[str] = set()
    for run in runs:
        found: Any = (run.result or {}).get("formulas", [])
        if not found or run.scenario in told or run.scenario not in scenarios:
            continue
        told.add(run.scenario)
        click.echo(f"{asked(scenarios[run.scenario])}: {names[run.scenario]} found")
        click.echo(f"    {short(found[0]['answer'])}")
        click.echo(f"    where it is {short(found[0]['truth'])}")


def short(formula: str) -> str:
    """A formula whose numbers have four digits."""
    return re.sub(r"\d+\.\d+(e[-+]?\d+)?", lambda m: f"{float(m[0]):.4g}", formula)


def _cells(r: Ranked, metrics: list[str], told: bool) -> list[str]:
    rank = "" if r.rank is None else f"{r.rank}{'=' if r.tied else ''}"
    good = sum(not c.reason for c in r.row.cells)
    runs = f"{good}/{len(r.row.cells)}"
    if r.row.failed:
        return [rank, f"{r.row.label}\n{r.row.failed}", *[""] * len(metrics), runs]
    values = [interval(r.row.metrics[m]) if m in r.row.metrics else "" for m in metrics]
    bare = r.rank is not None or told or not r.reason
    label = r.row.label if bare else f"{r.row.label}\n{r.reason}"
    return [rank, label, *values, runs]


def results_json(
    plan: Plan, runs: list[Run], found: list[Board], tuned: list[Tuned]
) -> dict[str, Any]:
    """Runs and rankings as `--format json` has them (docs/json.md)."""
    titles = {s.id: s.title for s in plan.scenarios}
    return {
        "version": VERSION,
        "runs": [
            {
                "scenario": r.scenario,
                "title": titles[r.scenario],
                "seed": r.seed,
                "status": r.status,
                "seconds": r.seconds,
                "reason": r.reason or None,
                "result": r.result,
            }
            for r in runs
        ],
        "rankings": [
            {
                "ranking": b.name,
                "rows": [
                    {
                        "rank": r.rank,
                        "tied": r.tied,
                        "reason": r.reason or None,
                        "scenario": r.row.scenario,
                        "label": r.row.label,
                        "failed": r.row.failed or None,
                        "metrics": {k: summary_json(s) for k, s in r.row.metrics.items()},
                        "curves": {k: [list(c) for c in cs] for k, cs in r.row.curves.items()},
                    }
                    for r in b.ranked
                ],
            }
            for b in found
        ],
        "tuning": [tuned_json(t) for t in tuned],
    }


def tuned_json(tuned: Tuned) -> dict[str, Any]:
    """The tuning of a scenario: every candidate, what it took, and the best."""
    return {
        "scenario": tuned.scenario,
        "method": tuned.method,
        "criterion": tuned.criterion,
        "seconds": tuned.seconds,
        "best": tuned.best.id if tuned.best is not None else None,
        "candidates": [
            {
                "id": c.id,
                "hyperparameters": dict(c.hyperparameters),
                "value": c.value,
                "reason": c.reason or None,
                "seconds": c.seconds,
            }
            for c in tuned.candidates
        ],
    }


def summary_json(s: Summary) -> dict[str, Any]:
    return {
        "values": list(s.values),
        "mean": s.mean,
        "median": s.median,
        "std": s.std,
        "low": s.low,
        "high": s.high,
        "method": s.method,
    }
