"""A call of an extern: a term like any other, its arguments as the door wants them.

What crosses is said by the declaration: the units that arguments are brought to, how numbers
are stored, and that a class is given as its index where an `int` is declared.
"""

from __future__ import annotations

from collections.abc import Mapping

from sailc.diagnostics.types import NotKnownYet
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.externs.callables import given_function
from sailc.infer.externs.declared import read_extern
from sailc.infer.lift import lift
from sailc.infer.read import plain_names, read_type
from sailc.infer.values import POISON, Given, Poison, Primitive, Scope, Value, as_dim, is_term
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Attribute, Term
from sailc.types.model import (
    UNKNOWN,
    FunctionType,
    Label,
    ListType,
    MaybeType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)


def extern_call(
    ctx: Context, function: Primitive, values: Mapping[str, Given], scope: Scope, span: Span
) -> Value:
    """The term of an extern's result."""
    d = function.declaration
    shaping = _dimensions(d)
    arguments: list[Term] = []
    stored: list[Attribute] = []
    for p in d.parameters or ():
        value, where = values[p.name]
        if p.name in shaping and is_term(value):
            ctx.report(NotKnownYet(span=where, what=f"the argument `{p.name}`"))
            return POISON
        known = as_dim(value)
        type = UNKNOWN if p.type is None else read_type(ctx, p.type, scope)
        if isinstance(type, FunctionType):
            argument = given_function(ctx, value, type, where, p.name) or POISON
        else:
            found = lift(ctx, value, where)
            argument = _argument(ctx, found, type, where, f"{p.name}` of `{d.name}")
        if isinstance(argument, Poison):
            return POISON
        scope.names[p.name] = known if known is not None else argument
        arguments.append(argument)
        stored.append(storage(type))
    result = read_type(ctx, d.result, scope) if d.result is not None else UNKNOWN
    facts = call_facts(d, tuple(stored), result)
    if facts is None:
        return POISON  # which is said where it is declared
    return Apply(result, span, "extern", tuple(arguments), facts)


def call_facts(
    d: tree.Declaration, stored: tuple[Attribute, ...], result: Type
) -> Mapping[str, Attribute] | None:
    """What a call says of the function behind it, of what is `stored` how in its arguments and in
    its result; None where the declaration does not say where the function is."""
    extern = read_extern(d)
    if extern.place is None:
        return None
    return {
        "extern": d.name,
        "module": extern.place.module,
        "function": extern.place.function,
        "software": extern.software,
        "file": d.span.file,
        "start": d.span.start,
        "parameters": tuple(p.name for p in d.parameters or ()),
        "stored": stored,
        "result": storage(result),
        "gradients": tuple((path, at.module, at.function) for path, at in extern.gradients),
    }


def _dimensions(d: tree.Declaration) -> set[str]:
    """The parameters that stand in a type of the declaration, as dimensions."""
    types = [p.type for p in d.parameters or ()] + [d.result]
    names = {n.id for t in types if t is not None for n in plain_names(t)}
    return names & {p.name for p in d.parameters or ()}


def _argument(ctx: Context, given: Term, type: Type, where: Span, name: str) -> Term | Poison:
    given = _as_index(ctx, given, type)
    if not ctx.unify(given.type, type, where, f"the argument `{name}`"):
        return POISON
    return coerce(ctx, given, type)


def _as_index(ctx: Context, given: Term, wanted: Type) -> Term:
    """A class given to an `int` is its index."""
    match ctx.type_of(given), wanted:
        case Tensor(Label(), shape), Tensor(Num()):
            type = Tensor(Num(), shape, "int")
            return Apply(type, given.span, "class_index", (given,))
        case _:
            return given


def storage(type: Type) -> Attribute:
    """How the numbers of a type are stored, as its declaration says: a text for a tensor, and
    for what has components a tuple of them."""
    match type:
        case Tensor(_, _, how):
            return how
        case RecordType(fields):
            return tuple((name, storage(t)) for name, t in fields)
        case TupleType(items):
            return tuple(storage(t) for t in items)
        case ListType(item, _) | SetType(item, _) | MaybeType(item):
            return storage(item)
        case _:
            return ""
