"""Which rankings apply to which scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sailc.infer.modules.common import World, in_field, words
from sailc.infer.modules.ranking import Ranking, read_ranking
from sailc.names import Entry
from sailc.plan.scenario import Scenario


def applies(ranking: Ranking, scenarios: Sequence[Scenario]) -> bool:
    """Whether a ranking is for the task of a problem's scenarios, and they have the metrics
    that it reads."""
    return unfit(ranking, scenarios) is None


def unfit(ranking: Ranking, scenarios: Sequence[Scenario]) -> str | None:
    """Why a ranking does not apply to a problem's scenarios, if it does not."""
    verbs = words(ranking.entry.declaration, "for")
    verb = scenarios[0].problem.verb
    if verbs and verb not in verbs:
        return f"is meant for {', '.join(verbs)}, and this is {verb}"
    measured = {m.info.name for s in scenarios for m in s.metrics}
    absent = [m for m in ranking.reads if m not in measured]
    if absent:
        return f"reads {', '.join(absent)}, which nothing measures here"
    return None if ranking.reads else "reads no metric"


def unread(
    world: World, found: Iterable[Entry], scenarios: Sequence[Scenario]
) -> Iterator[tuple[str, str]]:
    """The rankings that read a metric which no scenario has."""
    measured = {m.info.name for s in scenarios for m in s.metrics}
    for entry in found:
        absent = [m for m in read_ranking(world.context(), entry).reads if m not in measured]
        if absent and scenarios:
            name = entry.declaration.name
            yield name, f"the ranking reads `{'`, `'.join(absent)}`, which nothing measures"


def by_default(world: World, found: Iterable[Entry], scenarios: Sequence[Scenario]) -> list[Entry]:
    """The rankings that a plan is judged by where its benchmark names none: those that apply
    to one of its problems, in whose field they are."""
    by_problem: dict[str, list[Scenario]] = {}
    for s in scenarios:
        by_problem.setdefault(s.problem.name, []).append(s)
    return [
        entry
        for entry in found
        if any(
            in_field(entry, part[0].problem.entry)
            and applies(read_ranking(world.context(), entry), part)
            for part in by_problem.values()
        )
    ]
