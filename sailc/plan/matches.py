"""What matching gives: models whose every type is known, between chains of converters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from msgspec import Struct

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import Choice
from sailc.infer.modules.model import Fitting
from sailc.infer.modules.problem import Condition
from sailc.names import Entry
from sailc.plan.chains import PLAIN, Way
from sailc.routes import Route
from sailc.terms import Layer, Term, Var
from sailc.types.model import Type


class Filling(Struct, frozen=True, eq=False):
    """A hole and the model that the planner put there. `variable` is called in the body."""

    name: str
    variable: Var
    match: Match


class GroundModel(Struct, frozen=True, eq=False):
    """A model whose every type is known."""

    entry: Entry
    choice: Choice
    inputs: tuple[Var, ...]
    output: Term
    layers: tuple[Layer, ...]
    holes: tuple[Filling, ...]
    minimize: Term | None
    fitted: Fitting | None
    conditions: tuple[Condition, ...] = ()
    """What it requires of its inputs and only a run can tell."""

    @property
    def input(self) -> Var:
        return self.inputs[0]

    @property
    def trained(self) -> bool:
        """Whether it holds parameters, its fillings' included."""
        return bool(self.layers)

    @property
    def plain(self) -> bool:
        """Whether no gradient teaches it anything: then it needs no backend."""
        return not self.trained and self.minimize is None

    @property
    def afresh(self) -> bool:
        """Whether it is a solver that makes something small for each question anew."""
        return self.minimize is not None and self.entry.declaration.kind == "solver"

    @property
    def by_itself(self) -> bool:
        """Whether it answers without having been trained: no gradient teaches it, or each
        question does."""
        return self.plain or self.afresh


class Match(Struct, frozen=True, eq=False):
    """A model joined to a question's and a truth's type by chains of converters."""

    question: Route
    model: GroundModel
    answer: Route

    @property
    def output(self) -> Type:
        return self.model.output.type

    @property
    def types(self) -> tuple[Type, ...]:
        """What an answer is: as the model gives it, and after each converter."""
        return (self.output, *(s.target for s in self.answer))


class Asked(Struct, frozen=True):
    """What is asked for: types, the kind of task, and how chains may go. `above` are the
    modules on the way down to a hole."""

    question: Type
    truth: Type | None
    verb: str | None
    way: Way = PLAIN
    above: tuple[str, ...] = ()


class Matches(Struct, eq=False):
    """The matches found so far, and what finds the next; `furthest` is the best reason."""

    found: list[Match]
    rest: Iterator[Match]
    furthest: tuple[int, Reason]

    def __iter__(self) -> Iterator[Match]:
        for i in itertools.count():
            if i == len(self.found):
                more = next(self.rest, None)
                if more is None:
                    return
                self.found.append(more)
            yield self.found[i]

    def note(self, step: int, reason: Reason) -> None:
        """Keep a reason if it is of a later step than the one at hand (CORE.md, step 19)."""
        if step > self.furthest[0]:
            self.furthest = (step, reason)
