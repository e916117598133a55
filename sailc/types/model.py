"""The types of CORE.md. A scalar is a tensor of rank 0; all are frozen values."""

from __future__ import annotations

from msgspec import Struct

from sailc.types.dims import Dim, SpreadMap, SpreadVar, show_spread
from sailc.units import ONE, Unit


class Num(Struct, frozen=True, gc=False):
    """A real number (or integer: one kind to inference) with a unit."""

    unit: Unit = ONE


class Complex(Struct, frozen=True, gc=False):
    unit: Unit = ONE


class Bool(Struct, frozen=True, gc=False):
    pass


class Label(Struct, frozen=True, gc=False):
    """`Class[size]`; an enum is one with its constants."""

    size: Dim
    enum: tuple[str, ...] = ()
    name: str = ""


class TypeVar(Struct, frozen=True, gc=False):
    id: int
    name: str = ""


Element = Num | Complex | Bool | Label | TypeVar
Item = Dim | SpreadVar | SpreadMap
Shape = tuple[Item, ...]


class Tensor(Struct, frozen=True, gc=False, eq=False):
    """`Tensor[element, shape…]`. `storage` says how files and externs hold the numbers;
    `columns` are the names that the last dimension has in a table. Inference ignores both."""

    element: Element
    shape: Shape = ()
    storage: str = ""
    columns: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Tensor)
            and self.element == other.element
            and self.shape == other.shape
        )

    def __hash__(self) -> int:
        return hash((Tensor, self.element, self.shape))


class TextType(Struct, frozen=True, gc=False):
    pass


class ListType(Struct, frozen=True, gc=False):
    item: Type
    size: Dim


class SetType(Struct, frozen=True, gc=False):
    """A bag: its order of storage means nothing."""

    item: Type
    size: Dim


class RecordType(Struct, frozen=True, gc=False, eq=False):
    """Fields sorted by name are not needed: two records are one type if their fields are
    the same in any order; `name` is the author's."""

    fields: tuple[tuple[str, Type], ...]
    name: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordType) and self.fields == other.fields

    def __hash__(self) -> int:
        return hash((RecordType, self.fields))


class TupleType(Struct, frozen=True, gc=False):
    items: tuple[Type, ...]


class MaybeType(Struct, frozen=True, gc=False):
    item: Type


class Opaque(Struct, frozen=True, gc=False):
    name: str


class EquationType(Struct, frozen=True, gc=False, eq=False):
    """`Equation[d, k]`. `variables` are the names of the independent ones, where all the
    equations that are meant have the same; two types are one whatever these are."""

    independent: Dim
    unknowns: Dim
    variables: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, EquationType)
            and self.independent == other.independent
            and self.unknowns == other.unknowns
        )

    def __hash__(self) -> int:
        return hash((EquationType, self.independent, self.unknowns))


class FieldType(Struct, frozen=True, gc=False):
    independent: Dim
    unknowns: Dim


class FunctionType(Struct, frozen=True, gc=False):
    parameters: tuple[Type, ...]
    result: Type


class Unknown(Struct, frozen=True, gc=False):
    """The type of what is already known to be wrong; it fits everything, silently."""


Type = (
    Tensor
    | TextType
    | ListType
    | SetType
    | RecordType
    | TupleType
    | MaybeType
    | Opaque
    | EquationType
    | FieldType
    | FunctionType
    | TypeVar
    | Unknown
)

REAL = Tensor(Num())
BOOLEAN = Tensor(Bool())
UNKNOWN = Unknown()


def _element(e: Element) -> str:
    match e:
        case Num(unit):
            return "real" if unit.dimensionless and unit.scale == 1 else f"real<{unit}>"
        case Complex(unit):
            return "complex" if unit.dimensionless else f"complex<{unit}>"
        case Bool():
            return "bool"
        case Label(size, _, name):
            return name or f"Class[{size}]"
        case TypeVar(id, name):
            return name or f"?{id}"


def _item(item: Item) -> str:
    match item:
        case Dim():
            return str(item)
        case SpreadVar():
            return f"...{show_spread(item)}"
        case SpreadMap():
            return f"...({show_spread(item)})"


def show(type: Type) -> str:
    """A type as an author would write it."""
    match type:
        case Tensor(element, ()):
            return _element(element)
        case Tensor(element, shape):
            return f"Tensor[{', '.join([_element(element), *map(_item, shape)])}]"
        case TextType():
            return "Text"
        case ListType(item, size):
            return f"List[{show(item)}, {size}]"
        case SetType(item, size):
            return f"Set[{show(item)}, {size}]"
        case RecordType(fields, name):
            return name or "{ " + ", ".join(f"{n}: {show(t)}" for n, t in fields) + " }"
        case TupleType(items):
            return "(" + ", ".join(map(show, items)) + ")"
        case MaybeType(item):
            return f"{show(item)}?"
        case Opaque(name):
            return name
        case EquationType(d, k):
            return f"Equation[{d}, {k}]"
        case FieldType(d, k):
            return f"Field[{d}, {k}]"
        case FunctionType(parameters, result):
            left = ", ".join(map(show, parameters))
            return f"{left if len(parameters) == 1 else f'({left})'} -> {show(result)}"
        case TypeVar(id, name):
            return name or f"?{id}"
        case Unknown():
            return "?"
