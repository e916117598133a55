"""Planning: every combination that a benchmark selects is a scenario or has a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.exclusions import Exclusions, Reason
from sailc.diagnostics.files import SelectsNothing
from sailc.diagnostics.warnings import NeverStops, NotCarriedOut
from sailc.infer.modules.common import Choice, World, knobs, properties, show_value, words
from sailc.infer.modules.model import ports
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import elaborate_trainer
from sailc.names import Entry
from sailc.plan.chains import Chains
from sailc.plan.cost import cost_of
from sailc.plan.coverage import of_data, of_model
from sailc.plan.judging import Judging
from sailc.plan.link import Link, Linker, Links, Trained, truth_type
from sailc.plan.machines import Machines
from sailc.plan.match import Asked, Matcher
from sailc.plan.metrics import Out, metrics_of
from sailc.plan.problems import Class, Grounds, classes
from sailc.plan.ranking import by_default, unread
from sailc.plan.scenario import (
    Plan,
    PlannedMetric,
    Scenario,
    answerer,
    hyperparameters,
    judged,
    scenario_id,
)
from sailc.plan.select import Selection
from sailc.plan.unwritten import unwritten
from sailc.source import Span
from sailc.syntax import tree


def make_plan(
    world: World, file: str, benchmark: Entry | None, problems: list[Entry] | None
) -> Plan:
    """The plan of a benchmark, or of some problems with everything that fits them."""
    selection = Selection(world, benchmark)
    planner = Planner.of(world, selection)
    planner.plan(problems if problems is not None else selection.modules("problems"))
    name = benchmark.declaration.name if benchmark is not None else ""
    span = benchmark.declaration.name_span if benchmark is not None else Span(file, 0, 0)
    rankings = tuple(planner.rankings())
    diagnostics = [*selection.diagnostics, *planner.grounds.diagnostics]
    excluded = planner.exclusions.groups()
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
    exclusions: Exclusions
    grounds: Grounds
    linker: Linker
    machines: Machines
    scenarios: list[Scenario] = field(default_factory=list[Scenario])
    _trainers: list[Trained] = field(default_factory=list[Trained])

    @classmethod
    def of(cls, world: World, selection: Selection) -> Planner:
        exclusions = Exclusions()
        chains = Chains.of(world)
        judging = Judging(world, tuple(dict.fromkeys(e for e, _ in selection.metrics())))
        matcher = Matcher(world, chains, judging, lambda: _fillers(world, selection))
        return cls(
            world,
            selection,
            exclusions,
            Grounds(world),
            Linker(matcher, judging),
            Machines(world, selection, exclusions),
        )

    def plan(self, entries: Sequence[Entry]) -> None:
        """The scenarios of some problems, in the order of the problems and their axes."""
        problems = [p for entry in entries for p in self._problems(entry)]
        made: dict[int, list[Scenario]] = {}
        for c in classes(problems):
            for problem, scenario in self._class(c):
                made.setdefault(id(problem), []).append(scenario)
        self.scenarios += [s for p, _ in problems for s in made.get(id(p), ())]

    def _problems(self, entry: Entry) -> Iterator[tuple[TypedProblem, dict[str, object]]]:
        name = entry.declaration.name
        for row in self.selection.choices(entry, axes=True):
            problem = self.grounds.ground(entry, row[0])
            if isinstance(problem, Reason):
                self.exclusions.add(problem, (), [name])
            else:
                yield problem, {f"{name}.{k}": show_value(v) for k, v in row[0].items()}

    # --- models ----------------------------------------------------------------------------

    def _class(self, c: Class) -> Iterator[tuple[TypedProblem, Scenario]]:
        for entry in self.models():
            reason = self.unmeant(c.first, entry) or self.unreached(c.first, entry)
            if reason is not None:
                self.exclusions.add(reason, c.names, [entry.declaration.name])
                continue
            for row in self.selection.choices(entry, axes=False):
                for trainer in self.trainers():
                    yield from self._combination(c, entry, row, trainer)

    def models(self) -> list[Entry]:
        """The models and solvers that take part."""
        both = self.selection.mentions("models") or self.selection.mentions("solvers")
        found: list[Entry] = []
        if self.selection.mentions("models") or not both:
            found += self.selection.modules("models")
        if self.selection.mentions("solvers") or not both:
            found += self.selection.modules("solvers")
        return found

    def trainers(self) -> list[Trained]:
        """The trainers that take part, each with every choice of its swept knobs."""
        if not self._trainers:
            for entry in self.selection.modules("trainers"):
                for given in self.selection.choices(entry, axes=False):
                    typed = elaborate_trainer(self.world.context(), entry, given[0])
                    self._trainers.append(Trained(typed, given[0]))
        return self._trainers

    def unmeant(self, problem: TypedProblem, entry: Entry) -> Reason | None:
        """That a model is for other kinds of task."""
        verbs = words(entry.declaration, "for")
        if verbs and problem.verb not in verbs:
            name = entry.declaration.name
            text = f"`{name}` is for `{'`, `'.join(verbs)}`, and this asks to `{problem.verb}`"
            return Reason("X0103", text)
        return None

    def unreached(self, problem: TypedProblem, entry: Entry) -> Reason | None:
        """That no chain leads from a question to a model's input, before its body is looked at."""
        choice = self.selection.choices(entry, axes=False)[0][0]
        for line in problem.lines:
            f = line.fixtures[0]
            asked = Asked(f.question.type, truth_type(f), f.verb)
            if not self.linker.matcher.takes(entry, choice, asked):
                return self.linker.matcher.no_question(asked, entry, choice)
        return None

    def link(
        self, problem: TypedProblem, entry: Entry, row: Sequence[Choice], trainer: Trained
    ) -> Links | Reason:
        """The links under the first of some choices of knobs that has any."""
        first: Reason | None = None
        for choice in row:
            links = self.linker.link(problem, entry, choice, trainer)
            if not isinstance(links, Reason):
                return links
            first = first or links
            if not self._may_help(entry, first):
                break
        assert first is not None
        return first

    def _may_help(self, entry: Entry, reason: Reason) -> bool:
        """Whether other values of the knobs could mend what a reason is against: types that
        no chain joins stay so, unless the ports' types are made of knobs."""
        if reason.code not in ("X0101", "X0102", "X0105", "X0108"):
            return True
        names = {n for k in knobs(self.world.context(), entry) for n in k.names}
        lines = [*ports(entry, "input"), *ports(entry, "output")]
        written = [line.type for line in lines if line.type is not None]
        mentioned = {n.id for t in written for n in tree.walk(t) if isinstance(n, tree.Name)}
        return len(written) < len(lines) or bool(names & mentioned)

    # --- scenarios -------------------------------------------------------------------------

    def _combination(
        self, c: Class, entry: Entry, row: Sequence[Choice], trainer: Trained
    ) -> Iterator[tuple[TypedProblem, Scenario]]:
        name = entry.declaration.name
        links = self.link(c.first, entry, row, trainer)
        if isinstance(links, Reason):
            self.exclusions.add(links, c.names, [name])
            return
        missing = unwritten(links)
        if missing:
            text = f"{missing} is not written by this version of sailc"
            whole = answerer(judged(links).model)
            self.exclusions.add(Reason("X0301", text), c.names, [whole])
            return
        for problem, axes in c.members:
            own = self.linker.link(problem, entry, judged(links).model.choice, trainer)
            assert not isinstance(own, Reason)
            for scenario in self._scenarios(problem, axes, own, trainer):
                yield problem, scenario

    def _scenarios(
        self, problem: TypedProblem, axes: dict[str, object], links: Links, trainer: Trained
    ) -> Iterator[Scenario]:
        link = judged(links)
        entry = trainer.typed.entry
        hyper = hyperparameters(link.model) | {
            f"{entry.declaration.name}.{k}": show_value(v) for k, v in trainer.given.items()
        }
        metrics = tuple(self._metrics(problem, link))
        for software in self.machines.software(of_model(links), of_data(link, metrics)):
            for machine in self.machines.hardware():
                parts = {
                    "problem": problem.name,
                    "axes": axes,
                    "model": answerer(link.model),
                    "hyperparameters": hyper,
                    "trainer": entry.declaration.name,
                    "software": software.name,
                    "hardware": machine,
                }
                yield Scenario(
                    scenario_id(parts),
                    problem,
                    axes,
                    link.model.entry,
                    trainer.typed,
                    hyper,
                    links,
                    metrics,
                    software,
                    machine,
                    self.selection.seeds(),
                    cost_of(link.model),
                )

    def _metrics(self, problem: TypedProblem, link: Link) -> Iterator[PlannedMetric]:
        for found in metrics_of(self.world, self.selection.metrics(), problem, link):
            if isinstance(found, Out):
                self._metric_out(problem, found.metric, found.why)
            else:
                yield found

    def _metric_out(self, problem: TypedProblem, metric: str, text: str) -> None:
        self.exclusions.add(Reason("X0107", text), [problem.name], [metric])

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

    def rankings(self) -> list[Entry]:
        found = self.selection.modules("rankings")
        if self.selection.mentions("rankings"):
            for name, text in unread(self.world, found, self.scenarios):
                self.exclusions.add(Reason("X0107", text), (), [name])
            return found
        return by_default(self.world, found, self.scenarios)


def _fillers(world: World, selection: Selection) -> Iterator[tuple[Entry, list[Choice]]]:
    """What may fill a hole: every model of the catalogue, and solvers that fit nothing."""
    modules = world.names.modules
    table = {**modules["model"], **modules["solver"]}
    for name in sorted(table):
        for row in selection.choices(table[name], axes=False):
            yield table[name], row
