"""Mixed precision (Micikevicius et al. 2018): a model computes in bfloat16, with weights,
statistics, losses and optimizers in single precision. What this cannot serve is left out."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.trainer import TypedTrainer
from sailc.plan.link import Links
from sailc.plan.scenario import Software, learns
from sailc.plan.solving import is_solving
from sailc.terms import Apply, Term, walk
from sailc.types.model import FunctionType

MIXED = "bf16"

STEPPED = frozenset({"motion", "rk4"})


def unmixed(links: Links, trainer: TypedTrainer, software: Software) -> Reason | None:
    """Why a link is not written in mixed precision, where its software says so."""
    if software.precision != MIXED:
        return None
    why = "no model is trained" if not learns(links) else _too_coarse(links, trainer)
    if not why:
        return None
    text = f"`{MIXED}` is how a model is trained in mixed precision, and here {why}"
    return Reason("X0203", text)


def _too_coarse(links: Links, trainer: TypedTrainer) -> str:
    """What the two or three digits of bfloat16 would spoil; empty if nothing."""
    if is_solving(links):
        return "derivatives of a network are compared with an equation, which takes more digits"
    if any(p.optimizer == "lbfgs" for p in trainer.phases):
        return "L-BFGS compares losses that differ in their last digits"
    if any(isinstance(k.model.output.type, FunctionType) for k in links):
        return "the answer is a formula, whose numbers are fitted"
    found = {t.operator for t in walk(*_roots(links)) if isinstance(t, Apply)}
    if "grad" in found:
        return "an answer is differentiated by what it is of, which takes more digits"
    if found & STEPPED:
        return "a motion is followed step by step, which takes more digits"
    return ""


def _roots(links: Links) -> Iterator[Term]:
    """All that is computed of the weights."""
    for k in links:
        yield k.model.output
        if k.model.minimize is not None:
            yield k.model.minimize
        yield from (f.question for f in k.line.fixtures)
