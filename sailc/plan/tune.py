"""`tune`: the combinations of knobs that are tried, and by what the best is taken."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import Choice, Knob, World, show_value, together
from sailc.infer.modules.ranking import read_ranking
from sailc.infer.values import Made, Quantity, Value, as_dim
from sailc.names import Entry
from sailc.plan.link import Links
from sailc.plan.scenario import PlannedMetric, Scenario, Tuning, judged, scenario_id
from sailc.plan.select import only
from sailc.types.model import Type

LIMIT = 256


class Method(Struct, frozen=True):
    """`grid`: every combination of the values that are listed (of a distribution, its middle).
    `random(n)`: n different draws, a list's values being equally likely."""

    draws: int | None

    @property
    def text(self) -> str:
        return "grid" if self.draws is None else f"random({self.draws})"


def method_of(value: Value | None) -> Method | None:
    """What a `tune` line asks for."""
    match value:
        case "grid":
            return Method(None)
        case Made("random", attributes):
            n = as_dim(attributes.get("n"))
            return Method(n.value) if n is not None and n.value is not None else None
        case _:
            return None


def combinations(method: Method, knobs: Sequence[Knob], seed: str) -> list[Choice] | Reason:
    """The values that some knobs take together. `seed` decides the draws: a plan is the same
    each time."""
    if method.draws is not None:
        return _drawn(knobs, min(method.draws, LIMIT), Random(seed))
    options = [k.values or (only(k),) for k in knobs]
    count = 1
    for values in options:
        count *= len(values)
    if count > LIMIT:
        text = f"`tune grid` would train {count:,} candidates, more than {LIMIT}"
        return Reason("X0114", f"{text}: `tune random(n)`, or `set` some knobs")
    return [together(knobs, values) for values in itertools.product(*options)]


def _drawn(knobs: Sequence[Knob], n: int, random: Random) -> list[Choice]:
    found: dict[str, Choice] = {}
    for _ in range(50 * n):
        if len(found) == n:
            break
        choice = together(knobs, [_draw(k, random) for k in knobs])
        found.setdefault(str({k: show_value(v) for k, v in choice.items()}), choice)
    return list(found.values())


def _draw(knob: Knob, random: Random) -> Value:
    if knob.distribution is None:
        return random.choice(knob.values)
    ends = [
        v for v in knob.distribution.attributes.values() if isinstance(v, int | float | Quantity)
    ]
    if len(ends) < 2:
        return only(knob)
    unit = next((e.unit for e in ends if isinstance(e, Quantity)), None)
    a, b = (
        e.value * e.unit.scale / unit.scale if isinstance(e, Quantity) and unit else float(str(e))
        for e in ends[:2]
    )
    number = _number(knob.distribution.name, a, b, random)
    return number if unit is None else Quantity(number, unit)


def _number(distribution: str, a: float, b: float, random: Random) -> float:
    match distribution:
        case "log_uniform":
            return a * (b / a) ** random.random()
        case "normal":
            return random.gauss(a, b)
        case _:
            return random.uniform(a, b)


def product(
    method: Method, knobs: tuple[list[Knob], list[Knob]], points: tuple[Choice, Choice], seed: str
) -> list[tuple[Choice, Choice]] | Reason:
    """The choices to try for a model and its trainer at a point of their axes."""
    names = [{n for k in part for n in k.names} for part in knobs]
    both = [*_prefixed(knobs[0], "0"), *_prefixed(knobs[1], "1")]
    found = combinations(method, both, seed)
    if isinstance(found, Reason):
        return found
    first, second = (
        [{**{n: c[f"{i}.{n}"] for n in names[i]}, **points[i]} for c in found] for i in (0, 1)
    )
    return list(zip(first, second, strict=True))


def _prefixed(knobs: Iterable[Knob], prefix: str) -> Iterator[Knob]:
    for k in knobs:
        yield replace(k, names=tuple(f"{prefix}.{n}" for n in k.names))


def tuned(
    candidates: Sequence[Scenario],
    points: tuple[Choice, Choice],
    method: Method,
    by: PlannedMetric,
) -> Scenario:
    """The scenario whose knobs some candidates are to decide; those of its axes are known."""
    first = candidates[0]
    owners = (first.model.declaration.name, first.trainer.entry.declaration.name)
    known = {
        f"{owner}.{k}": show_value(v)
        for owner, point in zip(owners, points, strict=True)
        for k, v in point.items()
    }
    parts = {
        "problem": first.problem.name,
        "axes": first.axes,
        "model": first.answerer,
        "hyperparameters": {**known, **first.software.chosen},
        "trainer": owners[1],
        "software": first.software.name,
        "hardware": first.hardware,
        "tune": method.text,
    }
    tuning = Tuning(method.text, tuple(candidates), by.info.name, by.info.better == "higher")
    return replace(
        first,
        id=scenario_id(parts),
        hyperparameters={**known, **first.software.chosen},
        tuning=tuning,
    )


# --- by what -----------------------------------------------------------------------------


def criterion(
    world: World, rankings: Iterable[Entry], metrics: Sequence[PlannedMetric]
) -> PlannedMetric | None:
    """The metric of answers that decides: the first that a ranking of the benchmark reads,
    else the first there is."""
    scored = {m.info.name: m for m in metrics if m.score is not None}
    names = (n for entry in rankings for n in read_ranking(world.context(), entry).reads)
    return next((scored[n] for n in (*names, *scored) if n in scored), None)


def unjudged(problem: str, links: Links) -> Reason | None:
    """Why nothing can be tuned on a problem: candidates are judged on `validate` alone, as the
    best is on `test`."""
    if not any(k.line.split == "validate" for k in links):
        text = f"`tune` judges on `validate`, and `{problem}` has no `validate` line"
        return Reason("X0114", text)
    if tuple(_types(links, "validate")) != tuple(_types(links, "test")):
        text = f"`validate` and `test` of `{problem}` do not ask alike, and `tune` needs that"
        return Reason("X0114", text)
    return None


def _types(links: Links, split: str) -> Iterator[Type]:
    link = judged(links, split)
    yield link.fixture.question.type
    yield from (s.target for s in (*link.question, *link.answer))
    yield link.output
