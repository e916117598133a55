"""Units as a file sees them: its own declarations, those that it uses, and the usual ones.

`unit mile = 1609.344 m` is a size of another unit, `unit dyne = g*cm/s^2` a product of
others, and `unit widget` is of a dimension of its own.
"""

from __future__ import annotations

from fractions import Fraction

from sailc.diagnostics.names import NeedsItself
from sailc.diagnostics.types import InvalidType, UnknownUnit
from sailc.infer.context import Context
from sailc.infer.values import Scope
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree
from sailc.units import ONE, Unit, UnitError, base_unit, known_units, parse_unit


def read_unit(ctx: Context, text: str, span: Span, scope: Scope) -> Unit | None:
    """A unit as written; unit variables are the declaration's. None after a mistake, which
    is reported."""
    unit = _parsed(ctx, text, span, scope.file)
    if unit is None:
        return None
    result = unit
    for name, power in unit.variables:
        found = scope.find_unit(name)
        if found is None:
            found = scope.units[name] = ctx.solver.unit_var(name)
        result = result.without(name) * found**power
    return result


def _parsed(ctx: Context, text: str, span: Span, file: str) -> Unit | None:
    units = ctx.names.views[file].units

    def declared(name: str) -> Unit | None:
        return declared_unit(ctx, units[name]) if name in units else None

    try:
        return parse_unit(text, declared)
    except UnitError as error:
        known = (*known_units(), *units)
        use = ctx.names.bringing("unit", error.name)
        ctx.report(UnknownUnit(span=span, name=error.name, known=known, use=use))
        return None


def declared_unit(ctx: Context, entry: Entry) -> Unit | None:
    """The unit that a declaration makes; None after a mistake, which is reported."""
    d = entry.declaration
    if d.value is None:
        return base_unit(d.name)
    if f"unit {d.name}" in ctx.calls:
        ctx.report(NeedsItself(span=d.name_span, name=d.name))
        return ONE
    ctx.calls.append(f"unit {d.name}")
    unit = _value(ctx, d.value, entry.file)
    ctx.calls.pop()
    return unit.named(d.name) if unit is not None else ONE


def _value(ctx: Context, expr: tree.Expr, file: str) -> Unit | None:
    """A number of units, or units multiplied, divided and raised to powers."""
    match expr:
        case tree.Quantity(_, value, unit, span):
            known = _parsed(ctx, unit, span, file)
            return known.times(float(value)) if known is not None else None
        case tree.Name(span, name):
            return _parsed(ctx, name, span, file)
        case tree.Number(_, value):
            return ONE.times(float(value))
        case tree.Binary(_, "^", base, tree.Number(_, power)):
            known = _value(ctx, base, file)
            return known ** Fraction(str(power)) if known is not None else None
        case tree.Binary(_, ("*" | "/") as sign, left, right):
            a, b = _value(ctx, left, file), _value(ctx, right, file)
            if a is None or b is None:
                return None
            return a * b if sign == "*" else a / b
        case tree.Missing():
            return None
        case _:
            problem = "a unit is so many of another (`1609.344 m`), or made of others (`kg*m/s^2`)"
            ctx.report(InvalidType(span=expr.span, problem=problem))
            return None
