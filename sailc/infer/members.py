"""Fields, files of datasets, measurements, elements."""

from __future__ import annotations

from sailc.diagnostics.types import NoSuchField
from sailc.infer.context import Context
from sailc.infer.dataset import file_line
from sailc.infer.externs.readers import reader, reading
from sailc.infer.lift import lift
from sailc.infer.measures import MEASURES
from sailc.infer.read import read_type
from sailc.infer.rules.index import index
from sailc.infer.values import (
    POISON,
    Constructor,
    DatasetRef,
    Fields,
    ModuleRef,
    Poison,
    Scope,
    Value,
)
from sailc.kinds.check import unknown_properties
from sailc.syntax import tree
from sailc.terms import Apply, Term, Var
from sailc.types.model import (
    ListType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TextType,
    TypeVar,
    Unknown,
    show,
)
from sailc.types.parts import stacked
from sailc.units import parse_unit


def member(ctx: Context, expr: tree.Member, scope: Scope) -> Value:
    owner = ctx.evaluate(expr.value, scope)
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
        if any(unknown_properties(declaration)):
            return POISON
        return _no_field(ctx, expr, f"the dataset `{declaration.name}`", tuple(files))
    file = declaration.span.file
    type, problems = ctx.file_type(file, declaration.name, expr.name, expr.span)
    for p in problems:
        ctx.report(p)
    attributes = {"dataset": declaration.name, "file": expr.name, "source": file}
    line = file_line(declaration, expr.name)
    if line is None or line.read is None:
        ctx.files[key] = Apply(type, expr.span, "file", (), attributes, name=expr.name)
        return ctx.files[key]
    found = reader(ctx, line, file) if not isinstance(type, Unknown) else None
    if found is None:
        return POISON
    path = Apply(TextType(), expr.span, "path", (), attributes)
    made = reading(found, path, type, expr.name)
    return made if isinstance(made, Poison) else ctx.files.setdefault(key, made)


def _measure(ctx: Context, owner: str, expr: tree.Member) -> Value:
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


def _no_field(ctx: Context, expr: tree.Member, owner: str, known: tuple[str, ...]) -> Value:
    ctx.report(NoSuchField(span=expr.name_span, name=expr.name, owner=owner, known=known))
    return POISON


_TYPE_MAKERS = frozenset({"Class", "Tensor", "List", "Set"})


def element(ctx: Context, expr: tree.Index, scope: Scope) -> Value:
    if isinstance(expr.value, tree.Name) and expr.value.id in _TYPE_MAKERS:
        return Constructor(read_type(ctx, expr, scope), expr.value.id)
    owner = ctx.evaluate(expr.value, scope)
    items = [
        tuple(None if e is None else ctx.evaluate(e, scope) for e in (i.start, i.stop))
        if isinstance(i, tree.Slice)
        else ctx.evaluate(i, scope)
        for i in expr.items
    ]
    return index(ctx, owner, items, expr)
