"""Evaluating an expression: to what is known while planning, or to a typed term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sailc.diagnostics.names import NeedsItself, UnknownName
from sailc.diagnostics.types import NoSuchField, NotKnownYet, TypeMismatch
from sailc.infer import plantime
from sailc.infer.calls import call, call_expression, special_form
from sailc.infer.context import Context
from sailc.infer.lift import elements, lift
from sailc.infer.read import read_type, read_unit
from sailc.infer.rules.index import index
from sailc.infer.values import (
    POISON,
    Awaiting,
    Closure,
    Composed,
    Constructor,
    DatasetRef,
    Fields,
    Lazy,
    ModuleRef,
    Poison,
    Primitive,
    Quantity,
    RunOf,
    Scope,
    Sequence,
    Value,
    Word,
    is_term,
)
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Const, Map, Term, Var, named
from sailc.types.dims import Dim, const
from sailc.types.model import (
    BOOLEAN,
    REAL,
    Label,
    ListType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
    TypeVar,
    Unknown,
    show,
)
from sailc.units import parse_unit

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
    "in": "contains",
}


def evaluate(ctx: Context, expr: tree.Expr, scope: Scope) -> Value:
    """The value of an expression; `Poison` after a mistake, which is reported."""
    ctx.step(expr.span)
    return _EVALUATE[type(expr)](ctx, expr, scope)


def term(ctx: Context, expr: tree.Expr, scope: Scope) -> Term:
    """An expression as a term."""
    return lift(ctx, evaluate(ctx, expr, scope), expr.span)


# --- names ------------------------------------------------------------------------------


def _name(ctx: Context, expr: tree.Name, scope: Scope) -> Value:
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
    known = {*scope.known(), *view.values, *view.types}
    ctx.report(UnknownName(span=expr.span, name=expr.id, known=tuple(known)))
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
    if d.kind == "dataset":
        return DatasetRef(d)
    if d.kind == "equation":
        return ModuleRef(d.name)
    if d.kind == "fn" and d.parameters is None and d.value is not None:
        return evaluate(ctx, d.value, root)
    lines = d.body or ()
    gives = any(isinstance(line, tree.Give) for line in lines)
    if d.value is not None or gives:
        return Closure(d.name, d.parameters or (), d.result, d.value, lines, root, d.name_span)
    return Primitive(d, root)


def force(ctx: Context, name: str, lazy: Lazy, span: Span) -> Value:
    """The value of a `let`, evaluated the first time that it is asked for."""
    if lazy.value is not None:
        return lazy.value
    if lazy.busy:
        ctx.report(NeedsItself(span=span, name=name))
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
    value = evaluate(ctx, line.value, scope)
    if line.type is not None:
        lifted = lift(ctx, value, line.value.span)
        ctx.unify(lifted.type, read_type(ctx, line.type, scope), line.value.span)
        value = lifted if is_term(value) else value
    if isinstance(line.target, tree.Name) and isinstance(value, Apply | Map | Const):
        return named(value, line.target.id)
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
            bind(ctx, line.target, evaluate(ctx, line.value, scope), scope)


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


# --- literals ---------------------------------------------------------------------------


def _literal(ctx: Context, expr: Any, scope: Scope) -> Value:
    return expr.value


def _quantity(ctx: Context, expr: tree.Quantity, scope: Scope) -> Value:
    return Quantity(float(expr.value), read_unit(ctx, expr.unit, expr.unit_span, scope))


def _tuple(ctx: Context, expr: tree.Tuple, scope: Scope) -> Value:
    return Sequence(tuple(evaluate(ctx, i, scope) for i in expr.items), brackets=False)


def _list(ctx: Context, expr: tree.List, scope: Scope) -> Value:
    return Sequence(tuple(evaluate(ctx, i, scope) for i in expr.items))


def _record(ctx: Context, expr: tree.Record, scope: Scope) -> Value:
    return Fields(
        {f.name: evaluate(ctx, f.value, scope) for f in expr.fields if f.value is not None}
    )


def _range(ctx: Context, expr: tree.Range, scope: Scope) -> Value:
    ends = [evaluate(ctx, e, scope) for e in (expr.start, expr.stop)]
    step = evaluate(ctx, expr.step, scope) if expr.step is not None else 1
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


# --- fields and elements ------------------------------------------------------------------


def _member(ctx: Context, expr: tree.Member, scope: Scope) -> Value:
    owner = evaluate(ctx, expr.value, scope)
    match owner:
        case Poison():
            return POISON
        case DatasetRef(declaration):
            return dataset_file(ctx, declaration, expr)
        case Fields(items):
            if expr.name in items:
                return items[expr.name]
            return _no_field(ctx, expr, "this record", tuple(items))
        case ModuleRef(name):
            return _measure(ctx, name, expr)
        case _:
            return _field(ctx, lift(ctx, owner, expr.value.span), expr)


def dataset_file(ctx: Context, declaration: tree.Declaration, expr: tree.Member) -> Value:
    """The term of a dataset's file, one for all uses."""
    key = (declaration.name, expr.name)
    if key in ctx.files:
        return ctx.files[key]
    files = [
        line.arguments[0].value.id
        for line in declaration.body or ()
        if isinstance(line, tree.Property)
        and line.name == "file"
        and line.arguments
        and isinstance(line.arguments[0].value, tree.Name)
    ]
    if expr.name not in files:
        return _no_field(ctx, expr, f"the dataset `{declaration.name}`", tuple(files))
    file = declaration.span.file
    type, problems = ctx.file_type(file, declaration.name, expr.name, expr.span)
    for p in problems:
        ctx.report(p)
    attributes = {"dataset": declaration.name, "file": expr.name, "source": file}
    ctx.files[key] = Apply(type, expr.span, "file", (), attributes, name=expr.name)
    return ctx.files[key]


def _measure(ctx: Context, owner: str, expr: tree.Member) -> Value:
    from sailc.infer.measures import MEASURES

    path = f"{owner}.{expr.name}"
    if path in MEASURES:
        return Var(Tensor(Num(parse_unit(MEASURES[path]))), expr.span, path)
    known = tuple(m.split(".")[1] for m in MEASURES if m.startswith(f"{owner}."))
    return _no_field(ctx, expr, f"`{owner}`", known)


def _field(ctx: Context, value: Term, expr: tree.Member) -> Value:
    match ctx.type_of(value):
        case RecordType(fields):
            table = dict(fields)
            if expr.name in table:
                return Apply(table[expr.name], expr.span, "field", (value,), {"name": expr.name})
            return _no_field(ctx, expr, f"`{show(ctx.type_of(value))}`", tuple(table))
        case ListType(RecordType(fields), n) | SetType(RecordType(fields), n):
            table = dict(fields)
            if expr.name in table:
                type = stacked(table[expr.name], n)
                return Apply(type, expr.span, "column", (value,), {"name": expr.name})
            return _no_field(ctx, expr, "an element of this list", tuple(table))
        case TypeVar():
            return Apply(ctx.solver.type_var(), expr.span, "field", (value,), {"name": expr.name})
        case Unknown():
            return POISON
        case other:
            return _no_field(ctx, expr, f"`{show(other)}`", ())


def stacked(item: Type, n: Dim) -> Type:
    """The type of n things of a type together: tensors stack, the rest is a list."""
    match item:
        case Tensor(element, shape, storage):
            return Tensor(element, (n, *shape), storage)
        case _:
            return ListType(item, n)


def _no_field(ctx: Context, expr: tree.Member, owner: str, known: tuple[str, ...]) -> Value:
    ctx.report(NoSuchField(span=expr.name_span, name=expr.name, owner=owner, known=known))
    return POISON


_TYPE_MAKERS = frozenset({"Class", "Tensor", "List", "Set"})


def _index(ctx: Context, expr: tree.Index, scope: Scope) -> Value:
    if isinstance(expr.value, tree.Name) and expr.value.id in _TYPE_MAKERS:
        return Constructor(read_type(ctx, expr, scope), expr.value.id)
    owner = evaluate(ctx, expr.value, scope)
    items = [
        tuple(None if e is None else evaluate(ctx, e, scope) for e in (i.start, i.stop))
        if isinstance(i, tree.Slice)
        else evaluate(ctx, i, scope)
        for i in expr.items
    ]
    return index(ctx, owner, items, expr)


# --- functions ----------------------------------------------------------------------------


def _call(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    if isinstance(expr.function, tree.Name):
        form = special_form(ctx, expr.function, scope)
        if form is not None:
            return form(ctx, expr, scope)
        if expr.function.id == "Set" and scope.find("Set") is None:
            return _set(ctx, expr, scope)
    return call_expression(ctx, expr, scope)


def _set(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    """`Set(xs)`: a bag of a list's elements."""
    inner = [term(ctx, a.value, scope) for a in expr.arguments]
    if len(inner) != 1:
        return POISON
    item, n = elements(ctx, inner[0], expr.span)
    return Apply(SetType(item, n), expr.span, "set", (inner[0],))


def _comprehension(ctx: Context, expr: tree.Comprehension, scope: Scope) -> Value:
    return _clauses(ctx, expr, expr.clauses, scope)


def _clauses(
    ctx: Context, expr: tree.Comprehension, clauses: tuple[tree.Clause, ...], scope: Scope
) -> Value:
    clause, rest = clauses[0], clauses[1:]

    def body(inner: Scope) -> Value:
        return _clauses(ctx, expr, rest, inner) if rest else evaluate(ctx, expr.value, inner)

    source = evaluate(ctx, clause.source, scope)
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
        if clause.condition is not None and evaluate(ctx, clause.condition, inner) is not True:
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
    variable = Var(item, clause.target.span, pattern_name(clause.target))
    inner = scope.child()
    bind(ctx, clause.target, variable, inner)
    condition = None
    if clause.condition is not None:
        condition = term(ctx, clause.condition, inner)
        ctx.unify(condition.type, BOOLEAN, clause.condition.span)
        n = ctx.solver.dim_var("kept")
    value = lift(ctx, body(inner), span)
    return Map(ListType(ctx.type_of(value), n), span, variable, source, value, condition)


def pattern_name(target: tree.Expr) -> str:
    match target:
        case tree.Name(_, name):
            return name
        case tree.Tuple(_, items):
            return "_".join(pattern_name(i) for i in items)
        case _:
            return "item"


# --- operators ----------------------------------------------------------------------------


def _binary(ctx: Context, expr: tree.Binary, scope: Scope) -> Value:
    if expr.operator == "|>":
        return _pipe(ctx, expr, scope)
    left, right = evaluate(ctx, expr.left, scope), evaluate(ctx, expr.right, scope)
    if expr.operator == ">>":
        return Composed((left, right))
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    if expr.operator in ("and", "or") and isinstance(left, bool) and isinstance(right, bool):
        return (left and right) if expr.operator == "and" else (left or right)
    if not is_term(left) and not is_term(right):
        try:
            return plantime.fold(expr.operator, left, right)
        except plantime.CannotFold:
            pass
    function = operator(ctx, OPERATORS[expr.operator])
    both = [(left, expr.left.span), (right, expr.right.span)]
    return call(ctx, function, both, {}, expr.span)


def operator(ctx: Context, name: str) -> Primitive:
    """The library's declaration of an operator."""
    entry = ctx.names.prelude[name]
    return Primitive(entry.declaration, ctx.root(entry.file))


def _pipe(ctx: Context, expr: tree.Binary, scope: Scope) -> Value:
    left = evaluate(ctx, expr.left, scope)
    right = evaluate(ctx, expr.right, scope)
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    return call(ctx, right, [(left, expr.left.span)], {}, expr.span)


def _unary(ctx: Context, expr: tree.Unary, scope: Scope) -> Value:
    value = evaluate(ctx, expr.operand, scope)
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
    return call(ctx, operator(ctx, name), [(value, expr.operand.span)], {}, expr.span)


def _if(ctx: Context, expr: tree.If, scope: Scope) -> Value:
    condition = evaluate(ctx, expr.condition, scope)
    if isinstance(condition, bool):
        return evaluate(ctx, expr.then if condition else expr.otherwise, scope)
    if isinstance(condition, Poison):
        return POISON
    branches = [evaluate(ctx, e, scope) for e in (expr.then, expr.otherwise)]
    three = [
        (condition, expr.condition.span),
        (branches[0], expr.then.span),
        (branches[1], expr.otherwise.span),
    ]
    return call(ctx, operator(ctx, "where"), three, {}, expr.span)


def _match(ctx: Context, expr: tree.Match, scope: Scope) -> Value:
    subject = evaluate(ctx, expr.subject, scope)
    if is_term(subject):
        return _match_term(ctx, expr, lift(ctx, subject, expr.subject.span), scope)
    for arm in expr.arms:
        if not _fits(ctx, arm.pattern, subject, scope):
            continue
        if arm.guard is None or evaluate(ctx, arm.guard, scope) is True:
            return evaluate(ctx, arm.value, scope)
    return POISON


def _fits(ctx: Context, pattern: tree.Expr, subject: Value, scope: Scope) -> bool:
    if isinstance(pattern, tree.Name):
        if pattern.id == "_":
            return True
        if isinstance(subject, Word):
            return subject.name == pattern.id
    return evaluate(ctx, pattern, scope) == subject


def _match_term(ctx: Context, expr: tree.Match, subject: Term, scope: Scope) -> Value:
    """A chain of `where`, the last arm deciding what is left."""
    result: Value = POISON
    for arm in reversed(expr.arms):
        value = evaluate(ctx, arm.value, scope)
        if isinstance(result, Poison):
            result = value
            continue
        pattern = evaluate(ctx, arm.pattern, scope)
        same = call(
            ctx,
            operator(ctx, "equal"),
            [(subject, expr.subject.span), (pattern, arm.pattern.span)],
            {},
            arm.span,
        )
        three = [(same, arm.span), (value, arm.value.span), (result, arm.span)]
        result = call(ctx, operator(ctx, "where"), three, {}, arm.span)
    return result


_EVALUATE: dict[type, Callable[..., Value]] = {
    tree.Missing: _missing,
    tree.Name: _name,
    tree.Number: _literal,
    tree.String: _literal,
    tree.Truth: _literal,
    tree.Quantity: _quantity,
    tree.Member: _member,
    tree.Index: _index,
    tree.Range: _range,
    tree.Call: _call,
    tree.Lambda: _lambda,
    tree.If: _if,
    tree.Match: _match,
    tree.Tuple: _tuple,
    tree.List: _list,
    tree.Record: _record,
    tree.Comprehension: _comprehension,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.WithUnit: _type_expression,
    tree.Spread: _type_expression,
    tree.Optional: _type_expression,
    tree.Arrow: _type_expression,
    tree.Slice: _type_expression,
}

__all__ = ["REAL", "Awaiting", "bind", "bind_lets", "evaluate", "force", "term"]
