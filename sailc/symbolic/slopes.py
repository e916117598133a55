"""The derivative of every word of formulas, from those of its arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sailc.symbolic.number import COMPARISONS, Number

Slope = Number | None
Rule = Callable[[Number, list[Number], list[Slope]], Slope]
"""The derivative of a result, from the result, the arguments and their derivatives."""


def _sum(a: Slope, b: Slope) -> Slope:
    """The sum of what may be nothing."""
    if a is None or b is None:
        return a if b is None else b
    return a + b


def _of_one(partial: Callable[[Number, Number], Number]) -> Rule:
    """The chain rule for a function of one number, whose derivative is of the result and of it."""

    def rule(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
        (a,), (d,) = given, slopes
        return d * partial(y, a) if d is not None else None

    return rule


def _over(divisor: Callable[[Number, Number], Number]) -> Rule:
    """The same for a function of one number, whose derivative is one over something."""

    def rule(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
        (a,), (d,) = given, slopes
        return d / divisor(y, a) if d is not None else None

    return rule


def _flat(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    return None


def _chosen(when: Number, one: Slope, other: Slope) -> Slope:
    """The derivative of whichever of two is chosen: the other's may have no value there."""
    if one is None and other is None:
        return None
    return when.apply("where", one or 0, other or 0)


def _add(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    return _sum(*slopes)


def _subtract(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    a, b = slopes
    if a is None or b is None:
        return a if b is None else -b
    return a - b


def _multiply(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    (a, b), (da, db) = given, slopes
    return _sum(da * b if da is not None else None, db * a if db is not None else None)


def _divide(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    _, b = given
    da, db = slopes
    above = da / b if da is not None else None
    return _sum(above, -(db * y / b)) if db is not None else above


def _less_one(b: Number) -> Number:
    return b.number(b.value - 1) if b.value is not None else b - 1


def _power(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    (a, b), (da, db) = given, slopes
    by_base = da * (b * a ** _less_one(b)) if da is not None else None
    return _sum(by_base, db * _by_exponent(y, a) if db is not None else None)


def _by_exponent(y: Number, a: Number) -> Number:
    """The derivative of a power by its exponent, which is 0 where the base is."""
    if a.value is not None and a.value > 0:
        return y * math.log(a.value)
    return y * a.apply("abs").apply("greater", 0).apply("where", a, 1).apply("log")


def _where(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    return _chosen(given[0], *slopes[1:])


def _maximum(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    return _chosen(given[0].apply("greater_equal", given[1]), *slopes)


def _minimum(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    return _chosen(given[0].apply("less_equal", given[1]), *slopes)


def _relu(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    return _chosen(given[0].apply("greater", 0), slopes[0], None)


def _clip(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    x, low, high = given
    inside = _chosen(x.apply("less", low), slopes[1], slopes[0])
    return _chosen(x.apply("greater", high), slopes[2], inside)


def _linear(operator: str) -> Rule:
    """A linear operator of one tensor: the same of the tensor's derivative."""

    def rule(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
        (a,), (d,) = given, slopes
        return y.like(operator, d.spread(a.shape)) if d is not None else None

    return rule


def _norm(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    (a,), (d,) = given, slopes
    return y.like("sum", (a * d).spread(a.shape)) / y if d is not None else None


def _stack(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    return y.like("stack", *((d or y.number(0)).spread(y.shape[1:]) for d in slopes))


def _matmul(y: Number, given: list[Number], slopes: list[Slope]) -> Slope:
    (a, b), (da, db) = given, slopes
    left = y.like("matmul", da.spread(a.shape), b) if da is not None else None
    right = y.like("matmul", a, db.spread(b.shape)) if db is not None else None
    return _sum(left, right)


SLOPES: Mapping[str, Rule] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "negative": _of_one(lambda y, a: y.number(-1)),
    "abs": _of_one(lambda y, a: a.apply("sign")),
    "exp": _of_one(lambda y, a: y),
    "log": _over(lambda y, a: a),
    "log2": _over(lambda y, a: a * math.log(2)),
    "log10": _over(lambda y, a: a * math.log(10)),
    "log1p": _over(lambda y, a: a + 1),
    "sqrt": _over(lambda y, a: y * 2),
    "sin": _of_one(lambda y, a: a.apply("cos")),
    "cos": _of_one(lambda y, a: -a.apply("sin")),
    "tan": _of_one(lambda y, a: y**2 + 1),
    "tanh": _of_one(lambda y, a: -(y**2) + 1),
    "sigmoid": _of_one(lambda y, a: y * (-y + 1)),
    "erf": _of_one(lambda y, a: (-(a**2)).apply("exp") * (2 / math.sqrt(math.pi))),
    **dict.fromkeys(("sign", "floor", *COMPARISONS), _flat),
    "maximum": _maximum,
    "minimum": _minimum,
    "relu": _relu,
    "clip": _clip,
    "where": _where,
    "sum": _linear("sum"),
    "mean": _linear("mean"),
    "index": _linear("index"),
    "norm": _norm,
    "stack": _stack,
    "matmul": _matmul,
}
