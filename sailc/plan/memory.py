"""What a run holds at once, at least, beside the memory of a machine.

In training that are the weights, their gradient, and what the points of a batch keep for the
backward pass (`sailc doc costs`); in mixed precision, a second copy of the weights, too. Where it
is more than the machine has, the run would be killed on the way: it is left out before it begins.
"""

from __future__ import annotations

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.trainer import USUAL_BATCH
from sailc.infer.values import Quantity
from sailc.plan.cost import length
from sailc.plan.mixed import MIXED
from sailc.plan.scenario import Machine, Scenario
from sailc.units.spelling import parse_unit, prefixed


def too_large(s: Scenario, machine: Machine) -> Reason | None:
    """Why a scenario does not fit a machine; None where it does, or where that is not known."""
    there, needed = machine.facts.get("memory"), held(s)
    if not isinstance(there, Quantity) or needed is None:
        return None
    available = there.value * there.unit.scale / parse_unit("B").scale
    if needed <= available:
        return None
    text = f"it holds {prefixed(needed)}B at once, at least, and `{machine.name}` has"
    return Reason("X0206", f"{text} {prefixed(available)}B of memory")


def held(s: Scenario) -> int | None:
    """The bytes that a run holds at once, at least; None where they are not known."""
    if not s.trainer_name:
        return s.cost.bytes
    kept = s.cost.activation_bytes
    counts = [length(k.line.source.type).value for k in s.links if k.line.split == "train"]
    if kept is None or None in counts:
        return None
    batch = min([s.trainer.batch or USUAL_BATCH, *(c for c in counts if c)])
    copies = 2 * s.cost.parameters if s.software.precision == MIXED else 0
    return 2 * s.cost.bytes + copies + batch * kept
