"""Programs whose points have several fixtures: their points, statistics, loss and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.common import World
from sailc.infer.modules.trainer import Loss
from sailc.plan.cost import points_of
from sailc.plan.link import Link
from sailc.plan.scenario import Scenario
from sailc.program.arrays.layout import (
    POINTS,
    Leaf,
    Vector,
    any_leaf,
    enter,
    filled,
    first_array,
    inside,
    is_structured,
    opened,
    packed,
    rank_of,
)
from sailc.program.arrays.rules import mean_over_points
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.conversions import bind_statistic, conversions, fit_on
from sailc.program.points.given import Given
from sailc.program.points.lines import Functions, by_split, source_vector
from sailc.program.points.load import Source
from sailc.program.points.parts import Part, parts_of
from sailc.program.points.placed import Placed, convert
from sailc.program.training.answering import Taught, is_taught
from sailc.program.training.compared import in_spread, said_at_once, target
from sailc.program.training.fixtures import Fixtures, Making
from sailc.program.training.model import Keys
from sailc.program.training.scoring import measure_code, score_code
from sailc.program.tree.names import NameTable, occupied
from sailc.program.tree.nodes import Expr, Function, Literal, Op, Ref
from sailc.program.tree.programs import AnswerCode, Asked, MetricCode, Portion, Split
from sailc.program.tree.tidy import inlined, pruned
from sailc.terms import Apply, Term, Var, walk
from sailc.types.model import RecordType, Type


class Line(Struct, frozen=True):
    """A data line: the fixtures that the program computes, and what these are given."""

    link: Link
    parts: tuple[Part, ...]
    given: Given

    @classmethod
    def of(cls, world: World, link: Link, s: Scenario) -> Line:
        parts = parts_of(world, link, s)
        later = [p.fixture.question for p in parts if p.at]
        return cls(link, parts, Given.of(link.line, later))

    @property
    def truths(self) -> RecordType:
        """The truths of a point, and their weights where these are its own."""
        fields: dict[str, Type] = {}
        for p in self.parts:
            fields[p.name] = p.truth
            if p.weighted and p.answered.loss is not None:
                assert p.fixture.weight is not None
                fields[_weight(p)] = p.fixture.weight.type
        return RecordType(tuple(fields.items()))


class Several(Struct):
    """One scenario's program in the making."""

    scenario: Scenario
    lines: tuple[Line, ...]
    fixtures: Fixtures

    @classmethod
    def of(cls, world: World, s: Scenario, keys: Keys) -> Several:
        lines = tuple(Line.of(world, k, s) for k in s.links)
        question, answer = (conversions(world, r) for r in (s.link.question, s.link.answer))
        return cls(s, lines, Fixtures.of(s.link, keys, question, answer))

    @property
    def training(self) -> Line:
        return next(x for x in self.lines if x.link.line.split == "train")

    @property
    def judged(self) -> Line:
        """The line that is judged; the first where nothing is."""
        found = (x for x in self.lines if x.link.line.split == self.scenario.split)
        return next(found, self.lines[0])

    def structured(self) -> dict[str, tuple[str | int, ...]]:
        """Which of a point's values are several arrays, and the path to the first."""
        truths = (self.training if is_taught(self.scenario.links) else self.judged).truths
        found = {"truth": first_array(truths)}
        if is_structured(self.judged.given.type):
            found["question"] = first_array(self.judged.given.type)
        judged = {
            p.name: p.fixture.question.type if p.at else self.scenario.link.output
            for p in self.judged.parts
        }
        name, first = next(iter(judged.items()))
        if len(judged) > 1:
            found["output"] = (name, *first_array(first))
        elif is_structured(first):
            found["output"] = first_array(first)
        return found

    # --- points --------------------------------------------------------------------------------

    def points(self, sources: Sequence[Source]) -> tuple[tuple[Function, ...], tuple[Split, ...]]:
        """What is read of points, and the truths of their fixtures; one function where lines
        agree."""
        made = Functions("points")
        splits: list[Split] = []
        lines = {id(x.link.line): x for x in self.lines}
        for some in by_split(sources):
            portions = tuple(
                Portion(made.add(s, _points(lines[id(s.line)])), s.names) for s in some
            )
            count = points_of(s.line for s in some)
            splits.append(Split(some[0].split, some[0].line.split, portions, count))
        return tuple(made.functions), tuple(splits)

    # --- statistics ----------------------------------------------------------------------------

    def fit(self) -> Function | None:
        """The statistics of all training questions."""
        chain = self.fixtures.question
        if not any(p.conversion.statistics for p in chain):
            return None
        given = self.training.given
        low = Lowering()
        start = low.names.fresh(given.name)
        results = fit_on(low, chain, given.all_questions(start))
        doc = "What is known of all training questions together."
        span = self.scenario.link.fixture.span
        return pruned(Function("fit", doc, (start,), tuple(low.body), tuple(results), span))

    def fit_truth(self) -> Function | None:
        """What inverses hold of the training truths, and the spreads of those that a loss is
        measured in."""
        return self._fit_truth()[0] if is_taught(self.scenario.links) else None

    def _fit_truth(self) -> tuple[Function | None, dict[str, int]]:
        """The same; and which of its results are the spreads of which fixtures."""
        low = Lowering()
        line = self.training
        span = line.link.line.span
        truth = opened(line.truths, Ref("truth"), outer=1)
        low.names.taken.add("truth")
        results: list[Expr] = []
        spreads: dict[str, int] = {}
        if self._backwards:
            results += fit_on(low, self._backwards, inside(truth, (line.parts[0].name,)))
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

    @property
    def _backwards(self) -> list[Placed]:
        return [p for p in self.fixtures.answer if p.conversion.inverse is not None]

    # --- the loss ------------------------------------------------------------------------------

    @property
    def ahead(self) -> bool:
        """Whether the truths of training become with the data what the loss compares: not those
        that a metric judges, too."""
        return self.scenario.split == "test"

    def loss(self) -> Taught:
        """The mean losses of all fixtures of some points, each in the spread of its truths and
        times its weight."""
        line = self.training
        given = "target" if self.ahead else "truth"
        making = self.fixtures.begin(line.link.line, line.given, given)
        low = making.low
        truths = low.points(line.truths, given)
        known, scales = self._known(making)
        total: Expr | None = None
        for p in line.parts:
            value = self._part_loss(line, p, making, truths, scales.get(p.name))
            if len(line.parts) > 1:
                stored = low.store(f"{p.name}_loss", Leaf(value, (), 0), p.fixture.span)
                value = _weighted(p, stored.expr)
            total = value if total is None else Op("add", (total, value))
        assert total is not None
        asked = making.statistics[: len(making.statistics) - self._count(self._backwards)]
        parameters = ("w", making.given, given, *asked, *known)
        doc = "The mean loss of some points: of every fixture, in the spread of its truths."
        span = line.link.line.span
        loss = Function("loss", doc, parameters, tuple(low.body), (total,), span)
        return Taught(loss, self._target(line, known, scales) if self.ahead else None)

    def _known(self, making: Making) -> tuple[list[str], dict[str, str]]:
        """The names of the statistics of truths in a function, and those of spreads by fixture."""
        f, spreads = self._fit_truth()
        inverse = self._count(self._backwards)
        known = [*making.statistics[len(making.statistics) - inverse :]]
        by_place = {i: name for name, i in reversed(spreads.items())}
        for i in range(inverse, len(f.results) if f is not None else 0):
            known.append(making.low.names.fresh(f"{by_place[i]}_scale"))
        return known, {name: known[i] for name, i in spreads.items()}

    def _target(
        self, line: Line, known: Sequence[str], scales: Mapping[str, str]
    ) -> Function | None:
        """What truths become for the loss, those without a spread as they are."""
        if not scales:
            return None
        parts: dict[str, Expr] = {}
        for name, _ in line.truths.fields:
            whole = Op("key", (Ref("truth"),), {"name": name})
            parts[name] = Op("divide", (whole, Ref(scales[name]))) if name in scales else whole
        made = Op("pack", tuple(parts.values()), {"names": tuple(parts)})
        return target(("truth", *known), made, line.link.line.span)

    def _part_loss(
        self, line: Line, p: Part, making: Making, truths: Vector, scale: str | None
    ) -> Expr:
        loss = p.answered.loss
        assert loss is not None
        low = making.low
        answer = self._answer(line, p, making)
        truth = inside(truths, (p.name,))
        if scale is not None:
            answer = in_spread(low, answer, scale, f"{p.name}_answer", p.fixture.span)
            if not self.ahead:
                truth = in_spread(low, truth, scale, f"{p.name}_truth", p.fixture.span)
        low.bind(loss.answer, answer)
        low.bind(loss.truth, truth)
        value = loss.value
        if p.weighted:
            value = _with_weights(low, loss, inside(truths, (_weight(p),)), p)
        low.count(value)
        result = mean_over_points(low.leaf(value), (answer, truth) if scale else ())
        result = said_at_once(low, result, (answer, truth))
        for t in walk(value):  # another fixture may have the same loss
            low.memo.pop(id(t), None)
        return result

    def _answer(self, line: Line, p: Part, making: Making) -> Vector:
        """What the loss of a fixture compares with its truth."""
        at, low = p.answered.loss_at, making.low
        if p.at == 0 and at == len(p.answered.answer):
            return self.fixtures.answered(making)
        vector = self.fixtures.output(making) if p.at == 0 else self._computed(line, p, making)
        for placed in p.chain:
            if placed.step < at:
                vector = convert(low, placed, vector)
        return vector

    def _computed(self, line: Line, p: Part, making: Making) -> Vector:
        name = self.fixtures.computed(line.link.line, p.at, line.given)
        making.low.names.taken.add(name)
        arguments = tuple(map(Ref, ("w", making.given, *making.statistics)))
        called = Op("call", arguments, {"function": name})
        return opened(p.fixture.question.type, called, (POINTS,))

    # --- answers -------------------------------------------------------------------------------

    def respond(self) -> Function:
        """The outputs for some points, by fixture where there are several."""
        line = self.judged
        making = self.fixtures.begin(line.link.line, line.given)
        found = {
            p.name: self._computed(line, p, making) if p.at else self.fixtures.output(making)
            for p in line.parts
        }
        some = any_leaf(making.question)
        values = [packed(filled(v, some)) for v in found.values()]
        several = Op("pack", tuple(values), {"names": tuple(found)})
        parameters = ("w", making.given, *making.statistics)
        doc = "What is answered, before it is judged."
        result = values[0] if len(values) == 1 else several
        body = tuple(making.low.body)
        return inlined(Function("answer", doc, parameters, body, (result,), line.link.line.span))

    def scores(self) -> tuple[tuple[AnswerCode, ...], tuple[MetricCode, ...]]:
        """The functions from outputs to the answers that metrics score, and the metrics."""
        line = self.judged
        answers: dict[tuple[int, int], tuple[str, AnswerCode | None]] = {}
        codes: list[MetricCode] = []
        names = NameTable({*occupied(), *self.fixtures.names.taken})
        for m in self.scenario.metrics:
            if m.score is None:
                codes.append(measure_code(m, names))
                continue
            part = next(p for p in line.parts if p.at == m.fixture)
            key = (m.fixture, m.at)
            if key not in answers:
                answers[key] = self._stage(part, m.at, names)
            truth = f'truth["{part.name}"]'
            codes.append(score_code(m, answers[key][0], names, grouped=False, truth=truth))
        return tuple(a for _, a in answers.values() if a is not None), tuple(codes)

    def _stage(self, p: Part, at: int, names: NameTable) -> tuple[str, AnswerCode | None]:
        """What a metric scores of a fixture, and the function that makes it of the output."""
        output = f'output["{p.name}"]' if len(self.judged.parts) > 1 else "output"
        chain = [placed for placed in p.chain if placed.step < at]
        if not chain:
            return output, None
        low = Lowering()
        low.names.taken.add("output")
        backwards = [x for x in p.chain if x.conversion.inverse is not None]
        held = [
            bind_statistic(low, x, s.variable) for x in backwards for s in x.conversion.statistics
        ]
        given = self.scenario.link.output if p.at == 0 else p.fixture.question.type
        vector = low.points(given, "output")
        for placed in chain:
            vector = convert(low, placed, vector)
        name = names.fresh(f"{p.name}_answer")
        doc = f"Outputs as answers: the fixture {p.name}."
        body, span = tuple(low.body), p.fixture.span
        made = inlined(Function(name, doc, ("output", *held), body, (packed(vector),), span))
        return f"{name}s", AnswerCode(made, output, self._count(self.fixtures.question))

    def asked(self) -> Asked:
        """What the loss and the answers are made of; call it after these."""
        constants = self._count([*self.fixtures.question, *self._backwards])
        respond = self.respond()
        return Asked(self.fit(), tuple(self.fixtures.functions), respond, constants)

    def _count(self, chain: Sequence[Placed]) -> int:
        return sum(len(p.conversion.statistics) for p in chain)


def _points(line: Line) -> Function:
    low = Lowering()
    roots: list[Term] = [line.link.line.fixtures[0].question]
    for p in line.parts:
        roots += [t for t in (p.fixture.truth, p.fixture.weight) if t is not None]
    low.count(*roots)
    vector, parameters = source_vector(line.link.line, low.names)
    low.bind(line.link.line.variable, enter(vector, POINTS))
    given = line.given.value(low)
    some = any_leaf(vector)
    held: dict[str, Expr] = {}
    for name, type in line.truths.fields:
        part = next(p for p in line.parts if name in (p.name, _weight(p)))
        term = part.fixture.truth if name == part.name else part.fixture.weight
        assert term is not None
        held[name] = packed(filled(_of_rank(low.lower(term), type), some))
    truths = Op("pack", tuple(held.values()), {"names": tuple(held)})
    doc = "What is asked of points, and the true answers of every fixture."
    span = line.link.line.span
    return Function("points", doc, tuple(parameters), tuple(low.body), (given, truths), span)


def _of_rank(vector: Vector, type: Type) -> Vector:
    """A bare number has the axes of the truth that it stands for."""
    rank = rank_of(type)
    if isinstance(vector, Leaf) and vector.rank < rank and not vector.levels:
        ones = Op("ones", (), {"shape": (1,) * rank})
        return Leaf(Op("multiply", (vector.expr, ones)), (), rank)
    return vector


def _weight(p: Part) -> str:
    """The name under which weights are with the truths."""
    return f"{p.name}_weight"


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
