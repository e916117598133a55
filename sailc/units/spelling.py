"""From what an author writes (`kcal/mol`) to a unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from sailc.units.table import BASES, DERIVED, PREFIXES, UNPREFIXED, WRITTEN
from sailc.units.unit import ONE, Unit, base_unit

Declared = Callable[[str], Unit | None]
"""The units that a program declares, by name."""


class UnitError(ValueError):
    """A text that is no unit; `name` is the part that is not known."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def known_units() -> list[str]:
    """Every unit that has a name of its own, for suggestions and completion."""
    return sorted({*BASES, *DERIVED, "km", "cm", "mm", "nm", "fs", "ps", "ns", "ms", "kcal"})


def parse_unit(text: str, declared: Declared | None = None) -> Unit:
    """The unit that a text spells: names, `*`, `/`, `^`, `1`, brackets, `'u`.

    Raises `UnitError` naming the part that is no unit.
    """
    return _parsed(text, declared) if declared is not None else _usually(text)


@lru_cache(maxsize=1024)
def _usually(text: str) -> Unit:
    return _parsed(text, lambda name: None)


def _parsed(text: str, declared: Declared) -> Unit:
    tokens = _tokens(text)
    unit, rest = _product(tokens, declared)
    if rest:
        raise UnitError("".join(rest))
    if not 0 < unit.scale < math.inf:
        raise UnitError(text)
    return unit


def _named(name: str, declared: Declared) -> Unit:
    unit = declared(name) or _listed(name)
    if unit is not None:
        return unit
    for length in (2, 1):
        prefix, stem = name[:length], name[length:]
        if prefix in PREFIXES and stem not in UNPREFIXED:
            whole = declared(stem) or _listed(stem)
            if whole is not None:
                return whole.times(PREFIXES[prefix]).named(name)
    raise UnitError(name)


@lru_cache(maxsize=1024)
def _listed(name: str) -> Unit | None:
    """A unit of the table."""
    if name in BASES:
        return base_unit(name)
    if name in DERIVED:
        factor, text = DERIVED[name]
        return _usually(text).times(factor).named(WRITTEN.get(name, name))
    return None


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


def _product(tokens: list[str], declared: Declared) -> tuple[Unit, list[str]]:
    unit, tokens = _power(tokens, declared)
    while tokens and tokens[0] in "*/":
        operator = tokens[0]
        factor, tokens = _power(tokens[1:], declared)
        unit = unit * factor if operator == "*" else unit / factor
    return unit, tokens


def _power(tokens: list[str], declared: Declared) -> tuple[Unit, list[str]]:
    unit, tokens = _primary(tokens, declared)
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


def _primary(tokens: list[str], declared: Declared) -> tuple[Unit, list[str]]:
    if not tokens:
        raise UnitError("")
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        unit, rest = _product(rest, declared)
        if not rest or rest[0] != ")":
            raise UnitError("(")
        return unit, rest[1:]
    if head == "1":
        return ONE, rest
    if head.startswith("'") and len(head) > 1:
        variable = ((head, Fraction(1)),)
        return Unit((), variable, 1.0, variable), rest
    return _named(head, declared), rest


def prefixed(number: float) -> str:
    """A large number before a unit, for people: `538 M`, three digits and a decimal prefix."""
    last = len(_PREFIXES) - 1
    power = next((i for i in range(last) if number < 1000 ** (i + 1)), last)
    return f"{number / 1000**power:.3g} {_PREFIXES[power]}"


_PREFIXES = ("", "k", "M", "G", "T", "P")
