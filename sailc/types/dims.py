"""Dimensions: integer polynomials over names and variables, in normal form.

Most are a number or one name. Arithmetic that a polynomial cannot hold becomes an atom
of its own: `FloorDiv` for `h / 2`, `SizeOf` and `RankOf` for a run of dimensions whose
length is not known yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct


class DimVar(Struct, frozen=True, gc=False):
    """A dimension to be found; `name` is the author's, for messages."""

    id: int
    name: str = ""


class DimName(Struct, frozen=True, gc=False):
    """A rigid dimension: a length known only when the data are. What stands behind an `@`
    tells two lengths of one name apart, and is not shown."""

    name: str


class FloorDiv(Struct, frozen=True, gc=False):
    """floor(numerator / divisor)."""

    numerator: Dim
    divisor: Dim


class SpreadVar(Struct, frozen=True, gc=False):
    """A run of dimensions to be found (`...s`)."""

    id: int
    name: str = ""


class SpreadMap(Struct, frozen=True, gc=False):
    """A run of dimensions with arithmetic on each: `each` has `HOLE` where it goes."""

    base: SpreadVar
    each: Dim


class SizeOf(Struct, frozen=True, gc=False):
    """The product of a run of dimensions."""

    spread: SpreadVar | SpreadMap


class RankOf(Struct, frozen=True, gc=False):
    """The number of a run of dimensions."""

    spread: SpreadVar


Atom = DimVar | DimName | FloorDiv | SizeOf | RankOf
Monomial = tuple[tuple[Atom, int], ...]
Spread = SpreadVar | SpreadMap


class Dim(Struct, frozen=True, gc=False):
    """A sum of `coefficient * monomial`, sorted, without zero terms. Zero is empty."""

    terms: tuple[tuple[Monomial, int], ...]

    def __add__(self, other: Dim) -> Dim:
        if not self.terms or not other.terms:
            return self if self.terms else other
        return _sum([*self.terms, *other.terms])

    def __neg__(self) -> Dim:
        return Dim(tuple((m, -c) for m, c in self.terms))

    def __sub__(self, other: Dim) -> Dim:
        return self + -other

    def __mul__(self, other: Dim) -> Dim:
        for one, another in ((self, other), (other, self)):
            number = one.value
            if number is not None:
                return another if number == 1 else another.times(number)
        return _sum([(_times(m, n), c * d) for m, c in self.terms for n, d in other.terms])

    def times(self, number: int) -> Dim:
        return Dim(tuple((m, c * number) for m, c in self.terms)) if number else ZERO

    def __pow__(self, power: int) -> Dim:
        result = ONE
        for _ in range(power):
            result = result * self
        return result

    def __floordiv__(self, other: Dim) -> Dim:
        """Exact where the division is; otherwise an atom."""
        a, b = self.value, other.value
        if a is not None and b:
            return const(a // b)
        if b and all(c % b == 0 for _, c in self.terms):
            return Dim(tuple((m, c // b) for m, c in self.terms))
        if self == other:
            return ONE
        return atom(FloorDiv(self, other))

    @property
    def value(self) -> int | None:
        """The number that this dimension is, if it is one."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and self.terms[0][0] == ():
            return self.terms[0][1]
        return None

    @property
    def atom(self) -> Atom | None:
        """The atom that this dimension is, if it is just one."""
        if len(self.terms) == 1:
            monomial, coefficient = self.terms[0]
            if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
                return monomial[0][0]
        return None

    @property
    def variable(self) -> DimVar | None:
        """The variable that this dimension is, if it is just one."""
        found = self.atom
        return found if isinstance(found, DimVar) else None

    def atoms(self) -> Iterator[Atom]:
        """Every atom, those inside others included."""
        for monomial, _ in self.terms:
            for a, _ in monomial:
                yield a
                if isinstance(a, FloorDiv):
                    yield from a.numerator.atoms()
                    yield from a.divisor.atoms()

    def replace(self, f: Callable[[Atom], Dim]) -> Dim:
        """This dimension with each outermost atom replaced."""
        if self.value is not None:
            return self
        single = self.atom
        if single is not None:
            return f(single)
        total = ZERO
        for monomial, coefficient in self.terms:
            term = const(coefficient)
            for a, power in monomial:
                term = term * f(a) ** power
            total = total + term
        return total

    def __str__(self) -> str:
        return _show(self)


def _key(monomial: Monomial) -> tuple[int, str]:
    return (-sum(p for _, p in monomial), repr(monomial))


def _sum(terms: list[tuple[Monomial, int]]) -> Dim:
    total: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        total[monomial] = total.get(monomial, 0) + coefficient
    kept = [(m, c) for m, c in total.items() if c]
    if len(kept) > 1:
        kept.sort(key=lambda t: _key(t[0]))
    return Dim(tuple(kept))


def _times(a: Monomial, b: Monomial) -> Monomial:
    if not a or not b:
        return a or b
    powers = dict(a)
    for x, p in b:
        powers[x] = powers.get(x, 0) + p
    return tuple(sorted(powers.items(), key=repr))


def const(n: int) -> Dim:
    return Dim((((), n),)) if n else ZERO


def atom(a: Atom) -> Dim:
    return Dim(((((a, 1),), 1),))


ZERO = Dim(())
ONE = const(1)
HOLE = atom(DimVar(-1, "_"))


def _show_atom(a: Atom) -> str:
    match a:
        case DimVar(id, name):
            return name or f"?{id}"
        case DimName(name):
            return name.split("@")[0]
        case FloorDiv(numerator, divisor):
            return f"{_bracket(numerator)} / {_bracket(divisor)}"
        case SizeOf(spread):
            return f"size({show_spread(spread)})"
        case RankOf(spread):
            return f"rank({spread.name or 's'})"


def show_spread(spread: Spread) -> str:
    match spread:
        case SpreadVar(id, name):
            return name or f"?{id}"
        case SpreadMap(base, each):
            return str(each.replace(lambda a: atom(DimName(base.name or "s"))))


def _bracket(d: Dim) -> str:
    text = str(d)
    return f"({text})" if " " in text else text


def _show_monomial(monomial: Monomial) -> str:
    single = len(monomial) == 1
    factors: list[str] = []
    for a, power in monomial:
        text = _show_atom(a)
        if " " in text and not (single and power == 1):
            text = f"({text})"
        factors.append(text if power == 1 else f"{text} ^ {power}")
    return " * ".join(factors)


def _show(d: Dim) -> str:
    if not d.terms:
        return "0"
    text = ""
    for monomial, coefficient in d.terms:
        size = abs(coefficient)
        body = _show_monomial(monomial)
        term = str(size) if not monomial else body if size == 1 else f"{size} * {body}"
        if not text:
            text = term if coefficient > 0 else f"-{term}"
        else:
            text += f" + {term}" if coefficient > 0 else f" - {term}"
    return text
