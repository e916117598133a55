"""An equation as typed terms, and questions about its shape that need no algebra.

In the terms an unknown is a variable of its name, `derivative` differentiates by the variables
that its attribute `by` names, and `at` puts values in the places of the independent variables.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from sailc.source import Span
from sailc.terms import Apply, Const, Term, Var, below, digest, walk


class Law(Struct, frozen=True):
    """`left == right`, wherever the equation holds."""

    left: Term
    right: Term
    span: Span


class Side(Struct, frozen=True):
    """A condition: it holds where the variable `axis` is at one of the `places`; a periodic
    one joins two of them."""

    left: Term
    right: Term
    axis: int
    places: tuple[Term, ...]
    span: Span

    @property
    def periodic(self) -> bool:
        return len(self.places) > 1


class Required(Struct, frozen=True):
    """What an equation requires of its parameters: true or false if that is known already."""

    holds: Term | bool
    because: str
    span: Span


class TypedEquation(Struct, frozen=True, eq=False):
    """An equation with every name resolved; `domain` has the ends of each variable."""

    name: str
    doc: str
    parameters: tuple[Var, ...]
    independents: tuple[Var, ...]
    unknowns: tuple[Var, ...]
    domain: tuple[tuple[Term, Term], ...]
    laws: tuple[Law, ...]
    initial: tuple[Side, ...]
    boundary: tuple[Side, ...]
    span: Span
    required: tuple[Required, ...] = ()

    @property
    def sides(self) -> tuple[Side, ...]:
        return (*self.initial, *self.boundary)

    def order(self, unknown: Var, axis: int) -> int:
        """The most derivatives of an unknown by a variable in any law; -1 if it is in none."""
        name = self.independents[axis].name
        return max(order(t, unknown, name) for w in self.laws for t in (w.left, w.right))


def order(term: Term, unknown: Var, by: str) -> int:
    """The most derivatives by a variable that an unknown is under; -1 where it is not there."""
    if term is unknown:
        return 0
    inner = max((order(t, unknown, by) for t in below(term)), default=-1)
    if inner >= 0 and isinstance(term, Apply) and term.operator == "derivative":
        names = term.attributes["by"]
        assert isinstance(names, tuple)
        return inner + names.count(by)
    return inner


def mentions(law: Law | Side, unknown: Var) -> bool:
    return any(t is unknown for t in walk(law.left, law.right))


def placed(*terms: Term) -> Iterator[Apply]:
    """What is said of a place (`u(x, 0)`) in some terms."""
    for t in walk(*terms):
        if isinstance(t, Apply) and t.operator == "at":
            yield t


def same(a: Term, b: Term) -> bool:
    """Whether two terms are certainly one number."""
    return number(a) == number(b) if None not in (number(a), number(b)) else digest(a) == digest(b)


def number(term: Term) -> float | None:
    """The number that a term is, if it is one already."""
    match term:
        case Const(value=int() | float() as value):
            return float(value)
        case _:
            return None
