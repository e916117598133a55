"""Transport in the form of conservation laws: rates that are slopes of fluxes.

Differences of a flux keep a shock's height and speed where differences of `u * d(u, x)` do not
(Hou and LeFloch 1994), whichever of the two an author has written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sailc.symbolic.algebra import Expression, sympy


class Fluxes(Struct, frozen=True):
    """`rest` are the rates without transport; `fluxes[axis][state]` is what is carried along an
    axis, and `speeds[axis][state][other]` how it changes with each state."""

    rest: tuple[Expression, ...]
    fluxes: tuple[tuple[Expression, ...], ...]
    speeds: tuple[tuple[tuple[Expression, ...], ...], ...]


Slopes = Sequence[Mapping[int, Expression]]
"""For each axis, the symbols of the states' first derivatives that the rates read."""


def fluxes(
    rates: Sequence[Expression],
    states: Sequence[Expression],
    slopes: Slopes,
    changing: Sequence[Expression],
) -> Fluxes | None:
    """The fluxes that all first derivatives in some rates come from; None where there are no
    such derivatives, or none such fluxes. `changing` are the symbols that a speed must not read:
    the independent variables, and all derivatives."""
    if not any(slopes):
        return None
    found: list[tuple[Expression, ...]] = []
    speeds: list[tuple[tuple[Expression, ...], ...]] = []
    for along in slopes:
        table = [
            [
                -sympy.diff(r, along[j]) if j in along else sympy.Integer(0)
                for j in range(len(states))
            ]
            for r in rates
        ]
        if any(s.has(*changing) or not _simple(s, states) for row in table for s in row):
            return None
        carried = [_flux(row, states) for row in table]
        if None in carried:
            return None
        found.append(tuple(carried))
        speeds.append(tuple(map(tuple, table)))
    gone = {s: sympy.Integer(0) for along in slopes for s in along.values()}
    return Fluxes(tuple(r.xreplace(gone) for r in rates), tuple(found), tuple(speeds))


def _simple(speed: Expression, states: Sequence[Expression]) -> bool:
    """Whether its integral is certain to be found, and soon."""
    return bool(speed.is_polynomial(*states))


def _flux(speeds: Sequence[Expression], states: Sequence[Expression]) -> Expression | None:
    """What has some derivatives by the states, if anything has."""
    flux = sympy.Integer(0)
    for speed, state in zip(speeds, states, strict=True):
        flux += sympy.integrate(sympy.expand(speed - sympy.diff(flux, state)), state)
    for speed, state in zip(speeds, states, strict=True):
        if sympy.expand(speed - sympy.diff(flux, state)) != 0:
            return None
    return flux
