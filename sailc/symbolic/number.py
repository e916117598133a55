"""Terms of numbers under Python's arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.terms import Apply, Attribute, Const, Term
from sailc.types.dims import Dim, const
from sailc.types.model import REAL, Bool, Num, Shape, Tensor
from sailc.types.solver import Solver

COMPARISONS = frozenset({"less", "less_equal", "greater", "greater_equal"})


class NoSlope(Exception):
    """What algebra has no derivative of."""


def shape_of(t: Term, solver: Solver) -> Shape:
    """The shape of what is of numbers."""
    type = solver.resolve(t.type)
    if not isinstance(type, Tensor):
        raise NoSlope
    return type.shape


class Number:
    """A term of numbers, and what is made of it. What is plainly 0 or 1 is not computed."""

    def __init__(self, term: Term, solver: Solver) -> None:
        self.term = term
        self.solver = solver
        self.shape = shape_of(term, solver)

    def apply(self, operator: str, *others: Number | float) -> Number:
        """An operator on this and others, number by number."""
        numbers = [self, *(self.number(x) for x in others)]
        return self._made(operator, _broadcast([x.shape for x in numbers]), *numbers)

    def like(self, operator: str, *others: Number) -> Number:
        """An operator on others, as this is made: of its shape, and with its attributes."""
        found: Mapping[str, Attribute] = {}
        if isinstance(self.term, Apply):
            found = self.term.attributes
        terms = tuple(x.term for x in others)
        type = Tensor(Num(), self.shape)
        return Number(Apply(type, self.term.span, operator, terms, found), self.solver)

    def _made(self, operator: str, shape: Shape, *numbers: Number) -> Number:
        terms = tuple(x.term for x in numbers)
        type = Tensor(Bool() if operator in COMPARISONS else Num(), shape)
        return Number(Apply(type, self.term.span, operator, terms), self.solver)

    def number(self, x: Number | float) -> Number:
        """A number where this is."""
        if isinstance(x, Number):
            return x
        return Number(Const(REAL, self.term.span, x), self.solver)

    @property
    def value(self) -> float | None:
        """The number that it is, if it is known."""
        known = self.term.value if isinstance(self.term, Const) else None
        return known if isinstance(known, int | float) else None

    def spread(self, shape: Shape) -> Number:
        """The same for every place of a shape."""
        if self.shape == shape:
            return self
        sizes = [n.value if isinstance(n, Dim) else None for n in shape]
        known = [n for n in sizes if n is not None]
        if len(known) < len(sizes):
            raise NoSlope
        ones = Const(Tensor(Num(), shape), self.term.span, _ones(known))
        if self.value == 1:
            return Number(ones, self.solver)
        return self._made("multiply", shape, self, Number(ones, self.solver))

    def __add__(self, other: Number | float) -> Number:
        return self.apply("add", other)

    def __sub__(self, other: Number | float) -> Number:
        return self.apply("subtract", other)

    def __mul__(self, other: Number | float) -> Number:
        x = self.number(other)
        for one, rest in ((self, x), (x, self)):
            if one.value == 1 and not one.shape:
                return rest
            if one.value == -1 and not one.shape:
                return -rest
        return self.apply("multiply", x)

    def __truediv__(self, other: Number | float) -> Number:
        return self.apply("divide", other)

    def __pow__(self, other: Number | float) -> Number:
        x = self.number(other)
        if x.value == 0:
            return self.number(1)
        return self if x.value == 1 else self.apply("power", x)

    def __neg__(self) -> Number:
        return self.apply("negative")


def _broadcast(shapes: list[Shape]) -> Shape:
    """The shape of what is made of several, number by number."""
    longest = max(shapes, key=len)
    found = list(longest)
    for shape in shapes:
        for i, n in enumerate(reversed(shape), 1):
            if found[-i] == const(1):
                found[-i] = n
    return tuple(found)


def _ones(sizes: list[int]) -> Attribute:
    return (_ones(sizes[1:]),) * sizes[0] if sizes else 1.0
