"""`high low within`: what rankings and conditions compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.types import TypeMismatch
from sailc.infer import plantime
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.values import (
    POISON,
    Given,
    Measured,
    Poison,
    Quantity,
    Sequence,
    Value,
    is_term,
)
from sailc.terms import Apply

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _end(ctx: Context, call: Bound) -> Value:
    """`high(m)`, `low(m)`: an end of a metric's interval."""
    value = call.value("m")
    match value:
        case Measured():
            return value.high if call.name == "high" else value.low
        case Quantity(Measured() as number, unit):
            return Quantity(number.high if call.name == "high" else number.low, unit)
        case _ if is_term(value):
            whole = lift(ctx, value, call.where("m"))
            return Apply(ctx.type_of(whole), call.span, call.name, (whole,))
        case _:
            return value


def _within(ctx: Context, call: Bound) -> Value:
    """`within(x, targets, share)`: |x - t| <= share * |t| for some target t."""
    targets = call.value("targets")
    each = targets.items if isinstance(targets, Sequence) else (targets,)
    held: Value = False
    for target in each:
        near = _near(ctx, call, target)
        if isinstance(near, Poison):
            return POISON
        if near is True or held is True:
            held = True
        elif held is False:
            held = near
        elif near is not False:
            held = _apply(ctx, call, "logical_or", held, near)
    return held


def _near(ctx: Context, call: Bound, target: Value) -> Value:
    x = call.value("x")
    distance = _apply(ctx, call, "subtract", x, target)
    limit = _apply(ctx, call, "multiply", call.value("share"), target)
    return _apply(ctx, call, "less_equal", _size(ctx, call, distance), _size(ctx, call, limit))


_SYMBOLS = {"subtract": "-", "multiply": "*", "less_equal": "<="}


def _apply(ctx: Context, call: Bound, operator: str, a: Value, b: Value) -> Value:
    if isinstance(a, Poison) or isinstance(b, Poison):
        return POISON
    if operator in _SYMBOLS and not is_term(a) and not is_term(b):
        try:
            return plantime.fold(_SYMBOLS[operator], a, b)
        except plantime.CannotFold:
            expected = "numbers of one unit"
            ctx.report(TypeMismatch(span=call.span, found="this", expected=expected))
            return POISON
    both: list[Given] = [(a, call.span), (b, call.span)]
    return ctx.apply(ctx.operator(operator), both, {}, call.span)


def _size(ctx: Context, call: Bound, value: Value) -> Value:
    match value:
        case Quantity(number, unit):
            return Quantity(abs(number), unit)
        case int() | float():
            return abs(value)
        case _:
            return ctx.apply(ctx.operator("abs"), [(value, call.span)], {}, call.span)


RULES: dict[str, Rule] = {"end": _end, "within": _within}
