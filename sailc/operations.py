"""How many floating-point operations the operators of the library are, by a table.

A multiply-add is two. Sums, differences, products, quotients, comparisons and elementary functions
(the exponential, a sine, a root) are one each, a choice or a copy is none. An operator whose
declaration has `macs` or `flops` counts these instead.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Of = Literal["result", "argument"]


class Operation(Struct, frozen=True):
    """Operations for each number of the result, or of the first argument: `forward`; and
    `backward`, for each argument that a gradient goes back to."""

    forward: int
    backward: int
    of: Of = "result"


def _rows(forward: int, backward: int, names: str, of: Of = "result") -> dict[str, Operation]:
    return dict.fromkeys(names.split(), Operation(forward, backward, of))


OPERATIONS: dict[str, Operation] = {
    # g, and -g: what an argument gets of the result's gradient g
    **_rows(1, 0, "add"),
    **_rows(1, 1, "subtract negative multiply maximum minimum abs relu"),
    **_rows(1, 2, "divide exp log log2 log10 sqrt sin cos leaky_relu"),
    **_rows(1, 3, "power log1p tan tanh erf"),
    **_rows(1, 0, "equal not_equal less less_equal greater greater_equal or_one floor sign"),
    **_rows(1, 0, "logical_and logical_or logical_not"),
    **_rows(0, 1, "where re im conj dropout"),
    **_rows(2, 1, "clip"),
    **_rows(3, 3, "sigmoid"),  # exp(-x), 1 +, 1 /; y * (1 - y) * g
    **_rows(2, 4, "softplus"),
    **_rows(4, 6, "silu"),
    **_rows(5, 8, "gelu"),
    **_rows(3, 4, "softmax"),
    **_rows(4, 3, "cross_entropy", "argument"),
    **_rows(6, 4, "bce", "argument"),
    **_rows(1, 0, "sum argmax argmin cumsum", "argument"),
    **_rows(1, 1, "mean max min pool", "argument"),
    **_rows(2, 2, "norm", "argument"),
    **_rows(4, 3, "std variance", "argument"),
    **_rows(0, 1, "embedding"),
}
"""The products of matrices and the layers count themselves. What is not here only moves numbers
(`reshape`, `sort`), or its work is not counted (`svd`, `fft`)."""

_MOVING = """
    call column concat diagonal drop every field first flat fold function indices item index last
    len list motion others record reshape rk4 scan set shuffle split squeeze stack_list transpose
    tuple unsqueeze zip
"""
VIEWS = frozenset(_MOVING.split())
"""What gives numbers another place or name, and so writes none."""

LINEAR = frozenset({"upsample"})
"""What counts its operations itself and is linear: a gradient takes as many back."""

INNER = frozenset({"lstm", "gru", "attention"})
"""Layers of products with what they compute themselves: a gradient goes back through all of
them, whether or not it goes on."""
