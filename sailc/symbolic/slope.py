"""Derivatives of terms by algebra: of a number by one that it is computed from.

Each term has its derivative from those below it (the chain rule, forwards), so that what is used
twice is differentiated once, and the derivative is not much larger than what it is of. A function
that only the data know has derivatives that are functions as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sailc.symbolic.number import NoSlope, Number, shape_of
from sailc.symbolic.slopes import SLOPES
from sailc.terms import (
    Apply,
    Const,
    Path,
    Term,
    below,
    is_held,
    made_of,
    overlap,
    rebuild,
    rooted,
    same,
    walk,
)
from sailc.types.model import REAL, FunctionType, Tensor, Type
from sailc.types.solver import Solver


def in_algebra(root: Term, solver: Solver) -> Term:
    """A term with expressions in place of derivatives by numbers, where algebra has them: for
    what is no backend's, and for formulas."""
    asked = {id(t) for t in walk(root) if isinstance(t, Apply) and t.operator == "grad"}
    if not asked:
        return root
    changing = made_of([root], asked)
    kept = {id(t): t for t in walk(root) if id(t) not in changing}

    return rebuild(root, lambda t: derived(t, solver), kept)


def derived(term: Term, solver: Solver) -> Term:
    """An expression in the place of a derivative by a number, where algebra has one."""
    if not isinstance(term, Apply) or term.operator != "grad":
        return term
    e, p = term.arguments
    try:
        if shape_of(e, solver) or shape_of(p, solver):
            return term
        found = _derivative(e, p, solver) or Const(REAL, e.span, 0)
    except NoSlope:
        return term
    one = Const(REAL, term.span, 1)  # what is there already stays, under the unit that it has here
    return Apply(term.type, term.span, "multiply", (one, found), name=term.name)


def _derivative(e: Term, p: Term, solver: Solver) -> Term | None:
    """The derivative of a term by another; None where it is nothing."""
    root, path = rooted(p)
    found: dict[int, Term | None] = {}
    hanging: set[int] = set()
    for t in walk(e):
        if t is p or same(t, p):
            found[id(t)] = Const(REAL, t.span, 1)
            hanging.add(id(t))
        elif _is_made_of(t, root, path, hanging):
            hanging.add(id(t))
            found[id(t)] = None if rooted(t)[0] is root else _ruled(t, found, solver)
        else:
            found[id(t)] = None
    return found[id(e)]


def _is_made_of(t: Term, root: Term, path: Path, hanging: set[int]) -> bool:
    """Whether a term is made of what a path leads to."""
    start, own = rooted(t)
    if start is root:
        return overlap(own, path)
    return any(id(b) in hanging for b in below(t))


def _ruled(t: Term, found: Mapping[int, Term | None], solver: Solver) -> Term | None:
    """The derivative of what an operator makes, from those of its arguments."""
    if not isinstance(t, Apply):
        raise NoSlope
    if t.operator == "call":
        return _called(t, found, solver)
    rule = SLOPES.get(t.operator)
    if rule is None:
        raise NoSlope
    given = [Number(a, solver) for a in t.arguments]
    slopes = [Number(d, solver) if (d := found[id(a)]) is not None else None for a in t.arguments]
    whole = Number(t, solver)
    result = rule(whole, given, slopes)
    return result.spread(whole.shape).term if result is not None else None


def _called(t: Apply, found: Mapping[int, Term | None], solver: Solver) -> Term | None:
    """A function that the data hold has derivatives by each of its variables."""
    function, *given = t.arguments
    held = is_held(function) and _is_of_numbers(solver.resolve(function.type))
    if not held or found[id(function)] is not None:
        raise NoSlope
    total: Number | None = None
    for i, g in enumerate(given):
        inner = found[id(g)]
        if inner is not None:
            derived = Apply(function.type, function.span, "derived", (function,), {"by": i})
            outer = Number(replace(t, arguments=(derived, *given)), solver)
            term = outer * Number(inner, solver)
            total = term if total is None else total + term
    return total.term if total is not None else None


def _is_of_numbers(type: Type) -> bool:
    """Whether it is a function's, of numbers, that gives one."""
    if not isinstance(type, FunctionType):
        return False
    numbers = (*type.parameters, type.result)
    return all(isinstance(t, Tensor) and not t.shape for t in numbers)
