"""A unit: powers of base dimensions and of unit variables, with a scale beside them."""

from __future__ import annotations

import math
from fractions import Fraction

from msgspec import Struct

Powers = tuple[tuple[str, Fraction], ...]


def _combine(a: Powers, b: Powers, sign: int = 1) -> Powers:
    if not b:
        return a
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + (power if sign > 0 else -power)
    return tuple(sorted((n, p) for n, p in powers.items() if p))


class Unit(Struct, frozen=True, gc=False, eq=False):
    """`dims` and `variables` are powers sorted by name; a variable is named with its quote.

    `factors` are the named units that it is a product of, for showing it as its author
    would; two units are one if their dimensions, variables and scales are.
    """

    dims: Powers = ()
    variables: Powers = ()
    scale: float = 1.0
    factors: Powers = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unit) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((self.dims, self.variables))

    def _facts(self) -> tuple[Powers, Powers, float]:
        return self.dims, self.variables, _rounded(self.scale)

    def factor_to(self, other: Unit) -> float:
        """What a number in this unit is multiplied with to be in another of its dimension;
        exactly 1 where the two differ by rounding alone."""
        factor = self.scale * _power(other.scale, -1)
        return 1.0 if _rounded(factor) == 1 else factor

    @property
    def slug(self) -> str:
        """Its name in an identifier: `kcal_per_mol`, `m_per_s2`."""
        text = str(self).replace("/", "_per_").replace("^", "").replace("*", "_")
        return "".join(c for c in text if c.isalnum() or c == "_")

    def __mul__(self, other: Unit) -> Unit:
        return self._make(other, 1)

    def __truediv__(self, other: Unit) -> Unit:
        return self._make(other, -1)

    def _make(self, other: Unit, sign: int) -> Unit:
        if not (other.dims or other.variables or other.factors) and other.scale == 1:
            return self
        return Unit(
            _combine(self.dims, other.dims, sign),
            _combine(self.variables, other.variables, sign),
            self.scale * _power(other.scale, sign),
            _combine(self.factors, other.factors, sign),
        )

    def times(self, size: float) -> Unit:
        """A unit that is so many of this one."""
        return Unit(self.dims, self.variables, self.scale * size, self.factors)

    def named(self, name: str) -> Unit:
        """The same unit under a name of its own."""
        return Unit(self.dims, self.variables, self.scale, ((name, Fraction(1)),))

    def __pow__(self, power: Fraction | int) -> Unit:
        if power == 1:
            return self
        power = Fraction(power)
        if not power:
            return ONE
        return Unit(
            tuple((n, p * power) for n, p in self.dims),
            tuple((n, p * power) for n, p in self.variables),
            _power(self.scale, float(power)),
            tuple((n, p * power) for n, p in self.factors),
        )

    def without(self, name: str, scale: float | None = None) -> Unit:
        """This unit without one of its variables."""
        return Unit(
            self.dims,
            tuple(v for v in self.variables if v[0] != name),
            self.scale if scale is None else scale,
            tuple(f for f in self.factors if f[0] != name),
        )

    @property
    def dimensionless(self) -> bool:
        """No base dimension and no variable is left; the scale may differ from 1 (percent)."""
        return not self.dims and not self.variables

    def __str__(self) -> str:
        """Its factors, those with positive powers first: `kcal/mol`, `m/s^2`."""
        factors = self.factors or (self.dims + self.variables)
        above = [_factor(n, p) for n, p in factors if p > 0]
        below = [_factor(n, -p) for n, p in factors if p < 0]
        if not below:
            return "*".join(above) or "1"
        bottom = below[0] if len(below) == 1 else f"({'*'.join(below)})"
        return f"{'*'.join(above) or '1'}/{bottom}"


def _power(scale: float, power: float) -> float:
    """A power of a scale; infinite where no number is large enough."""
    try:
        return scale**power
    except (OverflowError, ZeroDivisionError):
        return math.inf


def _rounded(scale: float) -> float:
    """Scales that differ by less than any constant is known to are one."""
    return float(f"{scale:.12g}")


def _factor(name: str, power: Fraction) -> str:
    name = name.split(".")[0]  # a variable's own number is nobody's business
    if power == 1:
        return name
    return f"{name}^{power}" if power.denominator == 1 else f"{name}^({power})"


ONE = Unit()


def base_unit(name: str) -> Unit:
    """The unit of a dimension of its own."""
    return Unit(((name, Fraction(1)),), (), 1.0, ((name, Fraction(1)),))
