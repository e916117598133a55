"""`equivalent(f, g)`: functions that are compared, while planning or once the data are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.formulas import NoFormula
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import held, lift
from sailc.infer.values import POISON, Function, Value
from sailc.terms import Apply, Const, Lambda, Term
from sailc.types.model import BOOLEAN, REAL, FunctionType, Num, Tensor, Type, TypeVar, Unknown

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _equivalent(ctx: Context, call: Bound) -> Value:
    """Decided at once where the functions are known; a truth value of the data otherwise."""
    pair = _functions(ctx, call)
    if pair is None:
        return POISON
    f, g = pair
    type = ctx.type_of(f)
    assert isinstance(type, FunctionType)
    if not all(_is_number(t) for t in (*type.parameters, type.result)):
        problem = "only functions of numbers, that give a number, are compared"
        ctx.report(NoFormula(span=call.where("f"), problem=problem))
        return POISON
    bounds = [_bound(ctx, call, name, type.parameters[0]) for name in ("from", "to")]
    tolerance = lift(ctx, call.value("tolerance"), call.where("tolerance"))
    if not ctx.unify(tolerance.type, REAL, call.where("tolerance"), "a tolerance"):
        return POISON
    numbers = [t.value for t in (tolerance, *bounds) if isinstance(t, Const)]
    known = _formulas(ctx, f, g)
    if known is not None and len(numbers) == 3:
        from sailc.symbolic.formulas import are_one

        return are_one(*known, *(float(str(n)) for n in numbers))
    return Apply(BOOLEAN, call.span, "equivalent", (f, g, tolerance, *bounds))


def _functions(ctx: Context, call: Bound) -> tuple[Term, Term] | None:
    """The two functions, of one type."""
    found: dict[str, Term] = {}
    for name in sorted(("f", "g"), key=lambda n: isinstance(call.value(n), Function)):
        wanted = next((ctx.type_of(t) for t in found.values()), None)
        found[name] = term = held(ctx, call.value(name), call.where(name), wanted)
        type = ctx.type_of(term)
        if isinstance(type, Unknown | TypeVar):
            return None
        if not isinstance(type, FunctionType):
            problem = "`equivalent` compares two functions"
            ctx.report(NoFormula(span=call.where(name), problem=problem))
            return None
    f, g = found["f"], found["g"]
    if not ctx.unify(g.type, f.type, call.span, "two functions that are compared"):
        return None
    return f, coerce(ctx, g, ctx.type_of(f))


def _is_number(type: Type) -> bool:
    return isinstance(type, Tensor) and isinstance(type.element, Num) and not type.shape


def _bound(ctx: Context, call: Bound, name: str, type: Type) -> Term:
    """Where functions are compared from, and to; a bare number is in the unit of what they take."""
    value, span = call.values[name]
    if isinstance(value, int | float):
        return Const(type, span, value)
    given = lift(ctx, value, span)
    fits = ctx.unify(given.type, type, span, f"the argument `{name}` of `equivalent`")
    return coerce(ctx, given, type) if fits else ctx.poison(span)


def _formulas(ctx: Context, f: Term, g: Term) -> tuple[object, object] | None:
    """Both as formulas; None where any is known only with the data."""
    from sailc.symbolic.algebra import NoSymbol
    from sailc.symbolic.formulas import formula

    found: list[object] = []
    for t in (f, g):
        function = t.attributes.get("function") if isinstance(t, Apply) else None
        if not isinstance(function, Lambda):
            return None
        try:
            found.append(formula(function))
        except NoSymbol:
            return None
    return found[0], found[1]


RULES: dict[str, Rule] = {"equivalent": _equivalent}
