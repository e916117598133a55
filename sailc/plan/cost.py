"""Static cost: parameters and multiply-adds, exact; operations by a rule that is stated.

A multiply-add is 2 floating-point operations; other operators count what their
declaration says (`flops`), nothing where it says nothing. Training counts three times the
forward pass (SAIH, Ren et al. 2022, equation 1). Bytes are the parameters' in 32 bits.
"""

from __future__ import annotations

from msgspec import Struct

from sailc.plan.matches import GroundModel
from sailc.terms import Apply, Map, Term, below
from sailc.types.dims import Dim
from sailc.types.model import Tensor, Type
from sailc.types.parts import size_of
from sailc.types.solver import size

# Operators whose work the data decide.
ITERATES = frozenset({"integrate", "discretize", "reference", "residual", "mismatch"})


class Cost(Struct, frozen=True):
    """Of one point: `macs` and operations forward, and with training. None: not known.
    `evaluation_flops` are those of one step of a solver that minimizes something for a question,
    0 for all others."""

    parameters: int
    macs: int | None
    forward_flops: int | None
    train_flops: int | None
    bytes: int
    evaluation_flops: int | None = 0


def cost_of(model: GroundModel) -> Cost:
    count = sum(elements(t) or 0 for layer in model.layers for t in layer.parameters.values())
    macs, _ = _work(model.output, {})
    forward = flops_of(model.output)
    train = None if forward is None else 3 * forward
    return Cost(count, macs, forward, train, 4 * count)


def flops_of(term: Term) -> int | None:
    """Operations of one evaluation of a term; None where only the data know."""
    macs, flops = _work(term, {})
    return None if macs is None or flops is None else 2 * macs + flops


def elements(type: Type) -> int | None:
    """How many numbers a tensor type holds."""
    return size(type.shape).value if isinstance(type, Tensor) else None


def _work(term: Term, seen: dict[int, None]) -> tuple[int | None, int | None]:
    """Multiply-adds and other operations of a graph, each node once."""
    if id(term) in seen:
        return 0, 0
    seen[id(term)] = None
    macs: int | None = 0
    flops: int | None = 0
    if isinstance(term, Apply):
        if term.operator in ITERATES:
            return None, None
        macs, flops = term.macs.value, term.flops.value
    if isinstance(term, Map):
        inner = _work(term.body, seen)
        times = length(term.source.type).value
        outer = _work(term.source, seen)
        return _plus(_times(inner[0], times), outer[0]), _plus(_times(inner[1], times), outer[1])
    for t in below(term):
        more = _work(t, seen)
        macs, flops = _plus(macs, more[0]), _plus(flops, more[1])
    return macs, flops


def length(type: Type) -> Dim:
    """How many elements a collection of a type has."""
    return size_of(type) or size(())


def _plus(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _times(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a * b
