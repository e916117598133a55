"""From a problem to its picture: the types that its question and its truth reach, the
models between them, and what judges their answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from sailc.diagnostics.exclusions import Reason
from sailc.graph.picture import Edge, Node, Picture, Side
from sailc.infer.modules.common import World
from sailc.infer.modules.problem import Question, TypedProblem
from sailc.names import Entry
from sailc.plan.candidates import unmeant
from sailc.plan.link import Link, Links, truth_type
from sailc.plan.plan import Planner
from sailc.plan.problems import Class
from sailc.plan.scenario import PlannedMetric, answerer, judged
from sailc.plan.select import Selection
from sailc.routes import Reached, Route
from sailc.types.model import Type, show

# Of what is not joined, so much is shown on each side, and of the models.
MOST = 6

Notes = dict[str, list[str]]  # names by what they do: `loss`, `metric`


def gather(world: World, entry: Entry) -> Picture:
    """The picture of a problem, for the first values of its axes."""
    planner = Planner.of(world, Selection(world, None))
    choice = planner.selection.choices(entry, axes=True)[0][0]
    problem = planner.grounds.ground(entry, choice)
    if isinstance(problem, Reason):
        return Picture(entry.declaration.name, "", (), (), (problem.text,))
    return _Gathering(planner, problem).picture()


Names = tuple[str, ...]


class _Seen(Struct):
    """An edge, and the converters that it was found to stand for."""

    side: Side
    joined: bool = False
    names: list[Names] = field(default_factory=list[Names])

    @property
    def label(self) -> str:
        """All of the names; what only some trainers ask for stands in brackets."""
        every = max(self.names, key=len)
        return " ".join(n if all(n in names for names in self.names) else f"({n})" for n in every)


class _Gathering(Struct):
    """What is found for one problem; a type is known by its side and itself."""

    planner: Planner
    problem: TypedProblem
    depths: dict[tuple[Side, Type], int] = field(default_factory=dict[tuple[Side, Type], int])
    joined: set[tuple[Side, Type]] = field(default_factory=set[tuple[Side, Type]])
    notes: dict[Type, Notes] = field(default_factory=dict[Type, Notes])
    models: dict[str, str] = field(default_factory=dict[str, str])
    edges: dict[tuple[str, str], _Seen] = field(default_factory=dict[tuple[str, str], "_Seen"])
    remarks: list[str] = field(default_factory=list[str])

    def picture(self) -> Picture:
        fixture = _asked(self.problem)
        question, truth = fixture.question.type, truth_type(fixture)
        self._see("question", question, 0)
        if truth is not None:
            self._see("answer", truth, 0)
        outside = [name for entry in self.planner.models() if (name := self._model(entry))]
        chains = self.planner.linker.matcher.chains
        self._others("question", chains.reachable(question))
        if truth is not None:
            self._others("answer", chains.accepted(truth))
        for name, reason in outside[:MOST]:
            self.models[name] = reason
        if len(outside) > MOST:
            self.remarks.append(f"{len(outside) - MOST} more models are not joined")
        nodes = tuple(self._nodes(question, truth))
        return Picture(
            self.problem.name,
            self.problem.verb or "",
            nodes,
            tuple(self._edges()),
            tuple(self.remarks),
        )

    # --- models ---------------------------------------------------------------------------

    def _model(self, entry: Entry) -> tuple[str, str] | None:
        """Take in how a model is joined; or its name, and why it is not."""
        reason = unmeant(self.problem, entry)
        name = entry.declaration.name
        if reason is not None:
            return name, reason.text
        found = False
        for trainer in self.planner.trainers():
            for row in self.planner.selection.choices(entry, axes=False):
                links = self.planner.link(self.problem, entry, row, trainer)
                if isinstance(links, Reason):
                    reason = reason or links
                else:
                    found = True
                    for filled in links:
                        self._joined(filled, trainer.typed.entry.declaration.name)
        if found:
            return None
        return name, reason.text if reason is not None else "there is no trainer"

    def _joined(self, links: Links, trainer: str) -> None:
        link = judged(links)
        name = answerer(link.model)
        self.models.setdefault(name, "")
        model = f"model {name}"
        input = link.question[-1].target if link.question else _asked(self.problem).question.type
        rest = self._chain("question", link.question, joined=True)
        self._edge(_id("question", input), model, "question", rest, joined=True)
        self.joined.add(("question", input))
        before = self._chain("answer", link.answer, joined=True)
        # An answer that no chain leads to the truth is judged as it is (CORE.md, step 11).
        steps = sum(s.source != s.target for s in link.answer)
        alone = not steps and link.output != truth_type(_asked(self.problem))
        self._see("answer", link.output, 1 if alone else steps)
        self.joined.add(("answer", link.output))
        self._edge(model, _id("answer", link.output), "answer", before, joined=True)
        self._judged(links, link, trainer)

    def _judged(self, links: Links, link: Link, trainer: str) -> None:
        """Note the types that a loss and the metrics read."""
        training = judged(links, "train")
        if training.loss is not None:
            self._note(training.match.types[training.loss_at], "loss", trainer)
        metrics = self.planner.metrics
        asked, _ = metrics.of_problem(self.problem, Class(self.problem, []).truths("test"))
        for found in metrics.of_link(asked, self.problem, link):
            if isinstance(found, PlannedMetric) and found.score is not None and not found.fixture:
                self._note(link.match.types[found.at], "metric", found.info.name)

    def _note(self, type: Type, what: str, name: str) -> None:
        names = self.notes.setdefault(type, {}).setdefault(what, [])
        if name not in names:
            names.append(name)

    # --- chains ---------------------------------------------------------------------------

    def _chain(self, side: Side, route: Route, joined: bool) -> Names:
        """Take in a chain. A converter that leads to its own type, as one that standardizes
        does, is named on the next edge towards the model, which is the model's own where no
        other is left: then its names are returned."""
        steps = [s for s in route if s.source != s.target]
        for i, s in enumerate(steps):
            depth = i if side == "question" else len(steps) - i
            self._see(side, s.source, depth)
            self._see(side, s.target, depth + 1 if side == "question" else depth - 1)
            if joined:
                self.joined |= {(side, s.source), (side, s.target)}
        waiting: Names = ()
        for s in route if side == "question" else reversed(route):
            waiting = (*waiting, s.name) if side == "question" else (s.name, *waiting)
            if s.source != s.target:
                self._edge(_id(side, s.source), _id(side, s.target), side, waiting, joined)
                waiting = ()
        return waiting

    def _others(self, side: Side, reached: Sequence[Reached]) -> None:
        """The nearest of the types that lead to no model, or from none."""
        outside = [r for r in reached if (side, r.type) not in self.depths]
        shown = outside[:MOST]
        for r in shown:
            self._chain(side, r.route, joined=False)
        if len(outside) > len(shown):
            what = "question becomes" if side == "question" else "truth is made of"
            self.remarks.append(f"the {what} {len(outside) - len(shown)} more types")

    def _see(self, side: Side, type: Type, depth: int) -> None:
        self.depths.setdefault((side, type), depth)

    def _edge(self, source: str, target: str, side: Side, names: Names, joined: bool) -> None:
        seen = self.edges.setdefault((source, target), _Seen(side))
        seen.joined |= joined
        if names not in seen.names:
            seen.names.append(names)

    # --- the picture ----------------------------------------------------------------------

    def _nodes(self, question: Type, truth: Type | None) -> Iterable[Node]:
        middle = 1 + max((d for (s, _), d in self.depths.items() if s == "question"), default=0)
        last = max((d for (s, _), d in self.depths.items() if s == "answer"), default=0)
        for (side, type), depth in self.depths.items():
            column = depth if side == "question" else middle + 1 + last - depth
            kind = "type"
            if depth == 0 and type == (question if side == "question" else truth):
                kind = "question" if side == "question" else "truth"
            joined = kind != "type" or (side, type) in self.joined
            notes = tuple(
                f"{what}: {', '.join(names)}" for what, names in self.notes.get(type, {}).items()
            )
            yield Node(
                _id(side, type), kind, show(type), column, joined,
                notes if side == "answer" else (),
            )  # fmt: skip
        for name, reason in self.models.items():
            yield Node(f"model {name}", "model", name, middle, not reason, reason=reason)

    def _edges(self) -> Iterable[Edge]:
        for (source, target), seen in self.edges.items():
            yield Edge(source, target, seen.label, seen.side, seen.joined)


def _id(side: Side, type: Type) -> str:
    return f"{side} {show(type)}"


def _asked(problem: TypedProblem) -> Question:
    lines = problem.of("test") or problem.lines
    return lines[0].fixtures[0]
