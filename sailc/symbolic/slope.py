"""Derivatives of terms by algebra: of a number by one that it is computed from, or by each of a
small tensor.

What does not hang on these is a symbol of its own, whatever it is made of. A function that only
the data know has derivatives that are functions as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from msgspec import Struct, field

from sailc.source import Span
from sailc.symbolic.algebra import FUNCTIONS, Expression, NoSymbol, Written, sympy
from sailc.terms import Apply, Const, Lambda, Term, below, is_held, rooted, same
from sailc.types.dims import Dim, const
from sailc.types.model import REAL, FunctionType, Num, Tensor, Type
from sailc.types.solver import Solver

_WRITTEN: Any = import_module("sailc.symbolic.written.formulas")
MOST = 64
"""How many numbers a tensor in algebra has at most."""


def slope(e: Term, p: Term, solver: Solver) -> Term | None:
    """The derivative of the number `e` by `p`, in the shape of `p`; None where algebra has none.
    Its numbers are those of `e` for one of `p`: who asks says of what type they are."""
    try:
        found = _Algebra((p,), solver)
        value = found.expression(e)
        if isinstance(value, np.ndarray):
            return None
        return found.term(_each(partial(sympy.diff, value), found.expression(p)), e.span)
    except NoSymbol:
        return None


def formula(function: Lambda, solver: Solver) -> Expression | None:
    """A function of numbers as SymPy's `Lambda`; None where it holds what only the data know.
    Raises `NoSymbol`."""
    found = _Algebra(function.variables, solver)
    variables = tuple(found.expression(v) for v in function.variables)
    value = found.expression(function.body)
    known = len(found.named) == len(variables) and not found.functions
    return sympy.Lambda(variables, value) if known else None


def are_one(f: Expression, g: Expression, tolerance: float, low: float, high: float) -> bool:
    """Whether two formulas are one, as programs find it."""
    return bool(_WRITTEN.is_one(f, g, tolerance, low, high))


class _Algebra(Struct, eq=False):
    """Terms that hang on `by` as SymPy's expressions."""

    by: tuple[Term, ...]
    solver: Solver
    named: dict[str, Term] = field(default_factory=dict[str, Term])
    functions: dict[str, Term] = field(default_factory=dict[str, Term])
    _kinds: dict[str, Any] = field(default_factory=dict[str, Any])
    _known: dict[int, Expression] = field(default_factory=dict[int, Expression])
    _hanging: dict[int, bool] = field(default_factory=dict[int, bool])
    _keep: list[Term] = field(default_factory=list[Term])

    def expression(self, term: Term) -> Expression:
        """A number as an expression, a tensor as an array of them."""
        own = self._own(term)
        if own is not None and own is not term:
            return self.expression(own)
        if id(term) not in self._known:
            self._keep.append(term)
            self._known[id(term)] = self._made(term)
        return self._known[id(term)]

    def _made(self, term: Term) -> Expression:
        match term:
            case Const(value=int() as n) if not isinstance(n, bool):
                return sympy.Integer(n)
            case Const(value=float() as x):
                return sympy.pi if x == float(sympy.pi) else sympy.Float(x)
            case _ if term in self.by or not self._hangs(term):
                return self._atom(term)
            case Apply(operator="call", arguments=(function, *given)):
                return self._called(function, given, term.span)
            case Apply(operator=name, arguments=arguments) if name in FUNCTIONS:
                return _each(FUNCTIONS[name], *map(self.expression, arguments))
            case Apply(operator=name, arguments=arguments) if name in TENSOR_FUNCTIONS:
                return TENSOR_FUNCTIONS[name](term, *map(self.expression, arguments))
            case _:
                raise NoSymbol(getattr(term, "operator", "this"), term.span)

    def _own(self, term: Term) -> Term | None:
        """Which of `by` a term is."""
        return next((b for b in self.by if term is b or same(term, b)), None)

    def _hangs(self, term: Term) -> bool:
        """Whether a term is made of `by`, or of what `by` is a part of."""
        if id(term) not in self._hanging:
            self._keep.append(term)
            whole = any(path and term is root for root, path in map(rooted, self.by))
            own = whole or self._own(term) is not None
            self._hanging[id(term)] = own or any(map(self._hangs, below(term)))
        return self._hanging[id(term)]

    def _atom(self, term: Term) -> Expression:
        """A symbol for a number, or one for each number of a tensor."""
        shape = self._shape(term)
        if not shape:
            return self._symbol(term)
        type = self.solver.resolve(term.type)
        number = Tensor(type.element) if isinstance(type, Tensor) else REAL
        result = np.empty(shape, dtype=object)
        for place in np.ndindex(*shape):
            at = Apply(number, term.span, "index", (term,), {"items": place})
            result[place] = self._symbol(at)
        return result

    def _symbol(self, term: Term) -> Expression:
        name = f"x{len(self.named)}"
        self.named[name] = term
        return sympy.Symbol(name, real=True)

    def _shape(self, term: Term) -> tuple[int, ...]:
        """The shape of a small tensor whose sizes are known."""
        type = self.solver.resolve(term.type)
        if not isinstance(type, Tensor):
            raise NoSymbol("this", term.span)
        sizes = [d.value if isinstance(d, Dim) else None for d in type.shape]
        known = tuple(n for n in sizes if n is not None)
        if len(known) < len(sizes) or np.prod(known, dtype=int) > MOST:
            raise NoSymbol("a large tensor", term.span)
        return known

    # --- functions that the data hold ------------------------------------------------------

    def _called(self, function: Term, given: list[Term], span: Span) -> Expression:
        held = is_held(function) and _gives_number(self.solver.resolve(function.type))
        if not held or any(map(self._shape, given)):
            raise NoSymbol("a call", span)
        return self._kind(function)(*map(self.expression, given))

    def _kind(self, function: Term) -> Any:
        """SymPy's class of a function, which knows its derivatives."""
        for name, known in self.functions.items():
            if same(known, function):
                return self._kinds[name]
        name = f"f{len(self.functions)}"
        self.functions[name] = function

        def fdiff(own: Any, argindex: int = 1) -> Any:
            by = {"by": argindex - 1}
            derived = Apply(function.type, function.span, "derived", (function,), by)
            return self._kind(derived)(*own.args)

        self._kinds[name] = type(name, (sympy.Function,), {"fdiff": fdiff, "is_real": True})
        return self._kinds[name]

    # --- and back --------------------------------------------------------------------------

    def term(self, value: Expression, span: Span) -> Term:
        """An expression, or an array of them, as a term."""
        if not isinstance(value, np.ndarray):
            return Written(self.named, span, self.functions).term(value)
        parts = tuple(self.term(v, span) for v in value)
        inner = parts[0].type.shape if isinstance(parts[0].type, Tensor) else ()
        return Apply(Tensor(Num(), (const(len(parts)), *inner)), span, "stack", parts)


def _gives_number(type: Type) -> bool:
    result = type.result if isinstance(type, FunctionType) else None
    return isinstance(result, Tensor) and not result.shape


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


TENSOR_FUNCTIONS: Mapping[str, Callable[..., Expression]] = {
    "sum": _sum,
    "mean": _mean,
    "norm": _norm,
    "index": _index,
    "stack": _stack,
    "matmul": _matmul,
}
