"""What methods of an equation read by name: their variables, and the equation's parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sailc.program.arrays.layout import Leaf
from sailc.program.arrays.vectors import Lowering
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign, Ref, Text
from sailc.terms import Const, Term, Var, walk

MEMBERS = frozenset(
    [
        *("domain", "start", "rates", "jacobian", "fluxes", "speeds", "values", "slopes"),
        *("laws", "conditions", "sides", "required", "unknowns", "law_jets", "states", "jets"),
        *("periodic", "time_axis"),
    ]
)
"""What classes of equations have beside their parameters."""


def fields(parameters: Iterable[Var]) -> Mapping[str, str]:
    """What an object calls its parameters."""
    names = NameTable({"self", *MEMBERS})
    return {v.name: names.fresh(v.name) for v in parameters}


def bind(
    low: Lowering,
    parameters: Iterable[Var],
    variables: Sequence[Var],
    names: Sequence[str],
    terms: Sequence[Term],
    before: Sequence[Assign] = (),
) -> list[Assign]:
    """Bind a method's variables by name; parameters that the terms read are the object's. What is
    to be stated for them, but for what statements `before` have bound."""
    table: Mapping[str, str] = {v.name: n for v, n in zip(variables, names, strict=True)}
    own = {name: Text(f"self.{field}") for name, field in fields(parameters).items()}
    bound = {a.value: a for a in before if isinstance(a.value, Text)}
    for t in walk(*terms):
        if isinstance(t, Const) and t.name == "pi":
            low.bind(t, Leaf(Text("math.pi"), (), 0))
        elif isinstance(t, Var) and t.name in table:
            low.bind(t, Leaf(Ref(table[t.name]), (), 0))
        elif isinstance(t, Var) and t.name in own:
            value = own[t.name]
            if value not in bound:
                bound[value] = Assign(low.names.fresh(t.name), value, t.span)
            low.bind(t, Leaf(Ref(bound[value].name), (), 0))
    return [*bound.values()][len(before) :]
