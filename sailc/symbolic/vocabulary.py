"""What formulas are made of, for who asks before SymPy is there.

A word of formulas is added in two places: here, as SymPy and programs write it, and in
`sailc.symbolic.slope`, with its derivative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sailc.terms import Apply, Lambda, Term, Var, below, made_of, walk

NUMBERS: Mapping[str, str] = {
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a * b",
    "divide": "a / b",
    "power": "a ** b",
    "negative": "-a",
    "abs": "sympy.Abs(a)",
    "exp": "sympy.exp(a)",
    "log": "sympy.log(a)",
    "log2": "sympy.log(a) / sympy.log(2)",
    "log10": "sympy.log(a) / sympy.log(10)",
    "log1p": "sympy.log(1 + a)",
    "sqrt": "sympy.sqrt(a)",
    "sin": "sympy.sin(a)",
    "cos": "sympy.cos(a)",
    "tan": "sympy.tan(a)",
    "tanh": "sympy.tanh(a)",
    "sigmoid": "1 / (1 + sympy.exp(-a))",
    "erf": "sympy.erf(a)",
    "sign": "sympy.sign(a)",
    "floor": "sympy.floor(a)",
    "maximum": "sympy.Max(a, b)",
    "minimum": "sympy.Min(a, b)",
    "relu": "sympy.Max(a, 0)",
    "clip": "sympy.Min(sympy.Max(a, b), c)",
    "where": "sympy.Piecewise((b, a), (c, True))",
    "less": "sympy.Lt(a, b)",
    "less_equal": "sympy.Le(a, b)",
    "greater": "sympy.Gt(a, b)",
    "greater_equal": "sympy.Ge(a, b)",
}
"""Operators of numbers, in SymPy's words: a, b and c are what they are given."""
TENSORS = frozenset({"sum", "mean", "norm", "index", "stack", "matmul"})
"""Operators of small tensors."""
LARGEST = 10_000
"""How many operations a formula has at most when it is written out: SymPy takes seconds for so
many."""


def strange(body: Term, variables: Iterable[Var]) -> Term | None:
    """What in an expression of some variables has no formula; None if all of it has one."""
    own = frozenset(map(id, variables))
    hanging = made_of([body], own)
    return next((t for t in _within(body) if id(t) in hanging - own and not _is_plain(t)), None)


def held(made: Lambda) -> Iterator[Term]:
    """What of a function's body does not hang on its variables: the largest parts."""
    hanging = made_of([made.body], frozenset(map(id, made.variables)))
    seen: set[int] = set()
    stack: list[Term] = [made.body]
    while stack:
        t = stack.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        if id(t) not in hanging:
            yield t
        else:
            stack += reversed(list(below(t)))


def size(body: Term) -> int:
    """How many operations an expression has when it is written out: what is used twice counts
    twice."""
    found: dict[int, int] = {}
    for t in walk(body):
        inside = sum(found[id(b)] for b in below(t))
        found[id(t)] = inside + (not isinstance(t, Var))
    return found[id(body)]


def _within(body: Term) -> Iterator[Term]:
    """Every term of an expression once, those above before those below."""
    yield from reversed(list(walk(body)))


def _is_plain(t: Term) -> bool:
    known = isinstance(t, Apply) and (t.operator in NUMBERS or t.operator in TENSORS)
    return known or (isinstance(t, Apply) and t.operator == "call")
