"""Names in a scope: looking them up, binding patterns and `let` lines."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sailc.diagnostics.names import NeedsItself, UnknownName
from sailc.diagnostics.types import TypeMismatch
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.equations import equation_term
from sailc.infer.lift import lift
from sailc.infer.read import read_type
from sailc.infer.values import (
    POISON,
    Closure,
    Constructor,
    DatasetRef,
    Lazy,
    Poison,
    Primitive,
    RunOf,
    Scope,
    Sequence,
    Value,
    is_term,
)
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Const, Map, named
from sailc.types.dims import Dim, const
from sailc.types.model import (
    Label,
    Tensor,
    TupleType,
    Type,
    TypeVar,
    Unknown,
    show,
)


def lookup(ctx: Context, expr: tree.Name, scope: Scope) -> Value:
    found = scope.find(expr.id)
    if isinstance(found, Lazy):
        return force(ctx, expr.id, found, expr.span)
    if isinstance(found, Dim):
        return ctx.solver.dim(found)
    if isinstance(found, RunOf):
        return RunOf(ctx.solver.items(found.items))
    if found is not None:
        return found
    view = ctx.names.views[scope.file]
    entry = view.values.get(expr.id)
    if entry is not None:
        return entry_value(ctx, entry, expr.span)
    if expr.id in view.types:
        return Constructor(read_type(ctx, expr, scope), expr.id)
    constant = _constant(view.types, expr.id, expr.span)
    if constant is not None:
        return constant
    if expr.id in view.missing:
        return POISON
    known = {*scope.known(), *view.values, *view.types}
    use = ctx.names.bringing("value", expr.id)
    ctx.report(UnknownName(span=expr.span, name=expr.id, known=tuple(known), use=use))
    return POISON


def _constant(types: Mapping[str, Entry], name: str, span: Span) -> Value | None:
    for entry in types.values():
        value = entry.declaration.value
        if entry.declaration.kind == "enum" and isinstance(value, tree.Record):
            names = tuple(f.name for f in value.fields)
            if name in names:
                label = Label(const(len(names)), names, entry.declaration.name)
                return Const(Tensor(label), span, names.index(name), name)
    return None


def entry_value(ctx: Context, entry: Entry, span: Span) -> Value:
    """The value that a declaration's name has."""
    d = entry.declaration
    root = ctx.root(entry.file)
    if entry.broken:
        return POISON
    if d.kind == "dataset":
        return DatasetRef(d)
    if d.kind == "equation":
        return Primitive(d, root) if d.parameters else equation_term(d, (), span)
    if d.kind == "fn" and d.parameters is None and d.value is not None:
        return ctx.evaluate(d.value, root)
    lines = d.body or ()
    gives = any(isinstance(line, tree.Give) for line in lines)
    if d.value is not None or gives:
        return Closure(d.name, d.parameters or (), d.result, d.value, lines, root, d.name_span)
    return Primitive(d, root)


def force(ctx: Context, name: str, lazy: Lazy, span: Span) -> Value:
    """The value of a `let`, evaluated the first time that it is asked for."""
    if lazy.value is not None:
        return lazy.value
    if lazy.busy or isinstance(lazy.line, tree.Port):
        ctx.report(NeedsItself(span=span, name=name, input=isinstance(lazy.line, tree.Port)))
        return POISON
    lazy.busy = True
    outer, ctx.part = ctx.part, name
    lazy.value = _let_value(ctx, lazy.line, lazy.scope)
    ctx.part = outer
    lazy.busy = False
    return lazy.value


def _let_value(ctx: Context, line: tree.Let, scope: Scope) -> Value:
    if line.value is None:
        return POISON
    value = ctx.evaluate(line.value, scope)
    if line.type is not None:
        lifted = lift(ctx, value, line.value.span)
        expected = read_type(ctx, line.type, scope)
        ctx.unify(lifted.type, expected, line.value.span, "", line.type.span)
        value = coerce(ctx, lifted, expected) if is_term(value) else value
    if isinstance(line.target, tree.Name) and isinstance(value, Apply | Map | Const):
        return named(value, line.target.id)
    if isinstance(line.target, tree.Name) and isinstance(value, Sequence):
        return replace(value, name=line.target.id)
    return value


def bind_lets(ctx: Context, lines: tuple[tree.Line, ...], scope: Scope) -> None:
    """Put the `let` lines of a block into its scope, unevaluated."""
    for line in lines:
        if not isinstance(line, tree.Let):
            continue
        if isinstance(line.target, tree.Name) and line.parameters is not None:
            scope.names[line.target.id] = Closure(
                line.target.id,
                line.parameters,
                line.type,
                line.value,
                line.body or (),
                scope,
                line.span,
            )
        elif isinstance(line.target, tree.Name):
            scope.names[line.target.id] = Lazy(line, scope)
        elif line.value is not None:
            bind(ctx, line.target, ctx.evaluate(line.value, scope), scope)


def bind(ctx: Context, target: tree.Expr, value: Value, scope: Scope) -> None:
    """Bind a pattern: a name, or a tuple of patterns."""
    match target:
        case tree.Name(_, name):
            scope.names[name] = value if isinstance(value, Poison) else _named(value, name)
        case tree.Tuple(span, targets):
            for t, v in zip(targets, _components(ctx, value, len(targets), span), strict=True):
                bind(ctx, t, v, scope)
        case _:
            pass


def _named(value: Value, name: str) -> Value:
    return named(value, name) if isinstance(value, Apply) else value


def _components(ctx: Context, value: Value, n: int, span: Span) -> list[Value]:
    if isinstance(value, Sequence) and len(value.items) == n:
        return list(value.items)
    if isinstance(value, Poison):
        return [POISON] * n
    whole = lift(ctx, value, span)
    match ctx.type_of(whole):
        case TupleType(items) if len(items) == n:
            types: list[Type] = list(items)
        case TypeVar():
            types = [ctx.solver.type_var() for _ in range(n)]
            ctx.unify(whole.type, TupleType(tuple(types)), span)
        case Unknown():
            return [POISON] * n
        case other:
            ctx.report(TypeMismatch(span=span, found=show(other), expected=f"a tuple of {n}"))
            return [POISON] * n
    return [Apply(t, span, "item", (whole,), {"index": i}) for i, t in enumerate(types)]


def pattern_name(target: tree.Expr) -> str:
    match target:
        case tree.Name(_, name):
            return name
        case tree.Tuple(_, items):
            return "_".join(pattern_name(i) for i in items)
        case _:
            return "item"
