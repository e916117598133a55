"""From kept runs to ranked rows, by the rankings of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from sailc.build import Compiled
from sailc.infer.modules.common import World, open_scope, properties, words
from sailc.infer.values import Quantity, Value
from sailc.names import Entry
from sailc.plan.scenario import Plan, Scenario
from sailc.rank import Key, Ranked, Row, order, pareto, score, table
from sailc.store import Job, Run, versions
from sailc.types.model import Num, Tensor
from sailc.units import ONE, Unit


class Board(Struct, frozen=True):
    """A ranking's outcome; `note` says what it could not take into account."""

    name: str
    ranked: tuple[Ranked, ...]
    note: str = ""


def asked(s: Scenario) -> str:
    """A scenario's problem, with the values of its axes."""
    axes = ", ".join(f"{k.split('.', 1)[1]} {v}" for k, v in s.axes.items())
    return f"{s.problem.name} ({axes})" if axes else s.problem.name


def labels(plan: Plan) -> dict[str, str]:
    """What tells a problem's scenarios apart: model, software, and where they differ the
    trainer, hyperparameters and hardware."""
    trainers = {s.trainer.entry.declaration.name for s in plan.scenarios}
    machines = {s.hardware for s in plan.scenarios}
    varying = {
        k
        for k in {k for s in plan.scenarios for k in s.hyperparameters}
        if len({str(s.hyperparameters[k]) for s in plan.scenarios if k in s.hyperparameters}) > 1
    }
    found: dict[str, str] = {}
    for s in plan.scenarios:
        parts = [s.model.declaration.name]
        parts += [s.trainer.entry.declaration.name] if len(trainers) > 1 else []
        parts += [f"{k} {v}" for k, v in s.hyperparameters.items() if k in varying]
        parts += [s.software.name, *([s.hardware] if len(machines) > 1 else [])]
        found[s.id] = " · ".join(parts)
    return found


def jobs_of(plan: Plan, programs: Mapping[str, Compiled]) -> list[Job]:
    """A job for every scenario and seed."""
    return [
        Job(
            s.id,
            s.title,
            programs[s.id].text,
            seed,
            programs[s.id].data,
            versions([s.software.backend]),
            s.software.backend,
            plan.file,
        )
        for s in plan.scenarios
        for seed in s.seeds
    ]


def rows_of(plan: Plan, runs: Iterable[Run]) -> list[Row]:
    """A row for every planned scenario, whatever became of it."""
    seeds = sorted({seed for s in plan.scenarios for seed in s.seeds})
    return table(runs, labels(plan), seeds)


def boards(world: World, plan: Plan, rows: list[Row], only: str | None = None) -> list[Board]:
    """The rankings of a plan, each over the problems that it is for; or all rows as they
    stand, where there is none."""
    directions = {m.info.name: m.info.better == "higher" for s in plan.scenarios for m in s.metrics}
    units = _units(plan)
    by_problem: dict[str, list[Row]] = {}
    for s, row in zip(plan.scenarios, rows, strict=True):
        by_problem.setdefault(asked(s), []).append(row)
    found: list[Board] = []
    for entry in plan.rankings:
        name = entry.declaration.name
        if only is not None and name != only:
            continue
        for problem, part in by_problem.items():
            if not _applies(entry, plan, part):
                continue
            title = f"{problem}, by {name}"
            found.append(_board(world, entry, title, part, directions, units))
    ranked = {b.name.split(", by ")[0] for b in found}
    for problem, part in by_problem.items():
        if problem not in ranked and only is None:
            plain = tuple(Ranked(r, None, False, "no ranking applies") for r in part)
            found.append(Board(f"{problem}, not ranked", plain))
    return found


def _applies(entry: Entry, plan: Plan, rows: list[Row]) -> bool:
    """Whether a ranking is for these rows' task, and they have the metrics that it reads."""
    d = entry.declaration
    held = {r.scenario for r in rows}
    scenarios = [s for s in plan.scenarios if s.id in held]
    meant = set(words(d, "for"))
    keys = {w for p in ("order", "pareto") for w in words(d, p)}
    measured = {m.info.name for s in scenarios for m in s.metrics}
    return (not meant or scenarios[0].problem.verb in meant) and keys <= measured


def _board(
    world: World,
    entry: Entry,
    title: str,
    rows: list[Row],
    directions: Mapping[str, bool],
    units: Mapping[str, Unit],
) -> Board:
    d = entry.declaration
    keys = [Key(n, directions.get(n, True)) for n in words(d, "order") or words(d, "pareto")]
    if words(d, "order"):
        return Board(title, tuple(order(rows, keys)))
    if words(d, "pareto"):
        return Board(title, tuple(pareto(rows, keys)))
    expressions = [a.value for line in properties(d, "score") for a in line.arguments]
    if not expressions:
        ranked = tuple(Ranked(r, None) for r in rows)
        return Board(title, ranked, "`prefer` is not carried out by this version of sailc")

    def number(values: Mapping[str, float]) -> float:
        ctx = world.context()
        scope = open_scope(ctx, entry, {})
        for n, v in values.items():
            unit = units.get(n, ONE)
            scope.names[n] = v if unit == ONE else Quantity(v, unit)
        return _plain(ctx.evaluate(expressions[0], scope))

    return Board(title, tuple(score(rows, lambda row: row.each(number), True)))


def _plain(value: Value) -> float:
    match value:
        case int() | float():
            return float(value)
        case Quantity(number, unit):
            return number * unit.scale
        case _:
            raise ValueError("the score of a ranking is no number")


def _units(plan: Plan) -> dict[str, Unit]:
    """The unit of each metric, from its measurement or its reduced scores."""
    found: dict[str, Unit] = {}
    for s in plan.scenarios:
        for m in s.metrics:
            type = m.score.reduced.type if m.score is not None else m.measure and m.measure.type
            if isinstance(type, Tensor) and isinstance(type.element, Num):
                found[m.info.name] = type.element.unit
    return found
