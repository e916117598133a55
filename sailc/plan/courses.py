"""What a model is taught in turn: the links of each stage, and what comes along from the last."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.modules.problem import TypedProblem
from sailc.plan.link import Links
from sailc.terms import Layer


class Course(Struct, frozen=True):
    """The lines of a stage that ask one and the same model. `name` is the stage's, and empty for
    the last; `takes` are the parts that come along from the course before, None all of them."""

    name: str
    links: Links
    takes: frozenset[str] | None

    def carries(self, layer: Layer) -> bool:
        """Whether a layer has the weights that the course before left."""
        return self.takes is None or bool(self.takes.intersection(layer.parts))

    @property
    def asks_alike(self) -> bool:
        """Whether its lines ask with one type."""
        return len({id(k.match) for k in self.links}) == 1

    def of(self, split: str) -> Links:
        return tuple(k for k in self.links if k.line.split == split)


def courses(problem: TypedProblem, links: Links, split: str) -> tuple[Course, ...]:
    """The courses in the order of training; the last is judged, on `split`. Lines outside of the
    stages are of the last stage. Where what judges asks with other types than what is learned
    from, it makes a course of its own."""
    stages = problem.stages or ("",)
    found: list[Course] = []
    for stage in stages:
        last = stage == stages[-1]
        own = tuple(k for k in links if k.line.stage == stage or (last and not k.line.stage))
        parts = frozenset(problem.carries(stage)) if found else frozenset[str]()
        found.append(Course("" if last else stage, own, parts))
    *before, last = found
    judging = tuple(k for k in last.links if k.line.split in (split, "test"))
    learned = tuple(k for k in last.links if k not in judging)
    if last.asks_alike or not learned:
        return tuple(found)
    return (*before, Course("", learned, last.takes), Course("", judging, None))
