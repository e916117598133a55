"""Arguments of which only a question tells the type. A model is typed anew with each question's
own types, so a rule needs not decide what is open: it must not refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.infer.context import Context
from sailc.infer.values import POISON, Value
from sailc.terms import Apply, Term
from sailc.types.dims import Dim
from sailc.types.model import ListType, SetType, Tensor, TupleType, Type, TypeVar

if TYPE_CHECKING:
    from sailc.infer.bound import Bound


def is_open(type: Type) -> bool:
    """Whether nothing says yet what something is, or what the elements of a list are."""
    match type:
        case ListType(item, _) | SetType(item, _):
            return is_open(item)
        case _:
            return isinstance(type, TypeVar)


def has_open_rank(type: Type) -> bool:
    """The same, or that a tensor has some run of dimensions."""
    match type:
        case ListType(item, _) | SetType(item, _):
            return has_open_rank(item)
        case Tensor(_, shape):
            return not all(isinstance(n, Dim) for n in shape)
        case _:
            return is_open(type)


def undecided(ctx: Context, call: Bound, term: Term | None, parts: int = 1) -> Value:
    """What an operator gives of something open: of any type, or so many parts that are. Of None,
    which stands for a reported mistake, it is poison."""
    if term is None:
        return POISON
    types = tuple(ctx.solver.type_var() for _ in range(parts))
    type = types[0] if parts == 1 else TupleType(types)
    return Apply(type, call.span, call.name, (term,))
