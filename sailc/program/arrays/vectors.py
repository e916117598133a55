"""Vectorizing: from a term about one point to expressions about many points at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.program.arrays.collections import each
from sailc.program.arrays.layout import (
    ELEMENT,
    POINTS,
    CannotLower,
    Group,
    Leaf,
    Vector,
    any_leaf,
    enter,
    leave,
    opened,
    rank_of,
    rebased,
)
from sailc.program.arrays.lengths import UNEQUAL, found_in, kept, length, numbers, repeated
from sailc.program.arrays.special import SPECIAL
from sailc.program.arrays.uniform import ELEMENTWISE, REDUCTIONS, elementwise, reduction, trailing
from sailc.program.tree.expressions import draws
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign, Expr, Literal, Op, Ref
from sailc.source import Span
from sailc.terms import Apply, Const, Map, Term, Var, below, named
from sailc.types.dims import Dim, DimName
from sailc.types.model import Type


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
                    return Leaf(numbers(known, self.dims, term.span), (), rank_of(type))
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
            return elementwise(self, term)
        if term.operator in REDUCTIONS:
            return reduction(self, term)
        return trailing(self, term)
