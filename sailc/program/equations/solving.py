"""Programs that ask a solver one question after another; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.common import World
from sailc.infer.modules.problem import DataLine, Question
from sailc.plan.link import Link
from sailc.plan.metrics import reads
from sailc.plan.scenario import Scenario
from sailc.plan.solving import asks, solved
from sailc.program.arrays.layout import CannotLower, Group, Leaf, Vector, opened, packed
from sailc.program.arrays.solved import EXPLICIT, listing, settled
from sailc.program.arrays.vectors import Lowering
from sailc.program.equations.asked import Asked
from sailc.program.equations.classes import EquationCode, Wanted
from sailc.program.equations.collocation import Collocated, collocated
from sailc.program.equations.programs import FixtureCode, Held, LineCode, SolverProgram
from sailc.program.equations.references import References, is_reference
from sailc.program.equations.scores import metrics_of
from sailc.program.equations.solutions import code_of, solutions_of
from sailc.program.heading import about as about_of
from sailc.program.heading import title
from sailc.program.points.files import Files
from sailc.program.points.lines import alike
from sailc.program.tree.names import NameTable, occupied, snake
from sailc.program.tree.nodes import Function, Ref
from sailc.program.tree.tidy import inlined
from sailc.symbolic.system import System
from sailc.terms import Apply, Const, Term, same, walk
from sailc.types.model import TupleType


def lower_solver(
    world: World, s: Scenario, files: Files, folder: str, source: str
) -> SolverProgram:
    """The program of a scenario that asks about equations."""
    first = s.link
    links = [first, *(k for k in s.links if k is not first)]
    asked = [Asked.of(world, s, k) for k in links]
    equations = [e for a in asked for e in a.equations]
    solutions = solutions_of(world, equations) if solved(first) else {}
    wanted = Wanted(
        any(map(_implicit, links)),
        any(a.judged for a in asked),
        first.model.minimize is not None,
        any(asks(world, a.roots) for a in asked),
        _bounded(first),
    )
    every = {e.name: e for e in equations}
    grids = solutions if first.model.minimize is None else {}
    codes = tuple(code_of(world, e, grids, wanted) for e in every.values())
    taken = NameTable(set(occupied()) | {c.name for c in codes})
    fitted = collocated(s, taken) if first.model.minimize is not None else None
    held = [Held.of(i, taken) for i in range(len(asked))]
    lines: list[LineCode] = []
    for i, a in enumerate(asked):
        about = solutions[a.equations[0].name].system if solutions else None
        names = tuple(taken.fresh(n) for n in a.link.line.names)
        on_grids = tuple(code_of(world, e, solutions, SOLVED) for e in a.equations)
        place = Place(source, folder, on_grids)
        made = _Lowering(s, a.link, a.fixtures, files, about, names, taken, held[i], place)
        lines.append(made.line(fitted, lines))
    metrics, scores = metrics_of(s, asked, lines, taken)
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


def _bounded(link: Link) -> bool:
    """Whether what the solver makes small reads what conditions leave over."""
    goal = link.model.minimize
    parts = walk(goal) if goal is not None else ()
    return any(isinstance(t, Apply) and t.operator == "mismatch" for t in parts)
