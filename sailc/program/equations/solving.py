"""Programs that ask a solver one question after another; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.infer.modules.common import World
from sailc.infer.modules.problem import DataLine, Question
from sailc.plan.link import Link
from sailc.plan.metrics import on_another, reads
from sailc.plan.scenario import PlannedMetric, Scenario
from sailc.plan.solving import asks, elaborated, equations_in, solved, typed
from sailc.program.arrays.layout import CannotLower, Group, Leaf, Vector, opened, packed
from sailc.program.arrays.solved import EXPLICIT, listing, settled
from sailc.program.arrays.vectors import Lowering
from sailc.program.equations.classes import EquationCode, Wanted, equation_code
from sailc.program.equations.collocation import Collocated, collocated
from sailc.program.equations.references import References, is_reference
from sailc.program.heading import about as about_of
from sailc.program.heading import title
from sailc.program.points.files import Files
from sailc.program.points.lines import alike
from sailc.program.training.fitting import FittedProgram
from sailc.program.training.scoring import measure_code, score_code
from sailc.program.tree.expressions import rebuild, rebuilt
from sailc.program.tree.names import NameTable, occupied, snake
from sailc.program.tree.nodes import Door, Driver, Expr, Function, Op, Ref
from sailc.program.tree.programs import MetricCode, Program
from sailc.program.tree.tidy import inlined
from sailc.symbolic.form import TypedEquation
from sailc.symbolic.system import System, system
from sailc.symbolic.vocabulary import NUMBERS
from sailc.terms import Apply, Const, Term, same, walk
from sailc.types.model import TupleType


class FixtureCode(Struct, frozen=True):
    """What is compared of a fixture. `answer` is a function of a point and what was answered,
    None for that itself; `truth` one of a point, None where it is one number for all."""

    name: str
    answer: Function | None
    truth: Function | None
    number: float
    field: bool
    """Whether it is a field, of which the program's references say where it is known."""
    drawn: bool


class Held(Struct, frozen=True):
    """What a program calls the points of a line, the answers to them, and the places where these
    are compared."""

    points: str
    outputs: str
    places: str

    @classmethod
    def of(cls, at: int, taken: NameTable) -> Held:
        """Those of the first line are what `taken` begins with."""
        plain = ("points", "outputs", "places")
        return cls(*(taken.fresh(n) if at else n for n in plain))


class LineCode(Struct, frozen=True):
    """What a program does with the points of one data line. `names` are those of a point's parts,
    `output` is what an answer is called, `asked` makes the question of a point. `held` is what a
    program calls all of them."""

    load: Function
    names: tuple[str, ...]
    asked: Function | None
    solver: Function
    output: str
    fixtures: tuple[FixtureCode, ...]
    held: Held
    references: References | None = None
    """Where the true answers of the first fixture come from, if they are references."""
    module: str = ""
    """What the module that finds them is called, once it is written."""


class SolverProgram(Struct, frozen=True):
    """A scenario's program, in the order of its text. `scores` are the functions that score the
    answers of each line, by the metric, where there are several lines: which function, and which
    fixture of the line."""

    scenario: str
    title: str
    doc: tuple[str, ...]
    source: str
    data_folder: str
    data_files: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    equations: tuple[EquationCode, ...]
    lines: tuple[LineCode, ...]
    metrics: tuple[MetricCode, ...]
    reads: frozenset[str]
    fitted: Collocated | None = None
    required: bool = False
    """Whether equations have to be asked if their parameters are what they require."""
    drivers: Mapping[Door, Driver] = field(default_factory=dict["Door", "Driver"])
    scores: Mapping[str, tuple[tuple[Function, str], ...]] = field(
        default_factory=dict[str, tuple[tuple[Function, str], ...]]
    )


AnyProgram = Program | SolverProgram | FittedProgram


def lower_solver(
    world: World, s: Scenario, files: Files, folder: str, source: str
) -> SolverProgram:
    """The program of a scenario that asks about equations."""
    first = s.link
    links = [first, *(k for k in s.links if k is not first)]
    asked = [_Asked.of(world, s, k) for k in links]
    solutions = _solutions(world, [x for a in asked for x in a.equations]) if solved(first) else {}
    wanted = Wanted(
        any(map(_implicit, links)),
        any(a.judged for a in asked),
        first.model.minimize is not None,
        any(asks(world, a.roots) for a in asked),
    )
    every = {e.name: e for a in asked for e in a.equations}
    grids = solutions if first.model.minimize is None else {}
    codes = tuple(_code(world, e, grids, wanted) for e in every.values())
    taken = NameTable(set(occupied()) | {c.name for c in codes})
    fitted = collocated(s, taken) if first.model.minimize is not None else None
    held = [Held.of(i, taken) for i in range(len(asked))]
    lines: list[LineCode] = []
    for i, a in enumerate(asked):
        about = solutions[a.equations[0].name].system if solutions else None
        names = tuple(taken.fresh(n) for n in a.link.line.names)
        on_grids = tuple(_code(world, e, solutions, SOLVED) for e in a.equations)
        place = Place(source, folder, on_grids)
        made = _Lowering(s, a.link, a.fixtures, files, about, names, taken, held[i], place)
        lines.append(made.line(fitted, lines))
    metrics, scores = _metrics(s, asked, lines, taken)
    return SolverProgram(
        scenario=s.id,
        title=title(s),
        doc=tuple(about_of(s)),
        source=source,
        data_folder=folder,
        data_files=tuple(files.paths),
        imports=tuple(dict.fromkeys(files.imports)),
        helpers=tuple(dict.fromkeys(files.helpers)),
        equations=codes,
        lines=tuple(lines),
        metrics=metrics,
        reads=frozenset(r for m in s.metrics if m.measure for r in reads(m.measure)),
        fitted=fitted,
        required=wanted.required,
        scores=scores,
    )


SOLVED = Wanted(implicit=True, judged=False, fitted=False, required=False)
"""What references do with equations."""


class Place(Struct, frozen=True):
    """Where a program comes from, and the equations of a line as references solve them."""

    source: str
    folder: str
    on_grids: tuple[EquationCode, ...]


class _Asked(Struct):
    """What a data line asks: its equations, and its metrics with the fixtures that they score."""

    link: Link
    equations: list[TypedEquation]
    metrics: list[PlannedMetric]

    @classmethod
    def of(cls, world: World, s: Scenario, link: Link) -> _Asked:
        found = equations_in([link.line.source, link.fixture.question])
        equations = [e for t in found.values() if (e := typed(world, t)) is not None]
        metrics: list[PlannedMetric] = []
        for m in s.metrics:
            own = m if link is s.link or m.score is None else on_another(world, m, s.link, link)
            if own is None:
                what = f"`{m.info.name}` on a `test` line that it does not score"
                raise CannotLower(what, link.line.span)
            metrics.append(own)
        return cls(link, equations, metrics)

    @property
    def roots(self) -> list[Term]:
        return [self.link.line.source, self.link.fixture.question]

    @property
    def fixtures(self) -> list[int]:
        """The places of those that a metric scores."""
        return sorted({m.fixture for m in self.metrics if m.score is not None})

    @property
    def judged(self) -> bool:
        """Whether it is scored by what the laws leave over."""
        asked = [self.link.line.fixtures[i].question for i in self.fixtures]
        return any(isinstance(t, Apply) and t.operator == "residual" for t in walk(*asked))


class _Lowering(Struct):
    """One data line."""

    s: Scenario
    link: Link
    scored: list[int]
    files: Files
    about: System | None
    names: tuple[str, ...]
    taken: NameTable
    held: Held
    place: Place

    def line(self, fitted: Collocated | None, before: list[LineCode]) -> LineCode:
        load, asked = self._load(first=not before), self._asked()
        output = self.taken.fresh(self.link.fixture.name or "solution")
        solver = self._solver(before) if fitted is None else fitted.loss
        fixtures = tuple(self._fixtures(output))
        references = self._references(load)
        return LineCode(load, self.names, asked, solver, output, fixtures, self.held, references)

    # --- questions ---------------------------------------------------------------------------

    def _load(self, first: bool) -> Function:
        low = Lowering()
        source = self.link.line.source
        low.count(source)
        low.files = dict(self.files.read_by(source))
        result = listing(low, source)
        doc = "What is asked about, one after another."
        name = "load" if first else self.taken.fresh("load")
        return inlined(Function(name, doc, (), tuple(low.body), (result,), source.span))

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

    def _references(self, load: Function) -> References | None:
        """Where the true answers come from, where they are references that a metric reads."""
        truth = self.link.fixture.truth
        if truth is None or not is_reference(truth) or 0 not in self.scored:
            return None
        return References(
            self.s.problem.name,
            self.place.source,
            self.place.folder,
            tuple(dict.fromkeys(self.files.imports)),
            tuple(dict.fromkeys(self.files.helpers)),
            self.place.on_grids,
            replace(load, name="load"),
            self.names,
            self._of_point("reference_of", "The true answer to a question, and where.", truth),
            self.files.paths_in(self.link.line.source),
        )

    # --- answers -----------------------------------------------------------------------------

    def _solver(self, before: list[LineCode]) -> Function:
        """The solver as it answers this line; one of those before that does the same."""
        model = self.link.model
        low = Lowering()
        start = low.names.fresh(model.input.name)
        low.bind(model.input, Leaf(Ref(start), (), 0))
        assert self.about is not None
        output = settled(model.output, self.about)
        low.count(output)
        result = packed(low.lower(output))
        d = model.entry.declaration
        doc = d.doc or f"The solver {d.name}."
        made = inlined(Function("", doc, (start,), tuple(low.body), (result,), output.span))
        twin = next((x.solver for x in before if alike(x.solver, made)), None)
        return twin or replace(made, name=self.taken.fresh(snake(d.name)))

    def _fixtures(self, output: str) -> Iterator[FixtureCode]:
        """The fixtures that a metric scores."""
        for i, f in enumerate(self.link.line.fixtures):
            if i not in self.scored or f.truth is None:
                continue
            name = self.taken.fresh(f.name or "answer") if i else output
            answer = self._answer(name, f, output) if i else None
            number, truth = _number(f), None
            if number is None and not is_reference(f.truth):
                doc = f"The true answer to {f.name or 'a question'}."
                truth = self._of_point(self.taken.fresh(f"true_{name}"), doc, f.truth)
            drawn = answer is not None and "rng" in answer.parameters
            yield FixtureCode(name, answer, truth, number or 0.0, is_reference(f.truth), drawn)

    def _answer(self, name: str, f: Question, output: str) -> Function:
        """A fixture that is computed with the answer to the first."""
        low, parameters = _at_point(self.link.line, self.names)
        asked = self.link.fixture.question
        for t in walk(f.question):
            if isinstance(t, Apply) and t.operator == "call":
                low.calls = {**low.calls, id(t.arguments[0]): _answered(output, asked)}
        low.count(f.question)
        result = packed(low.lower(f.question))
        drawn = [t for t in walk(f.question) if isinstance(t, Apply) and t.operator == "residual"]
        used = [*parameters, output, *(["rng"] if drawn else [])]
        doc = f"What is compared as {name}."
        return inlined(
            Function(name, doc, tuple(used), tuple(low.body), (result,), f.question.span)
        )


_Scores = dict[str, tuple[tuple[Function, str], ...]]


def _metrics(
    s: Scenario, asked: list[_Asked], lines: list[LineCode], taken: NameTable
) -> tuple[tuple[MetricCode, ...], _Scores]:
    """The metrics' functions, and where there are several lines, those that score each."""
    codes: list[MetricCode] = []
    scores: _Scores = {}
    for i, m in enumerate(s.metrics):
        if m.score is None:
            codes.append(measure_code(m, taken))
            continue
        several = len(lines) > 1
        made = score_code(m, _called(asked[0], lines[0], m), taken, grouped=several)
        codes.append(made)
        if several:
            scores[m.info.name] = tuple(_scored(made, i, asked, lines, taken))
    return tuple(codes), scores


def _called(asked: _Asked, line: LineCode, m: PlannedMetric) -> str:
    """What the fixture is called that a metric scores."""
    return dict(zip(asked.fixtures, line.fixtures, strict=True))[m.fixture].name


def _scored(
    first: MetricCode, i: int, asked: list[_Asked], lines: list[LineCode], taken: NameTable
) -> Iterator[tuple[Function, str]]:
    """The function that scores the answers of each line; one where lines are scored alike."""
    found: list[Function] = []
    for a, line in zip(asked, lines, strict=True):
        m = a.metrics[i]
        made = first.scores if line is lines[0] else _scores_of(m, taken)
        assert made is not None
        if isinstance(made.results[0], Op) and made.results[0].operator == "pack":
            raise CannotLower(f"`{m.info.name}` of several lines about equations", a.link.line.span)
        twin = next((f for f in found if alike(_of_any_size(f), _of_any_size(made))), made)
        found.append(twin)
        yield twin, _called(a, line, m)


def _of_any_size(f: Function) -> Function:
    """A function whose functions of numbers do not say how many these are."""
    return rebuilt(f, _sizeless)


def _sizeless(expr: Expr) -> Expr:
    match rebuild(expr, _sizeless):
        case Op(operator, arguments) if operator in NUMBERS:
            return Op(operator, arguments)
        case other:
            return other


def _scores_of(m: PlannedMetric, taken: NameTable) -> Function | None:
    return score_code(m, "", taken, grouped=True).scores


class _Solution(Struct, frozen=True, eq=False):
    """An equation, and its system; `conserving` where that may be of fluxes."""

    equation: TypedEquation
    conserving: bool
    system: System


def _solutions(world: World, equations: list[TypedEquation]) -> dict[str, _Solution]:
    """How some equations are solved, by name. Those of a kind are all solved alike."""
    found = [_solution(world, e, True) for e in equations]
    leaning = {_kind(x.system) for x in found if x.system.carries and not x.system.fluxes}
    alike = (_solution(world, x.equation, _kind(x.system) not in leaning) for x in found)
    return {x.equation.name: x for x in alike}


# What is remembered is found by an equation's file and name: an equation that is edited is
# another object, and what was known of it before would be kept for ever.


def _solution(world: World, e: TypedEquation, conserving: bool) -> _Solution:
    return world.ask(_derived, e.span.file, e.name, conserving)


def _derived(world: World, file: str, name: str, conserving: bool) -> _Solution:
    e = _declared(world, file, name)
    return _Solution(e, conserving, system(e, conserving=conserving))


def _declared(world: World, file: str, name: str) -> TypedEquation:
    found = world.ask(elaborated, file, name)
    assert found is not None
    return found


def _code(
    world: World, e: TypedEquation, solutions: Mapping[str, _Solution], wanted: Wanted
) -> EquationCode:
    """The class of an equation; on grids, if it is solved there."""
    found = solutions.get(e.name)
    conserving = found and found.conserving
    return world.ask(_coded, e.span.file, e.name, conserving, wanted)


def _coded(
    world: World, file: str, name: str, conserving: bool | None, wanted: Wanted
) -> EquationCode:
    if conserving is None:
        return equation_code(_declared(world, file, name), None, wanted)
    found = world.ask(_derived, file, name, conserving)
    return equation_code(found.equation, found.system, wanted)


def _kind(x: System) -> tuple[bool, int]:
    return x.time is not None, len(x.space)


def _answered(output: str, asked: Term) -> Callable[[Lowering, Apply], Vector]:
    """The answer to the question that was asked, under its name."""

    def answer(low: Lowering, term: Apply) -> Vector:
        if len(term.arguments) != 2 or not same(term.arguments[1], asked):
            raise CannotLower("a question that is not the one that was asked", term.span)
        return Leaf(Ref(output), (), 0)

    return answer


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
    """Whether the solver takes an implicit method, which wants a Jacobian."""
    for t in walk(link.model.output):
        match t:
            case Apply(operator="integrate", attributes=attributes):
                if str(attributes["method"]) not in EXPLICIT:
                    return True
            case _:
                pass
    return False
