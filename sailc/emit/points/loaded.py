"""What a program says of its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from sailc.emit.training.batch import Makers
from sailc.program.tree.nodes import Function
from sailc.program.tree.programs import Data


class Target(Struct, frozen=True):
    """What makes of the truths of some splits what a loss compares, and of those of the first of
    them what it needs for that."""

    function: Function
    statistics: Function
    train: str
    others: tuple[str, ...]


class Loaded(Struct, frozen=True):
    """What a program says of its data: how they are loaded, what the results are called, what
    makes points of them stage by stage, what truths become for the loss, what is then known of
    all training points (by their split), and what metrics take as the questions of those that
    are judged."""

    load: Function
    names: tuple[str, ...]
    parts: tuple[Data, ...]
    targets: tuple[Target, ...]
    known: tuple[tuple[str, Makers], ...]
    questions: tuple[Function, ...]
    judged: str
    doc: str

    @property
    def functions(self) -> Iterator[Function]:
        """The functions that are called, in the order of a program."""
        for d in self.parts:
            yield from d.points
        yield from self.questions
        for d in self.parts:
            yield from (f for f in (d.statistics, d.convert, d.required) if f is not None)
        yield from (f for t in self.targets for f in (t.statistics, t.function))
        yield from (f for _, makers in self.known for f, _ in makers)

    @property
    def calls(self) -> Counter[str]:
        """How often each of them is called."""
        found: Counter[str] = Counter()
        for d in self.parts:
            portions = [p for s in d.splits for p in s.portions]
            found.update([portions[0].points] if is_alike(d) else [p.points for p in portions])
            found.update(p.questions for p in portions if p.questions)
            found.update(f.name for f in (d.statistics, d.convert, d.required) if f is not None)
            found.update(d.required.name for _ in d.splits[1:] if d.required is not None)
        found.update(t.function.name for t in self.targets for _ in (t.train, *t.others))
        once = {(t.statistics.name, t.train) for t in self.targets}
        once |= {(f.name, split) for split, makers in self.known for f, _ in makers}
        found.update(name for name, _ in once)
        return found


def is_alike(data: Data) -> bool:
    """Whether the points of several splits are made by the same calls."""
    calls = {(p.points, len(p.sources), s.truths) for s in data.splits for p in s.portions}
    single = all(len(s.portions) == 1 and s.truths for s in data.splits)
    return single and len(calls) == 1 and len(data.splits) > 1
