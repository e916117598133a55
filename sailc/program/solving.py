"""Programs that ask a solver one question after another; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from sailc.infer.modules.common import World
from sailc.infer.modules.problem import DataLine, Question
from sailc.plan.link import Link
from sailc.plan.metrics import reads
from sailc.plan.scenario import Scenario
from sailc.plan.solving import asks, equations_in, solved, typed
from sailc.program.collocation import Collocated, collocated
from sailc.program.equations import EquationCode, Wanted, equation_code
from sailc.program.files import Files
from sailc.program.fitting import FittedProgram
from sailc.program.heading import about, title
from sailc.program.layout import CannotLower, Group, Leaf, Vector, opened, packed
from sailc.program.names import TAKEN, NameTable, snake
from sailc.program.scoring import measure_code, score_code
from sailc.program.solved import EXPLICIT, listing, settled
from sailc.program.tidy import inlined
from sailc.program.tree import Door, Driver, Function, MetricCode, Program, Ref
from sailc.program.vectors import Lowering
from sailc.symbolic.form import TypedEquation
from sailc.symbolic.system import System, system
from sailc.terms import Apply, Const, Term, walk
from sailc.types.model import TupleType


class FixtureCode(Struct, frozen=True):
    """What is compared of a fixture. `answer` is a function of a point and what was answered,
    None for that itself; `truth` one of a point, None where it is one number for all."""

    name: str
    answer: Function | None
    truth: Function | None
    number: float
    field: bool
    drawn: bool


class SolverProgram(Struct, frozen=True):
    """A scenario's program, in the order of its text. `names` are those of a point's parts,
    `output` is what an answer is called, `asked` makes the question of a point."""

    scenario: str
    title: str
    doc: tuple[str, ...]
    source: str
    data_folder: str
    data_files: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    equations: tuple[EquationCode, ...]
    load: Function
    names: tuple[str, ...]
    asked: Function | None
    solver: Function
    output: str
    fixtures: tuple[FixtureCode, ...]
    metrics: tuple[MetricCode, ...]
    reads: frozenset[str]
    fitted: Collocated | None = None
    required: bool = False
    """Whether equations have to be asked if their parameters are what they require."""
    drivers: Mapping[Door, Driver] = field(default_factory=dict["Door", "Driver"])


AnyProgram = Program | SolverProgram | FittedProgram


def lower_solver(
    world: World, s: Scenario, files: Files, folder: str, source: str
) -> SolverProgram:
    """The program of a scenario that asks about equations."""
    return _Lowering.of(world, s, files).program(folder, source)


class _Lowering(Struct):
    world: World
    s: Scenario
    files: Files
    about: System | None
    codes: tuple[EquationCode, ...]
    names: tuple[str, ...]
    taken: NameTable
    required: bool

    @classmethod
    def of(cls, world: World, s: Scenario, files: Files) -> _Lowering:
        link = s.link
        roots = [link.line.source, link.fixture.question]
        found = equations_in(roots)
        equations = [e for t in found.values() if (e := typed(world, t)) is not None]
        fitted = link.model.minimize is not None
        systems = _systems(equations) if solved(link) else [None] * len(equations)
        asked = [f.question for i, f in enumerate(link.line.fixtures) if i in scored(s)]
        judged = any(isinstance(t, Apply) and t.operator == "residual" for t in walk(*asked))
        pairs = zip(equations, systems, strict=True)
        wanted = Wanted(_implicit(link), judged, fitted, asks(world, roots))
        codes = tuple(equation_code(e, x, wanted) for e, x in pairs)
        taken = NameTable(set(TAKEN) | {c.name for c in codes})
        names = tuple(taken.fresh(n) for n in link.line.names)
        return cls(world, s, files, systems[0], codes, names, taken, wanted.required)

    @property
    def link(self) -> Link:
        return self.s.link

    def program(self, folder: str, source: str) -> SolverProgram:
        load = self._load()
        asked = self._asked()
        output = self.taken.fresh(self.link.fixture.name or "solution")
        fitted = None
        if self.link.model.minimize is not None:
            fitted = collocated(self.s, self.taken)
            solver = fitted.loss
        else:
            solver = self._solver()
        fixtures = tuple(self._fixtures(output))
        return SolverProgram(
            scenario=self.s.id,
            title=title(self.s),
            doc=tuple(about(self.s)),
            source=source,
            data_folder=folder,
            data_files=tuple(self.files.paths),
            imports=tuple(dict.fromkeys(self.files.imports)),
            helpers=tuple(dict.fromkeys(self.files.helpers)),
            equations=self.codes,
            load=load,
            names=self.names,
            asked=asked,
            solver=solver,
            output=output,
            fixtures=fixtures,
            metrics=tuple(self._metrics(fixtures)),
            reads=frozenset(r for m in self.s.metrics if m.measure for r in reads(m.measure)),
            fitted=fitted,
            required=self.required,
        )

    # --- questions ---------------------------------------------------------------------------

    def _load(self) -> Function:
        low = Lowering()
        source = self.link.line.source
        low.count(source)
        low.files = dict(self.files.read_by(source))
        result = listing(low, source)
        doc = "What is asked about, one after another."
        return inlined(Function("load", doc, (), tuple(low.body), (result,), source.span))

    def _asked(self) -> Function | None:
        """The question of a point, where it is not the point itself."""
        question = self.link.fixture.question
        if question is self.link.line.variable:
            return None
        name = self.taken.fresh("question_of")
        return self._of_point(name, "The question that a point asks.", question)

    def _of_point(self, name: str, doc: str, term: Term) -> Function:
        """A function of a point's parts."""
        low, parameters = _at_point(self.link.line, self.names)
        whole = settled(term, self.about) if self.about is not None else term
        low.count(whole)
        result = packed(low.lower(whole))
        return inlined(
            Function(name, doc, tuple(parameters), tuple(low.body), (result,), term.span)
        )

    # --- answers -----------------------------------------------------------------------------

    def _solver(self) -> Function:
        model = self.link.model
        low = Lowering()
        start = low.names.fresh(model.input.name)
        low.bind(model.input, Leaf(Ref(start), (), 0))
        assert self.about is not None
        output = settled(model.output, self.about)
        low.count(output)
        result = packed(low.lower(output))
        d = model.entry.declaration
        name = self.taken.fresh(snake(d.name))
        doc = d.doc or f"The solver {d.name}."
        return inlined(Function(name, doc, (start,), tuple(low.body), (result,), output.span))

    def _fixtures(self, output: str) -> Iterator[FixtureCode]:
        """The fixtures that a metric scores."""
        for i, f in enumerate(self.link.line.fixtures):
            if i not in scored(self.s) or f.truth is None:
                continue
            name = self.taken.fresh(f.name or "answer") if i else output
            answer = self._answer(name, f, output) if i else None
            number, truth = _number(f), None
            if number is None:
                doc = f"The true answer to {f.name or 'a question'}."
                truth = self._of_point(self.taken.fresh(f"true_{name}"), doc, f.truth)
            whole = i == 0
            drawn = answer is not None and "rng" in answer.parameters
            yield FixtureCode(name, answer, truth, number or 0.0, whole, drawn)

    def _answer(self, name: str, f: Question, output: str) -> Function:
        """A fixture that is computed with the answer to the first."""
        low, parameters = _at_point(self.link.line, self.names)
        for t in walk(f.question):
            if isinstance(t, Apply) and t.operator == "call":
                low.calls = {**low.calls, id(t.arguments[0]): _answered(output)}
        low.count(f.question)
        result = packed(low.lower(f.question))
        drawn = [t for t in walk(f.question) if isinstance(t, Apply) and t.operator == "residual"]
        used = [*parameters, output, *(["rng"] if drawn else [])]
        doc = f"What is compared as {name}."
        return inlined(
            Function(name, doc, tuple(used), tuple(low.body), (result,), f.question.span)
        )

    def _metrics(self, fixtures: tuple[FixtureCode, ...]) -> Iterator[MetricCode]:
        stages = dict(zip(sorted(scored(self.s)), (f.name for f in fixtures), strict=True))
        for m in self.s.metrics:
            if m.score is None:
                yield measure_code(m, self.taken)
            else:
                yield score_code(m, stages[m.fixture], self.taken, grouped=False)


def _systems(equations: list[TypedEquation]) -> list[System]:
    """The systems of some equations, which are all solved alike."""
    systems = [system(e) for e in equations]
    kinds = {(x.time is not None, len(x.space)) for x in systems}
    if len(kinds) > 1:
        raise CannotLower("equations with time and such without", equations[0].span)
    if any(x.carries and not x.fluxes for x in systems):
        return [system(e, conserving=False) for e in equations]
    return systems


def _answered(output: str) -> Callable[[Lowering, Apply], Vector]:
    """The answer to the question that was asked, under its name."""

    def answer(low: Lowering, term: Apply) -> Vector:
        if len(term.arguments) != 2 or id(term.arguments[1]) not in low.memo:
            raise CannotLower("a question that is not the one that was asked", term.span)
        return Leaf(Ref(output), (), 0)

    return answer


def scored(s: Scenario) -> frozenset[int]:
    """The fixtures that a metric scores, by their places."""
    return frozenset(m.fixture for m in s.metrics if m.score is not None)


def _number(f: Question) -> float | None:
    """A truth that is one number, whatever the shape of the answer."""
    match f.truth:
        case Const(value=int() | float() as value):
            return float(value)
        case _:
            return None


def _at_point(line: DataLine, names: tuple[str, ...]) -> tuple[Lowering, list[str]]:
    """A function's beginning whose parameters are the parts of a point."""
    low = Lowering()
    low.names.taken |= set(names)
    type = line.variable.type
    whole: Vector
    match type:
        case TupleType(items) if len(items) == len(names):
            pairs = enumerate(zip(items, names, strict=True))
            whole = Group({i: opened(t, Ref(n)) for i, (t, n) in pairs})
        case _:
            whole = opened(type, Ref(names[0]))
    low.bind(line.variable, whole)
    return low, list(names)


def _implicit(link: Link) -> bool:
    """Whether any solution is found by an implicit method, which wants a Jacobian."""
    roots = [link.model.output, *(f.truth for f in link.line.fixtures if f.truth is not None)]
    for t in walk(*roots):
        match t:
            case Apply(operator="reference"):
                return True
            case Apply(operator="integrate", attributes=attributes):
                if str(attributes["method"]) not in EXPLICIT:
                    return True
            case _:
                pass
    return False
