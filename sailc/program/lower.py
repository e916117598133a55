"""From a scenario to its program: data, model, loss, answers and metrics, in that order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sailc.infer.modules.common import World
from sailc.plan.link import Link
from sailc.plan.metrics import reads
from sailc.plan.scenario import Scenario
from sailc.program.answering import Answering
from sailc.program.conversions import conversions, fitted
from sailc.program.files import Files, FindFile
from sailc.program.heading import about, title
from sailc.program.layout import is_structured
from sailc.program.learned import constants, training
from sailc.program.load import Source, load_function
from sailc.program.model import (
    Keys,
    learned_arrays,
    minimized,
    model_function,
    requirement,
)
from sailc.program.parts import has_several
from sailc.program.placed import Placed
from sailc.program.points import asked_questions, point_functions, with_lengths
from sailc.program.precision import PRECISIONS
from sailc.program.several import Several
from sailc.program.tree import AnswerCode, Asked, Function, MetricCode, Program, Split


def lower(world: World, s: Scenario, find: FindFile, folder: str, source: str) -> Program:
    """The program of a scenario whose problem stands in `source`, in `folder`."""
    files = Files(find)
    load, sources = load_function(s, files)
    model = s.link.model
    parameters, keys = learned_arrays(model)
    body = _several(world, s, keys, sources) if has_several(s) else _single(world, s, keys, sources)
    return Program(
        scenario=s.id,
        title=title(s),
        doc=tuple(about(s)),
        source=source,
        data_folder=folder,
        data_files=tuple(files.paths),
        imports=tuple(dict.fromkeys(files.imports)),
        helpers=tuple(dict.fromkeys(files.helpers)),
        constants=tuple(constants(s)),
        load=load,
        points=body.points,
        splits=body.splits,
        statistics=body.statistics,
        convert=body.convert,
        truth_statistics=body.truth_statistics,
        parameters=parameters,
        model=model_function(model, keys),
        required=requirement(model),
        loss=body.loss,
        answers=body.answers,
        metrics=body.metrics,
        training=training(s.trainer),
        structured=body.structured,
        minimized=body.minimized,
        asked=body.asked,
        reads=_reads(s),
        questions=_questions(s, sources, body.metrics),
        lengths=body.lengths,
        point_flops=s.cost.train_flops,
        judged=s.split,
        precision=PRECISIONS[s.software.precision],
    )


class Body(Struct, frozen=True):
    """What of a program hangs on how many fixtures its points have."""

    points: tuple[Function, ...]
    splits: tuple[Split, ...]
    statistics: Function | None
    convert: Function | None
    truth_statistics: Function | None
    loss: Function
    answers: tuple[AnswerCode, ...]
    metrics: tuple[MetricCode, ...]
    structured: frozenset[str]
    minimized: bool = False
    lengths: tuple[Function, ...] = ()
    asked: Asked | None = None


def _single(world: World, s: Scenario, keys: Keys, sources: Sequence[Source]) -> Body:
    """Points with one question each: it is converted once, with the data."""
    early, late = parted(conversions(world, s.link.question))
    points, splits = point_functions(sources, early)
    lengths, splits = with_lengths(sources, splits)
    statistics, convert = fitted(late, bool(lengths))
    answering = Answering(s, conversions(world, s.link.answer), bool(lengths))
    judged = answering.judged(s.metrics)
    own = s.link.model.minimize is not None
    return Body(
        points,
        splits,
        statistics,
        convert,
        answering.truth_statistics(),
        minimized(s.link.model, keys) if own else answering.loss(),
        judged.answers,
        judged.metrics,
        frozenset(_structured(s.link)),
        own,
        lengths,
    )


def _several(world: World, s: Scenario, keys: Keys, sources: Sequence[Source]) -> Body:
    """Points with several fixtures, computed from answers to questions as they are asked."""
    several = Several.of(world, s, keys)
    points, splits = several.points(sources)
    loss = several.loss()
    answers, metrics = several.scores()
    return Body(
        points,
        splits,
        None,
        None,
        several.fit_truth(),
        loss,
        answers,
        metrics,
        several.structured(),
        asked=several.asked(),
    )


def parted(chain: list[Placed]) -> tuple[list[Placed], list[Placed]]:
    """What of a chain is done to each point by itself, and what follows the first converter
    that is fitted."""
    cut = next((i for i, p in enumerate(chain) if p.conversion.statistics), len(chain))
    return chain[:cut], chain[cut:]


def _structured(link: Link) -> Iterator[str]:
    """Which of a point's values are several arrays."""
    model, truth = link.model, link.fixture.truth
    if len(model.inputs) > 1 or is_structured(model.input.type):
        yield "question"
    if truth is not None and is_structured(truth.type):
        yield "truth"
    if is_structured(model.output.type):
        yield "output"


def _reads(s: Scenario) -> frozenset[str]:
    """The measurements that metrics read."""
    found = [reads(m.measure) for m in s.metrics if m.measure is not None]
    return frozenset[str]().union(*found)


def _questions(
    s: Scenario, sources: Sequence[Source], metrics: tuple[MetricCode, ...]
) -> Function | None:
    if not any(m.asks for m in metrics):
        return None
    return asked_questions(next(x.line for x in sources if x.line.split == s.split))
