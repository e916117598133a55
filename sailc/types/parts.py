"""What types are made of: elements together, and what may be missing in them."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.types.dims import Dim
from sailc.types.model import ListType, MaybeType, RecordType, Tensor, TupleType, Type

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
