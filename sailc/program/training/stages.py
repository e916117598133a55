"""The stages of a program: what is trained in turn, and what of it comes along.

Lines that ask with the same types make a stage. A scenario without stages is one, unless it is
judged on other types than it learns from: then those lines are a last stage, which trains
nothing and takes all weights along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.common import World
from sailc.plan.courses import Course, courses
from sailc.plan.scenario import Scenario
from sailc.program.points.lines import alike
from sailc.program.points.load import Source
from sailc.program.training.learned import layer_names
from sailc.program.training.stage import Lowered, lowered
from sailc.program.tree.expressions import rebuilt, replaced
from sailc.program.tree.inlining import can_stand
from sailc.program.tree.names import NameTable, snake
from sailc.program.tree.nodes import Assign, Function, Op, Ref
from sailc.program.tree.programs import AnswerCode, Data, MetricCode, Portion, Stage
from sailc.program.tree.tidy import called


class Stages(Struct, frozen=True):
    """All stages of a program, and what judges the answers of the last."""

    stages: tuple[Stage, ...]
    answers: tuple[AnswerCode, ...]
    metrics: tuple[MetricCode, ...]
    questions: tuple[Function, ...]


def lowered_stages(world: World, s: Scenario, sources: Sequence[Source]) -> Stages:
    """The stages of a scenario, in the order of training."""
    *before, judged = courses(s.problem, s.links, s.split)
    unjudged = replace(s, metrics=())
    last = _lowered(world, s, judged, sources)
    stages = [*(_lowered(world, unjudged, c, sources).stage for c in before), last.stage]
    if len(stages) > 1:
        taught = [*map(_unasked, stages[:-1]), last.stage]
        stages = _told_apart(list(map(_of_weights, taught)))
    return Stages(tuple(stages), last.answers, last.metrics, last.questions)


def _lowered(world: World, s: Scenario, c: Course, sources: Sequence[Source]) -> Lowered:
    lines = {id(k.line) for k in c.links}
    own = [x for x in sources if id(x.line) in lines]
    made = lowered(world, replace(s, links=c.links), snake(c.name) if c.name else "", own)
    return replace(made, stage=replace(made.stage, carried=tuple(_carried(c))))


def _carried(c: Course) -> Iterator[str]:
    """The keys of the arrays that a stage takes along."""
    layers = c.links[0].model.layers
    for layer, name in zip(layers, layer_names(layers), strict=True):
        if c.carries(layer):
            yield from (f"{name}.{parameter}" for parameter in layer.parameters)


# --- a loss of weights and points ----------------------------------------------------------


def _of_weights(stage: Stage) -> Stage:
    """A stage whose loss is of weights, questions and truths: all stages are then trained by
    one loop."""
    loss = stage.loss
    if loss is None or stage.asked is not None or stage.minimized:
        return stage
    names = NameTable({*loss.parameters, *(a.name for a in loss.body)})
    question, (output, *others) = names.fresh("question"), loss.parameters
    called = Op("call", (Ref("w"), Ref(question)), {"function": stage.model.name})
    made = replace(loss, parameters=("w", question, *others))
    if can_stand(loss, output, called, frozenset()):
        return replace(stage, loss=rebuilt(made, lambda e: replaced(e, {output: called})))
    body = (Assign(output, called, loss.span), *loss.body)
    return replace(stage, loss=replace(made, body=body))


def _unasked(stage: Stage) -> Stage:
    """A stage that only trains."""
    if stage.asked is None:
        return stage
    return replace(stage, asked=replace(stage.asked, respond=None))


# --- one name for each function --------------------------------------------------------------


def _told_apart(stages: Sequence[Stage]) -> list[Stage]:
    """Stages whose functions have names of their own, but where they are the same. The last
    stage has the plain names."""
    taken: dict[str, Function] = {}
    told: list[Stage] = []
    for s in reversed(stages):
        same = (t.init for t in told if t.parameters == s.parameters)
        init = next(same, s.own("init") if told and told[-1].loss is not None else s.init)

        def name_of(f: Function, s: Stage = s) -> str:
            name = f.name
            if name in taken and not alike(taken[name], f):
                name = s.own(name)
            taken[name] = f
            return name

        told.append(replace(renamed(s, name_of), init=init))
    return told[::-1]


def renamed(s: Stage, name_of: Callable[[Function], str]) -> Stage:
    """A stage whose functions have other names; what is called is asked for before what calls
    it."""
    names: dict[str, str] = {}

    def change(f: Function) -> Function:
        made = called(f, names)
        names[f.name] = name_of(made)
        return replace(made, name=names[f.name])

    def some(f: Function | None) -> Function | None:
        return change(f) if f is not None else None

    def portion(p: Portion) -> Portion:
        return replace(p, points=names[p.points])

    d, asked = s.data, s.asked
    points, lengths = tuple(map(change, d.points)), tuple(map(change, d.lengths))
    splits = tuple(replace(x, portions=tuple(map(portion, x.portions))) for x in d.splits)
    data = Data(points, splits, some(d.statistics), some(d.convert), some(d.required), lengths)
    model = change(s.model)
    if asked is not None:
        functions = tuple(map(change, asked.functions))
        respond = some(asked.respond)
        asked = replace(asked, fit=some(asked.fit), functions=functions, respond=respond)
    truths, target, loss = some(s.truth_statistics), some(s.target), some(s.loss)
    s = replace(s, data=data, truth_statistics=truths, target=target)
    return replace(s, model=model, asked=asked, loss=loss)
