"""What types are made of: elements together, and what may be missing in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from sailc.types.dims import Dim, DimName, atom
from sailc.types.model import (
    ListType,
    MaybeType,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)

Path = tuple[str | int, ...]


def stacked(item: Type, n: Dim) -> Type:
    """The type of n things of a type together: tensors stack, the rest is a list."""
    match item:
        case Tensor(element, shape, storage):
            return Tensor(element, (n, *shape), storage)
        case _:
            return ListType(item, n)


def present(type: Type) -> Type:
    """The type of what is known not to be missing, itself or in its fields."""
    match type:
        case MaybeType(item):
            return present(item)
        case RecordType(fields):
            inner = tuple((n, present(t)) for n, t in fields)
            return type if inner == fields else RecordType(inner)
        case TupleType(items):
            return TupleType(tuple(present(t) for t in items))
        case _:
            return type


def optional_parts(type: Type, path: Path = ()) -> Iterator[tuple[Path, Type]]:
    """The places in a type that may be missing, and the types that they have if not."""
    match type:
        case MaybeType(item):
            yield path, item
        case RecordType(fields):
            for name, inner in fields:
                yield from optional_parts(inner, (*path, name))
        case TupleType(items):
            for i, inner in enumerate(items):
                yield from optional_parts(inner, (*path, i))
        case _:
            pass


def dimensions(type: Type) -> Iterator[Dim]:
    """The dimensions in a type, from the left; those of runs that are not known left out."""
    match type:
        case Tensor(_, shape):
            yield from (i for i in shape if isinstance(i, Dim))
        case ListType(item, n) | SetType(item, n):
            yield n
            yield from dimensions(item)
        case RecordType(fields):
            for _, inner in fields:
                yield from dimensions(inner)
        case TupleType(items):
            for inner in items:
                yield from dimensions(inner)
        case MaybeType(item):
            yield from dimensions(item)
        case _:
            pass


def lengths(*types: Type) -> tuple[DimName, ...]:
    """The lengths in some types that only the data know, each once, from the left."""
    found = (a for t in types for d in dimensions(t) for a in d.atoms())
    return tuple(dict.fromkeys(a for a in found if isinstance(a, DimName)))


def told_apart(*types: Type) -> dict[DimName, Dim]:
    """Other names for the lengths in some types that are two and have one name: `some of 6`
    and `some_2 of 6`."""
    seen: Counter[str] = Counter()
    found: dict[DimName, Dim] = {}
    for length in lengths(*types):
        shown = str(atom(length))
        seen[shown] += 1
        if seen[shown] > 1:
            word, _, rest = shown.partition(" ")
            found[length] = atom(DimName(f"{word}_{seen[shown]} {rest}".strip()))
    return found


def item_of(type: Type) -> Type:
    """What a collection holds; a type that is none, itself."""
    match type:
        case ListType(item, _) | SetType(item, _):
            return item
        case Tensor(shape=(_, *rest)):
            return replace(type, shape=tuple(rest))
        case _:
            return type


def size_of(type: Type) -> Dim | None:
    """How many elements a collection has; None of what is none."""
    match type:
        case ListType(_, n) | SetType(_, n) | Tensor(shape=(Dim() as n, *_)):
            return n
        case _:
            return None


def resized(type: Type, n: Dim) -> Type:
    """A collection's type with another length."""
    match type:
        case Tensor(shape=(_, *rest)):
            return replace(type, shape=(n, *rest))
        case ListType(item, _):
            return ListType(item, n)
        case SetType(item, _):
            return SetType(item, n)
        case _:
            return type
