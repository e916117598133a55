"""Programs whose points have several fixtures: their points, statistics, loss and answers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from sailc.infer.modules.common import World
from sailc.plan.cost import points_of
from sailc.plan.scenario import Scenario
from sailc.program.arrays.layout import (
    any_leaf,
    filled,
    first_array,
    is_structured,
    packed,
)
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.conversions import bind_statistic, conversions, fit_on
from sailc.program.points.lines import Functions, by_split
from sailc.program.points.load import Source
from sailc.program.points.parts import Part
from sailc.program.points.placed import convert, counted
from sailc.program.training.answering import is_taught
from sailc.program.training.fixture_lines import Line, points_function
from sailc.program.training.fixture_losses import Losses
from sailc.program.training.fixtures import Fixtures
from sailc.program.training.model import Keys
from sailc.program.training.scoring import measure_code, score_code
from sailc.program.tree.names import NameTable, occupied
from sailc.program.tree.nodes import Function
from sailc.program.tree.packs import dict_of
from sailc.program.tree.programs import AnswerCode, Asked, MetricCode, Portion, Split
from sailc.program.tree.tidy import inlined, pruned


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
                Portion(made.add(s, points_function(lines[id(s.line)])), s.names) for s in some
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

    def losses(self) -> Losses | None:
        """What makes the loss, where a line is for training."""
        if not is_taught(self.scenario.links):
            return None
        return Losses(self.training, self.fixtures, self.scenario.split == "test")

    # --- answers -------------------------------------------------------------------------------

    def respond(self) -> Function:
        """The outputs for some points, by fixture where there are several."""
        line = self.judged
        making = self.fixtures.begin(line.link.line, line.given)
        found = {
            p.name: self.fixtures.unconverted(line.link.line, p.at, line.given, making)
            for p in line.parts
        }
        some = any_leaf(making.question)
        values = [packed(filled(v, some)) for v in found.values()]
        several = dict_of(dict(zip(found, values, strict=True)))
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
        return f"{name}s", AnswerCode(made, output, counted(self.fixtures.question))

    def asked(self) -> Asked:
        """What the loss and the answers are made of; call it after these."""
        constants = counted([*self.fixtures.question, *self.fixtures.backwards])
        respond = self.respond()
        return Asked(self.fit(), tuple(self.fixtures.functions), respond, constants)
