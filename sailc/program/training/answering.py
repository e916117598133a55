"""From outputs and truths to a loss, and to the answers that metrics score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.plan.link import Links
from sailc.plan.scenario import PlannedMetric, Scenario
from sailc.program.arrays.formulas import from_numbers
from sailc.program.arrays.layout import Leaf, Vector, packed
from sailc.program.arrays.rules import mean_over_points
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.conversions import bind_statistic, statistics
from sailc.program.points.placed import Placed, convert, together
from sailc.program.training.model import function_name
from sailc.program.training.scoring import measure_code, score_code
from sailc.program.tree.expressions import replaced, variables
from sailc.program.tree.names import NameTable, occupied
from sailc.program.tree.nodes import Assign, Expr, Function, Op, Ref
from sailc.program.tree.programs import AnswerCode, MetricCode
from sailc.program.tree.tidy import inlined
from sailc.source import Span
from sailc.types.model import FunctionType, Num, Tensor, Type


class Answering(Struct):
    """How one scenario's outputs become answers: `chain` leads from the one to the other;
    `grouped` says whether points are batched by the lengths of their lists."""

    scenario: Scenario
    chain: Sequence[Placed]
    grouped: bool

    @property
    def scaled(self) -> bool:
        """Whether a loss is measured in the spread of the truths: where it compares arrays of
        numbers. Labels have no spread, and the parts of a record have no common one."""
        loss = self.scenario.training.loss if is_taught(self.scenario.links) else None
        if loss is None:  # the model minimizes something of its own, or nothing is learned here
            return False
        return _is_number(loss.answer.type) and _is_number(loss.truth.type)

    def truth_statistics(self) -> Function | None:
        """Statistics of the training truths: those of inverses, then the spread of all,
        if a loss is measured in it."""
        inverse = [p for p in self.chain if p.conversion.inverse is not None]
        if inverse:
            found = statistics(inverse, "fit_truth", "truth", self.grouped)
            return _with_spread(found) if self.scaled else found
        if not self.scaled:
            return None
        doc = "The spread of all training truths, in which the loss is measured."
        return _with_spread(self._all_truths(doc))

    def _all_truths(self, doc: str) -> Function:
        """A function of all truths, those of each length put together first."""
        truth = self.scenario.link.fixture.truth
        assert truth is not None
        body: tuple[Assign, ...] = ()
        if self.grouped:
            low = Lowering()
            together(low, truth.type, "truth")
            body = tuple(low.body)
        return Function("fit_truth", doc, ("truth",), body, (), truth.span)

    def loss(self) -> Function:
        """The mean loss of some points, made dimensionless by the spread of the truths."""
        training = self.scenario.training
        loss = training.loss
        assert loss is not None
        low = Lowering()
        low.names.taken |= {"output", "truth"}
        extra = self._extra(low)
        stage = self._converted(low, training.loss_at)
        truth = low.points(loss.truth.type, "truth")
        if self.scaled:
            extra.append(low.names.fresh("scale"))
            stage = divided(low, stage, extra[-1], "answer", loss.answer.span)
            truth = divided(low, truth, extra[-1], "target", loss.truth.span)
        low.bind(loss.answer, stage)
        low.bind(loss.truth, truth)
        low.count(loss.value)
        value = low.leaf(loss.value)
        result = mean_over_points(value, (stage, truth) if self.scaled else ())
        result = said_at_once(low, result, (stage, truth))
        parameters = ("output", "truth", *extra)
        doc = "The mean loss of some points."
        span = loss.value.span
        return Function("loss", doc, parameters, tuple(low.body), (result,), span)

    def judged(self, metrics: Sequence[PlannedMetric]) -> Judged:
        """The functions from outputs to the answers that metrics score, and the metrics."""
        stages: dict[int, Function] = {}
        statistics = ", *statistics[:-1]" if self.scaled else ", *statistics"
        codes: list[MetricCode] = []
        names = NameTable({*occupied(), function_name(self.scenario.link.model)})
        for m in metrics:
            if m.score is None:
                codes.append(measure_code(m, names))
                continue
            if m.at not in stages:
                stages[m.at] = self._answer(m.at, len(stages))
            same = _is_output(stages[m.at])
            answers = "output" if same else f"{stages[m.at].name}s"
            codes.append(score_code(m, answers, names, self.grouped))
        answers = tuple(
            AnswerCode(f, "output", statistics if len(f.parameters) > 1 else "")
            for f in stages.values()
            if not _is_output(f)
        )
        return Judged(answers, tuple(codes))

    def _answer(self, at: int, n: int) -> Function:
        low = Lowering()
        low.names.taken.add("output")
        extra = self._extra(low)
        answered = packed(self._converted(low, at))
        name = "answer" if n == 0 else f"answer_{n + 1}"
        doc = "Outputs of the model as answers."
        span = self.scenario.link.fixture.span
        return inlined(Function(name, doc, ("output", *extra), tuple(low.body), (answered,), span))

    def _extra(self, low: Lowering) -> list[str]:
        """The parameters of a function that reads the statistics of inverses."""
        return [
            bind_statistic(low, p, s.variable)
            for p in self.chain
            if p.conversion.inverse is not None
            for s in p.conversion.statistics
        ]

    def _output(self, low: Lowering) -> Vector:
        output = self.scenario.link.model.output
        if isinstance(output.type, FunctionType) and not self.scenario.link.model.plain:
            return from_numbers(low, output, "output")
        return low.points(output.type, "output")

    def _converted(self, low: Lowering, at: int) -> Vector:
        """What the first `at` steps of the answer chain make of the output."""
        vector = self._output(low)
        for placed in self.chain:
            if placed.step < at:
                vector = convert(low, placed, vector)
        return vector


def _is_output(f: Function) -> bool:
    """Whether a function gives what it takes."""
    return f.results == (Ref(f.parameters[0]),)


def is_taught(links: Links) -> bool:
    """Whether any line is for training: others only judge."""
    return any(k.line.split == "train" for k in links)


class Judged(Struct, frozen=True):
    """The functions from outputs to answers, and the metrics that score these."""

    answers: tuple[AnswerCode, ...]
    metrics: tuple[MetricCode, ...]


def _with_spread(f: Function) -> Function:
    """A function that also returns the spread of its argument, by which one may divide."""
    whole = f.body[0].name if f.body and _is_whole(f.body[0]) else f.parameters[0]
    spread = Op("std", (Ref(whole),), {"axes": None})
    scale = Op("number_or_one", (spread,))
    same = next((r for r in f.results if _value_of(r, f) == scale), scale)
    return replace(f, results=(*f.results, same))


def _is_whole(first: Assign) -> bool:
    return isinstance(first.value, Op) and first.value.operator == "over_parts"


def _value_of(expr: Expr, f: Function) -> Expr:
    """What a variable of a function stands for."""
    if isinstance(expr, Ref):
        return next((a.value for a in f.body if a.name == expr.name), expr)
    return expr


A_LINE = 6
"""How many variables an expression may read that is to be one line."""


def said_at_once(low: Lowering, loss: Expr, compared: Iterable[Vector]) -> Expr:
    """A loss with what it compares in the place of names, where it reads each of these but once."""
    names = [v.expr for v in compared if isinstance(v, Leaf)]
    read = Counter(variables(loss))
    last = {a.name: a for a in low.body[-2:] if Ref(a.name) in names and not a.label}
    made = replaced(loss, {name: a.value for name, a in last.items()})
    if any(read[name] != 1 for name in last) or len(variables(made)) > A_LINE:
        return loss
    low.body = [a for a in low.body if a.name not in last]
    return made


def divided(low: Lowering, vector: Vector, scale: str, name: str, span: Span) -> Vector:
    """What a loss compares, in the spread of the truths: a statement of its own."""
    assert isinstance(vector, Leaf)
    scaled = Op("divide", (vector.expr, Ref(scale)))
    return low.store(name, Leaf(scaled, vector.levels, vector.rank), span)


def _is_number(type: Type) -> bool:
    return isinstance(type, Tensor) and isinstance(type.element, Num)
