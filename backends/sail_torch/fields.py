"""How a field's values and derivatives are read: backwards, one after another."""

from __future__ import annotations

from sailc.emit.text.rows import Row
from sailc.program.equations.fields import Reading
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign, Op, Ref


def _values(op: Op) -> str:
    places = [f"arg{i}" for i in range(1, len(op.arguments))]
    together = f"torch.stack([{', '.join(places)}], dim=-1)"
    points = "b[:, None]" if len(places) == 1 else together
    unknown = op.attributes["unknown"]
    return f"a({points}){'.unbind(dim=-1)' if unknown is None else f'[:, {unknown}]'}"


FIELDS: dict[str, Row] = {
    "field_values": _values,
    "slopes": "slopes(*args)",
    "slope": "slopes(a, b)[0]",
    "as_array": "torch.tensor(a)",
}


def reading(r: Reading, names: NameTable) -> list[Assign]:
    """Statements that read a field at some places, of which each has a gradient."""
    at = tuple(map(Ref, r.places))
    roots = r.of_order(0)
    alone = roots[0].unknown if len(roots) == 1 else None
    name = roots[0].name if len(roots) == 1 else ", ".join(r.values)
    given = (Ref(r.field), *at)
    made = [Assign(name, Op("field_values", given, {"unknown": alone}), r.span)]
    for jet in r.jets:
        further = r.below(jet)
        if further:
            by = tuple(at[j.axes[-1]] for j in further)
            operator = "slope" if len(further) == 1 else "slopes"
            left = ", ".join(j.name for j in further)
            made.append(Assign(left, Op(operator, (Ref(jet.name), *by)), r.span))
    return made
