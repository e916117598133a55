"""Operators: an `fn` without a body becomes a term, typed by its declaration or a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sailc.diagnostics.types import NotKnownYet, WrongArguments
from sailc.infer import plantime
from sailc.infer.arguments import find_property, match_up, rule_of, words_of
from sailc.infer.bound import Bound
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.equations import instance
from sailc.infer.externs import extern_call
from sailc.infer.layers import count, layer_of
from sailc.infer.lift import lift
from sailc.infer.read import read_type
from sailc.infer.rules import RULES
from sailc.infer.values import (
    POISON,
    Function,
    Given,
    Poison,
    Primitive,
    RunOf,
    Scope,
    Sequence,
    Value,
    Word,
    as_dim,
    is_term,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Attribute, Layer, Term
from sailc.types.dims import Dim
from sailc.types.model import (
    UNKNOWN,
)


def primitive(
    ctx: Context,
    function: Primitive,
    positional: list[Given],
    given: Mapping[str, Given],
    span: Span,
    layer: Layer | None,
) -> Value:
    """A call of an operator."""
    matched = match_up(ctx, function, positional, given, span)
    if matched is None:
        return POISON
    table, extra = matched
    if any(isinstance(g[0], Poison) for g in [*table.values(), *extra] if g is not None):
        return POISON
    declaration = function.declaration
    scope = function.scope.child()
    values: dict[str, Given] = {}
    for p in declaration.parameters or ():
        found = table[p.name]
        if found is None:
            word = p.default.id if isinstance(p.default, tree.Name) and words_of(p) else None
            assert p.default is not None
            found = (Word(word) if word else ctx.evaluate(p.default, scope), span)
        values[p.name] = found
    if declaration.kind == "extern":
        return extern_call(ctx, function, values, scope, span)
    if declaration.kind == "equation":
        return instance(ctx, declaration, values, scope, span)
    rule = rule_of(declaration)
    if rule is not None:
        values.update((n, g) for n, g in table.items() if n not in values and g is not None)
        return _by_rule(ctx, rule, Bound(declaration, values, tuple(extra), scope, span))
    folded = _folded(declaration, values)
    return folded if folded is not None else _apply(ctx, declaration, values, scope, span, layer)


def operate(ctx: Context, function: Primitive, operands: list[Given], span: Span) -> Value:
    """An operator's sign among its operands: none of them lacks, and each knows its place."""
    ctx.step(span)
    declaration = function.declaration
    rule = rule_of(declaration)
    if rule is None:  # a library that declares the operator in its own way
        return primitive(ctx, function, operands, {}, span, None)
    if any(isinstance(value, Poison) for value, _ in operands):
        return POISON
    names = (p.name for p in declaration.parameters or ())
    values = dict(zip(names, operands, strict=True))
    return _by_rule(ctx, rule, Bound(declaration, values, (), function.scope.child(), span))


def _by_rule(ctx: Context, rule: str, call: Bound) -> Value:
    maker = RULES.get(rule)
    return POISON if maker is None else maker(ctx, call)


def _folded(declaration: tree.Declaration, values: Mapping[str, Given]) -> Value | None:
    if len(values) != 1:
        return None
    (value, _) = next(iter(values.values()))
    try:
        return plantime.call(declaration.name, value)
    except plantime.CannotFold:
        return None


def _apply(
    ctx: Context,
    declaration: tree.Declaration,
    values: Mapping[str, Given],
    scope: Scope,
    span: Span,
    layer: Layer | None,
) -> Value:
    """An operator whose declaration says its type: a term."""
    arguments: list[Term] = []
    attributes: dict[str, object] = {}
    for p in declaration.parameters or ():
        scope.names.update({w: Word(w) for w in words_of(p) if scope.find(w) is None})
        value, where = values[p.name]
        if is_static(p):
            known = plan_value(ctx, p, value, where)
            if not _is_as_inferred(ctx, declaration, p, known, scope, where):
                return POISON
            scope.names[p.name] = known
            attributes[p.name] = attribute(known)
        elif isinstance(value, Function):
            attributes[p.name] = value
        else:
            lifted = lift(ctx, value, where)
            if p.type is not None:
                expected = read_type(ctx, p.type, scope)
                context = f"the argument `{p.name}` of `{declaration.name}`"
                if not ctx.unify(lifted.type, expected, where, context):
                    return POISON
                lifted = coerce(ctx, lifted, expected)
            # What is known while planning, a `require` may read.
            scope.names[p.name] = value if isinstance(value, int | float) else lifted
            arguments.append(lifted)
    if not _required(ctx, declaration, scope, span):
        return POISON
    result = declaration.result
    type = read_type(ctx, result, scope) if result is not None else UNKNOWN
    layer = layer_of(ctx, declaration, scope, span, layer)
    if find_property(declaration, "draws") is not None:
        attributes["draws"] = True
    return Apply(
        type,
        span,
        declaration.name,
        tuple(arguments),
        cast("dict[str, Attribute]", attributes),  # a function stays what it is
        layer,
        count(ctx, declaration, "macs", scope),
        count(ctx, declaration, "flops", scope),
    )


def _is_as_inferred(
    ctx: Context,
    declaration: tree.Declaration,
    p: tree.Parameter,
    known: Value,
    scope: Scope,
    span: Span,
) -> bool:
    """Whether a dimension that is given is that of an argument before it, which may have been
    found already (`embedding`, of as many labels as its argument has)."""
    found = scope.names.get(p.name)
    if not isinstance(found, Dim) or not isinstance(known, Dim):
        return True
    wrong = ctx.solver.unify_dims(found, known, span)
    if wrong is not None:
        there, given = str(ctx.solver.dim(found)), str(ctx.solver.dim(known))
        problem = f"is given `{p.name} = {given}` where its argument has {there}"
        ctx.report(WrongArguments(span=span, name=declaration.name, problem=problem))
    return wrong is None


def _required(ctx: Context, declaration: tree.Declaration, scope: Scope, span: Span) -> bool:
    """Whether the `require` lines of an operator hold, or cannot be decided yet."""
    for line in declaration.body or ():
        if isinstance(line, tree.Require) and ctx.evaluate(line.condition, scope) is False:
            problem = line.because or "does not take these arguments"
            ctx.report(WrongArguments(span=span, name=declaration.name, problem=problem))
            return False
    return True


_STATIC = frozenset({"int", "bool", "Text"})


def is_static(p: tree.Parameter) -> bool:
    """Whether a parameter of an operator must be known while planning."""
    match p.type:
        case tree.Name(_, name):
            return name in _STATIC
        case tree.Index(_, tree.Name(_, "List"), (tree.Name(_, "int"), *_)):
            return True
        case tree.Record():
            return bool(words_of(p))
        case tree.Optional(_, tree.Name(_, name)):
            return name in _STATIC
        case None:
            return True
        case _:
            return False


def plan_value(ctx: Context, p: tree.Parameter, value: Value, span: Span) -> Value:
    """A plan-time argument in its parameter's type; reported where it is not one."""
    kind = p.type.id if isinstance(p.type, tree.Name) else ""
    if is_term(value):
        ctx.report(NotKnownYet(span=span, what=f"the argument `{p.name}`"))
        return ctx.solver.dim_var(p.name) if kind == "int" else POISON
    if kind == "int":
        dim = as_dim(value)
        if dim is None:
            problem = f"takes a whole number as `{p.name}`"
            ctx.report(WrongArguments(span=span, name=p.name, problem=problem))
            return ctx.solver.dim_var(p.name)
        return dim
    if isinstance(p.type, tree.Index):
        return _runs(value)
    return value


def _runs(value: Value) -> Value:
    """A list of integers, which a signature may spread (`...shape`)."""
    if isinstance(value, Sequence):
        dims = [as_dim(i) for i in value.items]
        known = [d for d in dims if d is not None]
        if len(known) == len(dims):
            return RunOf(tuple(known))
    dim = as_dim(value)
    return RunOf((dim,)) if dim is not None else value


def attribute(value: Value) -> object:
    """A plan-time value as a term's attribute."""
    match value:
        case RunOf(items):
            return tuple(items)
        case Sequence(items):
            return tuple(attribute(i) for i in items)
        case Word(name):
            return name
        case Poison():
            return None
        case _:
            return value
