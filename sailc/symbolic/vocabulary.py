"""What formulas are made of, for who asks before SymPy is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sailc.terms import Apply, Lambda, Map, Term, Var, below

NUMBERS = frozenset(
    [
        *("add", "subtract", "multiply", "divide", "power", "negative", "abs", "exp", "log"),
        *("log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid", "erf", "sign"),
        *("floor", "maximum", "minimum", "relu", "clip", "where", "less", "less_equal"),
        *("greater", "greater_equal"),
    ]
)
"""Operators of numbers."""
TENSORS = frozenset({"sum", "mean", "norm", "index", "stack", "matmul"})
"""Operators of small tensors."""


def strange(body: Term, variables: Iterable[Var]) -> Term | None:
    """What in an expression of some variables has no formula; None if all of it has one."""
    hanging: dict[int, bool] = {id(v): True for v in variables}

    def hangs(t: Term) -> bool:
        if id(t) not in hanging:
            hanging[id(t)] = any(map(hangs, below(t)))
        return hanging[id(t)]

    stack = [body]
    while stack:
        t = stack.pop()
        if isinstance(t, Var) or not hangs(t):
            continue
        if isinstance(t, Map) or not _is_plain(t):
            return t
        stack += below(t)
    return None


def held(made: Lambda) -> Iterator[Term]:
    """What of a function's body does not hang on its variables: the largest parts."""
    hanging: dict[int, bool] = {id(v): True for v in made.variables}

    def hangs(t: Term) -> bool:
        if id(t) not in hanging:
            hanging[id(t)] = any(map(hangs, below(t)))
        return hanging[id(t)]

    stack = [made.body]
    while stack:
        t = stack.pop()
        if not hangs(t):
            yield t
        else:
            stack += reversed(list(below(t)))


def _is_plain(t: Term) -> bool:
    return isinstance(t, Apply) and (t.operator in NUMBERS | TENSORS or t.operator == "call")
