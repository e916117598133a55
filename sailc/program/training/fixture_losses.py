"""The loss of points with several fixtures: each in the spread of its truths, times its weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.trainer import Loss
from sailc.program.arrays.layout import Leaf, Vector, inside, opened, packed
from sailc.program.arrays.rules import mean_over_points
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.conversions import fit_on
from sailc.program.points.parts import Part
from sailc.program.points.placed import convert, counted
from sailc.program.training.answering import Taught
from sailc.program.training.compared import in_spread, said_at_once, target
from sailc.program.training.fixture_lines import Line, weight_name
from sailc.program.training.fixtures import Fixtures, Making
from sailc.program.tree.nodes import Expr, Function, Literal, Op, Ref
from sailc.program.tree.packs import dict_of
from sailc.terms import Apply, Term, Var, walk


class Losses(Struct):
    """The loss of the points of a data line. Its truths become `ahead`, with the data, what the
    loss compares, where no metric judges them, too."""

    line: Line
    fixtures: Fixtures
    ahead: bool

    def fit_truth(self) -> Function | None:
        """What inverses hold of the training truths, and the spreads of those that a loss is
        measured in."""
        return self._fit_truth()[0]

    def _fit_truth(self) -> tuple[Function | None, dict[str, int]]:
        """The same; and which of its results are the spreads of which fixtures."""
        low = Lowering()
        line = self.line
        span = line.link.line.span
        truth = opened(line.truths, Ref("truth"), outer=1)
        low.names.taken.add("truth")
        results: list[Expr] = []
        spreads: dict[str, int] = {}
        if self.fixtures.backwards:
            results += fit_on(low, self.fixtures.backwards, inside(truth, (line.parts[0].name,)))
        for p in line.parts:
            if p.scaled:
                spread = Op("std", (packed(inside(truth, (p.name,))),), {"axes": None})
                scale = Op("number_or_one", (spread,))
                known = (Ref(a.name) for a in low.body if a.value == scale)
                value = next(known, scale)
                if value not in results:
                    results.append(value)
                spreads[p.name] = results.index(value)
        if not results:
            return None, {}
        doc = "The spread of the training truths of each fixture: its loss is measured in it."
        body = tuple(low.body)
        return Function("fit_truth", doc, ("truth",), body, tuple(results), span), spreads

    def loss(self) -> Taught:
        """The mean losses of all fixtures of some points, each in the spread of its truths and
        times its weight."""
        line = self.line
        given = "target" if self.ahead else "truth"
        making = self.fixtures.begin(line.link.line, line.given, given)
        low = making.low
        truths = low.points(line.truths, given)
        known, scales = self._known(making)
        total: Expr | None = None
        for p in line.parts:
            value = self._part_loss(p, making, truths, scales.get(p.name))
            if len(line.parts) > 1:
                stored = low.store(f"{p.name}_loss", Leaf(value, (), 0), p.fixture.span)
                value = _weighted(p, stored.expr)
            total = value if total is None else Op("add", (total, value))
        assert total is not None
        asked = making.statistics[: len(making.statistics) - counted(self.fixtures.backwards)]
        parameters = ("w", making.given, given, *asked, *known)
        doc = "The mean loss of some points: of every fixture, in the spread of its truths."
        span = line.link.line.span
        loss = Function("loss", doc, parameters, tuple(low.body), (total,), span)
        return Taught(loss, self._target(known, scales) if self.ahead else None)

    def _known(self, making: Making) -> tuple[list[str], dict[str, str]]:
        """The names of the statistics of truths in a function, and those of spreads by fixture."""
        f, spreads = self._fit_truth()
        inverse = counted(self.fixtures.backwards)
        known = [*making.statistics[len(making.statistics) - inverse :]]
        by_place = {i: name for name, i in reversed(spreads.items())}
        for i in range(inverse, len(f.results) if f is not None else 0):
            known.append(making.low.names.fresh(f"{by_place[i]}_scale"))
        return known, {name: known[i] for name, i in spreads.items()}

    def _target(self, known: Sequence[str], scales: Mapping[str, str]) -> Function | None:
        """What truths become for the loss, those without a spread as they are."""
        if not scales:
            return None
        parts: dict[str, Expr] = {}
        for name, _ in self.line.truths.fields:
            whole = Op("key", (Ref("truth"),), {"name": name})
            parts[name] = Op("divide", (whole, Ref(scales[name]))) if name in scales else whole
        return target(("truth", *known), dict_of(parts), self.line.link.line.span)

    def _part_loss(self, p: Part, making: Making, truths: Vector, scale: str | None) -> Expr:
        loss = p.answered.loss
        assert loss is not None
        low = making.low
        answer = self._answer(p, making)
        truth = inside(truths, (p.name,))
        if scale is not None:
            answer = in_spread(low, answer, scale, f"{p.name}_answer", p.fixture.span)
            if not self.ahead:
                truth = in_spread(low, truth, scale, f"{p.name}_truth", p.fixture.span)
        low.bind(loss.answer, answer)
        low.bind(loss.truth, truth)
        value = loss.value
        if p.weighted:
            value = _with_weights(low, loss, inside(truths, (weight_name(p),)), p)
        low.count(value)
        result = mean_over_points(low.leaf(value), (answer, truth) if scale else ())
        result = said_at_once(low, result, (answer, truth))
        for t in walk(value):  # another fixture may have the same loss
            low.memo.pop(id(t), None)
        return result

    def _answer(self, p: Part, making: Making) -> Vector:
        """What the loss of a fixture compares with its truth."""
        at, low = p.answered.loss_at, making.low
        if p.at == 0 and at == len(p.answered.answer):
            return self.fixtures.answered(making)
        line = self.line
        vector = self.fixtures.unconverted(line.link.line, p.at, line.given, making)
        for placed in p.chain:
            if placed.step < at:
                vector = convert(low, placed, vector)
        return vector


def _weighted(p: Part, value: Expr) -> Expr:
    """A loss times the weight of its fixture, where that is one number."""
    if p.factor is None or p.factor == 1:
        return value
    return Op("multiply", (Literal(p.factor), value))


def _with_weights(low: Lowering, loss: Loss, weights: Vector, p: Part) -> Term:
    """A loss of which every point, or every part of a truth, counts by its weight."""
    assert p.fixture.weight is not None
    weight = Var(p.fixture.weight.type, p.fixture.span, "weight")
    low.bind(weight, weights)
    match loss.value:
        case Apply(_, span, "mean", (each,), attributes) if attributes.get("axis") is None:
            product = Apply(each.type, span, "multiply", (each, weight))
            return replace(loss.value, arguments=(product,))
        case value:
            return Apply(value.type, value.span, "multiply", (value, weight))
