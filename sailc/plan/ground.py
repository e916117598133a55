"""Putting what a solver knows into terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.symbolic.slope import derived
from sailc.terms import Apply, Attribute, Const, Layer, Map, Term, Var, rebuild
from sailc.types.dims import Dim
from sailc.types.solver import Solver


class Grounding(Struct, eq=False):
    """Terms with the types that a solver has found. `layers` are those of the elaboration:
    each is copied, since another solver may find other shapes for its parameters. What is of
    data has derivatives `by_algebra`, where there are such, since NumPy has none."""

    solver: Solver
    layers: Sequence[Layer] = ()
    by_algebra: bool = False
    _copies: dict[int, Layer] = field(default_factory=dict[int, Layer])
    _memo: dict[int, Term] = field(default_factory=dict[int, Term])

    def __post_init__(self) -> None:
        for layer in self.layers:
            types = {n: self.solver.resolve(t) for n, t in layer.parameters.items()}
            state = {n: self.solver.resolve(t) for n, t in layer.state.items()}
            self._copies[id(layer)] = replace(layer, parameters=types, state=state)

    @property
    def grounded(self) -> tuple[Layer, ...]:
        return tuple(self._copies[id(layer)] for layer in self.layers)

    def term(self, term: Term) -> Term:
        return rebuild(term, self._grounded, self._memo)

    def _grounded(self, term: Term) -> Term:
        found = _resolve(self.solver, term, self._copies)
        return derived(found, self.solver) if self.by_algebra else found

    def stand_for(self, variable: Var, term: Term) -> None:
        """Put a term in the place of a variable."""
        self._memo[id(variable)] = term

    def var(self, variable: Var) -> Var:
        found = self.term(variable)
        assert isinstance(found, Var)
        return found


def _resolve(solver: Solver, term: Term, layers: Mapping[int, Layer]) -> Term:
    """A term whose own type, costs and attributes are resolved (those below it are)."""
    type = solver.resolve(term.type)
    match term:
        case Apply(attributes=attributes, macs=macs, flops=flops, layer=layer):
            values = {k: _attribute(solver, v) for k, v in attributes.items()}
            return replace(
                term,
                type=type,
                attributes=values,
                macs=solver.dim(macs),
                flops=solver.dim(flops),
                layer=layers.get(id(layer), layer),
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
