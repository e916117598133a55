"""Arrays of many points: batch axes (`levels`: the points, then the elements of collections
inside them), then the axes of one point.

Entering a comprehension turns a collection's first axis into a level, leaving it turns the
level back, and neither writes any code. Where operands meet, the one that lacks a level or
an axis gets it by indexing with None.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from sailc.program.tree.nodes import Expr, Literal, Op
from sailc.source import Span
from sailc.types.dims import Dim
from sailc.types.model import (
    ListType,
    MaybeType,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)

Levels = tuple[str, ...]

POINTS = "points"
"""The level of a program's points."""
EACH = "each"
"""The levels of what conversions are done to, and that place in a type: each of a collection."""
ELEMENT = "element"
"""The levels of comprehensions."""
LEVELS = (POINTS, EACH, ELEMENT)


class Leaf(Struct, frozen=True):
    """An array: batch axes `levels`, then `rank` axes of one point."""

    expr: Expr
    levels: Levels
    rank: int


class Group(Struct, frozen=True):
    """A tuple or record, its components apart: a list of pairs is a pair of arrays.

    `whole` is where all of them are at hand as one Python value: a dict of a record's
    fields, a tuple of a tuple's.
    """

    items: Mapping[str | int, Vector]
    whole: Expr | None = None


Vector = Leaf | Group


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
        case MaybeType(item):
            return rank_of(item)
        case _:
            return 0


def opened(type: Type, whole: Expr, levels: Levels = (), outer: int = 0) -> Vector:
    """The components of a Python value that holds what has a type: its arrays begin with
    `outer` axes more than the type says."""
    match type:
        case RecordType(fields):
            return _components(dict(fields), whole, levels, outer)
        case TupleType(types):
            return _components(dict(enumerate(types)), whole, levels, outer)
        case ListType(item, _) | SetType(item, _) if is_structured(item):
            return opened(item, whole, levels, outer + 1)
        case _:
            return Leaf(whole, levels, rank_of(type) + outer)


def _components(
    types: Mapping[str, Type] | Mapping[int, Type], whole: Expr, levels: Levels, outer: int
) -> Group:
    items: dict[str | int, Vector] = {}
    for name, type in types.items():
        items[name] = opened(type, _component(whole, name), levels, outer)
    return Group(items, whole)


def _component(whole: Expr, name: str | int) -> Op:
    if isinstance(name, str):
        return Op("key", (whole,), {"name": name})
    return Op("place", (whole,), {"i": name})


def is_structured(type: Type) -> bool:
    """Whether a program holds a value of this type as several arrays."""
    match type:
        case RecordType() | TupleType():
            return True
        case ListType(item, _) | SetType(item, _):
            return is_structured(item)
        case _:
            return False


def first_array(type: Type) -> tuple[str | int, ...]:
    """The path to the first array of a Python value that holds what has a type."""
    match type:
        case RecordType(((name, inner), *_)):
            return (name, *first_array(inner))
        case TupleType((inner, *_)):
            return (0, *first_array(inner))
        case ListType(item, _) | SetType(item, _) if is_structured(item):
            return first_array(item)
        case _:
            return ()


def packed(vector: Vector) -> Expr:
    """A vector as one Python value: an array, a dict or a tuple."""
    match vector:
        case Leaf(expr):
            return expr
        case Group(_, whole) if whole is not None:
            return whole
        case Group(items):
            names = tuple(items)
            return Op("pack", tuple(packed(v) for v in items.values()), {"names": names})


def rebased(group: Group, whole: Expr) -> Group:
    """The fields of a record, from another value that holds them."""
    items: dict[str | int, Vector] = {}
    for name, part in group.items.items():
        expr = _component(whole, name)
        items[name] = (
            Leaf(expr, part.levels, part.rank) if isinstance(part, Leaf) else rebased(part, expr)
        )
    return Group(items, whole)


def inside(vector: Vector, path: tuple[str | int, ...]) -> Vector:
    """The part of a vector that a path of fields and places leads to."""
    for key in path:
        assert isinstance(vector, Group)
        vector = vector.items[key]
    return vector


def any_leaf(vector: Vector) -> Leaf:
    """One of the arrays of a vector: they all begin with the same axes."""
    while isinstance(vector, Group):
        vector = next(iter(vector.items.values()))
    return vector


def sizes(type: Type) -> tuple[int | None, ...]:
    """A tensor's shape in numbers; None where only the data know."""
    match type:
        case Tensor(_, shape):
            return tuple(i.value if isinstance(i, Dim) else None for i in shape)
        case ListType(item, n) | SetType(item, n):
            return (n.value, *sizes(item))
        case MaybeType(item):
            return sizes(item)
        case _:
            return ()


def merge(*levels: Levels) -> Levels:
    """All levels, the outer ones first."""
    return tuple(sorted({x for some in levels for x in some}, key=_depth))


def _depth(level: str) -> tuple[int, int]:
    """Points are outermost, then come the places of converters, then comprehensions: these
    are numbered as they are opened, from the outside."""
    name = level.rstrip("0123456789")
    return (LEVELS.index(name), int(level[len(name) :] or 0))


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
        case Group(items, whole):
            return Group({k: enter(v, level) for k, v in items.items()}, whole)


def leave(vector: Vector, level: str) -> Vector:
    """The collection of what a level ran over."""
    match vector:
        case Leaf(expr, levels, rank) if level in levels:
            return Leaf(expr, tuple(x for x in levels if x != level), rank + 1)
        case Leaf():
            return vector
        case Group(items, whole):
            return Group({k: leave(v, level) for k, v in items.items()}, whole)


def filled(vector: Vector, some: Leaf) -> Vector:
    """A result that no point enters is the same for all of them."""
    match vector:
        case Group(items):
            whole = {k: filled(v, some) for k, v in items.items()}
            return vector if whole == items else Group(whole)
        case Leaf(_, levels) if POINTS in levels:
            return vector
        case Leaf(expr, _, rank):
            rows = Op("repeat_rows", (expr, some.expr), {"rank": rank})
            return Leaf(rows, (POINTS,), rank)
