"""How equations are solved on grids, and the classes that they are in programs.

What is remembered is found by an equation's file and name: an equation that is edited is another
object, and what was known of it before would be kept for ever.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from sailc.infer.modules.common import World
from sailc.plan.solving import elaborated
from sailc.program.equations.classes import EquationCode, Wanted, equation_code
from sailc.symbolic.form import TypedEquation
from sailc.symbolic.system import System, system


class Solution(Struct, frozen=True, eq=False):
    """An equation, and its system; `conserving` where that may be of fluxes."""

    equation: TypedEquation
    conserving: bool
    system: System


def solutions_of(world: World, equations: list[TypedEquation]) -> dict[str, Solution]:
    """How some equations are solved, by name. Those of a kind are all solved alike."""
    found = [_solution(world, e, True) for e in equations]
    leaning = {_kind(x.system) for x in found if x.system.carries and not x.system.fluxes}
    alike = (_solution(world, x.equation, _kind(x.system) not in leaning) for x in found)
    return {x.equation.name: x for x in alike}


def _solution(world: World, e: TypedEquation, conserving: bool) -> Solution:
    return world.ask(_derived, e.span.file, e.name, conserving)


def _derived(world: World, file: str, name: str, conserving: bool) -> Solution:
    e = _declared(world, file, name)
    return Solution(e, conserving, system(e, conserving=conserving))


def _declared(world: World, file: str, name: str) -> TypedEquation:
    found = world.ask(elaborated, file, name)
    assert found is not None
    return found


def code_of(
    world: World, e: TypedEquation, solutions: Mapping[str, Solution], wanted: Wanted
) -> EquationCode:
    """The class of an equation; on grids, if it is solved there."""
    found = solutions.get(e.name)
    conserving = found and found.conserving
    return world.ask(_coded, e.span.file, e.name, conserving, wanted)


def _coded(
    world: World, file: str, name: str, conserving: bool | None, wanted: Wanted
) -> EquationCode:
    if conserving is None:
        return equation_code(_declared(world, file, name), None, wanted)
    found = world.ask(_derived, file, name, conserving)
    return equation_code(found.equation, found.system, wanted)


def _kind(x: System) -> tuple[bool, int]:
    return x.time is not None, len(x.space)
