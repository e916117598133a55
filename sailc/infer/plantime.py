"""Arithmetic on what is known while planning: numbers, dimensions, runs, quantities."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction

from sailc.infer.values import Quantity, RunOf, Value, Word, as_dim
from sailc.types.dims import HOLE, Dim, SpreadMap, SpreadVar
from sailc.types.model import Item, Shape
from sailc.types.solver import map_items
from sailc.units import ONE

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
}


class CannotFold(Exception):
    """These two operands have no plan-time value under this operator."""


def fold(symbol: str, a: Value, b: Value) -> Value:
    """`a symbol b` of plan-time values. Raises `CannotFold` where it has no value.

    Dimensions divide with floor; integers divide as numbers do, and stay integers where
    the division is exact.
    """
    if isinstance(a, RunOf) or isinstance(b, RunOf):
        return _runs(symbol, a, b)
    if isinstance(a, Dim) or isinstance(b, Dim):
        return _dims(symbol, a, b)
    if isinstance(a, Quantity) or isinstance(b, Quantity):
        return _quantities(symbol, a, b)
    if symbol in ("==", "!=") and isinstance(a, str | bool | Word) and type(a) is type(b):
        return (a == b) == (symbol == "==")
    if isinstance(a, int | float) and isinstance(b, int | float):
        return _numbers(symbol, a, b)
    raise CannotFold


def _numbers(symbol: str, a: float, b: float) -> Value:
    if symbol in _COMPARE:
        return _COMPARE[symbol](a, b)
    if symbol not in _NUMBERS or isinstance(a, bool) or isinstance(b, bool):
        raise CannotFold
    try:
        if symbol == "^" and (abs(b) > 1024 or abs(a) > 1e100):
            return float(a) ** float(b)
        if symbol == "/" and isinstance(a, int) and isinstance(b, int) and a % b == 0:
            return a // b
        result = _NUMBERS[symbol](a, b)
    except (ZeroDivisionError, OverflowError, ValueError):
        raise CannotFold from None
    if isinstance(result, complex):
        raise CannotFold
    return result


def _dims(symbol: str, a: Value, b: Value) -> Value:
    x, y = as_dim(a), as_dim(b)
    if x is None or y is None:
        if x is not None and x.value is not None:
            return fold(symbol, x.value, b)
        if y is not None and y.value is not None:
            return fold(symbol, a, y.value)
        raise CannotFold
    if symbol in _COMPARE:
        difference = (x - y).value
        if difference is None:
            raise CannotFold
        return _COMPARE[symbol](difference, 0)
    match symbol:
        case "+":
            return x + y
        case "-":
            return x - y
        case "*":
            return x * y
        case "/" if y.value != 0:
            return x // y
        case "^" if y.value is not None and 0 <= y.value <= 16:
            return x**y.value
        case _:
            raise CannotFold


def _runs(symbol: str, a: Value, b: Value) -> Value:
    if isinstance(a, RunOf) and isinstance(b, RunOf):
        raise CannotFold
    if isinstance(a, RunOf):
        each = _dims(symbol, HOLE, b)
        items: Shape = a.items
    else:
        assert isinstance(b, RunOf)
        each = _dims(symbol, a, HOLE)
        items = b.items
    if not isinstance(each, Dim):
        raise CannotFold
    return RunOf(_mapped(items, each))


def _mapped(items: Shape, each: Dim) -> tuple[Item, ...]:
    return tuple(
        SpreadMap(i, each) if isinstance(i, SpreadVar) else map_items((i,), each)[0] for i in items
    )


def _quantities(symbol: str, a: Value, b: Value) -> Value:
    x = a if isinstance(a, Quantity) else _number(a)
    if symbol == "^":
        if isinstance(b, int | float):
            power = Fraction(b).limit_denominator(64)
            return Quantity(x.value ** float(b), x.unit**power)
        raise CannotFold
    y = b if isinstance(b, Quantity) else _number(b)
    try:
        if symbol == "*":
            return _plain(Quantity(x.value * y.value, x.unit * y.unit))
        if symbol == "/":
            return _plain(Quantity(x.value / y.value, x.unit / y.unit))
    except ZeroDivisionError:
        raise CannotFold from None
    if x.unit.dims != y.unit.dims or x.unit.variables or y.unit.variables:
        raise CannotFold
    other = y.value * (y.unit.scale / x.unit.scale)
    if symbol in _COMPARE:
        return _COMPARE[symbol](x.value, other)
    if symbol in ("+", "-"):
        return Quantity(_NUMBERS[symbol](x.value, other), x.unit)
    raise CannotFold


def _number(value: Value) -> Quantity:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Quantity(value, ONE)
    raise CannotFold


def _plain(q: Quantity) -> Value:
    """A quantity whose unit has cancelled is a number."""
    return q.value * q.unit.scale if q.unit.dimensionless else q


def negative(value: Value) -> Value:
    match value:
        case bool():
            raise CannotFold
        case int() | float() | Dim():
            return -value
        case Quantity(v, unit):
            return Quantity(-v, unit)
        case _:
            raise CannotFold


MATH: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "floor": math.floor,
}


def call(name: str, value: Value) -> Value:
    """An elementary function of a plan-time number."""
    if name in MATH and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return MATH[name](value)
        except (ValueError, OverflowError):
            raise CannotFold from None
    raise CannotFold
