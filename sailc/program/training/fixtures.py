"""The function that answers, and what is computed with it: the fixtures of a point.

All of it is written for the backend, from the question as it is asked to the last answer: a
fixture may ask anew, with a question of its own, and derivatives go through every converter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.infer.modules.problem import DataLine
from sailc.plan.link import Link
from sailc.program.arrays.layout import POINTS, Vector, any_leaf, filled, opened, packed
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.conversions import bind_statistic
from sailc.program.points.given import Given
from sailc.program.points.lines import alike
from sailc.program.points.placed import Placed, convert
from sailc.program.training.batching import apart, in_one_batch, levels_of
from sailc.program.training.model import Keys, function_name, running_arrays
from sailc.program.tree.names import SELDOM, NameTable, occupied
from sailc.program.tree.nodes import Function, Op, Ref
from sailc.program.tree.sharing import said_once
from sailc.program.tree.tidy import inlined
from sailc.source import Span
from sailc.terms import Apply


class Making(Struct):
    """A function in the making: its statements, what it is given of points, the question there,
    and the statistics that it takes, under the names that they have in it."""

    low: Lowering
    given: str
    question: Vector
    statistics: tuple[str, ...]

    def function(self, name: str, doc: str, result: Vector, span: Span) -> Function:
        """The function, of weights, points and statistics, once its result is known."""
        whole = packed(filled(result, any_leaf(self.question)))
        parameters = ("w", self.given, *self.statistics)
        made = Function(name, doc, parameters, tuple(self.low.body), (whole,), span)
        return inlined(said_once(made, self.low.names, _called))


def _called(op: Op) -> str:
    """What a value is called that is read twice."""
    return "whole" if op.operator == "call" else ""


class Fixtures(Struct):
    """The functions of one program, as they are found to be needed. `question` and `answer` are
    the chains of converters around the model, `called` is the function that answers."""

    link: Link
    keys: Keys
    question: Sequence[Placed]
    answer: Sequence[Placed]
    names: NameTable
    called: str
    functions: list[Function] = field(default_factory=list[Function])

    @classmethod
    def of(
        cls, link: Link, keys: Keys, question: Sequence[Placed], answer: Sequence[Placed]
    ) -> Fixtures:
        names = NameTable({*(occupied() - SELDOM), function_name(link.model)})
        direct = not question and not answer
        called = function_name(link.model) if direct else names.fresh(link.fixture.name)
        made = cls(link, keys, question, answer, names, called)
        if not direct:
            made.functions.append(made._answering())
        return made

    def begin(self, line: DataLine, given: Given, *taken: str) -> Making:
        """A function of the weights, points of a line, and statistics."""
        low = self._empty(*taken)
        start = low.names.fresh(given.name)
        question = given.open(low, start)
        statistics = self._bound(low)
        if line.answering is not None:
            low.calls = {id(line.answering): self._caller(statistics)}
        return Making(low, start, question, statistics)

    def output(self, making: Making) -> Vector:
        """The model's output for the question, converted as the model takes it."""
        vector = making.question
        for placed in self.question:
            vector = convert(making.low, placed, vector)
        asked = packed(filled(vector, any_leaf(making.question)))
        called = Op("call", (Ref("w"), asked), {"function": function_name(self.link.model)})
        return opened(self.link.output, called, (POINTS,))

    def answered(self, making: Making) -> Vector:
        """The answer to the question, as the truths are."""
        asked = packed(filled(making.question, any_leaf(making.question)))
        arguments = (Ref("w"), asked, *map(Ref, making.statistics))
        called = Op("call", arguments, {"function": self.called})
        return opened(self.link.match.types[-1], called, (POINTS,))

    def computed(self, line: DataLine, at: int, given: Given) -> str:
        """The name of the function of a fixture after the first."""
        fixture = line.fixtures[at]
        making = self.begin(line, given)
        making.low.count(fixture.question)
        value = making.low.lower(fixture.question)
        doc = f"The fixture {fixture.name}, computed from answers."
        made = making.function(fixture.name, doc, value, fixture.question.span)
        twin = next((f for f in self.functions if alike(f, made)), None)
        if twin is None:
            twin = replace(made, name=self.names.fresh(made.name))
            self.functions.append(twin)
        return twin.name

    def unconverted(self, line: DataLine, at: int, given: Given, making: Making) -> Vector:
        """What a fixture is for the points of a function in the making: the model's output for the
        first, and what its own function computes for others."""
        if at == 0:
            return self.output(making)
        name = self.computed(line, at, given)
        making.low.names.taken.add(name)
        arguments = tuple(map(Ref, ("w", making.given, *making.statistics)))
        called = Op("call", arguments, {"function": name})
        return opened(line.fixtures[at].question.type, called, (POINTS,))

    @property
    def backwards(self) -> list[Placed]:
        """What stands between outputs and answers and was fitted on truths."""
        return [p for p in self.answer if p.conversion.inverse is not None]

    def _answering(self) -> Function:
        low = self._empty()
        start = low.names.fresh("question")
        question = low.points(self.link.fixture.question.type, start)
        making = Making(low, start, question, self._bound(low))
        vector = self.output(making)
        for placed in self.answer:
            vector = convert(low, placed, vector)
        doc = "Questions, as they are asked, to answers, as the truths are."
        return making.function(self.called, doc, vector, self.link.fixture.span)

    def _caller(self, statistics: tuple[str, ...]) -> Callable[[Lowering, Apply], Vector]:
        """What becomes of a call of the function that answers."""

        def call(low: Lowering, term: Apply) -> Vector:
            asked = low.lower(term.arguments[1])
            levels = levels_of(asked)
            arguments = (Ref("w"), packed(in_one_batch(asked, levels, term.span)))
            whole = Op("call", (*arguments, *map(Ref, statistics)), {"function": self.called})
            return apart(opened(term.type, whole, (POINTS,)), levels, any_leaf(asked))

        return call

    def _empty(self, *taken: str) -> Lowering:
        low = Lowering()
        low.layers = self.keys
        low.running = running_arrays(self.link.model.layers)[1]
        low.names.taken |= {"w", *taken, *self.names.taken}
        return low

    def _bound(self, low: Lowering) -> tuple[str, ...]:
        """The parameters of a function that holds statistics: of questions, then of truths."""
        return tuple(
            bind_statistic(low, p, s.variable)
            for p in (*self.question, *self.backwards)
            for s in p.conversion.statistics
        )
