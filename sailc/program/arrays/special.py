"""Operators whose vectors need a rule of their own.

All others follow one of three rules (`sailc.program.arrays.vectors`): elementwise, a reduction, or
on the last axes of the first argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.program.arrays import along, collections, formulas, outside
from sailc.program.arrays.callables import callable_
from sailc.program.arrays.dynamics import course
from sailc.program.arrays.folding import fold
from sailc.program.arrays.gradient import gradient
from sailc.program.arrays.layout import (
    CannotLower,
    Group,
    Leaf,
    Levels,
    Vector,
    align,
    any_leaf,
    is_structured,
    merge,
    opened,
    rank_of,
    sizes,
)
from sailc.program.arrays.pairs import chained, others
from sailc.program.arrays.solved import SOLVED
from sailc.program.tree.nodes import Expr, Literal, Op, Ref
from sailc.terms import Apply

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


def _file(low: Lowering, term: Apply) -> Vector:
    expr = _of_file(low, term)
    if is_structured(term.type):
        expr = low.store(str(term.attributes["file"]), Leaf(expr, (), 1), term.span).expr
    return opened(term.type, expr)


def _path(low: Lowering, term: Apply) -> Vector:
    return Leaf(_of_file(low, term), (), 0)


def _of_file(low: Lowering, term: Apply) -> Expr:
    """The text of a file's values, or of its path."""
    expr = low.files.get((str(term.attributes["dataset"]), str(term.attributes["file"])))
    if expr is None:
        raise CannotLower("a question that reads a collection other than its points", term.span)
    return expr


def _zip(low: Lowering, term: Apply) -> Vector:
    return Group(dict(enumerate(low.lower(a) for a in term.arguments)))


def _tuple(low: Lowering, term: Apply) -> Vector:
    return Group(dict(enumerate(low.lower(a) for a in term.arguments)))


def _record(low: Lowering, term: Apply) -> Vector:
    names = term.attributes["fields"]
    assert isinstance(names, tuple)
    return Group({str(n): low.lower(a) for n, a in zip(names, term.arguments, strict=True)})


def _component(low: Lowering, term: Apply) -> Vector:
    owner = low.lower(term.arguments[0])
    key = term.attributes.get("index", term.attributes.get("name"))
    if not isinstance(owner, Group):
        raise CannotLower(term.operator, term.span)
    assert isinstance(key, int | str)
    return owner.items[key]


def _call(low: Lowering, term: Apply) -> Vector:
    """A call of a function that the program has."""
    function = low.calls.get(id(term.arguments[0]))
    return formulas.call(low, term) if function is None else function(low, term)


def _same(low: Lowering, term: Apply) -> Vector:
    """A list of tensors is stored stacked already; so is a set. A class is its index."""
    return low.lower(term.arguments[0])


def _label(low: Lowering, term: Apply) -> Vector:
    value = low.leaf(term.arguments[0])
    if isinstance(value.expr, Literal) and isinstance(value.expr.value, int | float):
        return Leaf(Literal(int(value.expr.value)), value.levels, value.rank)
    return Leaf(Op("label", (value.expr,)), value.levels, value.rank)


def _pairs(low: Lowering, term: Apply) -> Vector:
    """`auc`: of a list of pairs, its two arrays."""
    vector = low.lower(term.arguments[0])
    if not isinstance(vector, Group):
        raise CannotLower(term.operator, term.span)
    if any_leaf(vector).levels:
        raise CannotLower(f"`{term.operator}` of each of several lists", term.span)
    parts = tuple(v.expr for v in vector.items.values() if isinstance(v, Leaf))
    return Leaf(Op(term.operator, parts), (), 0)


def _matmul(low: Lowering, term: Apply) -> Vector:
    """A vector beside a matrix gets an axis where both are batched; so do batched matrices of
    unlike ranks."""
    a, b = (low.leaf(x) for x in term.arguments)
    levels = merge(a.levels, b.levels)
    rank = rank_of(term.type)
    left, right = align(a, levels, a.rank), align(b, levels, b.rank)
    if a.rank == 1 and b.rank == 1:
        product = Op("multiply", (left, right))
        return Leaf(Op("sum", (product,), {"axes": (-1,)}), levels, 0)
    if b.rank == 1 and b.levels:
        column = _among(Op("as_column", (right,)), 2, a.rank, levels)
        return Leaf(Op("from_column", (Op("matmul", (left, column)),)), levels, rank)
    if a.rank == 1 and b.levels:
        row = _among(Op("as_row", (left,)), 2, b.rank, levels)
        return Leaf(Op("from_row", (Op("matmul", (row, right)),)), levels, rank)
    left = _among(left, a.rank, b.rank, a.levels and levels)
    right = _among(right, b.rank, a.rank, b.levels and levels)
    return Leaf(Op("matmul", (left, right)), levels, rank)


def _among(expr: Expr, rank: int, other: int, levels: Levels) -> Expr:
    """Matrices that are multiplied with others of a rank, point by point."""
    return align(Leaf(expr, levels, rank), levels, max(rank, other)) if levels else expr


def _or_one(low: Lowering, term: Apply) -> Vector:
    """Of a number, one expression; an array is read twice, so it has a name."""
    value = low.leaf(term.arguments[0])
    if value.rank == 0 and not value.levels:
        return Leaf(Op("number_or_one", (value.expr,)), (), 0)
    if not isinstance(value.expr, Ref):
        value = low.store("deviation", value, term.span)
    return Leaf(Op("or_one", (value.expr,)), value.levels, value.rank)


def _filled(low: Lowering, term: Apply) -> Vector:
    return Leaf(Op(term.operator, (), {"shape": sizes(term.type)}), (), rank_of(term.type))


def _sample(low: Lowering, term: Apply) -> Vector:
    parts = tuple(low.leaf(a).expr for a in term.arguments)
    attributes = {**term.attributes, "shape": sizes(term.type)}
    named = str(term.attributes["distribution"])
    named = named if named in ("sobol", "gaussian_field") else "sample"
    return Leaf(Op(named, parts, attributes), (), rank_of(term.type))


def _indices(low: Lowering, term: Apply) -> Vector:
    return Leaf(Op("arange", (), {"n": term.attributes["n"]}), (), 1)


SPECIAL = {
    **SOLVED,
    **along.SPECIAL,
    **collections.SPECIAL,
    "file": _file,
    "path": _path,
    "zip": _zip,
    "tuple": _tuple,
    "record": _record,
    "item": _component,
    "field": _component,
    "column": _component,
    "stack_list": _same,
    "set": _same,
    "label": _label,
    "or_one": _or_one,
    "matmul": _matmul,
    "grad": gradient,
    "others": others,
    "chain": chained,
    "call": _call,
    "fold": fold,
    "scan": fold,
    "motion": course,
    "rk4": course,
    "auc": _pairs,
    "zeros": _filled,
    "ones": _filled,
    "sample": _sample,
    "indices": _indices,
    "extern": outside.call,
    "class_index": _same,
    "callable": callable_,
    "function": formulas.function,
    "derived": formulas.derived,
    "equivalent": formulas.equivalent,
}

TOTAL = frozenset(
    [
        "zip", "tuple", "record", "item", "field", "column", "fill", "index", "stack", "list",
        "stack_list", "set", "class_index", "label", "or_one", "matmul", "zeros", "ones",
        "sample", "indices",
    ]
)  # fmt: skip
"""Those whose rules take whatever they are given."""
CHOICES = frozenset(["file", "path", "first", "last", "drop", "every", "shuffle", "known"])
"""Those whose rules take whatever the data of a problem are, but not what a point holds."""
