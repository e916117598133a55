"""Templates: `let` with parameters, `fn` with a body, lambdas. They are expanded."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.diagnostics.names import NeedsItself
from sailc.infer.arguments import match_up
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.read import read_type
from sailc.infer.scopes import bind, bind_lets
from sailc.infer.values import (
    POISON,
    Closure,
    Function,
    Given,
    Poison,
    Scope,
    Value,
    is_term,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Map, named
from sailc.types.model import (
    FunctionType,
)

MAX_DEPTH = 64


def expand(
    ctx: Context,
    function: Closure,
    positional: list[Given],
    given: Mapping[str, Given],
    span: Span,
) -> Value:
    key = f"{function.span.file}:{function.span.start}:{function.name}"
    if function.name and key in ctx.calls:
        ctx.report(NeedsItself(span=span, name=function.name))
        return POISON
    if len(ctx.calls) > MAX_DEPTH:
        ctx.report(NeedsItself(span=span, name=function.name or "this function"))
        return POISON
    matched = match_up(ctx, function, positional, given, span)
    if matched is None:
        return POISON
    scope = function.scope.child()
    for p in function.parameters:
        value = matched[0].get(p.name)
        if p.pattern is not None and value is not None:
            bind(ctx, p.pattern, value[0], scope)
        else:
            scope.names[p.name] = (
                _default(ctx, function, p, scope, span)
                if value is None
                else _argument(ctx, p, value, scope)
            )
    if any(isinstance(scope.names.get(p.name), Poison) for p in function.parameters):
        return POISON
    ctx.calls.append(key)
    outside = ctx.enter(function, span)
    body = _body(function)
    bind_lets(ctx, function.lines, scope)
    result = ctx.evaluate(body, scope) if body is not None else POISON
    ctx.calls.pop()
    fits = True
    if function.result is not None and is_term(result):
        declared = read_type(ctx, function.result, scope)
        where = body.span if body is not None else span
        fits = ctx.unify(result.type, declared, where, "the result", function.result.span)
        result = coerce(ctx, result, declared) if fits else result
    ctx.site = outside
    if not fits:
        return POISON
    if function.name and isinstance(result, Apply | Map):
        return named(result, function.name)
    return result


def _body(function: Closure) -> tree.Expr | None:
    for line in function.lines:
        if isinstance(line, tree.Give):
            return line.value
    return function.value


def _default(ctx: Context, function: Closure, p: tree.Parameter, scope: Scope, span: Span) -> Value:
    """What a parameter is unless it is given: a mistake in it is one of the use."""
    assert p.default is not None
    outside = ctx.enter(function, span)
    value = ctx.evaluate(p.default, scope)
    ctx.site = outside
    return value


def _argument(ctx: Context, p: tree.Parameter, given: Given, scope: Scope) -> Value:
    """An argument of a template, checked against the parameter's type if it has one."""
    value, span = given
    if p.type is None or isinstance(value, Poison):
        return value
    plain = isinstance(p.type, tree.Name) and p.type.id in ("int", "bool", "real", "Text")
    if plain and not is_term(value):
        return value
    type = read_type(ctx, p.type, scope)
    if isinstance(type, FunctionType) or isinstance(value, Function):
        return value
    lifted = lift(ctx, value, span)
    fits = ctx.unify(lifted.type, type, span, f"the argument `{p.name}`")
    return coerce(ctx, lifted, type) if fits else POISON
