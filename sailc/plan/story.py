"""The whole story of a problem and a model: what was tried, how far it got, what lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sailc.diagnostics.exclusions import Exclusions, Reason
from sailc.infer.modules.common import World, show_value
from sailc.infer.modules.problem import TypedProblem
from sailc.names import Entry
from sailc.plan.candidates import unmeant
from sailc.plan.link import Link, Links, Trained, truth_type
from sailc.plan.matches import GroundModel, Match
from sailc.plan.plan import Planner, Refusal
from sailc.plan.problems import Posed, classes
from sailc.plan.scenario import answerer
from sailc.plan.select import Selection
from sailc.routes import Route
from sailc.source import Span
from sailc.types.model import show


def story(
    world: World, problem: str, model: str, refusal: Refusal, place: Callable[[Span], str]
) -> Iterator[str]:
    """Lines of text: for every trainer, the links, and why they have no program if they have
    none, or the furthest reason against them. `place` spells out where something stands."""
    names = world.names
    planner = Planner.of(world, Selection(world, None), refusal)
    entry = names.modules["problem"][problem]
    candidate = names.modules["model"].get(model) or names.modules["solver"][model]
    choice = planner.selection.choices(entry, axes=True)[0][0]
    ground = planner.grounds.ground(entry, choice)
    if isinstance(ground, Reason):
        yield ground.text
        return
    yield from _asked(ground)
    reason = unmeant(ground, candidate)
    if reason is not None:
        yield f"{problem} and {model} are not joined."
        yield from _refused(reason)
        return
    told: dict[tuple[str, ...], list[str]] = {}
    for trainer in planner.trainers():
        lines = tuple(_with_trainer(planner, ground, candidate, trainer, place))
        told.setdefault(lines, []).append(trainer.typed.entry.declaration.name)
    for lines, trainers in told.items():
        yield ""
        yield f"with the trainer {' or '.join(dict.fromkeys(trainers))}:"
        yield from lines


def _asked(problem: TypedProblem) -> Iterator[str]:
    for line in problem.lines:
        stage = f"{line.stage} " if line.stage else ""
        for f in line.fixtures:
            truth = truth_type(f)
            name = f" {f.name}" if f.name else ""
            against = show(truth) if truth is not None else "nothing"
            question = show(f.question.type)
            yield f"{stage}{line.split}{name}: asks `{question}`, true answer `{against}`"


def _with_trainer(
    planner: Planner,
    problem: TypedProblem,
    model: Entry,
    trainer: Trained,
    place: Callable[[Span], str],
) -> Iterator[str]:
    """The first choice of knobs that fits, and before it each new reason against one."""
    name = model.declaration.name
    seen: set[Reason] = set()
    for chosen in planner.selection.choices(model, axes=False)[0]:
        links = planner.link(problem, model, [chosen], trainer)
        knobs = ", ".join(f"{k} {show_value(v)}" for k, v in chosen.items())
        what = f"{name} ({knobs})" if knobs else name
        if not isinstance(links, Reason):
            yield f"  {what} fits:"
            told: list[tuple[str, ...]] = []
            for link in (k for filled in links for k in filled):
                lines = tuple(_linked(link))
                if lines not in told:
                    told.append(lines)
                    yield from lines
            yield from _unwritten(planner, problem, links, trainer, place)
            return
        if links not in seen:
            yield f"  {what} does not fit:"
            yield from _refused(links)
        seen.add(links)


def _unwritten(
    planner: Planner,
    problem: TypedProblem,
    links: tuple[Links, ...],
    trainer: Trained,
    place: Callable[[Span], str],
) -> Iterator[str]:
    """Why what is linked does not run; metrics that do not apply take nothing from that."""
    planner.exclusions = Exclusions()
    (alike,) = classes(planner.world, [Posed(problem, {})])
    for filled in links:
        made = list(planner.made(alike, filled, trainer))
        for e in planner.exclusions.groups():
            if e.code != "X0107":
                yield f"    but it does not run{'' if not made else ' everywhere'}:"
                yield f"      {e.code}: {e.reason}"
                if e.span is not None:
                    yield f"        at {place(e.span)}"


def _linked(link: Link) -> Iterator[str]:
    yield from _matched(link.match, 4)
    for f, a in list(zip(link.line.fixtures, link.answered, strict=True))[1:]:
        chain = show(f.question.type) + _chain(a.answer)
        yield f"    {f.name}  {chain}"


def _matched(match: Match, indent: int) -> Iterator[str]:
    pad = " " * indent
    model = match.model
    first = match.question[0].source if match.question else model.input.type
    yield f"{pad}question  {show(first)}{_chain(match.question)}"
    arrow = f"--{answerer(model)}-->"
    yield f"{pad}model     {show(model.input.type)} {arrow} {show(match.output)}"
    yield f"{pad}answer    {show(match.output)}{_chain(match.answer)}"
    yield from _holes(model, indent)


def _holes(model: GroundModel, indent: int) -> Iterator[str]:
    for h in model.holes:
        yield f"{' ' * indent}the hole {h.name} is filled by {answerer(h.match.model)}:"
        yield from _matched(h.match, indent + 2)


def _chain(route: Route) -> str:
    return "".join(f" --{s.name}--> {show(s.target)}" for s in route)


def _refused(reason: Reason) -> Iterator[str]:
    yield f"    {reason.code}: {reason.text}"
    if reason.reached:
        yield "    this far it got:"
        for line in reason.reached[:12]:
            yield f"      {line}"
        if len(reason.reached) > 12:
            yield f"      and {len(reason.reached) - 12} more"
    if reason.code == "X0101":
        yield "    a converter from one of these to the model's input would close the gap"
    if reason.code == "X0102":
        yield "    a converter from the model's answer to one of these would close the gap"
