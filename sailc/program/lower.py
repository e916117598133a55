"""From a scenario to its program: data, model, loss, answers and metrics, in that order."""

from __future__ import annotations

from sailc.infer.modules.common import World
from sailc.plan.metrics import reads
from sailc.plan.mixed import MIXED
from sailc.plan.scenario import Scenario
from sailc.program.heading import about, title
from sailc.program.points.files import Files
from sailc.program.points.load import load_function
from sailc.program.points.slopes import with_slopes
from sailc.program.precision import PRECISIONS
from sailc.program.training.learned import constants, training
from sailc.program.training.stages import lowered_stages
from sailc.program.tree.programs import Program
from sailc.types.model import FunctionType


def lower(world: World, s: Scenario, files: Files, folder: str, source: str) -> Program:
    """The program of a scenario whose problem stands in `source`, in `folder`."""
    load, sources = load_function(s, files)
    made = lowered_stages(world, s, sources)
    program = Program(
        scenario=s.id,
        title=title(s),
        doc=tuple(about(s, model=False)),
        source=source,
        data_folder=folder,
        data_files=tuple(files.paths),
        imports=tuple(dict.fromkeys(files.imports)),
        helpers=tuple(dict.fromkeys(files.helpers)),
        constants=tuple(constants(s)),
        load=load,
        loaded=tuple(n for x in sources for n in x.names),
        stages=made.stages,
        answers=made.answers,
        metrics=made.metrics,
        training=training(s.trainer),
        reads=_reads(s),
        questions=made.questions,
        judged=s.split,
        formulas=isinstance(s.link.output, FunctionType),
        afresh=s.link.model.afresh,
        precision=PRECISIONS[s.software.precision],
        mixed=s.software.precision == MIXED,
    )
    return with_slopes(program)


def _reads(s: Scenario) -> frozenset[str]:
    """The measurements that metrics read."""
    found = [reads(m.measure) for m in s.metrics if m.measure is not None]
    return frozenset[str]().union(*found)
