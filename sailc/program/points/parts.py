"""Which fixtures of a line a program computes, and what each of them is compared with."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from sailc.infer.modules.common import World
from sailc.infer.modules.problem import Question
from sailc.infer.modules.trainer import Loss
from sailc.plan.link import Answered, Link, truth_type
from sailc.plan.scenario import Scenario
from sailc.program.points.conversions import conversions
from sailc.program.points.placed import Placed
from sailc.terms import Apply, Const, walk
from sailc.types.model import Num, Tensor, Type


class Part(Struct, frozen=True):
    """A fixture of a line that a program computes: its place there, the type of its truth,
    and the chain of converters from what it gives to that."""

    at: int
    fixture: Question
    answered: Answered
    truth: Type
    chain: tuple[Placed, ...]

    @property
    def name(self) -> str:
        return self.fixture.name or "value"

    @property
    def weighted(self) -> bool:
        """Whether points, or parts of a truth, have weights of their own."""
        return self.fixture.weight is not None and self.factor is None

    @property
    def factor(self) -> int | float | None:
        """The weight of the whole fixture, where that is one number."""
        weight = self.fixture.weight
        value = weight.value if isinstance(weight, Const) else None
        return value if isinstance(value, int | float) else None

    @property
    def scaled(self) -> bool:
        """Whether its loss is measured in the spread of its truths."""
        loss = self.answered.loss
        if loss is None or isinstance(self.fixture.truth, Const):
            return False
        return is_in_spread(loss)


def is_in_spread(loss: Loss) -> bool:
    """Whether a loss is measured in the spread of the truths: where it compares arrays of numbers,
    but no probabilities, which would be none afterwards. Labels have no spread, and the parts of a
    record have no common one."""
    numbers = is_number(loss.answer.type) and is_number(loss.truth.type)
    applied = (t.operator for t in walk(loss.value) if isinstance(t, Apply))
    return numbers and SHARES.isdisjoint(applied)


SHARES = frozenset({"bce"})
"""The operators that compare probabilities."""


def parts_of(world: World, link: Link, s: Scenario) -> tuple[Part, ...]:
    """The fixtures of a line that a program computes."""
    return tuple(_parts(world, link, s))


def _parts(world: World, link: Link, s: Scenario) -> Iterator[Part]:
    for at, (fixture, answered) in enumerate(zip(link.line.fixtures, link.answered, strict=True)):
        truth = truth_type(fixture)
        if truth is not None and _is_read(link, at, s):
            yield Part(at, fixture, answered, truth, tuple(conversions(world, answered.answer)))


def _is_read(link: Link, at: int, s: Scenario) -> bool:
    """Whether a fixture is learned from, or judged by; one with a type in its truth's place
    is neither."""
    if link.line.fixtures[at].truth is None:
        return False
    if link.line.split != "test" and link.answered[at].loss is not None:
        return True
    return link.line.split == s.split and (at == 0 or any(m.fixture == at for m in s.metrics))


def has_several(s: Scenario) -> bool:
    """Whether a program computes a fixture from answers to the first one of any line."""
    return any(_is_read(k, at, s) for k in s.links for at in range(1, len(k.answered)))


def is_number(type: Type) -> bool:
    """A number, or an array of them."""
    return isinstance(type, Tensor) and isinstance(type.element, Num)
