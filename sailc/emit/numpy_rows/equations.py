"""How equations are solved in NumPy and SciPy."""

from __future__ import annotations

from sailc.emit.text.rows import Row, Rows
from sailc.program.tree.nodes import Op, is_tuple


def _at_point(op: Op) -> str:
    """A field's values at a point: of numbers, or of one vector."""
    numbers = ", ".join(f"arg{i}" for i in range(1, len(op.arguments)))
    return "arg0(*arg1)" if op.attributes.get("vector") else f"arg0({numbers})"


def _parts(op: Op) -> str:
    """What is done on a grid beside the laws."""
    parts = op.attributes["parts"]
    assert is_tuple(parts)
    return f", parts=[{', '.join(map(str, parts))}]" if parts else ""


def _discretize(op: Op) -> str:
    order = ", order" if op.attributes["order"] != 2 else ""
    return f"discretize(a, points{order}{_parts(op)})"


def _on_grids(solve: str) -> Row:
    """The solution of an equation with space on finer and finer grids."""

    def row(op: Op) -> str:
        made = solve.replace("GRID", f"discretize(a, points, 4{_parts(op)})")
        return f"reference(lambda points: {made}, counts, a.domain())"

    return row


_REFERENCES: Rows = {
    "reference_grid": _on_grids('integrate(GRID, "Radau", 1e-8)'),
    "reference_course": (
        'reference(lambda points: integrate(system(a), "Radau", 1e-6 / points), counts, a.domain())'
    ),
    "reference_steady": _on_grids("settle(GRID, 1e-10)"),
}

ROWS: Rows = {
    **_REFERENCES,
    "equation": lambda op: f"{op.attributes['name']}(*args)",
    "discretize": _discretize,
    "system": "system(a)",
    "integrate": "integrate(a, method, b)",
    "integrate_explicitly": "integrate_explicitly(a, method, b)",
    "settle": "settle(a, b)",
    "at_point": _at_point,
    "residual": "residual(a, b, at, rng)",
}
