"""Rows of what is symbolic in a program: formulas are SymPy's, on NumPy's arrays of objects."""

from __future__ import annotations

import re

from sailc.emit.text.rows import Row, Rows
from sailc.program.arrays.formulas import SYMBOLIC
from sailc.program.tree.nodes import Op, is_tuple
from sailc.symbolic.vocabulary import NUMBERS


def _of_numbers(text: str) -> Row:
    """What SymPy makes of numbers: of these, or of each of arrays."""
    names = [n for n in ("a", "b", "c") if re.search(rf"\b{n}\b", text)]
    given = ", ".join(names)
    each = text.removesuffix(f"({given})")
    if not re.fullmatch(r"sympy\.\w+", each):
        inside = re.sub(r"\b[abc]\b", lambda found: "xyz"["abc".index(found[0])], text)
        each = f"lambda {', '.join('xyz'[: len(names)])}: {inside}"

    def row(op: Op) -> str:
        several = op.attributes.get("shape") or op.attributes.get("each")
        return f"np.vectorize({each}, otypes=[object])({given})" if several else text

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
    **{f"symbolic {n}": _of_numbers(text) for n, text in NUMBERS.items() if n in SYMBOLIC},
    "symbolic norm": "sympy.sqrt((a ** 2).sum())",
}

CALLED = frozenset({"values", "derived", "equivalent", "told"})
"""What calls a function of `sailc.symbolic.written.formulas`."""
MODULES = {"symbol": "import sympy", **dict.fromkeys(CALLED, "import sympy")}
