"""Functions that are given to externs: as Python's callables, of what the declaration says."""

from __future__ import annotations

from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.values import Closure, Given, Poison, Value
from sailc.source import Span
from sailc.terms import Apply, Lambda, Var
from sailc.types.model import FunctionType


def given_function(
    ctx: Context, value: Value, type: FunctionType, span: Span, name: str
) -> Apply | None:
    """The term of a function of the type that an extern declares; None where its result is
    another, which is reported. What is computed in it is in the units declared."""
    variables = tuple(
        Var(t, span, label) for t, label in zip(type.parameters, _labels(value, type), strict=True)
    )
    given: list[Given] = [(v, span) for v in variables]
    made = ctx.apply(value, given, {}, span)
    if isinstance(made, Poison):
        return None
    body = lift(ctx, made, span)
    if not ctx.unify(body.type, type.result, span, f"what the function `{name}` gives"):
        return None
    function = Lambda(variables, coerce(ctx, body, type.result))
    return Apply(type, span, "callable", (), {"function": function, "called": name})


def _labels(value: Value, type: FunctionType) -> list[str]:
    """What the author calls the parameters, if they are said where the function is."""
    names = [p.name for p in value.parameters] if isinstance(value, Closure) else []
    n = len(type.parameters)
    return names if len(names) == n else [f"x{i + 1}" if n > 1 else "x" for i in range(n)]
