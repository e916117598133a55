"""Planning under `tune`: scenarios whose knobs are open, each with its candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from msgspec import Struct, field

from sailc.diagnostics.exclusions import Exclusions, Reason
from sailc.infer.modules.common import Choice, Knob, World, show_value
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import elaborate_trainer
from sailc.names import Entry
from sailc.plan.link import Linker, Links, Trained
from sailc.plan.problems import Class
from sailc.plan.scenario import Scenario
from sailc.plan.select import Selection
from sailc.plan.tune import Method, combinations, criterion, tuned, unjudged

Found = Iterator[tuple[TypedProblem, Scenario]]


class Tuner(Struct):
    """`made` gives the scenarios of a class of problems under links and a trainer."""

    world: World
    selection: Selection
    exclusions: Exclusions
    linker: Linker
    method: Method
    made: Callable[[Class, Links, Trained], Found]
    _kept: list[object] = field(default_factory=list[object])

    def scenarios(
        self, c: Class, entry: Entry, trainers: Iterable[Entry], hints: tuple[Knob, ...]
    ) -> Found:
        """A scenario for each point of the axes of a model and a trainer, the other knobs
        open."""
        across, inner = self.selection.parted(entry, False, hints)
        for trainer in trainers:
            its_across, its_inner = self.selection.parted(trainer, False, hints)
            for point in self.selection.points(entry, across):
                for its_point in self.selection.points(trainer, its_across):
                    seed = f"{c.names} {entry.declaration.name} {trainer.declaration.name}"
                    points = (point, its_point)
                    options = (
                        partial(self.selection.assigned, entry, inner, point),
                        partial(self.selection.assigned, trainer, its_inner, its_point),
                    )
                    tried = combinations(self.method, options, seed)
                    if isinstance(tried, Reason):
                        self.exclusions.add(tried, c.names, [entry.declaration.name])
                        continue
                    yield from self._grouped(list(self._tried(c, entry, trainer, tried)), points)

    def _tried(
        self, c: Class, entry: Entry, trainer: Entry, tried: list[tuple[Choice, Choice]]
    ) -> Found:
        """The candidates; where there is none, the reason of the first is kept."""
        trained: dict[str, Trained] = {}
        self._kept += [tried, trained]  # links are found again by the identity of choices
        first: Reason | None = None
        any_found = False
        for choice, given in tried:
            text = str({k: show_value(v) for k, v in given.items()})
            if text not in trained:
                typed = elaborate_trainer(self.world.context(), trainer, given)
                trained[text] = Trained(typed, given)
            links = self.linker.link(c.first, entry, choice, trained[text])
            reason = links if isinstance(links, Reason) else unjudged(c.first.name, links[0])
            first = first or reason
            if reason is None and not isinstance(links, Reason):
                any_found = True
                for filled in links:
                    yield from self.made(c, filled, trained[text])
        if not any_found and first is not None:
            self.exclusions.add(first, c.names, [entry.declaration.name])

    def _grouped(
        self, found: list[tuple[TypedProblem, Scenario]], points: tuple[Choice, Choice]
    ) -> Found:
        """Candidates that differ in their knobs alone are one scenario."""
        groups: dict[tuple[object, ...], list[tuple[TypedProblem, Scenario]]] = {}
        for problem, s in found:
            chosen = str(sorted(s.software.chosen.items()))
            key = (id(problem), s.answerer, s.software.name, chosen, s.hardware)
            groups.setdefault(key, []).append((problem, s))
        rankings = self.selection.modules("rankings") if self.selection.mentions("rankings") else []
        for members in groups.values():
            problem, first = members[0]
            by = criterion(self.world, rankings, first.metrics)
            if by is None:
                text = "`tune` has no metric of answers by which to take the best"
                self.exclusions.add(Reason("X0114", text), [problem.name], [first.answerer])
            else:
                yield problem, tuned([s for _, s in members], points, self.method, by)
