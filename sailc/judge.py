"""From kept runs to ranked rows, by the rankings of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from sailc.build import Compiled
from sailc.infer.modules.common import World
from sailc.infer.modules.ranking import Ranking, read_ranking
from sailc.plan.prune import pruned
from sailc.plan.ranking import applies, unfit
from sailc.plan.scenario import Plan, Scenario
from sailc.plan.schedule import Measured, estimates, in_rounds
from sailc.rank import Evaluator, Key, Ranked, Row, order, pareto, prefer, score, table
from sailc.store import Job, Run, versions
from sailc.sweeps import swept
from sailc.types.model import Num, Tensor
from sailc.units import Unit


class Board(Struct, frozen=True):
    """A ranking's outcome on a problem: its rows, the metrics of its scenarios (those that the
    ranking reads first), and the units of these."""

    name: str
    ranked: tuple[Ranked, ...]
    metrics: tuple[str, ...] = ()
    units: Mapping[str, Unit] = field(default_factory=dict[str, Unit])


def asked(s: Scenario) -> str:
    """A scenario's problem, with the values of its axes."""
    axes = ", ".join(f"{k.split('.', 1)[1]} {v}" for k, v in s.axes.items())
    return f"{s.problem.name} ({axes})" if axes else s.problem.name


def labels(plan: Plan) -> dict[str, str]:
    """What tells a problem's scenarios apart: model, software, and where they differ the
    trainer, hyperparameters and hardware."""
    trainers = {s.trainer_name for s in plan.scenarios if s.trainer_name}
    machines = {s.hardware for s in plan.scenarios}
    varying = {
        k
        for k in {k for s in plan.scenarios for k in s.hyperparameters}
        if len({str(s.hyperparameters[k]) for s in plan.scenarios if k in s.hyperparameters}) > 1
    }
    found: dict[str, str] = {}
    for s in plan.scenarios:
        parts = [s.answerer]
        parts += [s.trainer_name] if len(trainers) > 1 and s.trainer_name else []
        parts += [f"{k} {_short(v)}" for k, v in s.hyperparameters.items() if k in varying]
        parts += [s.software.name, *([s.hardware] if len(machines) > 1 else [])]
        found[s.id] = " · ".join(parts)
    return found


def _short(value: object) -> str:
    """A knob's value to four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def jobs_of(
    plan: Plan,
    programs: Mapping[str, Compiled],
    measured: Measured | None = None,
    device: str = "cpu",
) -> list[Job]:
    """A job on a device for every scenario and seed, in the order of the schedule; none where the
    knobs are still to be tuned, or where nothing new would be measured."""
    found = estimates(plan, measured or {})
    return [
        Job(
            s.id,
            s.title,
            programs[s.id].text,
            seed,
            programs[s.id].data,
            versions([s.software.backend, *programs[s.id].packages]),
            s.software.backend,
            plan.file,
            programs[s.id].keeps,
            found[s.id].seconds,
            programs[s.id].device(device),
            beside=programs[s.id].beside,
        )
        for s, seed in in_rounds(plan, found)
        if s.tuning is None
    ]


UNTUNED = "not run: no candidate of its tuning has a value"


def unrun(plan: Plan) -> list[Run]:
    """What stands for the runs that are planned and not to be begun, with the reason."""
    cells = [(s.id, seed) for s in plan.scenarios if s.tuning is not None for seed in s.seeds]
    untuned = [Run("", id, seed, "not run", error=UNTUNED) for id, seed in cells]
    known = {cell: why for cell, why in pruned(plan).items() if cell not in cells}
    return [*untuned, *(Run("", id, k, "pruned", error=why) for (id, k), why in known.items())]


def rows_of(plan: Plan, runs: Iterable[Run]) -> list[Row]:
    """A row for every planned scenario, whatever became of it."""
    seeds = sorted({seed for s in plan.scenarios for seed in s.seeds})
    return swept(plan, table(runs, labels(plan), seeds))


def boards(world: World, plan: Plan, rows: list[Row], only: str | None = None) -> list[Board]:
    """The rankings of a plan, each over the problems that it is for; or all rows as they
    stand, where there is none."""
    by_problem: dict[str, list[tuple[Scenario, Row]]] = {}
    for s, row in zip(plan.scenarios, rows, strict=True):
        by_problem.setdefault(asked(s), []).append((s, row))
    found: list[Board] = []
    for problem, part in by_problem.items():
        scenarios, its_rows = [s for s, _ in part], [row for _, row in part]
        readings = [read_ranking(world.context(), e) for e in plan.rankings]
        mine = [
            _board(world, reading, problem, scenarios, its_rows)
            for reading in readings
            if only in (None, reading.entry.declaration.name) and applies(reading, scenarios)
        ]
        if not mine and only is None:
            why = _unranked(readings, scenarios)
            plain = tuple(Ranked(r, None, False, why) for r in its_rows)
            title = f"{problem}, not ranked"
            mine = [Board(title, plain, tuple(_directions(scenarios)), _units(scenarios))]
        found += mine
    return sorted(found, key=lambda b: _place(plan, b))


def _unranked(rankings: list[Ranking], scenarios: list[Scenario]) -> str:
    """Why no ranking applies: what each of them lacks."""
    whys = {r.entry.declaration.name: unfit(r, scenarios) for r in rankings}
    told = [f"`{name}` {why}" for name, why in whys.items()]
    return f"no ranking applies: {'; '.join(told)}" if told else "no ranking applies"


def _place(plan: Plan, board: Board) -> int:
    names = [e.declaration.name for e in plan.rankings]
    name = board.name.rpartition(", by ")[2]
    return names.index(name) if name in names else len(names)


def _board(
    world: World, ranking: Ranking, problem: str, scenarios: list[Scenario], rows: list[Row]
) -> Board:
    title = f"{problem}, by {ranking.entry.declaration.name}"
    evaluator = Evaluator(world, ranking, _units(scenarios))
    broken = {r.scenario: evaluator.broken(r) for r in rows}
    out = [Ranked(r, None, False, broken[r.scenario]) for r in rows if broken[r.scenario]]
    whole = [r for r in rows if not broken[r.scenario]]
    ranked = _ranked(ranking, evaluator, whole, _directions(scenarios))
    metrics = tuple(dict.fromkeys([*ranking.reads, *_directions(scenarios)]))
    return Board(title, (*ranked, *out), metrics, evaluator.units)


def _ranked(
    ranking: Ranking, evaluator: Evaluator, rows: list[Row], higher: Mapping[str, bool]
) -> list[Ranked]:
    keys = [Key(n, higher.get(n, True)) for n in ranking.order or ranking.pareto]
    if ranking.order:
        return order(rows, keys)
    if ranking.pareto:
        return pareto(rows, keys)
    if ranking.score is not None:
        return score(rows, lambda row: row.each(evaluator.number), True)
    return prefer(rows, evaluator.better, ranking.reads)


def _directions(scenarios: Iterable[Scenario]) -> dict[str, bool]:
    return {m.info.name: m.info.better == "higher" for s in scenarios for m in s.metrics}


def _units(scenarios: Iterable[Scenario]) -> dict[str, Unit]:
    """The unit of each metric, from its measurement or its reduced scores."""
    found: dict[str, Unit] = {}
    for s in scenarios:
        for m in s.metrics:
            type = m.score.reduced.type if m.score is not None else m.measure and m.measure.type
            if isinstance(type, Tensor) and isinstance(type.element, Num):
                found[m.info.name] = type.element.unit
    return found
