"""`tune`: the combinations of knobs that are tried, and by what the best is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, product
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import Choice, Knob, World, at, show_value
from sailc.infer.modules.ranking import read_ranking
from sailc.infer.values import Made, Value, as_dim
from sailc.names import Entry
from sailc.plan.link import Links
from sailc.plan.scenario import PlannedMetric, Scenario, Tuning, judged, scenario_id
from sailc.plan.select import every
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


Values = Callable[[Knob], Iterable[Value]]
Options = Callable[[Values], Iterator[Choice]]
"""The choices of a module's knobs, by what gives a knob's values."""


def combinations(
    method: Method, options: tuple[Options, Options], seed: str
) -> list[tuple[Choice, Choice]] | Reason:
    """The choices to try for a model and its trainer. `seed` decides the draws: a plan is the
    same each time."""
    if method.draws is not None:
        return _drawn(options, min(method.draws, LIMIT), Random(seed))
    model, trainer = (list(islice(o(every), LIMIT + 1)) for o in options)
    count = len(model) * len(trainer)
    if count > LIMIT:
        many = f"{count:,}" if max(len(model), len(trainer)) <= LIMIT else f"{count:,} or more"
        text = f"`tune grid` would train {many} candidates, more than {LIMIT}"
        return Reason("X0114", f"{text}: `tune random(n)`, or `set` some knobs")
    return list(product(model, trainer))


def _drawn(options: tuple[Options, Options], n: int, random: Random) -> list[tuple[Choice, Choice]]:
    """Some combinations that differ, a list's values being equally likely."""

    def draw(knob: Knob) -> Iterator[Value]:
        made = knob.distribution
        yield random.choice(knob.values) if made is None else at(made, random.random())

    found: dict[str, tuple[Choice, Choice]] = {}
    for _ in range(50 * n):
        if len(found) == n:
            break
        model, trainer = (next(o(draw)) for o in options)
        key = str([{k: show_value(v) for k, v in c.items()} for c in (model, trainer)])
        found.setdefault(key, (model, trainer))
    return list(found.values())


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
