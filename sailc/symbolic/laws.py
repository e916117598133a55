"""What an equation leaves over for a field: its laws and conditions as expressions in the
field's values and derivatives."""

from __future__ import annotations

from msgspec import Struct

from sailc.symbolic.algebra import Expression, Orders, Symbols
from sailc.symbolic.form import Law, Side, TypedEquation, placed, same
from sailc.terms import Term, Var


class Derived(Struct, frozen=True):
    """A derivative of an unknown, by how many times each independent variable."""

    unknown: int
    orders: Orders
    variable: Var


class Leftover(Struct, frozen=True):
    """Expressions that vanish for a solution, in the independent variables and `jets`."""

    jets: tuple[Derived, ...]
    values: tuple[Term, ...]


class Condition(Struct, frozen=True):
    """A side of an equation: what vanishes where the variable `axis` is at `place`. A periodic
    one compares it with `other` at the place `there`."""

    axis: int
    place: Term
    left: Leftover
    there: Term | None
    other: Leftover | None


def laws(e: TypedEquation) -> Leftover:
    """What the laws leave over, left sides minus right sides."""
    symbols = Symbols(e.independents, e.unknowns)
    return _leftover(symbols, e, [_difference(symbols, w) for w in e.laws], e.laws[0])


def conditions(e: TypedEquation) -> tuple[Condition, ...]:
    """What the initial and boundary conditions leave over, in their order."""
    return tuple(_condition(Symbols(e.independents, e.unknowns), e, s) for s in e.sides)


def _condition(symbols: Symbols, e: TypedEquation, side: Side) -> Condition:
    if not side.periodic:
        left = _leftover(symbols, e, [_difference(symbols, side)], side)
        return Condition(side.axis, side.places[0], left, None, None)
    first = next(placed(side.left), None)
    begins = first is not None and same(first.arguments[1 + side.axis], side.places[0])
    here, there = side.places if begins else side.places[::-1]
    sides = [symbols.expression(t) for t in (side.left, side.right)]
    left, other = (_leftover(symbols, e, [x], side) for x in sides)
    return Condition(side.axis, here, left, there, other)


def _difference(symbols: Symbols, law: Law | Side) -> Expression:
    return symbols.expression(law.left) - symbols.expression(law.right)


def _leftover(
    symbols: Symbols, e: TypedEquation, found: list[Expression], law: Law | Side
) -> Leftover:
    read = {s.name for x in found for s in x.free_symbols}
    jets: list[Derived] = []
    for (unknown, orders), symbol in symbols.derivatives().items():
        if symbol.name in read:
            variable = symbols.term(symbol, law.span)
            assert isinstance(variable, Var)
            jets.append(Derived(unknown, orders, variable))
    jets.sort(key=lambda j: (sum(j.orders), j.unknown, [-n for n in j.orders]))
    return Leftover(tuple(jets), tuple(symbols.term(x, law.span) for x in found))
