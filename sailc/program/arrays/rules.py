"""Small rewrites, as a visible list: what an engineer would have written at once."""

from __future__ import annotations

from sailc.program.arrays.layout import Leaf, Vector
from sailc.program.tree.nodes import Expr, Literal, Op

# Losses of one point whose mean over points the libraries compute in one call.
MEANS = {"cross_entropy": "mean_cross_entropy", "bce": "mean_bce"}


def mean_over_points(value: Leaf, compared: tuple[Vector, ...] = ()) -> Expr:
    """The mean over the points of a loss of each. Where `compared` are the answer and the truth,
    both are known to be no integers.

    The mean over points of a mean over all of a point's numbers is one mean over all; and
    a loss whose mean the library has is asked for that.
    """
    match value.expr:
        case Op("mean", (inner,), attributes) if attributes.get("axes") is not None:
            return _mean(inner, compared)
        case Op(operator, arguments, attributes, parameters, batch) if operator in MEANS:
            return Op(MEANS[operator], arguments, attributes, parameters, batch)
        case expr:
            return _mean(expr, compared)


def _mean(expr: Expr, compared: tuple[Vector, ...]) -> Expr:
    match expr, compared:
        case (
            Op("power", (Op("subtract", (a, b)), Literal(2))),
            (Leaf(one, levels, rank), Leaf(other, its_levels, its_rank)),
        ) if (a, b, levels, rank) == (one, other, its_levels, its_rank):
            return Op("mean_squared_error", (a, b))
        case _:
            return Op("mean", (expr,), {"axes": None})
