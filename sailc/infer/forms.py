"""What elaborates its arguments in a way of its own: `repeat` and `copies` afresh each time, `grad`
where its variable is a number already."""

from __future__ import annotations

from collections.abc import Callable

from sailc.diagnostics.types import NoDerivative, NotKnownYet, WrongArguments
from sailc.infer.context import Context
from sailc.infer.values import (
    POISON,
    Composed,
    Given,
    Poison,
    Quantity,
    Scope,
    Sequence,
    Value,
    as_dim,
    is_term,
)
from sailc.infer.varied import varied
from sailc.source import Span
from sailc.symbolic.slope import in_algebra
from sailc.syntax import tree
from sailc.terms import ANSWERS, Apply, Const, Var, made_of, rebuild, walk
from sailc.types.model import REAL, FunctionType, Num, Tensor

Form = Callable[[Context, tree.Call, Scope], Value]


def _copies(ctx: Context, expr: tree.Call, scope: Scope) -> list[Value] | None:
    if len(expr.arguments) != 2:
        problem = "takes a count and a function, as `repeat(3, linear(8) >> relu)`"
        name = expr.function.id if isinstance(expr.function, tree.Name) else "repeat"
        ctx.report(WrongArguments(span=expr.span, name=name, problem=problem))
        return None
    head, body = (a.value for a in expr.arguments)
    if isinstance(head, tree.Binary) and head.operator == "in" and isinstance(head.left, tree.Name):
        source = ctx.evaluate(head.right, scope)
        if not isinstance(source, Sequence):
            return _not_known(ctx, source, head.right.span)
        results: list[Value] = []
        for item in source.items:
            inner = scope.child()
            inner.names[head.left.id] = item
            results.append(_afresh(ctx, ctx.evaluate(body, inner)))
        return results
    n = as_dim(ctx.evaluate(head, scope))
    if n is None or n.value is None:
        return _not_known(ctx, None, head.span)
    ctx.step(head.span, min(max(n.value, 0), ctx.fuel + 1))
    return [_afresh(ctx, ctx.evaluate(body, scope)) for _ in range(n.value)]


def _afresh(ctx: Context, value: Value) -> Value:
    """What a hole is filled with has parameters of its own in each copy; the function that
    answers a problem's questions is one."""
    if not isinstance(value, Var) or value.place == ANSWERS:
        return value
    if isinstance(ctx.type_of(value), FunctionType):
        return Apply(value.type, value.span, "copy", (value,))
    return value


def _not_known(ctx: Context, value: object, span: Span) -> None:
    if not isinstance(value, Poison):
        ctx.report(NotKnownYet(span=span, what="a count"))


def _repeat(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    copies = _copies(ctx, expr, scope)
    return POISON if copies is None else Composed(tuple(copies))


def _copies_form(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    copies = _copies(ctx, expr, scope)
    return POISON if copies is None else Sequence(tuple(copies))


def _grad(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    """`grad(f(x), x)`, where x may be a number already: the slope of f there."""
    function = ctx.evaluate(expr.function, scope)
    by = expr.arguments[-1].value if expr.arguments else None
    known = _number(ctx, by, scope) if isinstance(by, tree.Name) else None
    if isinstance(by, tree.Name) and known is not None:
        return _at_number(ctx, function, expr, by, known, scope)
    return _called(ctx, function, expr, scope)


def _number(ctx: Context, name: tree.Name, scope: Scope) -> Const | None:
    """The number that a name stands for, if it is known already."""
    if scope.find(name.id) is None:
        return None
    match ctx.evaluate(name, scope):
        case bool():
            return None
        case int() | float() as value:
            return Const(REAL, name.span, value)
        case Quantity(value, unit):
            return Const(Tensor(Num(unit)), name.span, value)
        case Const(type=Tensor(Num(), ()), value=int() | float()) as found:
            return found
        case _:
            return None


def _at_number(
    ctx: Context, function: Value, expr: tree.Call, by: tree.Name, known: Const, scope: Scope
) -> Value:
    variable = Var(known.type, by.span, by.id)
    value = _called(ctx, function, expr, varied(scope, by.id, variable))
    if not is_term(value):
        return value
    value = in_algebra(value, ctx.solver)
    hanging = made_of([value], {id(variable)})
    if any(isinstance(t, Apply) and t.operator == "grad" and id(t) in hanging for t in walk(value)):
        problem = "algebra knows none, and there is no other by a number that is known already"
        ctx.report(NoDerivative(span=expr.span, problem=problem))
        return POISON
    return rebuild(value, lambda t: t, {id(variable): known})


def _called(ctx: Context, function: Value, expr: tree.Call, scope: Scope) -> Value:
    positional: list[Given] = []
    named: dict[str, Given] = {}
    for a in expr.arguments:
        given = (ctx.evaluate(a.value, scope), a.value.span)
        if isinstance(a.name, tree.Name):
            named[a.name.id] = given
        else:
            positional.append(given)
    return ctx.apply(function, positional, named, expr.span)


_FORMS: dict[str, Form] = {"repeat": _repeat, "copies": _copies_form, "grad": _grad}


def special_form(ctx: Context, name: tree.Name, scope: Scope) -> Form | None:
    """What elaborates its arguments in a way of its own."""
    if name.id not in _FORMS or scope.find(name.id) is not None:
        return None
    return _FORMS[name.id]
