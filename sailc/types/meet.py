"""Whether two types could be made one: a quick look that never says no wrongly.

Search asks this of thousands of pairs before it unifies the few that are left. Variables
are taken for anything, dimensions are compared where both are numbers.
"""

from __future__ import annotations

from sailc.types.dims import Dim
from sailc.types.model import (
    Complex,
    Element,
    FunctionType,
    Label,
    ListType,
    MaybeType,
    Num,
    Opaque,
    RecordType,
    SetType,
    Shape,
    Tensor,
    TextType,
    TupleType,
    Type,
    TypeVar,
    Unknown,
)
from sailc.units import Unit


def may_meet(a: Type, b: Type) -> bool:
    """False only where no substitution makes the two types one."""
    match a, b:
        case (TypeVar() | Unknown(), _) | (_, TypeVar() | Unknown()):
            return True
        case Tensor(e, s), Tensor(f, t):
            return _shapes(s, t) and _elements(e, f)
        case (ListType(x, n), ListType(y, m)) | (SetType(x, n), SetType(y, m)):
            return _dims(n, m) and may_meet(x, y)
        case RecordType(xs), RecordType(ys):
            left, right = dict(xs), dict(ys)
            return left.keys() == right.keys() and all(may_meet(left[k], right[k]) for k in left)
        case TupleType(xs), TupleType(ys):
            return len(xs) == len(ys) and all(map(may_meet, xs, ys))
        case MaybeType(x), MaybeType(y):
            return may_meet(x, y)
        case FunctionType(ps, r), FunctionType(qs, s):
            return len(ps) == len(qs) and all(map(may_meet, ps, qs)) and may_meet(r, s)
        case Opaque(x), Opaque(y):
            return x == y
        case _:
            return type(a) is type(b)


def outline(type: Type) -> object | None:
    """What two types without variables have in common where they may meet; None of a type
    with variables, which may meet many."""
    match type:
        case Tensor(element, shape):
            inner, dims = _element_outline(element), _literals(shape)
            return None if inner is None or dims is None else ("tensor", inner, dims)
        case ListType(item, n) | SetType(item, n):
            inner, dims = outline(item), _literals((n,))
            return None if inner is None or dims is None else (type.__class__, inner, dims)
        case RecordType(fields):
            parts = tuple(sorted((n, repr(outline(t))) for n, t in fields))
            return None if any(p == "None" for _, p in parts) else ("record", parts)
        case TupleType(items):
            inner = tuple(outline(t) for t in items)
            return None if None in inner else ("tuple", inner)
        case MaybeType(item):
            return (inner := outline(item)) and ("maybe", inner)
        case TextType():
            return ("text",)
        case Opaque(name):
            return ("opaque", name)
        case _:
            return None


def _element_outline(element: Element) -> object | None:
    match element:
        case Num(unit) | Complex(unit):
            return None if unit.variables else (element.__class__, unit.dims)
        case Label(size, _, _):
            return size.value and ("label", size.value)
        case TypeVar():
            return None
        case _:
            return element.__class__


def _literals(shape: Shape) -> tuple[int, ...] | None:
    values = [i.value if isinstance(i, Dim) else None for i in shape]
    known = tuple(v for v in values if v is not None)
    return known if len(known) == len(shape) else None


def _elements(a: Element, b: Element) -> bool:
    match a, b:
        case (TypeVar(), _) | (_, TypeVar()):
            return True
        case (Num(u), Num(v)) | (Complex(u), Complex(v)):
            return _units(u, v)
        case Label(n, x, _), Label(m, y, _):
            return not (x and y and x != y) and _dims(n, m)
        case _:
            return type(a) is type(b)


def _units(u: Unit, v: Unit) -> bool:
    return bool(u.variables or v.variables) or u.dims == v.dims


def _dims(a: Dim, b: Dim) -> bool:
    x, y = a.value, b.value
    return x is None or y is None or x == y


def _shapes(a: Shape, b: Shape) -> bool:
    front = _prefix(a, b)
    if front is None:
        return len(a) == len(b)
    return front and _prefix(a[::-1], b[::-1]) is not False and _long_enough(a, b)


def _prefix(a: Shape, b: Shape) -> bool | None:
    """Whether two shapes agree up to the first run of dimensions; None where they are
    compared whole and agree."""
    for x, y in zip(a, b, strict=False):
        if not isinstance(x, Dim) or not isinstance(y, Dim):
            return True
        if not _dims(x, y):
            return False
    longer = a if len(a) > len(b) else b
    rest = longer[min(len(a), len(b)) :]
    return None if all(isinstance(i, Dim) for i in rest) else True


def _long_enough(a: Shape, b: Shape) -> bool:
    """A shape without a run is at least as long as what surrounds the other's."""
    for x, y in ((a, b), (b, a)):
        if all(isinstance(i, Dim) for i in x) and sum(isinstance(i, Dim) for i in y) > len(x):
            return False
    return True
