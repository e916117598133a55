"""How many derivatives a function has that are not zero almost everywhere.

A composition of layers is followed from its argument up, counting like the degree of a
polynomial: linear maps keep it, products add it, `relu` keeps it (a function with kinks is
linear between them), and `tanh` has no end of derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sailc.terms import Apply, Const, Lambda, Map, Term, Var

ENDLESS = math.inf

# Piecewise linear in what they take, or moving numbers around.
_KEEP = frozenset(
    [
        *("add", "subtract", "negative", "relu", "leaky_relu", "abs", "maximum", "minimum", "max"),
        *("min", "clip", "linear", "conv", "pool", "upsample", "reshape", "flat", "transpose"),
        *("concat", "stack", "list", "unsqueeze", "squeeze", "index", "field", "item", "record"),
        *("tuple", "sum", "mean", "median", "quantile", "sort", "cumsum", "where", "expand"),
    ]
)
_FLAT = frozenset(["floor", "sign", "argmax", "argmin", "equal", "less", "greater", "label"])


def smoothness(function: Lambda) -> float | None:
    """The count for a function of one variable; None where a hole in it is not filled."""
    (point,) = function.variables
    return _degree(function.body, {id(point): 1.0})


def _degree(term: Term, known: dict[int, float | None]) -> float | None:
    """The degree of a term in the variable; None where it is not known."""
    if id(term) not in known:
        known[id(term)] = _of(term, known)
    return known[id(term)]


def _of(term: Term, known: dict[int, float | None]) -> float | None:
    match term:
        case Var() | Const():
            return 0.0
        case Map(source=source, body=body, variable=variable):
            known[id(variable)] = _degree(source, known)
            return _degree(body, known)
        case Apply(operator="call"):
            return None
        case Apply(operator=operator, arguments=arguments):
            degrees = [_degree(a, known) for a in arguments]
            inner = [g for g in degrees if g is not None]
            if len(inner) < len(degrees):
                return None
            return _applied(operator, inner, arguments)


def _applied(operator: str, inner: list[float], arguments: tuple[Term, ...]) -> float:
    most = max(inner, default=0.0)
    if most == 0 or operator in _FLAT:
        return 0.0
    if operator in _KEEP:
        return most
    special = _SPECIAL.get(operator)
    if special == "product":
        return sum(inner)
    if special == "quotient" and inner[1] == 0:
        return inner[0]
    if special == "power" and inner[1] == 0:
        exponent = arguments[1].value if isinstance(arguments[1], Const) else None
        whole = isinstance(exponent, int | float) and exponent >= 0 and exponent == int(exponent)
        return (
            inner[0] * float(exponent) if whole and isinstance(exponent, int | float) else ENDLESS
        )
    return ENDLESS


_SPECIAL: Mapping[str, str] = {
    "multiply": "product",
    "matmul": "product",
    "divide": "quotient",
    "power": "power",
}
