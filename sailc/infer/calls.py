"""Calls: what is called decides what becomes of them.

A call that lacks exactly its first argument is a function awaiting it; where the
operator has parameters, that is also where its layer is made.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sailc.diagnostics.types import WrongArguments
from sailc.infer.arguments import awaiting, option
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.equations import at_place, at_point
from sailc.infer.forms import special_form
from sailc.infer.lift import elements, lift, not_callable, term
from sailc.infer.primitives import primitive
from sailc.infer.templates import expand
from sailc.infer.values import (
    POISON,
    Awaiting,
    Closure,
    Composed,
    Constructor,
    Given,
    Poison,
    Primitive,
    Scope,
    Value,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Const, Map, Term, Var, is_held
from sailc.types.model import (
    FieldType,
    FunctionType,
    Label,
    RecordType,
    SetType,
    Shape,
    Tensor,
    Type,
    TypeVar,
)


def call_expression(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    if isinstance(expr.function, tree.Name):
        form = special_form(ctx, expr.function, scope)
        if form is not None:
            return form(ctx, expr, scope)
        if expr.function.id == "Set" and scope.find("Set") is None:
            return _set(ctx, expr, scope)
    return _ordinary(ctx, expr, scope)


def _set(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    """`Set(xs)`: a bag of a list's elements."""
    inner = [term(ctx, a.value, scope) for a in expr.arguments]
    if len(inner) != 1:
        return POISON
    item, n = elements(ctx, inner[0], expr.span)
    return Apply(SetType(item, n), expr.span, "set", (inner[0],))


def _ordinary(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    """`f(a, b, k = v)`."""
    function = ctx.evaluate(expr.function, scope)
    positional: list[Given] = []
    named: dict[str, Given] = {}
    for a in expr.arguments:
        if a.name is None:
            positional.append((ctx.evaluate(a.value, scope), a.value.span))
        elif isinstance(a.name, tree.Name):
            word = option(function, a.name.id, a.value)
            if isinstance(function, Poison) and _may_be_word(a.value, scope):
                word = POISON
            value = word or ctx.evaluate(a.value, scope)
            named[a.name.id] = (value, a.value.span)
    return ctx.apply(function, positional, named, expr.span)


def _may_be_word(expr: tree.Expr, scope: Scope) -> bool:
    """Whether an argument of a function that nobody knows may be a word that it knows."""
    return isinstance(expr, tree.Name) and scope.find(expr.id) is None


def call(
    ctx: Context,
    function: Value,
    positional: list[Given],
    named: Mapping[str, Given],
    span: Span,
) -> Value:
    """The value of a function applied to arguments."""
    ctx.step(span)
    match function:
        case Closure():
            return awaiting(ctx, function, positional, named, span) or expand(
                ctx, function, positional, named, span
            )
        case Primitive():
            return awaiting(ctx, function, positional, named, span) or primitive(
                ctx, function, positional, named, span, None
            )
        case Awaiting(inner, more, words, layer):
            given = [*positional, *more]
            both = {**words, **named}
            if isinstance(inner, Closure):
                return expand(ctx, inner, given, both, span)
            return primitive(ctx, inner, given, both, span, layer)
        case Composed(functions):
            value: Value = POISON
            for i, f in enumerate(functions):
                value = ctx.apply(f, positional if i == 0 else [(value, span)], {}, span)
            return value if functions else (positional[0][0] if positional else POISON)
        case Constructor():
            return _construct(ctx, function, positional, named, span)
        case Poison():
            return POISON
        case Var(type) | Apply(type) | Const(type) | Map(type):
            for name, (_, at) in named.items():
                problem = f"takes its arguments by their place, and `{name}` is given by name"
                called = function.name if isinstance(function, Var) else "a function"
                mend = f"{called}(…)"
                ctx.report(WrongArguments(span=at, name=called, problem=problem, mend=mend))
            return _call_term(ctx, function, type, positional, span)
        case _:
            return not_callable(ctx, function, span)


def _call_term(
    ctx: Context, function: Term, type: Type, positional: list[Given], span: Span
) -> Value:
    """A function that is itself data: a hole (`needs phi`), or the model that answers."""
    arguments = [lift(ctx, v, s) for v, s in positional]
    match ctx.solver.resolve(type):
        case FunctionType(parameters, result) if len(parameters) == len(arguments):
            shape = _elementwise(ctx, function, arguments)
            if shape:
                parameters, result = _on_each(parameters, shape), _on_each((result,), shape)[0]
            for a, p in zip(arguments, parameters, strict=True):
                ctx.unify(a.type, p, a.span)
            given = [coerce(ctx, a, p) for a, p in zip(arguments, parameters, strict=True)]
            return Apply(result, span, "call", (function, *given))
        case TypeVar() as v:
            result = ctx.solver.type_var()
            whole = FunctionType(tuple(a.type for a in arguments), result)
            ctx.unify(v, whole, span)
            return Apply(result, span, "call", (function, *arguments))
        case FieldType() as field:
            return at_point(ctx, function, field, positional, span)
        case Tensor(_, ()) if ctx.independents:
            return at_place(ctx, function, positional, span)
        case _:
            return not_callable(ctx, function, span)


def _elementwise(ctx: Context, function: Term, arguments: list[Term]) -> Shape:
    """The shape of the tensors that a formula of numbers is given, of which it is taken of each
    number; none where it is given what it says."""
    type = ctx.type_of(function)
    if not is_held(function) or not isinstance(type, FunctionType):
        return ()
    types = [ctx.solver.resolve(t) for t in (*type.parameters, type.result)]
    if not all(isinstance(t, Tensor) and t.shape == () for t in types):
        return ()
    shapes = [s for a in arguments if (s := ctx.shape_of(a))]
    return shapes[0] if len({*shapes}) == 1 and len(shapes) == len(arguments) else ()


def _on_each(types: tuple[Type, ...], shape: Shape) -> tuple[Type, ...]:
    return tuple(replace(t, shape=shape) if isinstance(t, Tensor) else t for t in types)


def _construct(
    ctx: Context,
    function: Constructor,
    positional: list[Given],
    named: Mapping[str, Given],
    span: Span,
) -> Value:
    """`Class[n](i)`, `Element(i)`, `Atom(a, b)`: elementwise on tensors."""
    if named:
        problem = f"has no parameter `{next(iter(named))}`"
        ctx.report(WrongArguments(span=span, name=function.name, problem=problem))
        return POISON
    arguments = [lift(ctx, v, s) for v, s in positional]
    match function.type:
        case Tensor(Label(), ()) if len(arguments) == 1:
            shape = ctx.shape_of(arguments[0])
            type = Tensor(function.type.element, shape or ())
            return Apply(type, span, "label", tuple(arguments))
        case RecordType(fields) if len(fields) == len(arguments):
            for a, (_, t) in zip(arguments, fields, strict=True):
                ctx.unify(a.type, t, a.span)
            names = tuple(f for f, _ in fields)
            parts = tuple(coerce(ctx, a, t) for a, (_, t) in zip(arguments, fields, strict=True))
            return Apply(function.type, span, "record", parts, {"fields": names})
        case _:
            problem = f"cannot be made of {len(arguments)} arguments"
            ctx.report(WrongArguments(span=span, name=function.name, problem=problem))
            return POISON
