"""`[e for x in xs if c]`: unrolled over what is known, a `Map` over data."""

from __future__ import annotations

from collections.abc import Callable

from sailc.infer.context import Context
from sailc.infer.lift import elements, held, lift, term
from sailc.infer.scopes import bind, pattern_name
from sailc.infer.values import (
    POISON,
    Poison,
    Scope,
    Sequence,
    Value,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Map, Term, Var, digest
from sailc.types.dims import Dim, DimName, atom
from sailc.types.model import (
    BOOLEAN,
    ListType,
)


def comprehension(ctx: Context, expr: tree.Comprehension, scope: Scope) -> Value:
    return _clauses(ctx, expr, expr.clauses, scope)


def _clauses(
    ctx: Context, expr: tree.Comprehension, clauses: tuple[tree.Clause, ...], scope: Scope
) -> Value:
    clause, rest = clauses[0], clauses[1:]

    def body(inner: Scope) -> Value:
        return _clauses(ctx, expr, rest, inner) if rest else ctx.evaluate(expr.value, inner)

    source = ctx.evaluate(clause.source, scope)
    if isinstance(source, Sequence):
        return _unrolled(ctx, clause, source, scope, body, flat=bool(rest))
    if isinstance(source, Poison):
        return POISON
    mapped = _mapped(ctx, clause, lift(ctx, source, clause.source.span), scope, body, expr.span)
    if not rest:
        return mapped
    item, n = elements(ctx, mapped, expr.span)
    match item:
        case ListType(inner, m):
            return Apply(ListType(inner, n * m), expr.span, "chain", (mapped,))
        case _:
            return mapped


def _unrolled(
    ctx: Context,
    clause: tree.Clause,
    source: Sequence,
    scope: Scope,
    body: Callable[[Scope], Value],
    flat: bool,
) -> Value:
    items: list[Value] = []
    for value in source.items:
        inner = scope.child()
        bind(ctx, clause.target, value, inner)
        if clause.condition is not None and ctx.evaluate(clause.condition, inner) is not True:
            continue
        result = body(inner)
        items.extend(result.items if flat and isinstance(result, Sequence) else (result,))
    return Sequence(tuple(items))


def _mapped(
    ctx: Context,
    clause: tree.Clause,
    source: Term,
    scope: Scope,
    body: Callable[[Scope], Value],
    span: Span,
) -> Term:
    item, n = elements(ctx, source, clause.source.span)
    place = f"element of {digest(source)}"
    variable = Var(item, clause.target.span, pattern_name(clause.target), place)
    inner = scope.child()
    bind(ctx, clause.target, variable, inner)
    condition = None
    if clause.condition is not None:
        condition = term(ctx, clause.condition, inner)
        ctx.unify(condition.type, BOOLEAN, clause.condition.span)
        n = _kept(n, source, condition)
    value = held(ctx, body(inner), span)
    return Map(ListType(ctx.type_of(value), n), span, variable, source, value, condition)


def _kept(n: Dim, source: Term, condition: Term) -> Dim:
    """How many elements a condition leaves: the data's to say, and the same wherever the same
    elements are asked the same."""
    return atom(DimName(f"some of {n}@{digest(source, condition)}"))
