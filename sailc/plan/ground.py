"""Putting what a solver knows into terms."""

from __future__ import annotations

from msgspec.structs import replace

from sailc.terms import Apply, Attribute, Const, Map, Term, Var
from sailc.types.dims import Dim
from sailc.types.solver import Solver


def resolve_term(solver: Solver, term: Term) -> Term:
    """A term whose own type, costs and attributes are resolved (those below it are)."""
    type = solver.resolve(term.type)
    match term:
        case Apply(attributes=attributes, macs=macs, flops=flops):
            values = {k: _attribute(solver, v) for k, v in attributes.items()}
            return replace(
                term, type=type, attributes=values, macs=solver.dim(macs), flops=solver.dim(flops)
            )
        case Const(value=value):
            return replace(term, type=type, value=_attribute(solver, value))
        case Var() | Map():
            return replace(term, type=type)


def _attribute(solver: Solver, value: Attribute) -> Attribute:
    match value:
        case Dim():
            known = solver.dim(value)
            return known.value if known.value is not None else known
        case tuple():
            return tuple(_attribute(solver, v) for v in value)
        case _:
            return value
