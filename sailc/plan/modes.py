"""Models that train otherwise than they answer: with running statistics, or random draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sailc.diagnostics.exclusions import Reason
from sailc.plan.link import Links
from sailc.terms import Apply, Lambda, Term, walk

STEPS = frozenset({"fold", "scan", "motion", "rk4"})


def no_modes_in_equations(links: Links) -> Reason | None:
    """Why such a network cannot stand for the solution of an equation: that is one function,
    whose values and slopes at a place hang on nothing but the place."""
    for t in _layers(walk(*(k.model.output for k in links))):
        other = "is another function at every place" if _draws(t) else "hangs on all other places"
        why = f"in training a field with `{t.operator}` {other}: no equation is about that"
        return Reason("X0304", why, span=t.span)
    return None


def no_statistics_in_steps(links: Links) -> Reason | None:
    """Why no statistics can run along where a model is trained through steps that it takes one
    after the other: each step has its own, and a layer holds those of one."""
    trained = [k for k in links if k.line.split == "train"]
    asked = [f.question for k in trained for f in k.line.fixtures]
    roots = [k.model.minimize or k.model.output for k in trained]
    answers = next(filter(_has_state, _layers(walk(*roots))), None)
    for t in walk(*roots, *asked):
        if isinstance(t, Apply) and t.operator in STEPS:
            bodies = [v.body for v in t.attributes.values() if isinstance(v, Lambda)]
            inside = next(filter(_has_state, _layers(walk(*bodies))), None)
            found = inside or (answers if _calls(bodies) else None)
            if found is not None:
                why = (
                    f"`{found.operator}` is trained through `{_STEPS.get(t.operator, t.operator)}`,"
                    " whose steps have statistics of their own each, and the layer holds one mean "
                    "and variance for all"
                )
                return Reason("X0304", why, span=t.span)
    return None


_STEPS = {"motion": "verlet"}  # what authors call it


def _layers(terms: Iterable[Term]) -> Iterator[Apply]:
    """Those among some terms that are other in training than in answers."""
    return (t for t in terms if isinstance(t, Apply) and (_has_state(t) or _draws(t)))


def _has_state(term: Apply) -> bool:
    return term.layer is not None and bool(term.layer.state)


def _draws(term: Apply) -> bool:
    return bool(term.attributes.get("draws"))


def _calls(bodies: Iterable[Term]) -> bool:
    return any(isinstance(t, Apply) and t.operator == "call" for t in walk(*bodies))
