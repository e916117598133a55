"""Evaluating an expression: to what is known while planning, or to a typed term."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sailc.diagnostics.types import NotKnownYet, TypeMismatch
from sailc.infer.calls import call_expression
from sailc.infer.comprehensions import comprehension
from sailc.infer.context import Context
from sailc.infer.members import element, member
from sailc.infer.operators import binary, conditional, match, unary
from sailc.infer.scopes import lookup
from sailc.infer.units import read_unit
from sailc.infer.values import (
    POISON,
    Closure,
    Fields,
    Poison,
    Quantity,
    Scope,
    Sequence,
    Value,
)
from sailc.syntax import tree
from sailc.types.dims import Dim


def evaluate(ctx: Context, expr: tree.Expr, scope: Scope) -> Value:
    """The value of an expression; `Poison` after a mistake, which is reported."""
    ctx.step(expr.span)
    return _EVALUATE.get(type(expr), _missing)(ctx, expr, scope)


def _literal(ctx: Context, expr: Any, scope: Scope) -> Value:
    return expr.value


def _quantity(ctx: Context, expr: tree.Quantity, scope: Scope) -> Value:
    unit = read_unit(ctx, expr.unit, expr.unit_span, scope)
    return POISON if unit is None else Quantity(float(expr.value), unit)


def _tuple(ctx: Context, expr: tree.Tuple, scope: Scope) -> Value:
    return Sequence(tuple(ctx.evaluate(i, scope) for i in expr.items), brackets=False)


def _list(ctx: Context, expr: tree.List, scope: Scope) -> Value:
    return Sequence(tuple(ctx.evaluate(i, scope) for i in expr.items))


def _record(ctx: Context, expr: tree.Record, scope: Scope) -> Value:
    return Fields(
        {f.name: ctx.evaluate(f.value, scope) for f in expr.fields if f.value is not None}
    )


def _range(ctx: Context, expr: tree.Range, scope: Scope) -> Value:
    ends = [ctx.evaluate(e, scope) for e in (expr.start, expr.stop)]
    step = ctx.evaluate(expr.step, scope) if expr.step is not None else 1
    values = [v.value if isinstance(v, Dim) else v for v in (*ends, step)]
    match values:
        case [int() as a, int() as b, int() as by] if by:
            numbers = range(a, b + (1 if by > 0 else -1), by)
            ctx.step(expr.span, len(numbers))
            return Sequence(tuple(numbers))
        case [int() | float() as a, int() | float() as b, int() | float() as by] if by:
            count = int((b - a) / by + 1e-9) + 1
            ctx.step(expr.span, max(count, 0))
            return Sequence(tuple(a + by * i for i in range(count)))
        case _ if any(isinstance(v, Poison) for v in values):
            return POISON
        case _:
            ctx.report(NotKnownYet(span=expr.span, what="a range"))
            return POISON


def _lambda(ctx: Context, expr: tree.Lambda, scope: Scope) -> Value:
    return Closure("", expr.parameters, None, expr.body, (), scope, expr.span)


def _type_expression(ctx: Context, expr: tree.Expr, scope: Scope) -> Value:
    ctx.report(TypeMismatch(span=expr.span, found="a type", expected="a value"))
    return POISON


def _missing(ctx: Context, expr: tree.Expr, scope: Scope) -> Value:
    return POISON


_EVALUATE: dict[type, Callable[..., Value]] = {
    tree.Missing: _missing,
    tree.Name: lookup,
    tree.Number: _literal,
    tree.String: _literal,
    tree.Truth: _literal,
    tree.Quantity: _quantity,
    tree.Member: member,
    tree.Index: element,
    tree.Range: _range,
    tree.Call: call_expression,
    tree.Lambda: _lambda,
    tree.If: conditional,
    tree.Match: match,
    tree.Tuple: _tuple,
    tree.List: _list,
    tree.Record: _record,
    tree.Comprehension: comprehension,
    tree.Unary: unary,
    tree.Binary: binary,
    tree.WithUnit: _type_expression,
    tree.Spread: _type_expression,
    tree.Optional: _type_expression,
    tree.Arrow: _type_expression,
    tree.Slice: _type_expression,
}
