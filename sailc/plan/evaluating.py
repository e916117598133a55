"""What it costs to evaluate what a solver makes small for each question, with its gradient.

A value counts its operations, each derivative by a place threefold (it runs backwards through
what it is of, and both are kept), and the gradient by the weights threefold again, as training
does. An optimizer evaluates once a step: L-BFGS takes `steps` of them an epoch, the others one.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from sailc.infer.modules.common import World
from sailc.infer.modules.trainer import Phase
from sailc.plan.cost import flops_of
from sailc.plan.link import Link
from sailc.plan.solving import equations_in, typed
from sailc.symbolic.form import TypedEquation
from sailc.terms import Apply, Lambda, walk


class Evaluations(Struct):
    """The costs of the links of a plan, each found once: its equations' laws are derived."""

    world: World
    _found: dict[tuple[int, int], int | None] = field(
        default_factory=dict[tuple[int, int], "int | None"]
    )
    _keep: list[Link] = field(default_factory=list[Link])

    def flops(self, link: Link) -> int | None:
        """Operations of one evaluation for one question; None where only the data know."""
        key = (id(link.line), id(link.match))
        if key not in self._found:
            self._keep.append(link)
            self._found[key] = _flops(self.world, link)
        return self._found[key]


def _flops(world: World, link: Link) -> int | None:
    goal = link.model.minimize
    assert goal is not None
    roots = [link.line.source, link.fixture.question]
    equations = [e for t in equations_in(roots).values() if (e := typed(world, t)) is not None]
    if not equations:
        own = flops_of(goal)
        return None if own is None else 3 * own
    total = 0
    for t in walk(goal):
        if isinstance(t, Apply) and t.operator in ("residual", "mismatch"):
            field = t.attributes["field"]
            assert isinstance(field, Lambda)
            flops, order = flops_of(field.body), _order(equations, t.operator)
            if flops is None:
                return None
            total += int(str(t.attributes["at"])) * flops * 3**order
    return 3 * total


def steps(phases: Iterable[Phase]) -> int:
    """How many steps some phases take of all points at once, or times they see every point."""
    return sum(p.epochs * int(str(p.options.get("steps", 1))) for p in phases)


def _order(equations: Iterable[TypedEquation], operator: str) -> int:
    """The highest order of the derivatives that laws, or conditions, read."""
    from sailc.symbolic.laws import conditions, laws

    if operator == "residual":
        found = [laws(e) for e in equations]
    else:
        found = [x for e in equations for c in conditions(e) for x in (c.left, c.other) if x]
    return max((sum(j.orders) for x in found for j in x.jets), default=0)
