"""Conversions, and where in a type they apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.converter import Conversion
from sailc.program.arrays.layout import (
    EACH,
    Group,
    Leaf,
    Vector,
    enter,
    leave,
    opened,
    sizes,
)
from sailc.program.arrays.vectors import Lowering
from sailc.program.tree.nodes import Expr, Op, Ref
from sailc.source import NOWHERE
from sailc.types.model import (
    ListType,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)


class Placed(Struct, frozen=True):
    """A conversion, and where in a type `whole` it applies: `each` of a collection, a number
    of a tuple, a field's name of a record; and which step of its chain it is."""

    conversion: Conversion
    whole: Type
    path: tuple[str | int, ...] = ()
    step: int = 0

    def label(self, name: str) -> str:
        """A name for what belongs to this place: `mass_center`, or just `mass`."""
        fields = [p for p in self.path if isinstance(p, str) and p != EACH]
        return "_".join([*fields, name] if name else fields)

    def in_one(self) -> Placed:
        """Where it applies in what `together` gives."""
        path, type = list[str | int](), self.whole
        for part in self.path:
            inner = _inside(type, part)
            if not (part == EACH and _is_open(type)):
                path.append(part)
            type = inner
        return replace(self, path=tuple(path))


def counted(chain: Iterable[Placed]) -> int:
    """How many statistics a chain has."""
    return sum(len(p.conversion.statistics) for p in chain)


def _inside(type: Type, part: str | int) -> Type:
    match type:
        case ListType(item, _) | SetType(item, _):
            return item
        case TupleType(items):
            return items[int(part)]
        case RecordType(fields):
            return dict(fields)[str(part)]
        case _:
            return type


def _is_open(type: Type) -> bool:
    """Whether only the data know how long a list is."""
    return isinstance(type, ListType | SetType) and type.size.value is None


def together(low: Lowering, type: Type, name: str) -> Vector:
    """All points as one, of a variable that holds those of each length: the elements of lists
    whose length differs are in one row, whatever point holds them."""
    whole = _in_one(type, opened(type, Ref("part"), outer=1))
    return _over(low, whole, Ref(name), f"{name}s")


def _in_one(type: Type, vector: Vector) -> Vector:
    match type, vector:
        case ((ListType(item, n) | SetType(item, n)), _) if n.value is None:
            return _in_one(item, _merged(vector))
        case (RecordType(fields), Group(items)):
            return Group({n: _in_one(t, items[n]) for n, t in fields})
        case (TupleType(types), Group(items)):
            return Group({i: _in_one(t, items[i]) for i, t in enumerate(types)})
        case (Tensor(), Leaf(expr, levels)) if None in sizes(type):
            return Leaf(Op("flat_rows", (expr,)), levels, 1)
        case _:
            return vector


def _over(low: Lowering, vector: Vector, parts: Expr, name: str) -> Vector:
    match vector:
        case Leaf(expr, levels, rank):
            whole = Leaf(Op("over_parts", (expr, parts)), levels, rank)
            return low.store(name, whole, NOWHERE)
        case Group(items):
            pairs = ((k, v, k if isinstance(k, str) else f"{name}_{k}") for k, v in items.items())
            return Group({k: _over(low, v, parts, label) for k, v, label in pairs})


def places(type: Type, lift: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Type]]:
    """The places that a step's lift means in a type, and the types there."""
    if not lift:
        yield (), type
        return
    head, rest = lift[0], lift[1:]
    match type:
        case ListType(item, _) | SetType(item, _):
            for path, inner in places(item, rest):
                yield (EACH, *path), inner
        case TupleType(items) if isinstance(head, int):
            for path, inner in places(items[head], rest):
                yield (head, *path), inner
        case RecordType(fields):
            for name, inner in fields:
                yield (name,), inner
        case _:
            pass


def convert(low: Lowering, placed: Placed, vector: Vector, depth: int = 0) -> Vector:
    """A conversion at its place in a vector; its inverse where it is used backwards."""
    path = placed.path[depth:]
    if not path:
        return _convert_here(low, placed.conversion, vector, placed.label(""))
    if path[0] == EACH:
        level = f"{EACH}{depth}"
        return leave(convert(low, placed, enter(vector, level), depth + 1), level)
    assert isinstance(vector, Group)
    inner = convert(low, placed, vector.items[path[0]], depth + 1)
    return Group({**vector.items, path[0]: inner})


def _convert_here(low: Lowering, c: Conversion, vector: Vector, name: str) -> Vector:
    """What a conversion makes, under the name of the field that it is of."""
    if c.inverse is not None and c.answer is not None:
        low.bind(c.answer, vector)
        low.count(c.inverse)
        return low.lower(c.inverse)
    low.bind(c.input, vector)
    output = replace(c.output, name=name) if name else c.output
    low.count(output)
    return low.lower(output)


def descend(low: Lowering, placed: Placed, vector: Vector) -> Vector:
    """What stands at the place of a conversion in a vector of all points; of a collection,
    the elements that any point holds."""
    for part in placed.path:
        if part == EACH:
            vector = _merged(vector)
        else:
            assert isinstance(vector, Group)
            vector = vector.items[part]
    if EACH in placed.path and isinstance(vector, Leaf):
        vector = low.store(placed.label("elements"), vector, placed.conversion.input.span)
    return vector


def _merged(vector: Vector) -> Vector:
    """Points and their elements along one axis."""
    match vector:
        case Leaf(expr, levels, rank):
            return Leaf(Op("merge_rows", (expr,)), levels, rank - 1)
        case Group(items):
            return Group({k: _merged(v) for k, v in items.items()})
