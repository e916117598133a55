"""Units of one dimension convert by themselves (CORE.md, step 5): at arithmetic, annotations,
arguments, and where modules meet. A conversion is a multiplication in the program."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from sailc.infer.context import Context
from sailc.source import Span
from sailc.terms import Apply, Attribute, Const, Lambda, Map, Term, Var
from sailc.types.model import (
    Complex,
    FunctionType,
    ListType,
    MaybeType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)
from sailc.types.solver import Solver
from sailc.units import Unit


def coerce(ctx: Context, term: Term, wanted: Type) -> Term:
    """A term in the units of a type that it was found to be of."""
    return converted(ctx.solver, term, wanted)


def converted(solver: Solver, term: Term, wanted: Type) -> Term:
    """The same, for who has no context."""
    found, wanted = solver.resolve(term.type), solver.resolve(wanted)
    if not _differ(found, wanted):
        return term
    match found, wanted:
        case Tensor(), Tensor(Num(unit) | Complex(unit)):
            return in_unit(solver, term, unit)
        case MaybeType(Tensor(Num() as element)), MaybeType(Tensor(Num(unit))):
            by = Const(Tensor(Num()), term.span, element.unit.factor_to(unit))
            return Apply(wanted, term.span, "multiply", (term, by))  # NaN stays NaN
        case RecordType(fields), RecordType(others):
            there = dict(others)
            parts = [converted(solver, _field(term, n, t), there[n]) for n, t in fields]
            names = tuple(n for n, _ in fields)
            type = RecordType(tuple((n, p.type) for n, p in zip(names, parts, strict=True)))
            return Apply(type, term.span, "record", tuple(parts), {"fields": names}, name=term.name)
        case TupleType(items), TupleType(others):
            pairs = enumerate(zip(items, others, strict=True))
            parts = [converted(solver, _item(term, i, t), o) for i, (t, o) in pairs]
            type = TupleType(tuple(p.type for p in parts))
            return Apply(type, term.span, "tuple", tuple(parts), name=term.name)
        case ListType(item, n), ListType(other, _):
            return _each(solver, term, item, other, lambda t: ListType(t, n))
        case SetType(item, n), SetType(other, _):
            mapped = _each(solver, term, item, other, lambda t: ListType(t, n))
            return Apply(SetType(_item_of(mapped.type), n), term.span, "set", (mapped,))
        case FunctionType(), FunctionType():
            return _function(solver, term, found, wanted)
        case _:
            return term


def _function(solver: Solver, term: Term, found: FunctionType, wanted: FunctionType) -> Term:
    """A function of what another is of, in other units."""
    single = len(wanted.parameters) == 1
    variables = tuple(
        Var(t, term.span, "x" if single else f"x{i}") for i, t in enumerate(wanted.parameters, 1)
    )
    own = tuple(converted(solver, v, t) for v, t in zip(variables, found.parameters, strict=True))
    called = Apply(found.result, term.span, "call", (term, *own))
    body = converted(solver, called, wanted.result)
    function = {"function": Lambda(variables, body)}
    return Apply(wanted, term.span, "function", (), function, name=getattr(term, "name", ""))


def in_unit(solver: Solver, term: Term, unit: Unit) -> Term:
    """The same quantity in another unit of its dimension."""
    type = solver.resolve(term.type)
    if not isinstance(type, Tensor) or not isinstance(type.element, Num | Complex):
        return term
    factor = type.element.unit.factor_to(unit)
    if factor == 1 or type.element.unit.variables or unit.variables:
        return term
    result = replace(type, element=replace(type.element, unit=unit))
    if isinstance(term, Const):
        return Const(result, term.span, _times(term.value, factor), term.name)
    by = Const(Tensor(Num()), term.span, factor)
    name = f"{term.name}_in_{unit.slug}" if term.name else ""
    return Apply(result, term.span, "multiply", (term, by), name=name)


def _times(value: Attribute, factor: float) -> Attribute:
    match value:
        case int() | float():
            return value * factor
        case tuple():
            return tuple(_times(v, factor) for v in value)
        case _:
            return value


def _differ(found: Type, wanted: Type) -> bool:
    """Whether two types that unify have units of other sizes."""
    match found, wanted:
        case Tensor(Num(u), _), Tensor(Num(v), _):
            return not u.variables and not v.variables and u.factor_to(v) != 1
        case Tensor(Complex(u), _), Tensor(Complex(v), _):
            return not u.variables and not v.variables and u.factor_to(v) != 1
        case RecordType(fields), RecordType(others):
            there = dict(others)
            return any(n in there and _differ(t, there[n]) for n, t in fields)
        case TupleType(items), TupleType(others):
            return any(_differ(t, o) for t, o in zip(items, others, strict=False))
        case (ListType(t, _), ListType(o, _)) | (SetType(t, _), SetType(o, _)):
            return _differ(t, o)
        case MaybeType(t), MaybeType(o):
            return _differ(t, o)
        case FunctionType(ps, r), FunctionType(qs, s):
            return any(_differ(t, o) for t, o in zip((*ps, r), (*qs, s), strict=False))
        case _:
            return False


def _field(term: Term, name: str, type: Type) -> Term:
    if isinstance(term, Apply) and term.operator == "record":
        names = term.attributes["fields"]
        assert isinstance(names, tuple)
        return term.arguments[names.index(name)]
    return Apply(type, term.span, "field", (term,), {"name": name}, name=name)


def _item(term: Term, i: int, type: Type) -> Term:
    if isinstance(term, Apply) and term.operator == "tuple":
        return term.arguments[i]
    return Apply(type, term.span, "item", (term,), {"index": i})


def _each(
    solver: Solver, term: Term, item: Type, wanted: Type, whole: Callable[[Type], Type]
) -> Term:
    span: Span = term.span
    variable = Var(item, span, "element")
    body = converted(solver, variable, wanted)
    return Map(whole(body.type), span, variable, term, body)


def _item_of(type: Type) -> Type:
    assert isinstance(type, ListType)
    return type.item
