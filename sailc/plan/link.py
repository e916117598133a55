"""A problem's data lines, all linked to one model (CORE.md, steps 12, 14 and 16).

Each line is linked by itself, and the lines share the model's parts: what a problem asks in
one stage with one type it asks of one and the same model, and where types differ, the
parameters that are shared or carried have equal shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import Choice
from sailc.infer.modules.problem import DataLine, Question, TypedProblem
from sailc.infer.modules.trainer import Loss, TypedTrainer
from sailc.names import Entry
from sailc.plan.chains import Way
from sailc.plan.judging import Judging, differentiable
from sailc.plan.match import Matcher
from sailc.plan.matches import Asked, GroundModel, Match
from sailc.routes import Route
from sailc.source import NOWHERE
from sailc.terms import Apply, Const
from sailc.types.dims import const
from sailc.types.model import FieldType, Num, Tensor, Type, show
from sailc.types.solver import Solver
from sailc.units import ONE


class Answered(Struct, frozen=True):
    """How one fixture is judged: the chain from its answer to its truth, and the loss of
    what the first `loss_at` steps of it have made."""

    answer: Route
    loss: Loss | None
    loss_at: int


class Link(Struct, frozen=True):
    """One data line's question and truths, joined to a model."""

    line: DataLine
    match: Match
    answered: tuple[Answered, ...]

    @property
    def fits(self) -> bool:
        """Whether its chains hold statistics of the training points."""
        routes = (self.question, *(a.answer for a in self.answered))
        return any(s.converter.fitted for route in routes for s in route)

    @property
    def fixture(self) -> Question:
        return self.line.fixtures[0]

    @property
    def question(self) -> Route:
        return self.match.question

    @property
    def model(self) -> GroundModel:
        return self.match.model

    @property
    def output(self) -> Type:
        return self.match.output

    @property
    def answer(self) -> Route:
        return self.answered[0].answer

    @property
    def loss(self) -> Loss | None:
        return self.answered[0].loss

    @property
    def loss_at(self) -> int:
        return self.answered[0].loss_at


Links = tuple[Link, ...]


class Trained(Struct, frozen=True, eq=False):
    """A trainer with its knobs chosen."""

    typed: TypedTrainer
    given: Choice


class Linker(Struct):
    """Links whole problems; one for a plan."""

    matcher: Matcher
    judging: Judging
    _links: dict[tuple[object, ...], tuple[Links, ...] | Reason] = field(
        default_factory=dict[tuple[object, ...], "tuple[Links, ...] | Reason"]
    )

    def link(
        self, problem: TypedProblem, entry: Entry, choice: Choice, trainer: Trained
    ) -> tuple[Links, ...] | Reason:
        """The least links of a problem's lines with a model, in the order of the lines, for
        each way in which the model's holes are filled."""
        key = (asks(problem), entry.declaration.name, id(choice), id(trainer))
        if key not in self._links:
            self._links[key] = _Linking(self, problem, entry, choice, trainer).links()
        found = self._links[key]
        if isinstance(found, Reason):
            return found
        return tuple(for_problem(links, problem) for links in found)


def for_problem(links: Links, problem: TypedProblem) -> Links:
    """The links of a problem that asks as another does."""
    return tuple(replace(k, line=d) for k, d in zip(links, problem.lines, strict=True))


def asks(problem: TypedProblem) -> tuple[object, ...]:
    """What of a problem decides its links: the same for problems that ask alike."""
    lines = tuple(
        (line.split, line.stage, tuple(_fixture(f) for f in line.fixtures))
        for line in problem.lines
    )
    return (lines, problem.carried)


def _fixture(f: Question) -> tuple[object, ...]:
    return (f.name, f.verb, f.question.type, truth_type(f), f.truth is None)


def truth_type(f: Question) -> Type | None:
    """The type of a fixture's truth. A bare number is as many of them as the answer needs,
    in its unit, where the answer is no label of the model's but computed from it."""
    if f.truth_type is not None or f.truth is None:
        return f.truth_type
    if isinstance(f.truth, Const) and f.truth.type == Tensor(Num(ONE)) and f.name and not f.verb:
        return f.question.type
    return f.truth.type


def taught_type(f: Question) -> Type | None:
    """The type of what a loss compares with a fixture's answers. None where a type stands in
    the truth's place: any answer of that type is good, and the other fixtures judge it."""
    return truth_type(f) if f.truth is not None else None


def scored_type(f: Question) -> Type | None:
    """The type of what a fixture's answers are compared with: of a field that is a truth, its
    values where it is known. None where a type stands in the truth's place."""
    match f.truth:
        case None:
            return None
        case Apply(FieldType(_, k), operator="reference", attributes=attributes):
            counts = attributes["counts"]
            assert isinstance(counts, tuple)
            return Tensor(Num(ONE), (*(const(n) for n in counts if isinstance(n, int)), k))
        case _:
            return truth_type(f)


class _Linking(Struct):
    """One problem with one model, its knobs chosen, and one trainer."""

    linker: Linker
    problem: TypedProblem
    entry: Entry
    choice: Choice
    trainer: Trained
    furthest: tuple[int, Reason] = (-1, Reason("X0101", ""))

    def links(self) -> tuple[Links, ...] | Reason:
        found: list[Links] = []
        for chosen in self._choose(0, {}):
            links = tuple(self._link(line, chosen[self._key(line)]) for line in self.problem.lines)
            if self._untaught(links[0].model):
                text = "a model learns from `train` lines, and this problem has none"
                return Reason("X0108", text)
            if links[0].model.fitted is not None and not self.problem.of("train"):
                name = self.entry.declaration.name
                text = f"`{name}` is fitted on `train` lines, and this problem has none"
                return Reason("X0108", text)
            if not found or _routes(found[0]) == _routes(links):
                found.append(links)
            if not links[0].model.holes:
                break
        return tuple(found) or self.furthest[1]

    def _link(self, line: DataLine, match: Match) -> Link:
        return Link(line, match, self._judged(line, match))

    def _choose(
        self, at: int, chosen: dict[tuple[object, ...], Match]
    ) -> Iterator[dict[tuple[object, ...], Match]]:
        """A match for every line, by backtracking in the order of the lines."""
        if at == len(self.problem.lines):
            yield chosen
            return
        line = self.problem.lines[at]
        known = chosen.get(self._key(line))
        if known is not None:
            if self._lossless(line, known) is None:
                yield from self._choose(at + 1, chosen)
            return
        asked = self._asked(line)
        matches = self.linker.matcher.matches(asked, self.entry, self.choice)
        for match in matches:
            reason = self._lossless(line, match) or self._disagree(line, match, chosen)
            if reason is None:
                yield from self._choose(at + 1, {**chosen, self._key(line): match})
            else:
                self._note(4, reason)
        self._note(*matches.furthest)

    def _note(self, step: int, reason: Reason) -> None:
        if step > self.furthest[0]:
            self.furthest = (step, reason)

    def _asked(self, line: DataLine) -> Asked:
        f, trainer = line.fixtures[0], self.trainer.typed
        way = Way(trainer.standardize, trainer.center, inverse=f.truth is not None)
        return Asked(f.question.type, self._truth(line), f.verb, way)

    def _truth(self, line: DataLine) -> Type | None:
        """A line without a truth trains the model that the others of its stage ask."""
        own = truth_type(line.fixtures[0])
        if own is not None:
            return own
        question = line.fixtures[0].question.type
        for other in self.problem.lines:
            f = other.fixtures[0]
            if self._stage(other) == self._stage(line) and f.question.type == question:
                found = truth_type(f)
                if found is not None:
                    return found
        return None

    def _stage(self, line: DataLine) -> str:
        """A line outside of the stages asks the model that the last of them leaves."""
        stages = self.problem.stages
        return line.stage or (stages[-1] if stages else "")

    def _key(self, line: DataLine) -> tuple[object, ...]:
        return (self._stage(line), line.fixtures[0].question.type, self._truth(line))

    def _untaught(self, model: GroundModel) -> bool:
        """Whether parameters are to be learned and nothing teaches them: a solver that
        minimizes learns from each question."""
        return model.trained and not model.afresh and not self.problem.of("train")

    # --- losses ------------------------------------------------------------------------------

    def _lossless(self, line: DataLine, match: Match) -> Reason | None:
        """Why a match cannot be trained on a line, where the line is for training."""
        if line.split != "train" or match.model.minimize is not None or not match.model.trained:
            return None
        judged = list(zip(line.fixtures, self._judged(line, match), strict=True))
        lacking = [f for f, a in judged if a.loss is None]
        taught = [f for f in lacking if f.truth is not None or f.truth_type is None]
        if len(lacking) == len(judged) or taught:
            return self._no_loss(taught[0] if taught else lacking[0], match)
        return None

    def _no_loss(self, f: Question, match: Match) -> Reason:
        truth = taught_type(f)
        if truth is None:
            text = "there is neither a truth to train on nor something to minimize"
            return Reason("X0108", text)
        answer = match.output if f is self.problem.lines[0].fixtures[0] else f.question.type
        return Reason(
            "X0105", f"no loss accepts an answer `{show(answer)}` and a truth `{show(truth)}`"
        )

    def _judged(self, line: DataLine, match: Match) -> tuple[Answered, ...]:
        first = self._loss(line, match.types, match.answer, taught_type(line.fixtures[0]))
        return (first, *(self._computed(line, f) for f in line.fixtures[1:]))

    def _computed(self, line: DataLine, f: Question) -> Answered:
        """A fixture that is computed from the answers to the first."""
        truth, given = taught_type(f), f.question.type
        if truth is None:
            return Answered((), None, 0)
        way = Way(inverse=False)
        for there in self.linker.matcher.chains.accepted(truth, way):
            if Solver().unify(given, there.type, NOWHERE) is None:
                types = (given, *(s.target for s in there.route))
                return self._loss(line, types, there.route, truth)
        return self._loss(line, (given,), (), truth)

    def _loss(
        self, line: DataLine, types: tuple[Type, ...], answer: Route, truth: Type | None
    ) -> Answered:
        """The loss on the first type of the chain that it accepts. What is fitted to the
        truths is learned without its units."""
        if truth is None or line.split == "test":
            return Answered(answer, None, 0)
        trainer = self.trainer.typed
        fitted = (trainer.standardize or trainer.center) and answer and answer[-1].inverse
        for at in range(len(types) - 1 if fitted else 0, len(types)):
            if at and not differentiable(types[1 : at + 1]):
                break
            loss = self.linker.judging.loss(
                self.trainer.typed.entry, self.trainer.given, types[at], truth
            )
            if loss is not None:
                return Answered(answer, loss, at)
        return Answered(answer, None, 0)

    # --- parts that are shared or carried (step 16) --------------------------------------------

    def _disagree(
        self, line: DataLine, match: Match, chosen: Mapping[tuple[object, ...], Match]
    ) -> Reason | None:
        """Why a line's model cannot be that of the lines before it."""
        stage = self._stage(line)
        for key, other in chosen.items():
            parts = None if key[0] == stage else self._carried(str(key[0]), stage)
            if shapes(other.model, parts) != shapes(match.model, parts):
                name = self.entry.declaration.name
                return Reason("X0111", f"two lines would need `{name}` with different parameters")
        for part in self.problem.carries(stage):
            if not any(part in layer.parts for layer in match.model.layers):
                name = self.entry.declaration.name
                return Reason("X0112", f"`{name}` has no part `{part}` to carry along")
        return None

    def _carried(self, before: str, stage: str) -> frozenset[str]:
        """The parts that a later stage takes over from an earlier one."""
        stages = self.problem.stages
        later = stages[stages.index(before) + 1 : stages.index(stage) + 1]
        first, *rest = [frozenset(self.problem.carries(s)) for s in later]
        return first.intersection(*rest)


def _routes(links: Links) -> list[tuple[Route, Route]]:
    """The chains of some links, apart from what fills holes."""
    return [(k.question, k.answer) for k in links]


def shapes(model: GroundModel, parts: frozenset[str] | None) -> tuple[object, ...]:
    """The parameters' shapes of some parts of a model, or of all of it."""
    return tuple(
        (layer.operator, layer.part, tuple(layer.parameters.items()))
        for layer in model.layers
        if parts is None or parts.intersection(layer.parts)
    )
