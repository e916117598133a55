"""From a scenario to its program: data, model, loss, answers and metrics, in that order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sailc.infer.modules.common import World
from sailc.plan.link import Link
from sailc.plan.metrics import reads
from sailc.plan.scenario import Scenario
from sailc.program.answering import Answering
from sailc.program.conversions import conversions, fitted
from sailc.program.files import Files, FindFile
from sailc.program.layout import is_structured
from sailc.program.learned import constants, training
from sailc.program.load import Source, load_function
from sailc.program.model import learned_arrays, minimized, model_function
from sailc.program.placed import Placed
from sailc.program.points import asked_questions, point_functions, with_lengths
from sailc.program.tree import Function, MetricCode, Program

# NumPy's names of how real numbers are stored.
PRECISIONS = {"f32": "float32", "f64": "float64", "bf16": "bfloat16"}


def lower(world: World, s: Scenario, find: FindFile, folder: str, source: str) -> Program:
    """The program of a scenario whose problem stands in `source`, in `folder`."""
    files = Files(find)
    load, sources = load_function(s, files)
    early, late = parted(conversions(world, s.link.question))
    points, splits = point_functions(sources, early)
    lengths, splits = with_lengths(sources, splits)
    statistics, convert = fitted(late, bool(lengths))
    answering = Answering(s, conversions(world, s.link.answer), bool(lengths))
    model, own = s.link.model, s.link.model.minimize is not None
    parameters, keys = learned_arrays(model)
    judged = answering.judged(s.metrics)
    return Program(
        scenario=s.id,
        title=f"{s.problem.name}, answered by {s.model.declaration.name}",
        doc=tuple(_doc(s)),
        source=source,
        data_folder=folder,
        data_files=tuple(files.paths),
        imports=tuple(dict.fromkeys(files.imports)),
        helpers=tuple(dict.fromkeys(files.helpers)),
        constants=tuple(constants(s)),
        load=load,
        points=points,
        splits=splits,
        statistics=statistics,
        convert=convert,
        truth_statistics=answering.truth_statistics(),
        parameters=parameters,
        model=model_function(model, keys),
        loss=minimized(model, keys) if own else answering.loss(),
        answers=judged.answers,
        metrics=judged.metrics,
        training=training(s.trainer),
        structured=frozenset(_structured(s.link)),
        scaled=answering.scaled,
        minimized=own,
        reads=_reads(s),
        questions=_questions(s, sources, judged.metrics),
        lengths=lengths,
        point_flops=s.cost.train_flops,
        judged=s.split,
        precision=PRECISIONS[s.software.precision],
    )


def parted(chain: list[Placed]) -> tuple[list[Placed], list[Placed]]:
    """What of a chain is done to each point by itself, and what follows the first converter
    that is fitted."""
    cut = next((i for i, p in enumerate(chain) if p.conversion.statistics), len(chain))
    return chain[:cut], chain[cut:]


def _doc(s: Scenario) -> Iterator[str]:
    for d in (s.problem.entry.declaration, s.model.declaration):
        if d.doc:
            yield f"{d.name}: {d.doc}"
    for name, value in {**s.axes, **s.hyperparameters}.items():
        yield f"{name} = {value}"


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
