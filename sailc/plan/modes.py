"""Models that train otherwise than they answer: with running statistics, or random draws."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.trainer import TypedTrainer
from sailc.plan.link import Links
from sailc.terms import Apply, Lambda, Term, walk

STEPS = frozenset({"fold", "scan", "motion", "rk4"})


def has_modes(terms: Iterator[Term]) -> str:
    """The operator by which terms are other in training than in answers; empty if none is."""
    for t in terms:
        if isinstance(t, Apply) and (
            t.attributes.get("draws") or (t.layer is not None and t.layer.state)
        ):
            return t.operator
    return ""


def no_modes_in_equations(links: Links) -> Reason | None:
    """Why such a network cannot stand for the solution of an equation yet."""
    operator = has_modes(walk(*(k.model.output for k in links)))
    text = f"`{operator}` in a network for an equation is not written by this version of sailc"
    return Reason("X0301", text) if operator else None


def untrained(links: Links, trainer: TypedTrainer) -> str:
    """What of such models no program can be written for; empty if nothing."""
    model = links[0].model
    roots = [k.model.output for k in links] + [k.model.minimize for k in links if k.model.minimize]
    operator = has_modes(walk(*roots))
    if not operator:
        return ""
    questions = [f.question for k in links for f in k.line.fixtures]
    if any(map(_varies, walk(*roots, *questions))):
        return f"`{operator}` in what is differentiated, or goes step by step"
    if model.afresh:
        return f"`{operator}` in a solver that learns from each question by itself"
    searches = any(p.optimizer == "lbfgs" for p in trainer.phases)
    return f"`{operator}` with L-BFGS" if searches else ""


def _varies(term: Term) -> bool:
    """Whether a model inside a term would be called by the backend's own machinery."""
    if not isinstance(term, Apply):
        return False
    if term.operator == "grad":
        return True
    bodies = (v.body for v in term.attributes.values() if isinstance(v, Lambda))
    return term.operator in STEPS and any(has_modes(walk(b)) or _calls(b) for b in bodies)


def _calls(body: Term) -> bool:
    return any(isinstance(t, Apply) and t.operator == "call" for t in walk(body))
