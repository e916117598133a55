"""Rows of what is symbolic in a program: formulas are SymPy's, on NumPy's arrays of objects."""

from __future__ import annotations

from sailc.emit.rows import Row, Rows
from sailc.program.tree import Op, is_tuple


def _of_numbers(name: str) -> Row:
    """A function of SymPy: of a number, or of each of an array."""

    def row(op: Op) -> str:
        return f"np.vectorize({name})(a)" if op.attributes.get("shape") else f"{name}(a)"

    return row


def _formula(op: Op) -> str:
    *variables, _ = (f"arg{i}" for i in range(len(op.arguments)))
    named = variables[0] if len(variables) == 1 else f"({', '.join(variables)})"
    return f"sympy.Lambda({named}, arg{len(variables)})"


def _formulas(op: Op) -> str:
    """A formula for each point."""
    ranks = op.attributes["ranks"]
    assert is_tuple(ranks)
    given = ", ".join(f"arg{i + 1}" for i in range(len(ranks)))
    if not any(ranks):
        return f"np.vectorize(a, otypes=[object])({given})"
    axes = "ijkl"
    cores = ",".join(
        f"({','.join(f'{axes[n]}{i}' for n in range(int(str(rank))))})"
        for i, rank in enumerate(ranks)
    )
    return f"np.vectorize(a, otypes=[object], signature='{cores}->()')({given})"


ROWS: Rows = {
    "invoke": "a()",
    "symbol": "sympy.Symbol(name, real=True)",
    "formula": _formula,
    "formulas": _formulas,
    "values": "values(*args)",
    "derived": "derived(a, by)",
    "equivalent": "equivalent(*args)",
    "symbolic values": lambda op: f"a({', '.join(f'arg{i}' for i in range(1, len(op.arguments)))})",
    "symbolic abs": _of_numbers("sympy.Abs"),
    **{
        f"symbolic {n}": _of_numbers(f"sympy.{n}")
        for n in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "erf", "sign", "floor")
    },
    "symbolic log2": "sympy.log(a) / sympy.log(2)",
    "symbolic log10": "sympy.log(a) / sympy.log(10)",
    "symbolic log1p": "sympy.log(1 + a)",
    "symbolic sigmoid": "1 / (1 + sympy.exp(-a))",
    "symbolic relu": "sympy.Max(a, 0)",
    "symbolic maximum": "sympy.Max(a, b)",
    "symbolic minimum": "sympy.Min(a, b)",
    "symbolic clip": "sympy.Min(sympy.Max(a, b), c)",
    "symbolic where": "sympy.Piecewise((b, a), (c, True))",
    "symbolic less": "a < b",
    "symbolic less_equal": "a <= b",
    "symbolic greater": "a > b",
    "symbolic greater_equal": "a >= b",
    "symbolic norm": "sympy.sqrt((a ** 2).sum())",
}

CALLED = frozenset({"values", "derived", "equivalent", "told"})
"""What calls a function of `sailc.symbolic.formulas`."""
MODULES = {"symbol": "import sympy", **dict.fromkeys(CALLED, "import sympy")}
