"""From outputs and truths to a loss, and to the answers that metrics score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.converter import Statistic
from sailc.plan.link import Links
from sailc.plan.scenario import PlannedMetric, Scenario
from sailc.program.arrays.formulas import from_numbers
from sailc.program.arrays.layout import Vector, packed, rank_of
from sailc.program.arrays.rules import mean_over_points
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.conversions import bind_statistic, statistics
from sailc.program.points.parts import is_in_spread
from sailc.program.points.placed import Placed, convert, together
from sailc.program.training.compared import in_spread, moved, said_at_once, target
from sailc.program.training.model import function_name
from sailc.program.training.scoring import measure_code, score_code
from sailc.program.tree.expressions import reads
from sailc.program.tree.names import NameTable, occupied
from sailc.program.tree.nodes import Assign, Expr, Function, Op, Ref
from sailc.program.tree.programs import AnswerCode, MetricCode
from sailc.program.tree.tidy import inlined
from sailc.types.model import FunctionType


class Answering(Struct):
    """How one scenario's outputs become answers: `chain` leads from the one to the other;
    `grouped` says whether points are batched by the lengths of their lists."""

    scenario: Scenario
    chain: Sequence[Placed]
    grouped: bool

    @property
    def scaled(self) -> bool:
        """Whether a loss is measured in the spread of the truths."""
        loss = self.scenario.training.loss if is_taught(self.scenario.links) else None
        # Without one, the model minimizes something of its own, or nothing is learned here.
        return loss is not None and is_in_spread(loss)

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

    @property
    def ahead(self) -> bool:
        """Whether the truths of training become with the data what the loss compares: not those
        that a metric judges, too, and not where points come in groups."""
        return self.scaled and not self.grouped and self.scenario.split == "test"

    def loss(self) -> Taught:
        """The mean loss of some points, made dimensionless by the spread of the truths."""
        training = self.scenario.training
        loss = training.loss
        assert loss is not None
        low = Lowering()
        given = "target" if self.ahead else "truth"
        low.names.taken |= {"output", given}
        known = self._known(low)
        answer = self._converted(low, training.loss_at)
        truth = low.points(loss.truth.type, given)
        ready: Function | None = None
        if self.scaled:
            scale = known[_spread_at(self.truth_statistics())]
            if self.ahead:
                answer, shift = moved(loss, answer, self._numbers(known))
                less = Ref("truth") if shift is None else Op("subtract", (Ref("truth"), shift))
                value = Op("divide", (less, Ref(scale)))
                ready = target(("truth", *known), value, loss.truth.span)
            answer = in_spread(low, answer, scale, "answer", loss.answer.span)
            if not self.ahead:
                truth = in_spread(low, truth, scale, "target", loss.truth.span)
        low.bind(loss.answer, answer)
        low.bind(loss.truth, truth)
        low.count(loss.value)
        value = low.leaf(loss.value)
        result = mean_over_points(value, (answer, truth) if self.scaled else ())
        result = said_at_once(low, result, (answer, truth))
        read = {n for e in (result, *(a.value for a in low.body)) for n in reads(e)}
        parameters = ("output", given, *(known if read & {*known} else ()))
        doc, span = "The mean loss of some points.", loss.value.span
        made = Function("loss", doc, parameters, tuple(low.body), (result,), span)
        return Taught(made, ready)

    def _known(self, low: Lowering) -> list[str]:
        """The parameters of a function that reads the statistics of truths."""
        known = self._extra(low)
        f = self.truth_statistics()
        more = f is not None and len(f.results) > len(known)
        return [*known, low.names.fresh("scale")] if more else known

    def _numbers(self, known: Sequence[str]) -> list[str]:
        """Which of them are single numbers."""
        pairs = zip(known, self._statistics(), strict=False)
        return [name for name, (_, s) in pairs if rank_of(s.variable.type) == 0]

    def judged(self, metrics: Sequence[PlannedMetric]) -> Judged:
        """The functions from outputs to the answers that metrics score, and the metrics."""
        stages: dict[int, Function] = {}
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
        made = (AnswerCode(f, "output") for f in stages.values() if not _is_output(f))
        return Judged(tuple(made), tuple(codes))

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
        return [bind_statistic(low, p, s.variable) for p, s in self._statistics()]

    def _statistics(self) -> Iterator[tuple[Placed, Statistic]]:
        """The statistics that inverses read."""
        for p in self.chain:
            if p.conversion.inverse is not None:
                yield from ((p, s) for s in p.conversion.statistics)

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


class Taught(Struct, frozen=True):
    """What is made small in training, and what truths become for it, if anything."""

    loss: Function
    target: Function | None = None


class Judged(Struct, frozen=True):
    """The functions from outputs to answers, and the metrics that score these."""

    answers: tuple[AnswerCode, ...]
    metrics: tuple[MetricCode, ...]


def _with_spread(f: Function) -> Function:
    """A function that also returns the spread of its argument, by which one may divide, unless it
    does."""
    spread = _spread(f)
    known = any(_value_of(r, f) == spread for r in f.results)
    return f if known else replace(f, results=(*f.results, spread))


def _spread(f: Function) -> Op:
    whole = f.body[0].name if f.body and _is_whole(f.body[0]) else f.parameters[0]
    return Op("number_or_one", (Op("std", (Ref(whole),), {"axes": None}),))


def _spread_at(f: Function | None) -> int:
    """Which result of such a function that is."""
    assert f is not None
    return next(i for i, r in enumerate(f.results) if _value_of(r, f) == _spread(f))


def _is_whole(first: Assign) -> bool:
    return isinstance(first.value, Op) and first.value.operator == "over_parts"


def _value_of(expr: Expr, f: Function) -> Expr:
    """What a variable of a function stands for."""
    if isinstance(expr, Ref):
        return next((a.value for a in f.body if a.name == expr.name), expr)
    return expr
