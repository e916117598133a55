"""What a data line asks a solver."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.modules.common import World
from sailc.plan.link import Link
from sailc.plan.metrics import on_another
from sailc.plan.scenario import PlannedMetric, Scenario
from sailc.plan.solving import equations_in, typed
from sailc.program.arrays.layout import CannotLower
from sailc.symbolic.form import TypedEquation
from sailc.terms import Apply, Term, walk


class Asked(Struct):
    """What a data line asks: its equations, and its metrics with the fixtures that they score."""

    link: Link
    equations: list[TypedEquation]
    metrics: list[PlannedMetric]

    @classmethod
    def of(cls, world: World, s: Scenario, link: Link) -> Asked:
        found = equations_in([link.line.source, link.fixture.question])
        equations = [e for t in found.values() if (e := typed(world, t)) is not None]
        metrics: list[PlannedMetric] = []
        for m in s.metrics:
            own = m if link is s.link or m.score is None else on_another(world, m, s.link, link)
            if own is None:
                what = f"`{m.info.name}` on a `test` line that it does not score"
                raise CannotLower(what, link.line.span)
            metrics.append(own)
        return cls(link, equations, metrics)

    @property
    def roots(self) -> list[Term]:
        return [self.link.line.source, self.link.fixture.question]

    @property
    def fixtures(self) -> list[int]:
        """The places of those that a metric scores."""
        return sorted({m.fixture for m in self.metrics if m.score is not None})

    @property
    def judged(self) -> bool:
        """Whether it is scored by what the laws leave over."""
        asked = [self.link.line.fixtures[i].question for i in self.fixtures]
        return any(isinstance(t, Apply) and t.operator == "residual" for t in walk(*asked))
