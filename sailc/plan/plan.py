"""Planning: every combination that a benchmark selects is a scenario or has a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.exclusions import Exclusions, Reason, Without
from sailc.diagnostics.files import SelectsNothing
from sailc.diagnostics.warnings import NeverStops, NotCarriedOut
from sailc.infer.modules.common import Choice, Knob, World, has, knobs, properties, show_value
from sailc.infer.modules.model import ports
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import elaborate_trainer
from sailc.names import Entry
from sailc.plan.candidates import Candidates
from sailc.plan.chains import Chains
from sailc.plan.combination import Combination
from sailc.plan.coverage import of_data, of_model
from sailc.plan.judging import Judging
from sailc.plan.link import Link, Linker, Links, Trained
from sailc.plan.machines import Machines
from sailc.plan.match import Matcher
from sailc.plan.metrics import Metrics, Out, by_reason, unmeasurable
from sailc.plan.outside import missing_outside
from sailc.plan.problems import Class, Grounds, Posed, classes
from sailc.plan.ranking import by_default, unread
from sailc.plan.scenario import (
    Machine,
    Plan,
    PlannedMetric,
    Scenario,
    answerer,
    judged,
)
from sailc.plan.select import Selection, suggested
from sailc.plan.tune import method_of
from sailc.plan.tuner import Tuner
from sailc.plan.unwritten import unwritten
from sailc.plan.when import LINES, Facts, unmet
from sailc.source import Span
from sailc.syntax import tree
from sailc.types.model import show


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


Trainers = dict[str, list[Trained]]


class Planner(Struct):
    """The state of one plan: what was found and what was left out."""

    world: World
    selection: Selection
    exclusions: Exclusions
    grounds: Grounds
    linker: Linker
    machines: Machines
    metrics: Metrics
    scenarios: list[Scenario] = field(default_factory=list[Scenario])
    _tuner: Tuner | None = None
    _trainers: dict[tuple[Span, ...], Trainers] = field(
        default_factory=dict[tuple[Span, ...], "Trainers"]
    )

    @classmethod
    def of(cls, world: World, selection: Selection) -> Planner:
        exclusions = Exclusions()
        chains = Chains.of(world)
        metrics = tuple(dict.fromkeys(e for e, _ in selection.metrics()))
        judging = Judging(world, metrics, tuple(selection.modules("trainers")))
        matcher = Matcher(world, chains, judging, lambda: _fillers(world, selection))
        linker = Linker(matcher, judging)
        machines = Machines(world, selection, exclusions)
        asked = Metrics.of(world, judging, selection.metrics())
        planner = cls(world, selection, exclusions, Grounds(world), linker, machines, asked)
        method = method_of(selection.tuned())
        if method is not None:
            made = planner.made
            planner._tuner = Tuner(world, selection, exclusions, linker, method, made)
        return planner

    def plan(self, entries: Sequence[Entry]) -> None:
        """The scenarios of some problems, in the order of the problems and their axes."""
        problems = [p for entry in entries for p in self._problems(entry)]
        matcher = self.linker.matcher
        posed = [p for p, _ in problems]
        candidates = Candidates.of(matcher, self.selection, self.exclusions, self.models(), posed)
        made: dict[int, list[Scenario]] = {}
        for c in classes(self.world, problems):
            for entry in candidates.of_class(c):
                for problem, scenario in self._answered(c, entry):
                    made.setdefault(id(problem), []).append(scenario)
        self.scenarios += [s for p, _ in problems for s in made.get(id(p), ())]

    def _problems(self, entry: Entry) -> Iterator[Posed]:
        name = entry.declaration.name
        for row in self.selection.choices(entry, axes=True):
            problem = self.grounds.ground(entry, row[0])
            if isinstance(problem, Reason):
                self.exclusions.add(problem, (), [name])
            else:
                yield problem, {f"{name}.{k}": show_value(v) for k, v in row[0].items()}

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
                entry.declaration.name: [
                    Trained(elaborate_trainer(self.world.context(), entry, given[0]), given[0])
                    for given in self.selection.choices(entry, axes=False, hints=hints)
                ]
                for entry in self.selection.modules("trainers")
            }
        return self._trainers[key]

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
            entries = list(dict.fromkeys(t.typed.entry for t in able))
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
        missing = unwritten(links)
        if missing:
            text = f"{missing} is not written by this version of sailc"
            self.exclusions.add(Reason("X0301", text), c.names, [answerer(link.model)])
            return
        conditions = [x for p, _ in c.members for x in p.conditions]
        reason = missing_outside(self.world, links, conditions)
        if reason is not None:
            self.exclusions.add(reason, c.names, [answerer(link.model)])
            return
        metrics = self._metrics(c, link)
        pairs = self.machines.pairs(of_model(links), of_data(links, metrics, conditions))
        for software, machine in pairs:
            seeds = self.selection.seeds()
            own = self._measurable(c, metrics, machine)
            made = Combination.of(links, trainer, own, software, machine.name, seeds)
            for problem, axes in c.members:
                reason = self._unmet(problem, made, machine)
                if reason is None:
                    yield problem, made.scenario(problem, axes)
                else:
                    self.exclusions.add(reason, [problem.name], [answerer(link.model)])

    def _unmet(self, problem: TypedProblem, made: Combination, machine: Machine) -> Reason | None:
        """The `when` of the benchmark that keeps a scenario out, if one does."""
        if not self.selection.conditional:
            return None
        model, trainer = judged(made.links).model, made.trainer
        names = (model.entry.declaration.name, trainer.typed.entry.declaration.name)
        modules = {
            "problem": problem.name,
            "model": names[0],
            "trainer": names[1],
            "software": made.software.name,
            "hardware": machine.name,
        }
        knobs_of = dict(zip(names, (model.choice, trainer.given), strict=True))
        facts = Facts(modules, knobs_of, machine, made.cost)
        return unmet(self.world, self.selection.entry, facts)

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
            reads = any(stop.measure.startswith("validate.") for stop in s.trainer.stops)
            d = s.trainer.entry.declaration
            if reads and not s.problem.of("validate") and not s.trainer.entry.standard:
                line = next(properties(d, "stop"))
                yield NeverStops(span=line.span, trainer=d.name, problem=s.problem.name)
        benchmark = self.selection.entry
        for line in benchmark.declaration.body or () if benchmark is not None else ():
            if isinstance(line, tree.Property) and line.name in ("scale", "report"):
                yield NotCarriedOut(span=line.name_span, name=line.name)
            elif isinstance(line, tree.Property) and line.when is not None:
                decided = any(line.name in words for words in LINES.values())
                yield from () if decided else [NotCarriedOut(span=line.when.span, name="when")]

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
