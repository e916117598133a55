"""`repeat` and `copies`: they elaborate their argument afresh each time."""

from __future__ import annotations

from collections.abc import Callable

from sailc.diagnostics.types import NotKnownYet, WrongArguments
from sailc.infer.context import Context
from sailc.infer.values import (
    POISON,
    Composed,
    Poison,
    Scope,
    Sequence,
    Value,
    as_dim,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import ANSWERS, Apply, Var
from sailc.types.model import FunctionType

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


_FORMS: dict[str, Form] = {"repeat": _repeat, "copies": _copies_form}


def special_form(ctx: Context, name: tree.Name, scope: Scope) -> Form | None:
    """`repeat` and `copies`: they elaborate their argument afresh each time."""
    if name.id not in _FORMS or scope.find(name.id) is not None:
        return None
    return _FORMS[name.id]
