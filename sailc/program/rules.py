"""Small rewrites, as a visible list: what an engineer would have written at once."""

from __future__ import annotations

from sailc.program.layout import Leaf
from sailc.program.tree import Expr, Op

# Losses of one point whose mean over points the libraries compute in one call.
MEANS = {"cross_entropy": "mean_cross_entropy", "bce": "mean_bce"}


def mean_over_points(value: Leaf) -> Expr:
    """The mean over the points of a loss of each.

    The mean over points of a mean over all of a point's numbers is one mean over all; and
    a loss whose mean the library has is asked for that.
    """
    match value.expr:
        case Op("mean", arguments, attributes) if attributes.get("axes") is not None:
            return Op("mean", arguments, {"axes": None})
        case Op(operator, arguments, attributes, parameters, batch) if operator in MEANS:
            return Op(MEANS[operator], arguments, attributes, parameters, batch)
        case expr:
            return Op("mean", (expr,), {"axes": None})
