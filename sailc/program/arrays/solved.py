"""Equations among the terms of a program: instances, solutions, what these leave over.

What an operator becomes hangs on the equation that it is about (`settled`): one without space
is no grid, one without a start is solved as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sailc.program.arrays.layout import CannotLower, Leaf, Vector, opened, packed, rank_of
from sailc.program.tree.names import class_name
from sailc.program.tree.nodes import Expr, Op, Ref
from sailc.terms import Apply, Map, Term, rebuild

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering
    from sailc.symbolic.system import System

# SciPy's names of methods.
METHODS: Mapping[str, str] = {
    "radau": "Radau",
    "bdf": "BDF",
    "lsoda": "LSODA",
    "rk45": "RK45",
    "rk23": "RK23",
    "dop853": "DOP853",
}
EXPLICIT = frozenset({"rk45", "rk23", "dop853", "lsoda"})
"""Methods that are given no Jacobian; `lsoda` finds its own."""


def settled(term: Term, about: System) -> Term:
    """A term with its solving operators as those for a kind of system."""
    memo: dict[int, Term] = {}

    def change(t: Term) -> Term:
        if not isinstance(t, Apply):
            return t
        match t.operator:
            case "discretize" if not about.space:
                return replace(t, operator="system", attributes={})
            case "discretize":
                return replace(t, attributes={**t.attributes, "parts": _parts(about)})
            case "integrate":
                return _integrate(t, about)
            case "reference":
                kind = "steady" if about.time is None else "grid" if about.space else "course"
                attributes = {**t.attributes, "parts": _parts(about)}
                return replace(t, operator=f"reference_{kind}", attributes=attributes)
            case _:
                return t

    return rebuild(term, change, memo)


def _parts(about: System) -> tuple[str, ...]:
    """What is done on a grid beside the laws."""
    if about.fluxes:
        return ("fluxes",)
    return ("upwind",) if about.carries else ()


def _integrate(t: Apply, about: System) -> Apply:
    given, tolerance = t.arguments
    if not (isinstance(given, Apply) and given.operator in ("discretize", "system")):
        given = Apply(given.type, t.span, "system", (given,))
    if about.time is None:
        return replace(t, operator="settle", arguments=(given, tolerance), attributes={})
    method = str(t.attributes["method"])
    operator = "integrate_explicitly" if method in EXPLICIT else "integrate"
    attributes = {"method": METHODS[method]}
    return replace(t, operator=operator, arguments=(given, tolerance), attributes=attributes)


def _made(low: Lowering, term: Apply) -> Vector:
    """An operator of whole Python values: no point enters it."""
    parts = tuple(packed(low.lower(a)) for a in term.arguments)
    return Leaf(Op(term.operator, parts, term.attributes), (), rank_of(term.type))


def _instance(low: Lowering, term: Apply) -> Vector:
    parts = tuple(packed(low.lower(a)) for a in term.arguments)
    name = class_name(str(term.attributes["name"]))
    return Leaf(Op("equation", parts, {"name": name}), (), 0)


def _left_over(low: Lowering, term: Apply) -> Vector:
    """What is left over at places that are drawn."""
    made = _made(low, term)
    assert isinstance(made, Leaf)
    assert isinstance(made.expr, Op)
    return replace(made, expr=replace(made.expr, attributes={"at": term.attributes["at"]}))


SOLVED: Mapping[str, Callable[[Lowering, Apply], Vector]] = {
    **dict.fromkeys(
        [
            *("discretize", "system", "integrate", "integrate_explicitly", "settle"),
            *("reference_grid", "reference_course", "reference_steady", "at_point"),
        ],
        _made,
    ),
    "equation": _instance,
    "residual": _left_over,
}


# --- lists of equations ----------------------------------------------------------------------


def listing(low: Lowering, term: Term) -> Expr:
    """A collection whose elements are no arrays, as a Python list."""
    match term:
        case Map(variable=variable, source=source, body=body, condition=None):
            outer = listing(low, source)
            name = low.names.fresh(variable.name)
            low.bind(variable, opened(variable.type, Ref(name)))
            inner = packed(low.lower(body))
            return Op("listed", (outer, inner), {"variable": name})
        case Apply(operator="list", arguments=items):
            return Op("items", tuple(packed(low.lower(i)) for i in items))
        case Apply(operator="zip", arguments=parts):
            return Op("side_by_side", tuple(listing(low, p) for p in parts))
        case Apply(operator="first" | "last" | "drop" | "every", arguments=(xs,)):
            return Op(term.operator, (listing(low, xs),), term.attributes)
        case Apply(operator="shuffle", arguments=(xs,)):
            return Op("reordered", (listing(low, xs),), term.attributes)
        case Map():
            raise CannotLower("a comprehension with `if`", term.span)
        case _:
            return packed(low.lower(term))
