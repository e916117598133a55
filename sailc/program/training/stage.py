"""One stage of a program: its points, its model, and what is made small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.common import World
from sailc.plan.link import Link
from sailc.plan.matches import GroundModel
from sailc.plan.scenario import Scenario
from sailc.program.arrays.formulas import in_numbers
from sailc.program.arrays.layout import first_array, is_structured
from sailc.program.points.conversions import conversions, fitted
from sailc.program.points.lines import point_functions, with_lengths, with_questions
from sailc.program.points.load import Source
from sailc.program.points.parts import has_several
from sailc.program.points.placed import Placed
from sailc.program.training.answering import Answering, Taught, is_taught
from sailc.program.training.model import (
    Keys,
    learned_arrays,
    minimized,
    model_function,
    requirement,
    running_arrays,
)
from sailc.program.training.several import Several
from sailc.program.tree.nodes import Function
from sailc.program.tree.programs import AnswerCode, Data, MetricCode, Stage


class Lowered(Struct, frozen=True):
    """A stage, and what judges its answers: what outputs become, the metrics, and the questions
    as they are asked, where metrics read these."""

    stage: Stage
    answers: tuple[AnswerCode, ...]
    metrics: tuple[MetricCode, ...]
    questions: tuple[Function, ...] = ()


def lowered(world: World, s: Scenario, name: str, sources: Sequence[Source]) -> Lowered:
    """A stage of a scenario that has no other links than the stage's."""
    _, keys = learned_arrays(s.link.model.layers)
    made = (_several if has_several(s) else _single)(world, s, name, keys, sources)
    if not any(m.asks for m in made.metrics):
        return made
    judging = [x for x in sources if x.line.split == s.split]
    questions, splits = with_questions(judging, made.stage.data.splits)
    stage = replace(made.stage, data=replace(made.stage.data, splits=splits))
    return replace(made, stage=stage, questions=questions)


def _single(world: World, s: Scenario, name: str, keys: Keys, sources: Sequence[Source]) -> Lowered:
    """Points with one question each: it is converted once, with the data."""
    model = s.link.model
    early, late = parted(conversions(world, s.link.question))
    points, splits = point_functions(sources, early)
    lengths, splits = with_lengths(sources, splits)
    statistics, convert = fitted(late, bool(lengths))
    answering = Answering(s, conversions(world, s.link.answer), bool(lengths))
    judged = answering.judged(s.metrics)
    taught = _taught(answering, model, keys)
    stage = Stage(
        name,
        Data(points, splits, statistics, convert, requirement(model), lengths),
        answering.truth_statistics(),
        learned_arrays(model.layers)[0],
        "init",
        model_function(in_numbers(model), keys),
        taught and taught.loss,
        dict(_structured(s.link)),
        model.minimize is not None,
        flops=s.cost.train_flops,
        running=running_arrays(model.layers)[0],
        target=taught and taught.target,
    )
    return Lowered(stage, judged.answers, judged.metrics)


def _several(
    world: World, s: Scenario, name: str, keys: Keys, sources: Sequence[Source]
) -> Lowered:
    """Points with several fixtures, computed from answers to questions as they are asked."""
    model = s.link.model
    several = Several.of(world, s, keys)
    points, splits = several.points(sources)
    losses = several.losses()
    taught = losses and losses.loss()
    answers, metrics = several.scores()
    stage = Stage(
        name,
        Data(points, splits, required=requirement(model)),
        losses and losses.fit_truth(),
        learned_arrays(model.layers)[0],
        "init",
        model_function(model, keys),
        taught and taught.loss,
        several.structured(),
        asked=several.asked(),
        flops=s.cost.train_flops,
        running=running_arrays(model.layers)[0],
        target=taught and taught.target,
    )
    return Lowered(stage, answers, metrics)


def _taught(answering: Answering, model: GroundModel, keys: Keys) -> Taught | None:
    """What is made small in training; nothing where no line is for that."""
    if not (model.afresh or is_taught(answering.scenario.links)):
        return None
    return Taught(minimized(model, keys)) if model.minimize is not None else answering.loss()


def parted(chain: list[Placed]) -> tuple[list[Placed], list[Placed]]:
    """What of a chain is done to each point by itself, and what follows the first converter
    that is fitted."""
    cut = next((i for i, p in enumerate(chain) if p.conversion.statistics), len(chain))
    return chain[:cut], chain[cut:]


def _structured(link: Link) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Which of a point's values are several arrays, and the path to the first."""
    model, truth = link.model, link.fixture.truth
    if len(model.inputs) > 1 or is_structured(model.input.type):
        first = first_array(model.input.type)
        yield "question", (0, *first) if len(model.inputs) > 1 else first
    if truth is not None and is_structured(truth.type):
        yield "truth", first_array(truth.type)
    if is_structured(model.output.type):
        yield "output", first_array(model.output.type)
