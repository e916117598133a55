"""Planning: every combination that a benchmark selects is a scenario or has a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct, field

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.exclusions import Exclusions, Reason, Without
from sailc.diagnostics.files import SelectsNothing
from sailc.diagnostics.warnings import NeverStops, NotCarriedOut
from sailc.infer.modules.benchmark import axis_of
from sailc.infer.modules.common import Choice, Knob, World, has, knobs, properties
from sailc.infer.modules.model import ports
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import elaborate_trainer
from sailc.names import Entry
from sailc.plan.candidates import Candidates
from sailc.plan.chains import Chains
from sailc.plan.combination import Combination
from sailc.plan.coverage import of_data, of_model, place_of
from sailc.plan.evaluating import Evaluations
from sailc.plan.judging import Judging
from sailc.plan.link import Link, Linker, Links, Trained
from sailc.plan.machines import Lacking, Machines
from sailc.plan.match import Matcher
from sailc.plan.memory import too_large
from sailc.plan.metrics import Metrics, Out, by_reason, unmeasurable
from sailc.plan.mixed import unmixed
from sailc.plan.outside import missing_outside, outside_software
from sailc.plan.picked import picked
from sailc.plan.problems import Class, Grounds, Posed, classes
from sailc.plan.ranking import by_default, unread
from sailc.plan.scale import scaled
from sailc.plan.scenario import (
    Machine,
    Plan,
    PlannedMetric,
    Scenario,
    answerer,
    judged,
    learns,
)
from sailc.plan.select import Selection, suggested
from sailc.plan.solving import is_solving
from sailc.plan.tune import method_of
from sailc.plan.tuner import Tuner
from sailc.plan.unwritten import unwritten
from sailc.plan.when import Setting, settings
from sailc.source import Span
from sailc.syntax import tree
from sailc.types.model import show


def make_plan(
    world: World,
    file: str,
    benchmark: Entry | None,
    problems: list[Entry] | None,
    refusal: Refusal,
) -> Plan:
    """The plan of a benchmark, or of some problems with everything that fits them; `refusal`
    says why a scenario has no program."""
    whole = Planner.of(world, Selection(world, benchmark), refusal)
    names = [e.declaration.name for e in problems] if problems is not None else None
    planners = [whole.within(s) for s in settings(world, benchmark, whole.machines.cells())]
    budgets: dict[str, float] = {}
    diagnostics: list[Diagnostic] = []
    for planner in planners:
        planner.plan(names)
        budget = planner.selection.budget()
        if budget is not None:
            budgets.update({m.name: budget for _, m in planner.machines.cells()})
        diagnostics += [*planner.selection.diagnostics, *planner.grounds.diagnostics]
    name = benchmark.declaration.name if benchmark is not None else ""
    span = benchmark.declaration.name_span if benchmark is not None else Span(file, 0, 0)
    if planners[0] is not whole:
        whole.scenarios = in_order(s for p in planners for s in p.scenarios)
    rankings = tuple(whole.rankings())
    diagnostics = [*whole.selection.diagnostics, *diagnostics, *whole.warnings()]
    excluded = whole.exclusions.groups()
    if not whole.scenarios and not any(d.severity == "error" for d in diagnostics):
        reasons = tuple(e.reason for e in excluded)
        diagnostics.append(SelectsNothing(span=span, name=name or file, reasons=reasons))
    return Plan(
        file,
        name,
        tuple(whole.scenarios),
        excluded,
        rankings,
        budgets,
        tuple(whole.machines.hardware()),
        tuple(dict.fromkeys(diagnostics)),
    )


def in_order(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Scenarios that were found in several settings, together by problem, axes, model, trainer
    and software, each in the order in which they were met."""
    met: dict[tuple[int, str], int] = {}

    def place(s: Scenario) -> list[int]:
        trainer = s.trainer.entry.declaration.name
        parts = (s.problem.name, str(s.axes), s.answerer, trainer, s.software.name)
        return [met.setdefault(part, len(met)) for part in enumerate(parts)]

    return sorted(scenarios, key=place)


Trainers = dict[str, list[Trained]]
Refusal = Callable[[Scenario], Reason | None]


def may_run(scenario: Scenario) -> Reason | None:
    """Where only links are of interest, whatever is linked may have a program."""
    return None


class Planner(Struct):
    """The state of one plan: what was found and what was left out."""

    world: World
    selection: Selection
    exclusions: Exclusions
    grounds: Grounds
    linker: Linker
    machines: Machines
    metrics: Metrics
    refusal: Refusal
    evaluations: Evaluations
    scenarios: list[Scenario] = field(default_factory=list[Scenario])
    _tuner: Tuner | None = None
    _trainers: dict[tuple[Span, ...], Trainers] = field(
        default_factory=dict[tuple[Span, ...], "Trainers"]
    )

    @classmethod
    def of(
        cls,
        world: World,
        selection: Selection,
        refusal: Refusal = may_run,
        machines: Machines | None = None,
    ) -> Planner:
        machines = machines or Machines(world, selection, Exclusions())
        exclusions = machines.exclusions
        chains = Chains.of(world)
        metrics = tuple(dict.fromkeys(e for e, _ in selection.metrics()))
        judging = Judging(world, metrics, tuple(selection.modules("trainers")))
        matcher = Matcher(world, chains, judging, lambda: _fillers(world, selection))
        linker = Linker(matcher, judging)
        every = not selection.mentions("metrics")
        asked = Metrics.of(world, judging, selection.metrics(), every)
        grounds = Grounds(world)
        costs = Evaluations(world)
        planner = cls(
            world, selection, exclusions, grounds, linker, machines, asked, refusal, costs
        )
        method = method_of(selection.tuned())
        if method is not None:
            made = planner.made
            planner._tuner = Tuner(world, selection, exclusions, linker, method, made)
        return planner

    def within(self, setting: Setting) -> Planner:
        """The planner of what hangs on some machines and stacks; itself where nothing does."""
        if setting.world is self.world:
            return self
        selection = Selection(setting.world, setting.benchmark)
        machines = self.machines.only(setting.cells)
        return Planner.of(setting.world, selection, self.refusal, machines)

    def plan(self, names: Sequence[str] | None) -> None:
        """The scenarios of some problems, in the order of the problems and their axes; of those
        that are selected if none are named."""
        table = self.world.names.modules["problem"]
        entries = self.selection.modules("problems") if names is None else [table[n] for n in names]
        posed = [p for entry in entries for p in self._problems(entry)]
        matcher = self.linker.matcher
        candidates = Candidates.of(
            matcher, self.selection, self.exclusions, self.models(), [p.problem for p in posed]
        )
        made: dict[int, list[Scenario]] = {}
        for c in classes(self.world, posed):
            for entry in candidates.of_class(c):
                for problem, scenario in self._answered(c, entry):
                    made.setdefault(id(problem), []).append(scenario)
        self.scenarios += [s for p in posed for s in made.get(id(p.problem), ())]

    def _problems(self, entry: Entry) -> Iterator[Posed]:
        for row in self.selection.choices(entry, axes=True):
            whole = self.grounds.ground(entry, row[0])
            for share in self.selection.shares() or (None,):
                problem = whole
                if share is not None and not isinstance(whole, Reason):
                    problem = scaled(whole, share)
                if isinstance(problem, Reason):
                    self.exclusions.add(problem, (), [entry.declaration.name])
                else:
                    yield Posed(problem, row[0], share)

    def models(self) -> list[Entry]:
        """The models and solvers that take part."""
        both = self.selection.mentions("models") or self.selection.mentions("solvers")
        found: list[Entry] = []
        if self.selection.mentions("models") or not both:
            found += self.selection.modules("models")
        if self.selection.mentions("solvers") or not both:
            found += self.selection.modules("solvers")
        return found

    # --- trainers --------------------------------------------------------------------------

    def trainers(self, hints: tuple[Knob, ...] = ()) -> list[Trained]:
        """The trainers that take part, each with every choice of its swept knobs. `hints` are
        the values that a problem suggests."""
        return [t for some in self._by_name(hints).values() for t in some]

    def _by_name(self, hints: tuple[Knob, ...]) -> Trainers:
        key = tuple(h.span for h in hints)
        if key not in self._trainers:
            self._trainers[key] = {
                entry.declaration.name: [*self._trained(entry, hints)]
                for entry in self.selection.modules("trainers")
            }
        return self._trainers[key]

    def _trained(self, entry: Entry, hints: tuple[Knob, ...]) -> Iterator[Trained]:
        for given in self.selection.choices(entry, axes=False, hints=hints):
            typed = elaborate_trainer(self.world.context(), entry, given[0])
            if typed.phases:  # else its optimizer is wrong, which is told where it stands
                yield Trained(typed, given[0])

    def _able(self, c: Class, entry: Entry, hints: tuple[Knob, ...]) -> list[Trained]:
        """The trainers that may have a loss for the truths of a class, or all of them for a
        model that says itself what is made small."""
        if has(entry.declaration, "minimize"):
            return self.trainers(hints)
        if c.able is None:
            trainers = self._by_name(hints)
            names = frozenset(trainers)
            for truth in c.truths("train"):
                teaching = names & self.linker.judging.teaching(truth)
                if len(teaching) < len(names):
                    reason = Reason("X0105", f"no loss accepts a truth `{show(truth)}`")
                    lacking = Without(tuple(trainers), frozenset(trainers) - names | teaching)
                    self.exclusions.add(reason, c.names, lacking)
                names = teaching
            c.able = [t for n, some in trainers.items() if n in names for t in some]
        return c.able

    # --- links -----------------------------------------------------------------------------

    def _answered(self, c: Class, entry: Entry) -> Iterator[tuple[TypedProblem, Scenario]]:
        hints = suggested(self.world, c.first.entry)
        able = self._able(c, entry, hints)
        if self._tuner is not None:
            table = self.world.names.modules["trainer"]
            trainers = dict.fromkeys(t.typed.entry.declaration.name for t in able)
            entries = [table[name] for name in trainers]
            yield from self._tuner.scenarios(c, entry, entries, hints)
            return
        for row in self.selection.choices(entry, axes=False, hints=hints):
            for trainer in able:
                links = self.link(c.first, entry, row, trainer)
                if isinstance(links, Reason):
                    self.exclusions.add(links, c.names, [entry.declaration.name])
                    continue
                for filled in links:
                    yield from self.made(c, filled, trainer)
                if not any(map(learns, links)):
                    break  # another trainer would have nothing to do either

    def link(
        self, problem: TypedProblem, entry: Entry, row: Sequence[Choice], trainer: Trained
    ) -> tuple[Links, ...] | Reason:
        """The links under the first of some choices of knobs that has any, for each way in
        which holes are filled."""
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

    def made(
        self, c: Class, links: Links, trainer: Trained
    ) -> Iterator[tuple[TypedProblem, Scenario]]:
        """The scenarios of a class of problems: on every stack and machine that can."""
        link = judged(links)
        missing = unwritten(self.world, c.first, links, trainer.typed)
        if missing is not None:
            self.exclusions.add(missing, c.names, [answerer(link.model)])
            return
        conditions = [x for p in c.members for x in p.problem.conditions]
        conditions += judged(links).model.conditions
        reason = missing_outside(self.world, links, conditions)
        if reason is not None:
            self.exclusions.add(reason, c.names, [answerer(link.model)])
            return
        metrics = self._metrics(c, link)
        operators, data = of_model(links), of_data(links, metrics, conditions)
        if link.model.plain and not is_solving(links):
            pairs = self.machines.plain(outside_software(self.world, links), operators, data)
        else:
            learning = learns(links)
            operators |= {p.optimizer for p in trainer.typed.phases if learning}
            pairs = self.machines.pairs(operators, data, learning)
        for found in pairs:
            if isinstance(found, Lacking):
                span = place_of(found.operator, links, metrics, conditions)
                self.exclusions.add(found.reason(span), c.names, [answerer(link.model)])
                continue
            software, machine = found
            coarse = unmixed(links, trainer.typed, software)
            if coarse is not None:
                self.exclusions.add(coarse, c.names, [answerer(link.model)])
                continue
            own = self._measurable(c, metrics, machine)
            made = Combination.of(
                self.evaluations, links, trainer, own, software, machine, self.selection.seeds()
            )
            for posed in c.members:
                scenario = picked(self.selection, made, posed, self.exclusions)
                refusal = None
                if scenario is not None:
                    refusal = too_large(scenario, machine) or self.refusal(scenario)
                if refusal is not None:
                    self.exclusions.add(refusal, [posed.problem.name], [answerer(link.model)])
                elif scenario is not None:
                    yield posed.problem, scenario

    def _measurable(
        self, c: Class, metrics: tuple[PlannedMetric, ...], machine: Machine
    ) -> tuple[PlannedMetric, ...]:
        """The metrics that a machine can measure."""
        out = {m.info.name: unmeasurable(m, machine.name, machine.energy) for m in metrics}
        self._out(c, [Out(name, why) for name, why in out.items() if why])
        return tuple(m for m in metrics if not out[m.info.name])

    def _metrics(self, c: Class, link: Link) -> tuple[PlannedMetric, ...]:
        """The metrics that apply to a class's link; those that do not are left out once."""
        if c.asked is None:
            c.asked, out = self.metrics.of_problem(c.first, c.truths("test"))
            for why, names in out:
                self.exclusions.add(Reason("X0107", why), c.names, names)
        key = id(link.match)
        if key not in c.metrics:
            found = list(self.metrics.of_link(c.asked, c.first, link))
            c.metrics[key] = tuple(m for m in found if not isinstance(m, Out))
            self._out(c, [m for m in found if isinstance(m, Out)])
        return c.metrics[key]

    def _out(self, c: Class, out: list[Out]) -> None:
        for why, names in by_reason(out):
            self.exclusions.add(Reason("X0107", why), c.names, names)

    def warnings(self) -> Iterator[Diagnostic]:
        """What will not have the effect that its author may expect."""
        for s in self.scenarios:
            stops = s.trainer.stops if learns(s.links) else ()
            reads = any(stop.measure.startswith("validate.") for stop in stops)
            d = s.trainer.entry.declaration
            if reads and not s.problem.of("validate") and not s.trainer.entry.standard:
                line = next(properties(d, "stop"))
                yield NeverStops(span=line.span, trainer=d.name, problem=s.problem.name)
        benchmark = self.selection.entry
        for line in benchmark.declaration.body or () if benchmark is not None else ():
            if isinstance(line, tree.Property) and line.name == "report":
                yield NotCarriedOut(span=line.name_span, name="report")
            elif isinstance(line, tree.Property) and axis_of(line)[0] == "nodes":
                yield NotCarriedOut(span=line.name_span, name="scale nodes")

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
