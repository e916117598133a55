"""Functions of numbers as SymPy's formulas, for who compares them while planning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from sailc.symbolic.algebra import FUNCTIONS, Expression, NoSymbol, sympy
from sailc.terms import Apply, Const, Lambda, Term, walk
from sailc.types.dims import Dim

_WRITTEN: Any = import_module("sailc.symbolic.written.formulas")


def formula(function: Lambda) -> Expression:
    """A function of numbers as SymPy's `Lambda`. Raises `NoSymbol`, also where it holds what only
    the data know."""
    each = enumerate(function.variables)
    symbols = {id(v): sympy.Symbol(f"x{i}", real=True) for i, v in each}
    made: dict[int, Expression] = dict(symbols)
    for t in walk(function.body):
        if id(t) not in made:
            made[id(t)] = _expression(t, made)
    return sympy.Lambda(tuple(symbols.values()), made[id(function.body)])


def are_one(f: Expression, g: Expression, tolerance: float, low: float, high: float) -> bool:
    """Whether two formulas are one, as programs find it."""
    return bool(_WRITTEN.is_one(f, g, tolerance, low, high))


def _expression(term: Term, made: Mapping[int, Expression]) -> Expression:
    """A number as an expression, a tensor as an array of them, from those below it."""
    match term:
        case Const(value=Dim() as n) if n.value is not None:
            return sympy.Integer(n.value)
        case Const(value=int() | float() | tuple() as value) if not isinstance(value, bool):
            return _constant(value)
        case Apply(operator=name, arguments=arguments) if name in FUNCTIONS or name in TENSORS:
            given = [made[id(a)] for a in arguments]
        case _:
            raise NoSymbol(getattr(term, "operator", "this"), term.span)
    try:
        if name in FUNCTIONS:
            return _each(FUNCTIONS[name], *given)
        return TENSORS[name](term, *given)
    except (TypeError, ValueError) as error:  # SymPy has no such expression
        raise NoSymbol(name, term.span) from error


def _constant(value: object) -> Expression:
    match value:
        case tuple():
            parts: list[Expression] = [_constant(v) for v in value]  # pyright: ignore
            return np.array(parts, dtype=object)
        case int():
            return sympy.Integer(value)
        case _:
            return sympy.pi if value == float(sympy.pi) else sympy.Float(value)


def _each(function: Callable[..., Expression], *parts: Expression) -> Expression:
    """A function of numbers, of each number of arrays."""
    if not any(isinstance(p, np.ndarray) for p in parts):
        return function(*parts)
    return np.vectorize(function, otypes=[object])(*parts)


def _sum(term: Apply, a: Expression) -> Expression:
    axis = term.attributes.get("axis")
    return np.sum(a, axis=axis if isinstance(axis, int) else None)


def _mean(term: Apply, a: Expression) -> Expression:
    count = np.size(a) // np.size(_sum(term, a))
    return _sum(term, a) / count


def _norm(term: Apply, a: Expression) -> Expression:
    return _each(sympy.sqrt, _sum(term, a**2))


def _index(term: Apply, a: Expression) -> Expression:
    items = term.attributes["items"]
    assert isinstance(items, tuple)
    return a[tuple(slice(*i) if isinstance(i, tuple) else i for i in items)]


def _stack(term: Apply, *parts: Expression) -> Expression:
    arrays = [np.asarray(p, dtype=object) for p in parts]
    return np.stack(np.broadcast_arrays(*arrays))


def _matmul(term: Apply, a: Expression, b: Expression) -> Expression:
    return np.matmul(a, b)


TENSORS: Mapping[str, Callable[..., Expression]] = {
    "sum": _sum,
    "mean": _mean,
    "norm": _norm,
    "index": _index,
    "stack": _stack,
    "matmul": _matmul,
}
