"""Converters that no signature can type: `rule NAME` in the library finds them here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sailc.source import Span
from sailc.terms import Apply, Term, Var
from sailc.types.dims import Dim, const
from sailc.types.model import Bool, FieldType, FunctionType, Num, RecordType, Tensor, Type
from sailc.units import ONE

Rule = Callable[[Var, Span], Term | None]
"""What a converter makes of its input, or None where it does not take the input's type."""


def _vector(record: Var, span: Span) -> Term | None:
    """The numbers and vectors of a record, or one number, without units, one behind the other."""
    if not (isinstance(record.type, RecordType) or _is_number(record.type)):
        return None
    parts = list(_plain(record, record.type, span))
    lengths = [_length(p.type) for p in parts]
    known = [n for n in lengths if n is not None]
    if len(known) < len(lengths) or not known:
        return None
    total = sum(known[1:], known[0])
    scalars = all(_rank(p.type) == 0 for p in parts)
    type = Tensor(Num(), (total,))
    return Apply(type, span, "stack" if scalars else "concat", tuple(parts), name="vector")


def _plain(owner: Term, type: Type, span: Span) -> Iterator[Term]:
    """The fields of a record, those of records in it one by one."""
    if not isinstance(type, RecordType):
        yield owner
        return
    for name, inner in type.fields:
        field = Apply(inner, span, "field", (owner,), {"name": name})
        yield from _plain(field, inner, span)


def _length(type: Type) -> Dim | None:
    """How many numbers a part adds; None for what is no plain number or vector."""
    match type:
        case Tensor(Bool() | Num(), ()) if _unit_free(type):
            return const(1)
        case Tensor(Num(), (Dim() as n,)) if _unit_free(type):
            return n
        case _:
            return None


def _unit_free(type: Tensor) -> bool:
    return isinstance(type.element, Bool) or (
        isinstance(type.element, Num) and type.element.unit == ONE
    )


def _is_number(type: Type) -> bool:
    return isinstance(type, Tensor) and isinstance(type.element, Num) and not type.shape


def _rank(type: Type) -> int:
    return len(type.shape) if isinstance(type, Tensor) else 0


def _as_field(function: Var, span: Span) -> Term | None:
    """A function of points as a field."""
    match function.type:
        case FunctionType((Tensor(Num(), (Dim() as d,)),), Tensor(Num(), (Dim() as k,))):
            return Apply(FieldType(d, k), span, "as_field", (function,))
        case _:
            return None


def _as_function(field: Var, span: Span) -> Term | None:
    """A field as a function of points."""
    match field.type:
        case FieldType(d, k):
            type = FunctionType((Tensor(Num(), (d,)),), Tensor(Num(), (k,)))
            return Apply(type, span, "as_function", (field,))
        case _:
            return None


CONVERTER_RULES: Mapping[str, Rule] = {
    "vector": _vector,
    "as_field": _as_field,
    "as_function": _as_function,
}
