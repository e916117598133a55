"""Planning: every combination that a benchmark selects is a scenario or has a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct, field

from sailc.backends import BrokenBackend, backend, missing_packages
from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.exclusions import Reason, group
from sailc.diagnostics.files import SelectsNothing
from sailc.diagnostics.warnings import NeverStops, NotCarriedOut
from sailc.infer.modules.common import (
    Choice,
    World,
    guarded,
    knobs,
    open_scope,
    properties,
    requirements,
    show_value,
    words,
)
from sailc.infer.modules.problem import DataLine, Question, TypedProblem, elaborate_problem
from sailc.infer.modules.trainer import TypedTrainer, elaborate_trainer
from sailc.names import Entry
from sailc.plan.cost import cost_of
from sailc.plan.coverage import of_data, of_model
from sailc.plan.link import Link, Linker, resolver
from sailc.plan.metrics import Out, metrics_of
from sailc.plan.scenario import (
    Plan,
    PlannedMetric,
    Scenario,
    Software,
    scenario_id,
)
from sailc.plan.select import Selection
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Term, Var, rebuild
from sailc.types.model import ListType, SetType, Tensor, Type, Unknown, show


def make_plan(
    world: World, file: str, benchmark: Entry | None, problems: list[Entry] | None
) -> Plan:
    """The plan of a benchmark, or of some problems with everything that fits them."""
    selection = Selection(world, benchmark)
    planner = Planner(world, selection, Linker(world))
    chosen = problems if problems is not None else selection.modules("problems")
    for problem in chosen:
        planner.problem(problem)
    name = benchmark.declaration.name if benchmark is not None else ""
    span = benchmark.declaration.name_span if benchmark is not None else Span(file, 0, 0)
    rankings = tuple(planner.rankings())
    diagnostics = [*selection.diagnostics, *planner.diagnostics]
    excluded = group(planner.excluded)
    diagnostics += planner.warnings()
    if not planner.scenarios and not any(d.severity == "error" for d in diagnostics):
        reasons = tuple(e.reason for e in excluded)
        diagnostics.append(SelectsNothing(span=span, name=name or file, reasons=reasons))
    return Plan(
        file,
        name,
        tuple(planner.scenarios),
        excluded,
        rankings,
        selection.budget(),
        tuple(dict.fromkeys(diagnostics)),
    )


class Planner(Struct):
    """The state of one plan: what was found and what was left out."""

    world: World
    selection: Selection
    linker: Linker
    scenarios: list[Scenario] = field(default_factory=list[Scenario])
    excluded: list[tuple[str, Reason]] = field(default_factory=list[tuple[str, Reason]])
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def leave_out(self, module: str, reason: Reason) -> None:
        self.excluded.append((module, reason))

    # --- problems --------------------------------------------------------------------------

    def problem(self, entry: Entry) -> None:
        for row in self.selection.choices(entry, axes=True):
            choice = row[0]
            problem = self.ground(entry, choice)
            if isinstance(problem, Reason):
                self.leave_out(entry.declaration.name, problem)
                continue
            axes = {f"{entry.declaration.name}.{k}": show_value(v) for k, v in choice.items()}
            for model in self._models(problem):
                self._trainers(problem, axes, model)

    def ground(self, entry: Entry, choice: Choice) -> TypedProblem | Reason:
        """A problem with every type known."""
        ctx = self.world.context()
        found: list[TypedProblem] = []
        guarded(ctx, lambda: found.append(elaborate_problem(ctx, entry, choice)))
        wrong = ctx.solver.settle()
        if ctx.failed or wrong is not None or not found:
            self.diagnostics += list(ctx.found.values())
            return Reason("X0302", f"`{entry.declaration.name}` has mistakes: see `sailc check`")
        failed = [r for r in found[0].requirements if r.holds is False]
        if failed:
            return Reason("X0106", failed[0].because or "a `require` does not hold")
        memo: dict[int, Term] = {}
        resolve = resolver(ctx)
        lines = tuple(_ground_line(line, resolve, memo) for line in found[0].lines)
        return TypedProblem(entry.declaration.name, entry, lines, found[0].requirements)

    # --- models ----------------------------------------------------------------------------

    def _models(self, problem: TypedProblem) -> Iterator[Entry]:
        both = self.selection.mentions("models") or self.selection.mentions("solvers")
        found: list[Entry] = []
        if self.selection.mentions("models") or not both:
            found += self.selection.modules("models")
        if self.selection.mentions("solvers") or not both:
            found += self.selection.modules("solvers")
        for entry in found:
            reason = self.unfit(problem, entry)
            if reason is None:
                yield entry
            else:
                self.leave_out(_pair(problem, entry.declaration.name), reason)

    def unfit(self, problem: TypedProblem, entry: Entry) -> Reason | None:
        """Why a model cannot be meant for a problem, before any type."""
        verbs = words(entry.declaration, "for")
        name = entry.declaration.name
        if entry.declaration.kind == "solver":
            return Reason("X0301", "solvers are not planned by this version of sailc")
        if verbs and problem.verb not in verbs:
            text = f"`{name}` is for `{'`, `'.join(verbs)}`, and this asks to `{problem.verb}`"
            return Reason("X0103", text)
        return None

    def _trainers(self, problem: TypedProblem, axes: dict[str, object], model: Entry) -> None:
        reason = unsupported(problem)
        name = model.declaration.name
        if reason is not None:
            self.leave_out(_pair(problem, name), reason)
            return
        for row in self.selection.choices(model, axes=False):
            for trainer in self.selection.modules("trainers"):
                for given in self.selection.choices(trainer, axes=False):
                    self._combination(problem, axes, model, row, trainer, given[0])

    def _combination(
        self,
        problem: TypedProblem,
        axes: dict[str, object],
        model: Entry,
        row: list[Choice],
        trainer: Entry,
        given: Choice,
    ) -> None:
        ctx = self.world.context()
        typed = elaborate_trainer(ctx, trainer, given)
        first: Reason | None = None
        for choice in row:
            link = self.link(problem, model, choice, trainer, given, typed.standardize)
            if isinstance(link, Link):
                self._scenarios(problem, axes, link, typed, given)
                return
            first = first or link
            if not knobs(self.world.context(), model):
                break
        if first is not None:
            self.leave_out(_pair(problem, model.declaration.name), first)

    def link(
        self,
        problem: TypedProblem,
        model: Entry,
        choice: Choice,
        trainer: Entry,
        given: Choice,
        standardize: bool,
    ) -> Link | Reason:
        """One link for all data lines: they ask alike, or the pair is left out."""
        first: Link | None = None
        for line in problem.lines:
            link = self.linker.link(line, model, choice, trainer, given, standardize)
            if isinstance(link, Reason):
                return link
            if first is not None and _types(first) != _types(link):
                text = "data lines that ask with different types are not planned by this version"
                return Reason("X0301", text)
            first = link if first is None or line.split == "test" else first
        assert first is not None
        return first

    # --- scenarios -------------------------------------------------------------------------

    def _scenarios(
        self,
        problem: TypedProblem,
        axes: dict[str, object],
        link: Link,
        trainer: TypedTrainer,
        given: Choice,
    ) -> None:
        hyper = {
            f"{link.model.entry.declaration.name}.{k}": show_value(v)
            for k, v in link.model.choice.items()
        } | {f"{trainer.entry.declaration.name}.{k}": show_value(v) for k, v in given.items()}
        metrics = tuple(self._metrics(problem, link))
        hardware = [e.declaration.name for e in self._hardware()]
        for software in self._software(link, metrics):
            for machine in hardware:
                parts = {
                    "problem": problem.name,
                    "axes": axes,
                    "model": link.model.entry.declaration.name,
                    "hyperparameters": hyper,
                    "trainer": trainer.entry.declaration.name,
                    "software": software.name,
                    "hardware": machine,
                }
                self.scenarios.append(
                    Scenario(
                        scenario_id(parts),
                        problem,
                        axes,
                        link.model.entry,
                        trainer,
                        hyper,
                        link,
                        metrics,
                        software,
                        machine,
                        self.selection.seeds(),
                        cost_of(link.model),
                    )
                )

    def _hardware(self) -> list[Entry]:
        if self.selection.mentions("on") or self.selection.mentions("hardware"):
            return self.selection.modules("hardware", "on")
        here = self.world.names.module("hardware", "here")
        return [here] if here is not None else []

    def _software(self, link: Link, metrics: tuple[PlannedMetric, ...]) -> Iterator[Software]:
        model, data = of_model(link), of_data(link, metrics)
        if not _is_array(link.model.input.type) or not _is_array(link.output):
            text = f"a model from `{show(link.model.input.type)}` to `{show(link.output)}`"
            pair = f"{link.model.entry.declaration.name}"
            reason = Reason("X0301", f"{text} is not written by this version of sailc")
            self.leave_out(pair, reason)
            return
        for entry in self.selection.modules("software"):
            backends = words(entry.declaration, "backend")
            if not backends:
                continue
            found = Software(
                entry.declaration.name, backends[0], words(entry.declaration, "packages")
            )
            reason = _cannot(found, model, data)
            if reason is not None:
                self.leave_out(found.name, reason)
                continue
            failed = self._failed(entry)
            if failed is not None:
                self.leave_out(found.name, failed)
                continue
            yield found

    def _failed(self, entry: Entry) -> Reason | None:
        ctx = self.world.context()
        scope = open_scope(ctx, entry, {})
        for r in requirements(ctx, entry, scope):
            if r.holds is False:
                return Reason("X0106", r.because or "a `require` does not hold")
        return None

    def _metrics(self, problem: TypedProblem, link: Link) -> Iterator[PlannedMetric]:
        for found in metrics_of(self.world, self.selection.metrics(), problem, link):
            if isinstance(found, Out):
                self._metric_out(problem, found.metric, found.why)
            else:
                yield found

    def _metric_out(self, problem: TypedProblem, metric: str, text: str) -> None:
        entry = (_pair(problem, metric), Reason("X0107", text))
        if entry not in self.excluded:
            self.excluded.append(entry)

    def warnings(self) -> Iterator[Diagnostic]:
        """What will not have the effect that its author may expect."""
        for s in self.scenarios:
            reads = any(stop.measure.startswith("validate.") for stop in s.trainer.stops)
            d = s.trainer.entry.declaration
            if reads and not s.problem.of("validate") and not s.trainer.entry.standard:
                line = next(properties(d, "stop"))
                yield NeverStops(span=line.span, trainer=d.name, problem=s.problem.name)
        benchmark = self.selection.entry
        for line in benchmark.declaration.body or () if benchmark is not None else ():
            if isinstance(line, tree.Property) and line.name in ("tune", "scale", "report"):
                yield NotCarriedOut(span=line.name_span, name=line.name)
            elif isinstance(line, tree.Property) and line.when is not None:
                yield NotCarriedOut(span=line.when.span, name="when")

    def rankings(self) -> Iterator[Entry]:
        verbs = {s.problem.verb for s in self.scenarios}
        measured = {m.info.name for s in self.scenarios for m in s.metrics}
        named = self.selection.mentions("rankings")
        for entry in self.selection.modules("rankings"):
            meant = set(words(entry.declaration, "for"))
            keys = {w for p in ("order", "pareto") for w in words(entry.declaration, p)}
            if named or ((not meant or meant & verbs) and keys and keys <= measured):
                yield entry


def _is_array(type: Type) -> bool:
    """A tensor, or a list of tensors."""
    match type:
        case Tensor():
            return True
        case ListType(item, _) | SetType(item, _):
            return _is_array(item)
        case _:
            return False


def _pair(problem: TypedProblem, module: str) -> str:
    return f"{problem.name} / {module}"


def _types(link: Link) -> tuple[Type | None, ...]:
    truth = link.fixture.truth
    return (link.fixture.question.type, truth.type if truth is not None else None)


def _ground_line(
    line: DataLine, resolve: Callable[[Term], Term], memo: dict[int, Term]
) -> DataLine:
    variable = rebuild(line.variable, resolve, memo)
    source = rebuild(line.source, resolve, memo)
    assert isinstance(variable, Var)
    fixtures = tuple(
        Question(
            f.name,
            f.verb,
            rebuild(f.question, resolve, memo),
            rebuild(f.truth, resolve, memo) if f.truth is not None else None,
            f.truth_type,
            rebuild(f.weight, resolve, memo) if f.weight is not None else None,
            f.span,
        )
        for f in line.fixtures
    )
    return DataLine(
        line.split, line.stage, line.names, variable, source, line.count, fixtures, line.span
    )


def unsupported(problem: TypedProblem) -> Reason | None:
    """What this version does not plan, said as a reason."""
    if not problem.of("train"):
        return Reason("X0108", "a model learns from `train` lines, and this problem has none")
    if any(line.stage for line in problem.lines):
        return Reason("X0301", "`stage` is not planned by this version of sailc")
    if any(len(line.fixtures) != 1 for line in problem.lines):
        return Reason("X0301", "several fixtures are not planned by this version of sailc")
    for line in problem.lines:
        f = line.fixtures[0]
        if isinstance(f.question.type, Unknown):
            return Reason("X0302", f"`{problem.name}` has mistakes: see `sailc check`")
    return None


def _cannot(software: Software, model: frozenset[str], data: frozenset[str]) -> Reason | None:
    found = backend(software.backend)
    if found is None:
        text = f"no backend `{software.backend}` is installed"
        return Reason("X0201", f"{text}: `pip install sailc[{software.backend}]`")
    if isinstance(found, BrokenBackend):
        return Reason("X0201", f"the backend `{found.name}` cannot be loaded: {found.reason}")
    lacking = missing_packages((*software.packages, *found.packages))
    if lacking:
        wanted = " ".join(f"'{p}'" for p in lacking)
        return Reason("X0202", f"`{software.name}` needs {wanted}: `pip install {wanted}`")
    absent = found.lacks(model, data)
    if absent:
        return Reason("X0203", f"the backend `{found.name}` has no row for {absent[0]}")
    return None
