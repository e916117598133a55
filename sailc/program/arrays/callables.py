"""Functions that are given to code outside, as functions of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.program.arrays.layout import CannotLower, Leaf, Vector, any_leaf, opened, packed
from sailc.program.tree.nodes import Block, Ref, Step
from sailc.terms import Apply, Lambda

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


def callable_(low: Lowering, term: Apply) -> Vector:
    """A function of what outside code gives it, the same for all points."""
    function = term.attributes["function"]
    assert isinstance(function, Lambda)
    inner = low.inside()
    names = tuple(inner.names.fresh(v.name) for v in function.variables)
    for name, v in zip(names, function.variables, strict=True):
        inner.bind(v, opened(v.type, Ref(name)))
    inner.count(function.body)
    made = inner.lower(function.body)
    if any_leaf(made).levels:
        raise CannotLower("a function of each point by itself, given to an extern", term.span)
    if not inner.body:
        return Leaf(Step(names, packed(made)), (), 0)
    block = Block(names, tuple(inner.body), packed(made))
    return low.store(str(term.attributes["called"]), Leaf(block, (), 0), term.span)
