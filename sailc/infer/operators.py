"""Operators, `if` and `match`."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.diagnostics.types import NotKnownYet
from sailc.infer import plantime
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.primitives import operate
from sailc.infer.values import (
    POISON,
    Composed,
    Given,
    Poison,
    Scope,
    Sequence,
    Value,
    Word,
    is_term,
)
from sailc.syntax import tree
from sailc.terms import Term

OPERATORS: Mapping[str, str] = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "^": "power",
    "@": "matmul",
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "and": "logical_and",
    "or": "logical_or",
}


def binary(ctx: Context, expr: tree.Binary, scope: Scope) -> Value:
    if expr.operator == "|>":
        return _pipe(ctx, expr, scope)
    left, right = ctx.evaluate(expr.left, scope), ctx.evaluate(expr.right, scope)
    if expr.operator == ">>":
        return Composed((left, right))
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    if expr.operator == "in":
        return _member_of(ctx, expr, left, right)
    if expr.operator in ("and", "or") and isinstance(left, bool) and isinstance(right, bool):
        return (left and right) if expr.operator == "and" else (left or right)
    if not is_term(left) and not is_term(right):
        try:
            return plantime.fold(expr.operator, left, right)
        except plantime.CannotFold:
            pass
    function = ctx.operator(OPERATORS[expr.operator])
    both: list[Given] = [(left, expr.left.span), (right, expr.right.span)]
    return operate(ctx, function, both, expr.span)


def _member_of(ctx: Context, expr: tree.Binary, left: Value, right: Value) -> Value:
    """`x in [a, b]`, of what is known while planning."""
    if isinstance(right, Sequence) and not is_term(left):
        return any(left == item for item in right.items)
    ctx.report(NotKnownYet(span=expr.span, what="what `in` compares"))
    return POISON


def _pipe(ctx: Context, expr: tree.Binary, scope: Scope) -> Value:
    left = ctx.evaluate(expr.left, scope)
    right = ctx.evaluate(expr.right, scope)
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    return ctx.apply(right, [(left, expr.left.span)], {}, expr.span)


def unary(ctx: Context, expr: tree.Unary, scope: Scope) -> Value:
    value = ctx.evaluate(expr.operand, scope)
    if isinstance(value, Poison):
        return POISON
    if expr.operator == "not" and isinstance(value, bool):
        return not value
    if expr.operator == "-" and not is_term(value):
        try:
            return plantime.negative(value)
        except plantime.CannotFold:
            pass
    name = "negative" if expr.operator == "-" else "logical_not"
    return operate(ctx, ctx.operator(name), [(value, expr.operand.span)], expr.span)


def conditional(ctx: Context, expr: tree.If, scope: Scope) -> Value:
    condition = ctx.evaluate(expr.condition, scope)
    if isinstance(condition, bool):
        return ctx.evaluate(expr.then if condition else expr.otherwise, scope)
    if isinstance(condition, Poison):
        return POISON
    branches = [ctx.evaluate(e, scope) for e in (expr.then, expr.otherwise)]
    three: list[Given] = [
        (condition, expr.condition.span),
        (branches[0], expr.then.span),
        (branches[1], expr.otherwise.span),
    ]
    return operate(ctx, ctx.operator("where"), three, expr.span)


def match(ctx: Context, expr: tree.Match, scope: Scope) -> Value:
    subject = ctx.evaluate(expr.subject, scope)
    if is_term(subject):
        return _match_term(ctx, expr, lift(ctx, subject, expr.subject.span), scope)
    for arm in expr.arms:
        if not _fits(ctx, arm.pattern, subject, scope):
            continue
        if arm.guard is None or ctx.evaluate(arm.guard, scope) is True:
            return ctx.evaluate(arm.value, scope)
    return POISON


def _fits(ctx: Context, pattern: tree.Expr, subject: Value, scope: Scope) -> bool:
    if isinstance(pattern, tree.Name):
        if pattern.id == "_":
            return True
        if isinstance(subject, Word):
            return subject.name == pattern.id
    return ctx.evaluate(pattern, scope) == subject


def _match_term(ctx: Context, expr: tree.Match, subject: Term, scope: Scope) -> Value:
    """A chain of `where`, the last arm deciding what is left."""
    result: Value = POISON
    for arm in reversed(expr.arms):
        value = ctx.evaluate(arm.value, scope)
        if isinstance(result, Poison):
            result = value
            continue
        pattern = ctx.evaluate(arm.pattern, scope)
        both: list[Given] = [(subject, expr.subject.span), (pattern, arm.pattern.span)]
        same = operate(ctx, ctx.operator("equal"), both, arm.span)
        three = [(same, arm.span), (value, arm.value.span), (result, arm.span)]
        result = operate(ctx, ctx.operator("where"), three, arm.span)
    return result
