"""Vectorizing: from a term about one point to expressions about many points at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.plan.ragged import length_of
from sailc.program.expressions import draws
from sailc.program.formulas import SYMBOLIC
from sailc.program.layout import (
    ELEMENT,
    POINTS,
    CannotLower,
    Group,
    Leaf,
    Vector,
    align,
    any_leaf,
    enter,
    leave,
    merge,
    opened,
    rank_of,
    rebased,
    sizes,
)
from sailc.program.lengths import UNEQUAL, found_in, is_length, kept, length, repeated
from sailc.program.names import NameTable
from sailc.program.special import SPECIAL, each
from sailc.program.tree import Assign, Expr, Literal, Op, Ref
from sailc.source import Span
from sailc.terms import Apply, Const, Map, Term, Var, below, named
from sailc.types.dims import Dim, DimName
from sailc.types.model import Bool, Complex, ListType, SetType, Tensor, Type

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


class Lowering(Struct):
    """The statements of one function, written as its terms are reached. `layers` and `running`
    are the keys of what layers learn, and of what else they hold; `calls` are the functions of the
    program that terms may call, by the identity of what stands for them."""

    names: NameTable = field(default_factory=NameTable)
    body: list[Assign] = field(default_factory=list[Assign])
    memo: dict[int, Vector] = field(default_factory=dict[int, Vector])
    uses: dict[int, int] = field(default_factory=dict[int, int])
    files: Mapping[tuple[str, str], Expr] = field(default_factory=dict[tuple[str, str], Expr])
    layers: Mapping[int, Mapping[str, str]] = field(default_factory=dict[int, Mapping[str, str]])
    running: Mapping[int, Mapping[str, str]] = field(default_factory=dict[int, Mapping[str, str]])
    calls: Mapping[int, Callable[[Lowering, Apply], Vector]] = field(
        default_factory=dict[int, "Callable[[Lowering, Apply], Vector]"]
    )
    levels: itertools.count[int] = field(default_factory=itertools.count)
    dims: dict[DimName, Expr] = field(default_factory=dict[DimName, Expr])
    """Where the lengths that only the data know are to be read."""
    summed: frozenset[DimName] = frozenset()
    """The lengths of lists whose elements are only added up."""
    stored: dict[str, str] = field(default_factory=dict[str, str])
    """The names of values, by those of their variables, which may have a number."""
    drawing: dict[int, int] = field(default_factory=dict[int, int])
    """The numbers of terms that draw, by identity: one that is computed again draws the same."""
    _keep: list[Term] = field(default_factory=list[Term])

    # --- entry -----------------------------------------------------------------------------

    def bind(self, variable: Term, vector: Vector) -> None:
        """Say what a variable stands for."""
        self._keep.append(variable)
        self.memo[id(variable)] = vector

    def points(self, type: Type, name: str) -> Vector:
        """What a variable holds of many points, from which their lengths are read."""
        vector = opened(type, Ref(name), (POINTS,))
        self.dims |= dict(found_in(type, vector, 1))
        return vector

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
        expr = vector.whole if isinstance(vector, Group) else vector.expr
        if expr is None or isinstance(expr, Ref | Literal):
            return vector
        name = getattr(term, "name", "")
        if not name and isinstance(term, Apply) and term.layer is not None and term.layer.part:
            name = term.layer.part
        if not name and self.uses.get(id(term), 0) < 2:
            return vector
        if isinstance(vector, Leaf):
            return self.store(name or "value", vector, term.span, name, term.type)
        whole = self.store(name or "rows", Leaf(expr, (), 0), term.span, name, term.type)
        return rebased(vector, whole.expr)

    def store(
        self, name: str, leaf: Leaf, span: Span, label: str = "", type: Type | None = None
    ) -> Leaf:
        """Give a value a statement of its own. `label` is what its author calls it, and `type`
        what it is of each point there."""
        twin = None if draws(leaf.expr) else self._twin(name, leaf.expr)
        if twin is not None:
            return Leaf(Ref(twin), leaf.levels, leaf.rank)
        target = self.names.fresh(name)
        self.stored[target] = name
        self.body.append(Assign(target, leaf.expr, span, label, type))
        return Leaf(Ref(target), leaf.levels, leaf.rank)

    def _twin(self, name: str, value: Expr) -> str | None:
        """Where the same value is already, under the same name."""
        return next(
            (a.name for a in self.body if self.stored.get(a.name) == name and a.value == value),
            None,
        )

    def inside(self, changed: Collection[int] = ()) -> Lowering:
        """The body of a function in this one, which sees what is here but for the terms that are
        `changed` there (by identity)."""
        names = NameTable(set(self.names.taken))
        inner = replace(self, names=names, body=[], memo={}, uses={}, stored={}, _keep=[])
        inner.memo.update((k, v) for k, v in self.memo.items() if k not in changed)
        return inner

    # --- terms -----------------------------------------------------------------------------

    def _lower(self, term: Term) -> Vector:
        match term:
            case Var(name=name):
                raise CannotLower(name, term.span)
            case Const(type, _, value):
                known = value.value if isinstance(value, Dim) else value
                if isinstance(known, tuple):
                    return Leaf(Op("constant", (), {"value": known}), (), rank_of(type))
                if known is None and isinstance(value, Dim):
                    return Leaf(length(value, self.dims, term.span), (), 0)
                return Leaf(Literal(known), (), rank_of(type))
            case Map():
                return self._map(term)
            case Apply():
                return self._apply(term)

    def _map(self, term: Map) -> Vector:
        level = f"{ELEMENT}{next(self.levels)}"
        source = self.lower(term.source)
        if term.condition is not None:
            source = self._kept(term, term.condition, source, level)
        self.bind(term.variable, enter(source, level))
        body = self._for_each(self.lower(term.body), any_leaf(source), level, term.body)
        return leave(body, level)

    def _for_each(self, vector: Vector, source: Leaf, level: str, body: Term) -> Vector:
        """What a comprehension gives, where a part of it reads no element: it is there for each
        of them."""
        match vector:
            case Group(items):
                names = {k: named(body, str(k)) if isinstance(k, str) else body for k in items}
                parts = {k: self._for_each(v, source, level, names[k]) for k, v in items.items()}
                return vector if parts == items else Group(parts)
            case Leaf(_, (), rank) if not source.levels:
                name = getattr(body, "name", "") or "value"
                one = vector if rank == 0 else self.at_hand(vector, body.span)
                rows = Op("repeat_rows", (any_leaf(one).expr, source.expr), {"rank": rank})
                return self.store(name, Leaf(rows, (level,), rank), body.span)
            case Leaf(levels=levels) if level not in levels:
                return repeated(vector, any_leaf(self.at_hand(source, body.span)), level)
            case Leaf():
                return vector

    def _kept(self, term: Map, condition: Term, source: Vector, level: str) -> Vector:
        """The elements for which a condition holds: of all points the same, or of each
        point others, but equally many."""
        source = self.at_hand(source, term.span)
        before = dict(self.memo)
        self.bind(term.variable, enter(source, level))
        holds = self.leaf(condition)
        self.memo = before  # what was computed of all elements is not what is of those kept
        if holds.levels == (POINTS, level):
            return kept(self, term, source, holds, condition.span)
        if holds.levels != (level,):
            raise CannotLower(UNEQUAL, term.span)
        mask = self.store("kept", Leaf(holds.expr, (), 1), condition.span).expr
        return each(source, lambda x: Op("take_rows", (x, mask)))

    def at_hand(self, vector: Vector, span: Span) -> Vector:
        """A vector of which every array has a name, to be read twice."""
        match vector:
            case Group(items, None):
                return Group({k: self.at_hand(v, span) for k, v in items.items()})
            case Group(whole=whole) if whole is not None and not isinstance(whole, Ref):
                return rebased(vector, self.store("rows", Leaf(whole, (), 0), span).expr)
            case Leaf(expr) if not isinstance(expr, Ref):
                return self.store("rows", vector, span)
            case _:
                return vector

    def _apply(self, term: Apply) -> Vector:
        special = SPECIAL.get(term.operator)
        if special is not None:
            return special(self, term)
        if term.operator in ELEMENTWISE:
            return self._elementwise(term)
        if term.operator in REDUCTIONS:
            return self._reduction(term)
        return self._trailing(term)

    def _elementwise(self, term: Apply) -> Leaf:
        leaves = [self.leaf(a) for a in term.arguments]
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

    def _reduction(self, term: Apply) -> Leaf:
        inner = _unchained(term)
        axis = term.attributes.get("axis") if inner is term.arguments[0] else None
        value = self._added(inner)
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

    def _added(self, term: Term) -> Leaf:
        """What is reduced; where elements are only added up, those left out are 0."""
        if not (isinstance(term, Map) and term.condition is not None):
            return self.leaf(term)
        if not self.summed or length_of(term) not in self.summed:
            return self.leaf(term)
        level = f"{ELEMENT}{next(self.levels)}"
        self.bind(term.variable, enter(self.lower(term.source), level))
        holds, body = self.leaf(term.condition), self.leaf(term.body)
        levels = merge(holds.levels, body.levels)
        mask, values = (align(v, levels, body.rank) for v in (holds, body))
        chosen = Op("where", (mask, values, Literal(0)))
        kept = leave(Leaf(chosen, levels, body.rank), level)
        assert isinstance(kept, Leaf)
        return kept

    def _trailing(self, term: Apply) -> Leaf:
        """An operator on the last axes of its first argument; batch axes pass through."""
        leaves = [self.leaf(a) for a in term.arguments]
        levels = merge(*(v.levels for v in leaves))
        if term.operator == "reshape" and len(levels) > 1:  # its row reads the argument twice
            leaves = [self.store("whole", v, term.span) if _is_made(v) else v for v in leaves]
        parts = tuple(
            align(v, levels, v.rank) if i == 0 or v.levels else v.expr for i, v in enumerate(leaves)
        )
        parts = tuple(Op("scalar", (x,)) if is_length(x) else x for x in parts)
        attributes = dict(term.attributes)
        attributes["shape"] = sizes(term.type)
        if term.arguments:
            attributes["before"] = sizes(term.arguments[0].type)
        if attributes.get("draws"):
            attributes["draws"] = self.drawing.setdefault(id(term), len(self.drawing) + 1)
        parameters: Mapping[str, str] = {}
        state: Mapping[str, str] = {}
        if term.layer is not None:
            parameters = self.layers.get(id(term.layer), parameters)
            state = self.running.get(id(term.layer), state)
        batch = len(levels)
        op = Op(term.operator, parts, attributes, parameters, batch, state)
        if term.operator in WINDOWED and batch != 1:
            op = _one_batch(op, leaves[0], sizes(term.type))
        return Leaf(op, levels, rank_of(term.type))


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


def _one_batch(op: Op, first: Leaf, shape: tuple[int | None, ...]) -> Op:
    """An operator that wants just one batch axis: merged before, parted after."""
    before = op.attributes["before"]
    merged = Op("merge_batch", (op.arguments[0],), {"shape": before}, batch=len(first.levels))
    inner = Op(op.operator, (merged, *op.arguments[1:]), op.attributes, op.parameters, 1)
    return Op("part_batch", (inner, op.arguments[0]), {"shape": shape}, batch=len(first.levels))
