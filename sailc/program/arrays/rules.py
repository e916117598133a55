"""Small rewrites, as a visible list: what an engineer would have written at once."""

from __future__ import annotations

from msgspec.structs import replace

from sailc.program.arrays.layout import Leaf, Vector
from sailc.program.tree.expressions import operations, rebuild, rebuilt
from sailc.program.tree.nodes import Expr, Function, Literal, Op

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


def means_at_once(expr: Expr) -> Expr:
    """An expression whose means of means, which are of as many numbers each, are one mean."""
    match rebuild(expr, means_at_once):
        case Op("mean", (Op("mean", (inner,)),), {"axes": None}):
            return Op("mean", (inner,), {"axes": None})
        case other:
            return other


def convolved_by_name(f: Function) -> Function:
    """A model whose convolutions are told their layer, and how many of them there are, where they
    have a bias, no options, and as many places after as before: a library may have a word for
    all."""
    among = sum(map(_is_plain, operations(*f.expressions)))

    def change(expr: Expr) -> Expr:
        match rebuild(expr, change):
            case Op() as op if _is_plain(op):
                layer = op.parameters["bias"].removesuffix(".bias")
                return replace(op, attributes={**op.attributes, "layer": layer, "among": among})
            case other:
                return other

    return rebuilt(f, change) if among else f


def _is_plain(op: Op) -> bool:
    """Whether a convolution has a bias and no options; one of windows of a place has no ends."""
    if op.operator != "conv" or "bias" not in op.parameters:
        return False
    ends = ("same", "valid") if op.attributes["k"] == 1 else ("same",)
    one = (op.attributes[n] for n in ("stride", "dilation", "groups"))
    return op.attributes["pad"] in ends and all(n == 1 for n in one)
