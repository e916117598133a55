"""Vectorizing: from a term about one point to expressions about many points at once.

Every array is laid out as its batch axes (`levels`: the points, then the elements of
collections inside them) followed by the axes of one point. Entering a comprehension turns
a collection's first axis into a level, leaving it turns the level back, and neither
writes any code. Where operands meet, the one that lacks a level or an axis gets it by
indexing with None.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sailc.program.names import NameTable
from sailc.program.tree import Assign, Expr, Literal, Op, Ref, is_tuple
from sailc.source import Span
from sailc.terms import Apply, Const, Lambda, Layer, Map, Term, Var, below
from sailc.types.dims import Dim
from sailc.types.model import ListType, RecordType, SetType, Tensor, TupleType, Type

Levels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """An array: batch axes `levels`, then `rank` axes of one point."""

    expr: Expr
    levels: Levels
    rank: int


@dataclass(frozen=True, slots=True)
class Group:
    """A tuple or record, its components apart: a list of pairs is a pair of arrays."""

    items: Mapping[str | int, Vector]


Vector = Leaf | Group

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
        "clip",
        "leaky_relu",
    ]
)
WINDOWED = frozenset({"conv", "pool", "upsample"})
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


class CannotLower(Exception):
    """A term that lowering has no rule for; the planner's exclusions say so."""

    def __init__(self, operator: str, span: Span) -> None:
        super().__init__(operator)
        self.operator = operator
        self.span = span


def rank_of(type: Type) -> int:
    match type:
        case Tensor(_, shape):
            return len(shape)
        case ListType(item, _) | SetType(item, _):
            return 1 + rank_of(item)
        case _:
            return 0


def sizes(type: Type) -> tuple[int | None, ...]:
    """A tensor's shape in numbers; None where only the data know."""
    match type:
        case Tensor(_, shape):
            return tuple(i.value if isinstance(i, Dim) else None for i in shape)
        case ListType(item, n) | SetType(item, n):
            return (n.value, *sizes(item))
        case _:
            return ()


@dataclass(slots=True)
class Lowering:
    """The statements of one function, written as its terms are reached."""

    names: NameTable = field(default_factory=NameTable)
    body: list[Assign] = field(default_factory=list[Assign])
    memo: dict[int, Vector] = field(default_factory=dict[int, Vector])
    uses: dict[int, int] = field(default_factory=dict[int, int])
    files: Mapping[tuple[str, str], Expr] = field(default_factory=dict[tuple[str, str], Expr])
    layers: Mapping[int, Mapping[str, str]] = field(default_factory=dict[int, Mapping[str, str]])
    _keep: list[Term] = field(default_factory=list[Term])
    _levels: itertools.count[int] = field(default_factory=itertools.count)

    # --- entry -----------------------------------------------------------------------------

    def bind(self, variable: Term, vector: Vector) -> None:
        """Say what a variable stands for."""
        self._keep.append(variable)
        self.memo[id(variable)] = vector

    def count(self, *roots: Term) -> None:
        """Count how often each node is used, so that what is used twice gets a name."""
        seen: set[int] = set()
        stack = list(roots)
        for r in roots:
            self.uses[id(r)] = self.uses.get(id(r), 0) + 1
        while stack:
            term = stack.pop()
            if id(term) in seen:
                continue
            seen.add(id(term))
            self._keep.append(term)
            for t in below(term):
                self.uses[id(t)] = self.uses.get(id(t), 0) + 1
                stack.append(t)

    def lower(self, term: Term) -> Vector:
        """The vector of a term; its statements are appended to the body."""
        found = self.memo.get(id(term))
        if found is None:
            found = self._named(term, self._lower(term))
            self.memo[id(term)] = found
        return found

    def leaf(self, term: Term) -> Leaf:
        vector = self.lower(term)
        if isinstance(vector, Group):
            raise CannotLower("a tuple in arithmetic", term.span)
        return vector

    def _named(self, term: Term, vector: Vector) -> Vector:
        """Give an author's binding, or what is used twice, a statement of its own."""
        if isinstance(vector, Group) or isinstance(vector.expr, Ref | Literal):
            return vector
        name = getattr(term, "name", "")
        if not name and isinstance(term, Apply) and term.layer is not None and term.layer.part:
            name = term.layer.part
        if not name and self.uses.get(id(term), 0) < 2:
            return vector
        return self.store(name or "value", vector, term.span)

    def store(self, name: str, leaf: Leaf, span: Span) -> Leaf:
        for a in self.body:  # the same value under the same name is written once
            if a.value == leaf.expr and a.name.startswith(name):
                return Leaf(Ref(a.name), leaf.levels, leaf.rank)
        target = self.names.fresh(name)
        self.body.append(Assign(target, leaf.expr, span))
        return Leaf(Ref(target), leaf.levels, leaf.rank)

    # --- terms -----------------------------------------------------------------------------

    def _lower(self, term: Term) -> Vector:
        match term:
            case Var(name=name):
                raise CannotLower(name, term.span)
            case Const(type, _, value):
                known = value.value if isinstance(value, Dim) else value
                if isinstance(known, tuple):
                    return Leaf(Op("constant", (), {"value": known}), (), rank_of(type))
                return Leaf(Literal(known), (), rank_of(type))
            case Map():
                return self._map(term)
            case Apply():
                return self._apply(term)

    def _map(self, term: Map) -> Vector:
        level = f"level{next(self._levels)}"
        source = self.lower(term.source)
        if term.condition is not None:
            raise CannotLower("a comprehension with `if`", term.span)
        self.bind(term.variable, enter(source, level))
        return leave(self.lower(term.body), level)

    def _apply(self, term: Apply) -> Vector:
        special = _SPECIAL.get(term.operator)
        if special is not None:
            return special(self, term)
        if term.operator in ELEMENTWISE:
            return self._elementwise(term)
        if term.operator in REDUCTIONS:
            return self._reduction(term)
        return self._trailing(term)

    def _elementwise(self, term: Apply) -> Leaf:
        leaves = [self.leaf(a) for a in term.arguments]
        levels = merge(*(v.levels for v in leaves))
        rank = max(v.rank for v in leaves)
        parts = tuple(align(v, levels, rank) for v in leaves)
        return Leaf(Op(term.operator, parts, term.attributes), levels, rank)

    def _reduction(self, term: Apply) -> Leaf:
        value = self.leaf(term.arguments[0])
        axis = term.attributes.get("axis")
        attributes = {k: v for k, v in term.attributes.items() if k != "axis"}
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

    def _trailing(self, term: Apply) -> Leaf:
        """An operator on the last axes of its first argument; batch axes pass through."""
        leaves = [self.leaf(a) for a in term.arguments]
        levels = merge(*(v.levels for v in leaves))
        parts = tuple(
            align(v, levels, v.rank) if i == 0 or v.levels else v.expr for i, v in enumerate(leaves)
        )
        attributes = dict(term.attributes)
        attributes["shape"] = sizes(term.type)
        if term.arguments:
            attributes["before"] = sizes(term.arguments[0].type)
        parameters: Mapping[str, str] = {}
        if term.layer is not None:
            parameters = self.layers.get(id(term.layer), parameters)
        batch = len(levels)
        op = Op(term.operator, parts, attributes, parameters, batch)
        if term.operator in WINDOWED and batch != 1:
            op = _one_batch(op, leaves[0], sizes(term.type))
        return Leaf(op, levels, rank_of(term.type))


def _one_batch(op: Op, first: Leaf, shape: tuple[int | None, ...]) -> Op:
    """An operator that wants just one batch axis: merged before, parted after."""
    before = op.attributes["before"]
    merged = Op("merge_batch", (op.arguments[0],), {"shape": before}, batch=len(first.levels))
    inner = Op(op.operator, (merged, *op.arguments[1:]), op.attributes, op.parameters, 1)
    return Op("part_batch", (inner, op.arguments[0]), {"shape": shape}, batch=len(first.levels))


def merge(*levels: Levels) -> Levels:
    """All levels, the outer ones first."""
    result: list[str] = []
    for some in sorted(levels, key=len):
        result += [x for x in some if x not in result]
    longest = max(levels, key=len, default=())
    ordered = [x for x in longest if x in result]
    return (*(x for x in result if x not in ordered), *ordered)


def align(leaf: Leaf, levels: Levels, rank: int) -> Expr:
    """An array that broadcasts against arrays of these levels and this rank."""
    if isinstance(leaf.expr, Literal) and leaf.rank == 0:
        return leaf.expr
    marks = [":" if x in leaf.levels else None for x in levels]
    marks += [None] * (rank - leaf.rank)
    while marks and marks[0] is None:
        marks.pop(0)
    if None not in marks:
        return leaf.expr
    return Op("expand", (leaf.expr,), {"marks": tuple(marks)})


def enter(vector: Vector, level: str) -> Vector:
    """A collection's element: its first axis becomes a level."""
    match vector:
        case Leaf(expr, levels, rank):
            return Leaf(expr, (*levels, level), rank - 1)
        case Group(items):
            return Group({k: enter(v, level) for k, v in items.items()})


def leave(vector: Vector, level: str) -> Vector:
    """The collection of what a level ran over."""
    match vector:
        case Leaf(expr, levels, rank) if level in levels:
            return Leaf(expr, tuple(x for x in levels if x != level), rank + 1)
        case Leaf():
            return vector
        case Group(items):
            return Group({k: leave(v, level) for k, v in items.items()})


# --- operators with a rule of their own ---------------------------------------------------------


def _file(low: Lowering, term: Apply) -> Vector:
    key = (str(term.attributes["dataset"]), str(term.attributes["file"]))
    expr = low.files[key]
    match term.type:
        case ListType(RecordType(fields), _):
            stored = low.store(key[1], Leaf(expr, (), 1), term.span)
            return Group(
                {
                    n: Leaf(Op("key", (stored.expr,), {"name": n}), (), 1 + rank_of(t))
                    for n, t in fields
                }
            )
        case _:
            return Leaf(expr, (), rank_of(term.type))


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


def _select(low: Lowering, term: Apply) -> Vector:
    """`first last drop every shuffle`: the same choice from every component."""
    source = low.lower(term.arguments[0])
    attributes = dict(term.attributes)
    if term.operator == "first":
        return _each(source, lambda x: _first_rows(x, attributes))
    if term.operator == "shuffle":
        length = Op("length", (_any_leaf(source).expr,))
        order = Op("permutation", (length,), {"seed": attributes["seed"]})
        if isinstance(source, Group):
            held = low.store("order", Leaf(order, (), 1), term.span)
            return _each(source, lambda x: Op("take_rows", (x, held.expr)))
        return _each(source, lambda x: Op("take_rows", (x, order)))
    return _each(source, lambda x: Op(term.operator, (x,), attributes))


def _first_rows(expr: Expr, attributes: Mapping[str, object]) -> Expr:
    """`drop(a) |> first(n)` is one slice."""
    match expr:
        case Op("drop", arguments, dropped):
            start, count = dropped["n"], attributes["n"]
            if isinstance(start, int) and isinstance(count, int):
                return Op("rows", arguments, {"start": start, "stop": start + count})
        case _:
            pass
    return Op("first", (expr,), attributes)


def _each(vector: Vector, change: Callable[[Expr], Expr]) -> Vector:
    match vector:
        case Leaf(expr, levels, rank):
            return Leaf(change(expr), levels, rank)
        case Group(items):
            return Group({k: _each(v, change) for k, v in items.items()})


def _any_leaf(vector: Vector) -> Leaf:
    while isinstance(vector, Group):
        vector = next(iter(vector.items.values()))
    return vector


def _index(low: Lowering, term: Apply) -> Vector:
    vector = low.lower(term.arguments[0])
    items = term.attributes["items"]
    return _indexed(vector, items)


def _indexed(vector: Vector, items: object) -> Vector:
    match vector:
        case Group(parts):
            return Group({k: _indexed(v, items) for k, v in parts.items()})
        case Leaf(expr, levels, rank):
            assert is_tuple(items)
            dropped = sum(not is_tuple(i) for i in items)
            op = Op("index", (expr,), {"items": items}, batch=len(levels))
            return Leaf(op, levels, rank - dropped)


def _stack(low: Lowering, term: Apply) -> Vector:
    leaves = [low.leaf(a) for a in term.arguments]
    levels = merge(*(v.levels for v in leaves))
    rank = max(v.rank for v in leaves)
    parts = tuple(align(v, levels, rank) for v in leaves)
    alike = all(v.levels == levels and not isinstance(v.expr, Literal) for v in leaves)
    attributes = {"axis": -rank - 1, "alike": alike}
    return Leaf(Op("stack", parts, attributes, batch=len(levels)), levels, rank + 1)


def _concat(low: Lowering, term: Apply) -> Vector:
    leaves = [low.leaf(a) for a in term.arguments]
    if len(leaves) == 1:
        raise CannotLower("concat of a list", term.span)
    levels = merge(*(v.levels for v in leaves))
    rank = max(v.rank for v in leaves)
    parts = tuple(align(v, levels, rank) for v in leaves)
    return Leaf(Op("concat", parts, batch=len(levels)), levels, rank)


def _same(low: Lowering, term: Apply) -> Vector:
    """A list of tensors is stored stacked already; so is a set."""
    return low.lower(term.arguments[0])


def _label(low: Lowering, term: Apply) -> Vector:
    value = low.leaf(term.arguments[0])
    if isinstance(value.expr, Literal) and isinstance(value.expr.value, int | float):
        return Leaf(Literal(int(value.expr.value)), value.levels, value.rank)
    return Leaf(Op("label", (value.expr,)), value.levels, value.rank)


def _fold(low: Lowering, term: Apply) -> Vector:
    """`fold` whose step is a known reduction; others are for later versions."""
    step = term.attributes["step"]
    assert isinstance(step, Lambda)
    body = step.body
    known = {"maximum": "max", "minimum": "min", "add": "sum"}
    if (
        isinstance(body, Apply)
        and body.operator in known
        and {id(a) for a in body.arguments} == {id(v) for v in step.variables}
    ):
        xs, start = (low.leaf(a) for a in term.arguments)
        axes = (-xs.rank,) if xs.levels else None
        reduced = Op(known[body.operator], (xs.expr,), {"axes": axes})
        whole = Op(body.operator, (start.expr, reduced))
        return Leaf(whole, xs.levels, 0)
    raise CannotLower(term.operator, term.span)


def _matmul(low: Lowering, term: Apply) -> Vector:
    """A vector beside a matrix gets an axis where both are batched."""
    a, b = (low.leaf(x) for x in term.arguments)
    levels = merge(a.levels, b.levels)
    rank = rank_of(term.type)
    left, right = align(a, levels, a.rank), align(b, levels, b.rank)
    if a.rank == 1 and b.rank == 1:
        product = Op("multiply", (left, right))
        return Leaf(Op("sum", (product,), {"axes": (-1,)}), levels, 0)
    if b.rank == 1 and b.levels:
        column = Op("as_column", (right,))
        return Leaf(Op("from_column", (Op("matmul", (left, column)),)), levels, rank)
    if a.rank == 1 and b.levels:
        row = Op("as_row", (left,))
        return Leaf(Op("from_row", (Op("matmul", (row, right)),)), levels, rank)
    return Leaf(Op("matmul", (left, right)), levels, rank)


def _or_one(low: Lowering, term: Apply) -> Vector:
    """Its argument is read twice, so it has a name."""
    value = low.leaf(term.arguments[0])
    if not isinstance(value.expr, Ref):
        value = low.store("deviation", value, term.span)
    return Leaf(Op("or_one", (value.expr,)), value.levels, value.rank)


def _filled(low: Lowering, term: Apply) -> Vector:
    return Leaf(Op(term.operator, (), {"shape": sizes(term.type)}), (), rank_of(term.type))


def _sample(low: Lowering, term: Apply) -> Vector:
    parts = tuple(low.leaf(a).expr for a in term.arguments)
    attributes = {**term.attributes, "shape": sizes(term.type)}
    return Leaf(Op("sample", parts, attributes), (), rank_of(term.type))


def _indices(low: Lowering, term: Apply) -> Vector:
    return Leaf(Op("arange", (), {"n": term.attributes["n"]}), (), 1)


_SPECIAL = {
    "file": _file,
    "zip": _zip,
    "tuple": _tuple,
    "record": _record,
    "item": _component,
    "field": _component,
    "column": _component,
    "first": _select,
    "last": _select,
    "drop": _select,
    "every": _select,
    "shuffle": _select,
    "index": _index,
    "stack": _stack,
    "list": _stack,
    "concat": _concat,
    "stack_list": _same,
    "set": _same,
    "label": _label,
    "or_one": _or_one,
    "matmul": _matmul,
    "fold": _fold,
    "zeros": _filled,
    "ones": _filled,
    "sample": _sample,
    "indices": _indices,
}

__all__ = ["CannotLower", "Group", "Layer", "Leaf", "Lowering", "TupleType", "Vector"]
