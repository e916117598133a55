"""Reading a type from its expression.

A dimension's name that nothing else in the declaration has is a variable of the
declaration; so is a capital letter where a type stands (`E`, `Q`, `T`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sailc.diagnostics.names import UnknownName
from sailc.diagnostics.types import InvalidType, NotKnownYet
from sailc.infer.context import Context
from sailc.infer.units import read_unit
from sailc.infer.values import Poison, RunOf, Scope, as_run
from sailc.source import Span
from sailc.syntax import tree
from sailc.types.dims import Dim, const
from sailc.types.model import (
    BOOLEAN,
    REAL,
    UNKNOWN,
    Complex,
    EquationType,
    FieldType,
    FunctionType,
    Item,
    Label,
    ListType,
    MaybeType,
    Num,
    Opaque,
    RecordType,
    SetType,
    Shape,
    Tensor,
    TextType,
    TupleType,
    Type,
    TypeVar,
    Unknown,
)
from sailc.units import Unit

if TYPE_CHECKING:
    from sailc.names import Entry

WIDTHS = frozenset(
    ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f16", "bf16", "f32", "f64"]
)
_SCALARS: dict[str, Type] = {
    "real": REAL,
    "int": Tensor(Num(), (), "int"),
    "bool": BOOLEAN,
    "complex": Tensor(Complex()),
    "Text": TextType(),
    "opaque": Opaque("opaque"),
    "c64": Tensor(Complex(), (), "c64"),
    "c128": Tensor(Complex(), (), "c128"),
    **{w: Tensor(Num(), (), w) for w in WIDTHS},
}
TYPE_NAMES = (*_SCALARS, "Tensor", "List", "Set", "Class", "Equation", "Field")
_VARIABLE = re.compile(r"[A-Z][0-9]*\Z")


def read_type(ctx: Context, expr: tree.Expr, scope: Scope) -> Type:
    """The type that an expression spells; `Unknown` after a mistake, which is reported."""
    match expr:
        case tree.Name(span, name):
            return _named(ctx, name, span, scope)
        case tree.WithUnit(span, value, unit, unit_span):
            known = read_unit(ctx, unit, unit_span, scope)
            return UNKNOWN if known is None else _with_unit(ctx, value, known, span, scope)
        case tree.Index(span, tree.Name(_, head), items):
            return _generic(ctx, head, items, span, scope)
        case tree.Optional(_, value):
            return MaybeType(read_type(ctx, value, scope))
        case tree.Arrow(_, parameter, result):
            left = read_type(ctx, parameter, scope)
            parameters = left.items if isinstance(left, TupleType) else (left,)
            return FunctionType(parameters, read_type(ctx, result, scope))
        case tree.Tuple(_, items):
            return TupleType(tuple(read_type(ctx, i, scope) for i in items))
        case tree.Record(_, fields):
            return _record(ctx, fields, scope)
        case tree.If(_, condition, then, otherwise):
            return read_type(
                ctx, then if ctx.evaluate(condition, scope) is True else otherwise, scope
            )
        case tree.Missing():
            return UNKNOWN
        case _:
            return _invalid(ctx, expr.span, "this is not a type")


def _invalid(ctx: Context, span: Span, problem: str) -> Type:
    ctx.report(InvalidType(span=span, problem=problem))
    return UNKNOWN


def _named(ctx: Context, name: str, span: Span, scope: Scope) -> Type:
    known = scope.find_type(name)
    if known is not None:
        return known
    entry = ctx.names.views[scope.file].types.get(name)
    if entry is not None:
        return declared_type(ctx, entry)
    if name in _SCALARS:
        return _SCALARS[name]
    if name in ("Tensor", "List", "Set", "Class", "Equation", "Field"):
        return _invalid(ctx, span, f"`{name}` needs its arguments, as `{_EXAMPLES[name]}`")
    if _VARIABLE.match(name):
        variable = ctx.solver.type_var(name)
        scope.types[name] = variable
        return variable
    if name in ctx.names.views[scope.file].missing:
        return UNKNOWN
    known_names = {*TYPE_NAMES, *ctx.names.views[scope.file].types}
    use = ctx.names.bringing("type", name)
    known = tuple(known_names)
    ctx.report(UnknownName(span=span, name=name, what="type", known=known, use=use))
    return UNKNOWN


_EXAMPLES = {
    "Tensor": "Tensor[real, n]",
    "List": "List[T, n]",
    "Set": "Set[T, n]",
    "Class": "Class[10]",
    "Equation": "Equation[d, k]",
    "Field": "Field[d, k]",
}


def declared_type(ctx: Context, entry: Entry) -> Type:
    """The type that a `type` or `enum` declaration gives a name."""
    declaration = entry.declaration
    value = declaration.value
    if entry.broken:
        return UNKNOWN
    if declaration.kind == "enum":
        fields = value.fields if isinstance(value, tree.Record) else ()
        constants = tuple(f.name for f in fields)
        return Tensor(Label(const(len(constants)), constants, declaration.name))
    if value is None or declaration.name in ctx.calls:
        return UNKNOWN
    ctx.calls.append(declaration.name)
    type = read_type(ctx, value, ctx.root(entry.file).child())
    ctx.calls.pop()
    match type:
        case RecordType(fields):
            return RecordType(fields, declaration.name)
        case Opaque():
            return Opaque(declaration.name)
        case _:
            return type


def _with_unit(ctx: Context, value: tree.Expr, unit: Unit, span: Span, scope: Scope) -> Type:
    match read_type(ctx, value, scope):
        case Tensor(Num(), (), storage):
            return Tensor(Num(unit), (), storage)
        case Tensor(Complex(), (), storage):
            return Tensor(Complex(unit), (), storage)
        case Unknown():
            return UNKNOWN
        case _:
            return _invalid(ctx, span, "only numbers have a unit, as in `real<eV>`")


def _record(ctx: Context, fields: tuple[tree.RecordField, ...], scope: Scope) -> Type:
    if fields and all(f.value is None for f in fields):
        constants = tuple(f.name for f in fields)
        return Tensor(Label(const(len(constants)), constants))
    return RecordType(
        tuple((f.name, read_type(ctx, f.value, scope)) for f in fields if f.value is not None)
    )


def _generic(
    ctx: Context, head: str, items: tuple[tree.Expr, ...], span: Span, scope: Scope
) -> Type:
    maker = _GENERICS.get(head)
    if maker is None:
        known = (*TYPE_NAMES, *ctx.names.views[scope.file].types)
        ctx.report(UnknownName(span=span, name=head, what="type", known=known))
        return UNKNOWN
    return maker(ctx, items, span, scope)


def _tensor(ctx: Context, items: tuple[tree.Expr, ...], span: Span, scope: Scope) -> Type:
    shape = read_shape(ctx, items[1:], scope)
    if sum(not isinstance(i, Dim) for i in shape) > 1:
        return _invalid(ctx, span, "a shape can hold one run of dimensions (`...s`) at most")
    match read_type(ctx, items[0], scope):
        case Tensor(element, (), storage):
            return Tensor(element, shape, storage)
        case Tensor(element, inner, storage):
            return Tensor(element, (*shape, *inner), storage)
        case TypeVar() as v:
            return Tensor(v, shape)
        case Unknown():
            return UNKNOWN
        case _:
            problem = "the elements of a tensor are numbers, booleans or classes"
            return _invalid(ctx, items[0].span, problem)


def _class(ctx: Context, items: tuple[tree.Expr, ...], span: Span, scope: Scope) -> Type:
    if len(items) != 1:
        return _invalid(ctx, span, "`Class` takes the number of its labels, as `Class[10]`")
    return Tensor(Label(read_dim(ctx, items[0], scope)))


def _collection(make: Callable[[Type, Dim], Type]) -> _Maker:
    def maker(ctx: Context, items: tuple[tree.Expr, ...], span: Span, scope: Scope) -> Type:
        if len(items) not in (1, 2):
            return _invalid(ctx, span, "this takes a type and a length, as `List[real, n]`")
        length = read_dim(ctx, items[1], scope) if len(items) == 2 else ctx.solver.dim_var()
        return make(read_type(ctx, items[0], scope), length)

    return maker


def _two_dims(make: Callable[[Dim, Dim], Type]) -> _Maker:
    def maker(ctx: Context, items: tuple[tree.Expr, ...], span: Span, scope: Scope) -> Type:
        if len(items) != 2:
            return _invalid(
                ctx, span, "this takes how many variables and how many unknowns, as `Field[2, 1]`"
            )
        return make(read_dim(ctx, items[0], scope), read_dim(ctx, items[1], scope))

    return maker


_Maker = Callable[[Context, tuple[tree.Expr, ...], Span, Scope], Type]
_GENERICS: dict[str, _Maker] = {
    "Tensor": _tensor,
    "Class": _class,
    "List": _collection(ListType),
    "Set": _collection(SetType),
    "Equation": _two_dims(EquationType),
    "Field": _two_dims(FieldType),
}


def read_dim(ctx: Context, expr: tree.Expr, scope: Scope) -> Dim:
    """One dimension; a variable of its own after a mistake, which is reported."""
    items = read_shape(ctx, (expr,), scope)
    if len(items) == 1 and isinstance(items[0], Dim):
        return items[0]
    return ctx.solver.dim_var()


def read_shape(ctx: Context, exprs: tuple[tree.Expr, ...], scope: Scope) -> Shape:
    shape: list[Item] = []
    for expr in exprs:
        match expr:
            case tree.Name(_, name):
                shape.extend(_just_named(ctx, name, scope) or _dimension(ctx, expr, scope))
            case tree.Spread(_, tree.Name(_, name)):
                shape.extend(_run_named(ctx, name, scope) or _dimension(ctx, expr, scope))
            case _:
                _declare(ctx, expr, scope)
                shape.extend(_dimension(ctx, expr, scope))
    return tuple(shape)


def _just_named(ctx: Context, name: str, scope: Scope) -> Shape | None:
    """A dimension that is a name: a new one is a variable. None if it is something else."""
    found = scope.find(name)
    if found is None:
        found = scope.names[name] = ctx.solver.dim_var(name)
        return (found,)
    return (ctx.solver.dim(found),) if isinstance(found, Dim) else None


def _run_named(ctx: Context, name: str, scope: Scope) -> Shape | None:
    """A run of dimensions that is a name; one that is empty is left to the long way."""
    found = scope.find(name)
    if found is None:
        run = (ctx.solver.spread_var(name),)
        scope.names[name] = RunOf(run)
        return run
    return ctx.solver.items(found.items) if isinstance(found, RunOf) else None


def _dimension(ctx: Context, expr: tree.Expr, scope: Scope) -> Shape:
    inner = expr.value if isinstance(expr, tree.Spread) else expr
    value = ctx.evaluate(inner, scope)
    if isinstance(value, Poison):
        return (ctx.solver.dim_var(),)
    if isinstance(expr, tree.Spread):
        run = as_run(value)
        if run is not None:
            return run
    elif isinstance(value, Dim):
        return (value,)
    elif isinstance(value, int) and not isinstance(value, bool):
        return (const(value),)
    ctx.report(NotKnownYet(span=expr.span, what="a dimension"))
    return (ctx.solver.dim_var(),)


def _declare(ctx: Context, expr: tree.Expr, scope: Scope) -> None:
    """Names in a dimension that nothing in the declaration has become its variables."""
    spreads = {n.id for n in spread_names(expr)}
    for name in plain_names(expr):
        if scope.find(name.id) is None:
            if name.id in spreads:
                scope.names[name.id] = RunOf((ctx.solver.spread_var(name.id),))
            else:
                scope.names[name.id] = ctx.solver.dim_var(name.id)


def plain_names(expr: tree.Node) -> Iterator[tree.Name]:
    """The names in an expression that are not called."""
    if isinstance(expr, tree.Name):
        yield expr
    elif isinstance(expr, tree.Call):
        for a in expr.arguments:
            yield from plain_names(a.value)
        return
    for child in tree.children(expr):
        yield from plain_names(child)


_RUN_FUNCTIONS = frozenset({"size", "rank"})


def spread_names(expr: tree.Node) -> Iterator[tree.Name]:
    """The names that stand for a run: below `...`, or what `size` and `rank` take."""
    for node in tree.walk(expr):
        match node:
            case tree.Spread(_, value):
                yield from plain_names(value)
            case tree.Call(_, tree.Name(_, f), arguments) if f in _RUN_FUNCTIONS:
                for a in arguments:
                    yield from plain_names(a.value)
            case _:
                pass
