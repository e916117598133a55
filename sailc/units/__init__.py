"""Units of measure: an abelian group over base dimensions, with a scale beside it.

A `Unit` is a product of powers of base dimensions and unit variables, and a scale: how
many coherent SI units one of it is. Unification works on the powers alone; two units of
one dimension convert by the ratio of their scales.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

Powers = tuple[tuple[str, Fraction], ...]


def _combine(a: Powers, b: Powers, sign: int = 1) -> Powers:
    if not b:
        return a
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + (power if sign > 0 else -power)
    return tuple(sorted((n, p) for n, p in powers.items() if p))


class Unit(Struct, frozen=True, eq=False):
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
        return hash(self._facts())

    def _facts(self) -> tuple[Powers, Powers, float]:
        return self.dims, self.variables, self.scale

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
            self.scale * other.scale**sign,
            _combine(self.factors, other.factors, sign),
        )

    def __pow__(self, power: Fraction | int) -> Unit:
        if power == 1:
            return self
        power = Fraction(power)
        if not power:
            return ONE
        return Unit(
            tuple((n, p * power) for n, p in self.dims),
            tuple((n, p * power) for n, p in self.variables),
            self.scale ** float(power),
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


def _factor(name: str, power: Fraction) -> str:
    name = name.split(".")[0]  # a variable's own number is nobody's business
    if power == 1:
        return name
    return f"{name}^{power}" if power.denominator == 1 else f"{name}^({power})"


ONE = Unit()


def _base(name: str) -> Unit:
    return Unit(((name, Fraction(1)),), (), 1.0, ((name, Fraction(1)),))


# Base dimensions: the SI's, with the gram's place taken by the kilogram; then what is
# counted in computing. A mole and a radian are counts.
_DERIVED: dict[str, tuple[float, str]] = {
    "g": (1e-3, "kg"),
    "min": (60.0, "s"),
    "h": (3600.0, "s"),
    "day": (86400.0, "s"),
    "year": (31557600.0, "s"),
    "Hz": (1.0, "1/s"),
    "N": (1.0, "kg*m/s^2"),
    "J": (1.0, "N*m"),
    "W": (1.0, "J/s"),
    "Pa": (1.0, "N/m^2"),
    "bar": (1e5, "Pa"),
    "atm": (101325.0, "Pa"),
    "mmHg": (133.322387415, "Pa"),
    "C": (1.0, "A*s"),
    "V": (1.0, "W/A"),
    "F": (1.0, "C/V"),
    "ohm": (1.0, "V/A"),
    "S": (1.0, "A/V"),
    "Wb": (1.0, "V*s"),
    "T": (1.0, "Wb/m^2"),
    "H": (1.0, "Wb/A"),
    "L": (1e-3, "m^3"),
    "mol": (6.02214076e23, "1"),
    "rad": (1.0, "1"),
    "deg": (0.017453292519943295, "1"),
    "percent": (0.01, "1"),
    "%": (0.01, "1"),
    "ppm": (1e-6, "1"),
    "counts": (1.0, "1"),
    "count": (1.0, "1"),
    "angstrom": (1e-10, "m"),
    "bohr": (5.29177210903e-11, "m"),
    "au": (149597870700.0, "m"),
    "pc": (3.0856775814913673e16, "m"),
    "ly": (9.4607304725808e15, "m"),
    "inch": (0.0254, "m"),
    "eV": (1.602176634e-19, "J"),
    "hartree": (4.3597447222071e-18, "J"),
    "rydberg": (2.1798723611035e-18, "J"),
    "cal": (4.184, "J"),
    "dalton": (1.66053906660e-27, "kg"),
    "u": (1.66053906660e-27, "kg"),
    "t": (1e3, "kg"),
    "byte": (8.0, "bit"),
    "B": (8.0, "bit"),
    "OP": (1.0, "FLOP"),
}
_BASES = ("kg", "m", "s", "A", "K", "cd", "bit", "FLOP", "USD", "EUR")
_PREFIXES = {
    "q": 1e-30,
    "r": 1e-27,
    "y": 1e-24,
    "z": 1e-21,
    "a": 1e-18,
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "m": 1e-3,
    "c": 1e-2,
    "d": 1e-1,
    "da": 1e1,
    "h": 1e2,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Z": 1e21,
    "Y": 1e24,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
_UNPREFIXED = {"kg", "min", "h", "day", "year", "percent", "%", "ppm", "au", "inch", "deg"} | {
    "atm", "mmHg", "counts", "count", "angstrom", "bohr", "hartree", "rydberg", "dalton", "u", "t",
}  # fmt: skip


class UnitError(ValueError):
    """A text that is no unit; `name` is the part that is not known."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def known_units() -> list[str]:
    """Every unit that has a name of its own, for suggestions and completion."""
    return sorted({*_BASES, *_DERIVED, "km", "cm", "mm", "nm", "fs", "ps", "ns", "ms", "kcal"})


def _named(name: str) -> Unit:
    if name in _BASES:
        return _base(name)
    if name in _DERIVED:
        factor, text = _DERIVED[name]
        unit = parse_unit(text)
        return Unit(unit.dims, (), factor * unit.scale, ((name, Fraction(1)),))
    for length in (2, 1):
        prefix, stem = name[:length], name[length:]
        if prefix in _PREFIXES and stem not in _UNPREFIXED and (stem in _BASES or stem in _DERIVED):
            unit = _named(stem)
            return Unit(unit.dims, (), _PREFIXES[prefix] * unit.scale, ((name, Fraction(1)),))
    raise UnitError(name)


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """The unit that a text spells: names, `*`, `/`, `^`, `1`, brackets, `'u`.

    Raises `UnitError` naming the part that is no unit.
    """
    tokens = _tokens(text)
    unit, rest = _product(tokens)
    if rest:
        raise UnitError("".join(rest))
    return unit


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    word = ""
    for c in text:
        if c in "*/^()·" or c.isspace():
            if word:
                tokens.append(word)
            word = ""
            if not c.isspace():
                tokens.append("*" if c == "·" else c)
        else:
            word += c
    return [*tokens, word] if word else tokens


def _product(tokens: list[str]) -> tuple[Unit, list[str]]:
    unit, tokens = _power(tokens)
    while tokens and tokens[0] in "*/":
        operator = tokens[0]
        factor, tokens = _power(tokens[1:])
        unit = unit * factor if operator == "*" else unit / factor
    return unit, tokens


def _power(tokens: list[str]) -> tuple[Unit, list[str]]:
    unit, tokens = _primary(tokens)
    if tokens and tokens[0] == "^":
        power, tokens = _exponent(tokens[1:])
        unit = unit**power
    return unit, tokens


def _exponent(tokens: list[str]) -> tuple[Fraction, list[str]]:
    if tokens and tokens[0] == "(" and ")" in tokens:
        close = tokens.index(")")
        text, tokens = "".join(tokens[1:close]), tokens[close + 1 :]
    elif tokens:
        text, tokens = tokens[0], tokens[1:]
    else:
        text = ""
    try:
        return Fraction(text), tokens
    except (ValueError, ZeroDivisionError):
        raise UnitError(text or "^") from None


def _primary(tokens: list[str]) -> tuple[Unit, list[str]]:
    if not tokens:
        raise UnitError("")
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        unit, rest = _product(rest)
        if not rest or rest[0] != ")":
            raise UnitError("(")
        return unit, rest[1:]
    if head == "1":
        return ONE, rest
    if head.startswith("'") and len(head) > 1:
        variable = ((head, Fraction(1)),)
        return Unit((), variable, 1.0, variable), rest
    return _named(head), rest
