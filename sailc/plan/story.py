"""The whole story of a problem and a model: what was tried, how far it got, what lacks."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import World, show_value
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import elaborate_trainer
from sailc.names import Entry
from sailc.plan.link import Link, Linker
from sailc.plan.plan import Planner, unsupported
from sailc.plan.select import Selection
from sailc.types.model import show


def story(world: World, problem: str, model: str) -> Iterator[str]:
    """Lines of text: for every trainer, the link or the furthest reason against it."""
    names = world.names
    selection = Selection(world, None)
    planner = Planner(world, selection, Linker(world))
    entry = names.modules["problem"][problem]
    candidate = names.modules["model"].get(model) or names.modules["solver"][model]
    choice = selection.choices(entry, axes=True)[0][0]
    ground = planner.ground(entry, choice)
    if isinstance(ground, Reason):
        yield ground.text
        return
    reason = planner.unfit(ground, candidate) or unsupported(ground)
    for line in ground.lines:
        fixture = line.fixtures[0]
        truth = show(fixture.truth.type) if fixture.truth is not None else "nothing"
        yield f"{line.split}: asks `{show(fixture.question.type)}`, true answer `{truth}`"
    if reason is not None:
        yield f"{problem} and {model} are not joined. {reason.code}: {reason.text}"
        return
    told: dict[tuple[str, ...], list[str]] = {}
    for trainer in selection.modules("trainers"):
        lines = tuple(_with_trainer(world, planner, ground, candidate, trainer))
        told.setdefault(lines, []).append(trainer.declaration.name)
    for lines, trainers in told.items():
        yield ""
        yield f"with the trainer {' or '.join(trainers)}:"
        yield from lines


def _with_trainer(
    world: World, planner: Planner, problem: TypedProblem, model: Entry, trainer: Entry
) -> Iterator[str]:
    """The first choice of knobs that fits, and before it each new reason against one."""
    selection = planner.selection
    name = model.declaration.name
    given = selection.choices(trainer, axes=False)[0][0]
    typed = elaborate_trainer(world.context(), trainer, given)
    seen: set[Reason] = set()
    for chosen in selection.choices(model, axes=False)[0]:
        link = planner.link(problem, model, chosen, trainer, given, typed.standardize)
        knobs = ", ".join(f"{k} {show_value(v)}" for k, v in chosen.items())
        what = f"{name} ({knobs})" if knobs else name
        if isinstance(link, Link):
            yield from _linked(link, name, what)
            return
        if link not in seen:
            yield f"  {what} does not fit:"
            yield from _refused(link)
        seen.add(link)


def _linked(link: Link, model: str, what: str) -> Iterator[str]:
    yield f"  {what} fits:"
    chain = show(link.fixture.question.type)
    for s in link.question:
        chain += f" --{s.name}--> {show(s.target)}"
    yield f"    question  {chain}"
    yield f"    model     {show(link.model.input.type)} --{model}--> {show(link.output)}"
    chain = show(link.output)
    for s in link.answer:
        chain += f" --{s.name}--> {show(s.target)}"
    yield f"    answer    {chain}"


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
