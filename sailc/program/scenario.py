"""The program of any scenario."""

from __future__ import annotations

from sailc.infer.modules.common import World
from sailc.plan.scenario import Scenario
from sailc.plan.solving import is_solving
from sailc.program.equations.programs import AnyProgram
from sailc.program.equations.solving import lower_solver
from sailc.program.lower import lower
from sailc.program.points.files import Files
from sailc.program.training.fitting import lower_fitted


def lower_scenario(world: World, s: Scenario, files: Files, folder: str, source: str) -> AnyProgram:
    """The program of a scenario whose problem stands in `source`, in `folder`. Raises
    `CannotLower` where something has no rule."""
    if is_solving(s.links):
        return lower_solver(world, s, files, folder, source)
    writer = lower_fitted if s.link.model.plain else lower
    return writer(world, s, files, folder, source)
