"""SymPy, and the way from terms to its expressions and back. Nothing else imports it.

Derivatives of an unknown are symbols of their own: a `Jet` names which they are, and for the
algebra of a law they are as independent as the unknowns themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from msgspec import Struct, field

from sailc.source import Span
from sailc.symbolic.vocabulary import NUMBERS
from sailc.terms import Apply, Const, Term, Var
from sailc.types.dims import Dim
from sailc.types.model import REAL

sympy: Any = import_module("sympy")  # it comes without types
Expression = Any  # of SymPy

Orders = tuple[int, ...]
"""How many derivatives by each independent variable."""


class NoSymbol(Exception):
    """An operator that has no meaning in algebra."""

    def __init__(self, operator: str, span: Span) -> None:
        super().__init__(operator)
        self.operator = operator
        self.span = span


def _function(text: str) -> Callable[..., Expression]:
    """What a text of SymPy's makes of a, b and c."""
    code = compile(text, "sailc.symbolic.vocabulary", "eval")
    names = ("a", "b", "c")

    def call(*given: Expression) -> Expression:
        return eval(code, {"sympy": sympy, **dict(zip(names, given, strict=False))})

    return call


FUNCTIONS: Mapping[str, Callable[..., Expression]] = {
    name: _function(text) for name, text in NUMBERS.items()
}


class Symbols(Struct, eq=False):
    """Terms of one equation or function as SymPy's expressions, and these as terms."""

    independents: tuple[Var, ...] = ()
    unknowns: tuple[Var, ...] = ()
    _variables: dict[str, Var] = field(default_factory=dict[str, Var])
    _derivatives: dict[tuple[int, Orders], Expression] = field(
        default_factory=dict[tuple[int, Orders], Expression]
    )

    def symbol(self, v: Var) -> Expression:
        self._variables.setdefault(v.name, v)
        return sympy.Symbol(v.name, real=True)

    def jet(self, unknown: int, orders: Orders) -> Expression:
        """A derivative of an unknown as a symbol: `u`, `u_x`, `u_xx`."""
        name = self.jet_name(unknown, orders)
        made = self.symbol(Var(REAL, self.unknowns[unknown].span, name))
        self._derivatives[unknown, orders] = made
        return made

    def derivatives(self) -> Mapping[tuple[int, Orders], Expression]:
        """The symbols of unknowns and derivatives that were met so far."""
        return self._derivatives

    def jet_name(self, unknown: int, orders: Orders) -> str:
        names = [v.name for v in self.independents]
        separator = "" if all(len(n) == 1 for n in names) else "_"
        steps = separator.join(n for n, m in zip(names, orders, strict=True) for _ in range(m))
        name = self.unknowns[unknown].name
        return f"{name}_{steps}" if steps else name

    # --- terms to expressions ----------------------------------------------------------------

    def expression(self, term: Term) -> Expression:
        """A term, its derivatives carried out, with a symbol for each that an unknown has."""
        return self._jets(self._function(term))

    def _function(self, term: Term) -> Expression:
        match term:
            case Const(value=Dim() as n) if n.value is not None:
                return sympy.Integer(n.value)
            case Const(value=bool()):
                raise NoSymbol("a truth value", term.span)
            case Const(value=int() as n):
                return sympy.Integer(n)
            case Const(value=float() as x):
                return sympy.pi if x == float(sympy.pi) else sympy.Float(x)
            case Var() if any(term is u for u in self.unknowns):
                return sympy.Function(term.name, real=True)(*map(self.symbol, self.independents))
            case Var():
                return self.symbol(term)
            case Apply():
                return self._applied(term)
            case _:
                raise NoSymbol("this", term.span)

    def _applied(self, term: Apply) -> Expression:
        match term.operator:
            case "derivative":
                names = term.attributes["by"]
                assert isinstance(names, tuple)
                by = [sympy.Symbol(str(n), real=True) for n in names]
                return sympy.diff(self._function(term.arguments[0]), *by)
            case "at":
                inner = self._jets(self._function(term.arguments[0]))
                places = [self._function(a) for a in term.arguments[1:]]
                pairs = zip(map(self.symbol, self.independents), places, strict=True)
                return inner.subs(dict(pairs), simultaneous=True)
            case name if name in FUNCTIONS:
                return FUNCTIONS[name](*map(self._function, term.arguments))
            case name:
                raise NoSymbol(name, term.span)

    def _jets(self, expression: Expression) -> Expression:
        """Derivatives of the unknowns as symbols."""
        variables = [self.symbol(v) for v in self.independents]
        table: dict[Expression, Expression] = {}
        for i, u in enumerate(self.unknowns):
            whole = sympy.Function(u.name, real=True)(*variables)
            for d in expression.atoms(sympy.Derivative):
                if d.expr == whole:
                    counts = dict(d.variable_count)
                    orders = tuple(int(counts.get(v, 0)) for v in variables)
                    table[d] = self.jet(i, orders)
            table[whole] = self.jet(i, (0,) * len(variables))
        return expression.xreplace(table)

    # --- expressions to terms ----------------------------------------------------------------

    def term(self, expression: Expression, span: Span) -> Term:
        """An expression as a term: sums and products as an author would write them."""
        return Written(self._variables, span).term(expression)


class Written(Struct):
    """Writes the expressions of one place: what `variables` and `functions` stand for, by the
    names of SymPy's symbols."""

    variables: Mapping[str, Term]
    span: Span

    def term(self, e: Expression) -> Term:
        if e.is_Symbol:
            return self.variables[e.name]
        if e.is_Number or e.is_NumberSymbol:
            return self._number(e)
        if e.is_Add:
            return self._sum(e)
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(*e.as_base_exp())
        if e.is_Piecewise:
            return self._pieces(*e.args)
        name = _NAMES.get(e.func)
        if name is None:
            raise NoSymbol(str(e.func), self.span)
        if name in ("maximum", "minimum"):
            first, *rest = map(self.term, e.args)
            for other in rest:
                first = self._apply(name, first, other)
            return first
        return self._apply(name, *map(self.term, e.args))

    def _pieces(self, *pieces: tuple[Expression, Expression]) -> Term:
        """The first expression whose condition holds; the last has none."""
        (value, condition), *rest = pieces
        if not rest:
            if condition != sympy.true:
                raise NoSymbol("a function with a gap", self.span)
            return self.term(value)
        return self._apply("where", self.term(condition), self.term(value), self._pieces(*rest))

    def _apply(self, name: str, *arguments: Term) -> Term:
        return Apply(REAL, self.span, name, arguments)

    def _number(self, e: Expression) -> Term:
        if e.is_Rational and not e.is_Integer:
            return self._apply("divide", self._number(e.numerator), self._number(e.denominator))
        value = int(e) if e.is_Integer else float(e)
        return Const(REAL, self.span, value, "pi" if e == sympy.pi else "")

    def _sum(self, e: Expression) -> Term:
        """What is added first, then what is taken away."""
        parts = sorted(e.as_ordered_terms(), key=lambda t: t.could_extract_minus_sign())
        total = self.term(parts[0])
        for part in parts[1:]:
            taken = part.could_extract_minus_sign()
            total = self._apply(
                "subtract" if taken else "add", total, self.term(-part if taken else part)
            )
        return total

    def _product(self, e: Expression) -> Term:
        coefficient = e.as_coeff_Mul()[0]
        if e.could_extract_minus_sign() and (coefficient == -1 or not coefficient.is_Float):
            return self._apply("negative", self.term(-e))
        above, below = e.as_numer_denom() if not e.has(sympy.Float) else _parted(e)
        if below != 1:
            return self._apply("divide", self.term(above), self.term(below))
        rest = e if not coefficient.is_Float else e / coefficient
        factors = rest.as_ordered_factors()
        factors = [coefficient, *factors] if coefficient.is_Float else factors
        whole = self.term(factors[0])
        for f in factors[1:]:
            whole = self._apply("multiply", whole, self.term(f))
        return whole

    def _power(self, base: Expression, exponent: Expression) -> Term:
        if exponent == sympy.Rational(1, 2):
            return self._apply("sqrt", self.term(base))
        if base == sympy.E:
            return self._apply("exp", self.term(exponent))
        if exponent.is_Number and exponent < 0:
            one = Const(REAL, self.span, 1)
            return self._apply("divide", one, self.term(base**-exponent))
        return self._apply("power", self.term(base), self.term(exponent))


def _parted(e: Expression) -> tuple[Expression, Expression]:
    """A product's numerator and denominator, its numbers left as they are."""
    above, below = sympy.Integer(1), sympy.Integer(1)
    for f in e.as_ordered_factors():
        base, exponent = f.as_base_exp()
        if exponent.is_Number and exponent < 0:
            below *= base**-exponent
        else:
            above *= f
    return above, below


_DIRECT = re.compile(r"sympy\.(\w+)\((?:a|a, b)\)")
_NAMES: Mapping[Any, str] = {
    getattr(sympy, found[1]): name
    for name, text in NUMBERS.items()
    if (found := _DIRECT.fullmatch(text)) is not None
}
