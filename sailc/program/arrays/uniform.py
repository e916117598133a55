"""The three rules of most operators: by elements, as a reduction, or on an array's last axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sailc.plan.ragged import length_of
from sailc.program.arrays.formulas import SYMBOLIC
from sailc.program.arrays.layout import (
    ELEMENT,
    Group,
    Leaf,
    Levels,
    Vector,
    align,
    enter,
    leave,
    merge,
    rank_of,
    sizes,
)
from sailc.program.arrays.lengths import is_length
from sailc.program.tree.nodes import Expr, Literal, Op, Ref
from sailc.terms import Apply, Map, Term
from sailc.types.model import (
    Bool,
    Complex,
    ListType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering


ELEMENTWISE = frozenset(
    [
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "maximum",
        "minimum",
        "equal",
        "not_equal",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "logical_and",
        "logical_or",
        "where",
        "number",
        "clip",
        "leaky_relu",
    ]
)


# What Python's numbers have, too.
ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "power"})
WINDOWED = frozenset(
    [
        "blur",
        "conv",
        "conv_transpose",
        "downsample",
        "gru",
        "lstm",
        "pad",
        "pool",
        "spectral_conv",
        "stitch",
        "tiles",
        "upsample",
    ]
)


REDUCTIONS = frozenset(
    [
        "sum",
        "mean",
        "median",
        "std",
        "norm",
        "variance",
        "max",
        "min",
        "argmax",
        "argmin",
        "quantile",
    ]
)


# How files hold integers that wrap around in NumPy's arithmetic, and what computes with them so, or
# to half precision; a quotient of any is a real number.
WRAPPING = frozenset(["u8", "u16", "u32", "u64", "i8", "i16", "i32"])
INTEGERS = WRAPPING | {"i64"}
COMPUTING = frozenset(
    [
        *("add", "subtract", "multiply", "power", "negative", "abs", "sqrt"),
        *("exp", "log", "log2", "log10", "log1p"),
        *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
    ]
)


def _numbers(low: Lowering, term: Apply) -> list[Leaf]:
    """The arguments of an operator, as real numbers where files hold integers that would wrap."""
    leaves = [low.leaf(a) for a in term.arguments]
    if term.operator not in COMPUTING:
        return leaves
    whole = [isinstance(a.type, Tensor) and a.type.storage in WRAPPING for a in term.arguments]
    reals = (not w and not isinstance(v.expr, Literal) for w, v in zip(whole, leaves, strict=True))
    if not any(whole) or any(reals):
        return leaves
    return [
        Leaf(Op("as_real", (v.expr,)), v.levels, v.rank) if w else v
        for w, v in zip(whole, leaves, strict=True)
    ]


def as_reals(vector: Vector, type: Type) -> Vector:
    """What files hold as integers, as the real numbers that models compute with; what is known by
    its number stays an integer."""
    match vector, type:
        case Group(items), RecordType(fields):
            parts = {k: as_reals(v, dict(fields)[str(k)]) for k, v in items.items()}
        case Group(items), TupleType(types):
            parts = {k: as_reals(v, types[int(k)]) for k, v in items.items()}
        case Leaf(), ListType(item, _) | SetType(item, _):
            return as_reals(vector, item)
        case Leaf() as leaf, Tensor(Num(), storage=storage) if storage in INTEGERS:
            return replace(leaf, expr=Op("as_real", (leaf.expr,)))
        case _:
            return vector
    return vector if parts == items else Group(parts)


def elementwise(low: Lowering, term: Apply) -> Leaf:
    leaves = _numbers(low, term)
    if term.operator in ("multiply", "divide") and _is_one(leaves[1]):
        return leaves[0]  # `x / 1 bohr`: the unit goes, the number stays
    if term.operator == "multiply" and _is_one(leaves[0]):
        return leaves[1]
    levels = merge(*(v.levels for v in leaves))
    rank = max(v.rank for v in leaves)
    parts = tuple(align(v, levels, rank) for v in leaves)
    if term.operator not in ARITHMETIC:
        parts = tuple(Op("scalar", (x,)) if is_length(x) else x for x in parts)
    each = {"each": True} if rank and term.operator in SYMBOLIC else {}
    return Leaf(Op(term.operator, parts, {**term.attributes, **each}), levels, rank)


def reduction(low: Lowering, term: Apply) -> Leaf:
    inner = _unchained(term)
    axis = term.attributes.get("axis") if inner is term.arguments[0] else None
    value = _added(low, inner)
    attributes = {k: v for k, v in term.attributes.items() if k != "axis"}
    attributes |= _kind_of(term.arguments[0].type)
    if isinstance(axis, int):
        inner = axis - value.rank if axis >= 0 and value.levels else axis
        axes: tuple[int, ...] | None = (inner,)
    elif value.levels:
        axes = tuple(range(-value.rank, 0))
    else:
        axes = None
    if axes == ():
        return value
    left = 0 if axes is None else value.rank - len(axes)
    reduced = Op(term.operator, (value.expr,), {**attributes, "axes": axes})
    return Leaf(reduced, value.levels, left)


def _added(low: Lowering, term: Term) -> Leaf:
    """What is reduced; where elements are only added up, those left out are 0."""
    if not (isinstance(term, Map) and term.condition is not None):
        return low.leaf(term)
    if not low.summed or length_of(term) not in low.summed:
        return low.leaf(term)
    level = f"{ELEMENT}{next(low.levels)}"
    low.bind(term.variable, enter(low.lower(term.source), level))
    holds, body = low.leaf(term.condition), low.leaf(term.body)
    levels = merge(holds.levels, body.levels)
    mask, values = (align(v, levels, body.rank) for v in (holds, body))
    chosen = Op("where", (mask, values, Literal(0)))
    kept = leave(Leaf(chosen, levels, body.rank), level)
    assert isinstance(kept, Leaf)
    return kept


def trailing(low: Lowering, term: Apply) -> Leaf:
    """An operator on the last axes of its first argument; batch axes pass through."""
    leaves = _numbers(low, term)
    levels = merge(*(v.levels for v in leaves))
    if _is_read_again(term, levels) and _is_made(leaves[0]):
        leaves = [low.store("whole", leaves[0], term.span), *leaves[1:]]
    parts = tuple(
        align(v, levels, v.rank) if i == 0 or v.levels else v.expr for i, v in enumerate(leaves)
    )
    parts = tuple(Op("scalar", (x,)) if is_length(x) else x for x in parts)
    attributes = dict(term.attributes)
    attributes["shape"] = sizes(term.type)
    if term.arguments:
        attributes["before"] = sizes(term.arguments[0].type)
    if attributes.get("draws"):
        attributes["draws"] = low.drawing.setdefault(id(term), len(low.drawing) + 1)
    parameters: Mapping[str, str] = {}
    state: Mapping[str, str] = {}
    if term.layer is not None:
        parameters = low.layers.get(id(term.layer), parameters)
        state = low.running.get(id(term.layer), state)
    batch = len(levels)
    op = Op(term.operator, parts, attributes, parameters, batch, state)
    if term.operator in WINDOWED and batch != 1:
        op = _one_batch(low, op, leaves[0], term)
    return Leaf(op, levels, rank_of(term.type))


def _is_read_again(term: Apply, levels: Levels) -> bool:
    """Whether a row reads its first argument more than once, be it for its shape."""
    match term.operator:
        case "hide":
            return True
        case "reshape":
            return len(levels) > 1
        case "pool" | "downsample":
            return None in sizes(term.arguments[0].type)
        case _:
            return False


def _kind_of(type: Type) -> dict[str, object]:
    """What libraries reduce in another way than real numbers."""
    item = type.item if isinstance(type, ListType | SetType) else type
    match item:
        case Tensor(Bool()):
            return {"of": "bool"}
        case Tensor(Complex()):
            return {"of": "complex"}
        case _:
            return {}


def _is_made(leaf: Leaf) -> bool:
    return not isinstance(leaf.expr, Ref)


def _unchained(term: Apply) -> Term:
    """What is reduced: of the numbers of several lists in one the lists themselves, which are
    one array."""
    match term.arguments[0]:
        case Apply(operator="chain", arguments=(inner,), type=type) if rank_of(type) == 1:
            return inner
        case other:
            return other


def _is_one(leaf: Leaf) -> bool:
    return isinstance(leaf.expr, Literal) and leaf.rank == 0 and leaf.expr.value == 1


def _one_batch(low: Lowering, op: Op, first: Leaf, term: Apply) -> Op:
    """An operator that wants just one batch axis: merged before, parted after."""
    before, batch = op.attributes["before"], len(first.levels)
    merged: Expr = Op("merge_batch", (op.arguments[0],), {"shape": before}, batch=batch)
    if _is_read_again(term, first.levels):
        merged = low.store("whole", Leaf(merged, first.levels, first.rank), term.span).expr
    inner = Op(op.operator, (merged, *op.arguments[1:]), op.attributes, op.parameters, 1)
    return Op("part_batch", (inner, op.arguments[0]), {"shape": sizes(term.type)}, batch=batch)
