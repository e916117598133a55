"""From a plan-time value to a term, and what a collection's elements are."""

from __future__ import annotations

from msgspec.structs import replace

from sailc.diagnostics.formulas import NoFormula
from sailc.diagnostics.types import AwaitsArgument, NotAFunction, TypeMismatch
from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.read import read_type
from sailc.infer.values import (
    Awaiting,
    Closure,
    Composed,
    DatasetRef,
    Fields,
    Function,
    ModuleRef,
    Poison,
    Primitive,
    Quantity,
    Scope,
    Sequence,
    Value,
    Word,
)
from sailc.source import Span
from sailc.symbolic.slope import in_algebra
from sailc.symbolic.vocabulary import LARGEST, size, strange
from sailc.syntax import tree
from sailc.terms import Apply, Const, Lambda, Map, Term, Var, named
from sailc.types.dims import Dim, const
from sailc.types.model import (
    BOOLEAN,
    REAL,
    UNKNOWN,
    FunctionType,
    ListType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TextType,
    TupleType,
    Type,
    TypeVar,
    Unknown,
)
from sailc.types.parts import resized


def lift(ctx: Context, value: Value, span: Span) -> Term:
    """The term of a value; a reported mistake and a poisoned term for a function."""
    match value:
        case Var() | Const() | Apply() | Map():
            return value
        case bool():
            return Const(BOOLEAN, span, value)
        case int() | float() | Dim():
            return Const(REAL, span, value)
        case Quantity(number, unit):
            return Const(Tensor(Num(unit)), span, number)
        case str():
            return Const(TextType(), span, value)
        case Sequence(items, brackets, name):
            parts = [held(ctx, i, span) for i in items]
            made = listed(ctx, parts, span) if brackets else tupled(ctx, parts, span)
            return named(made, name) if name else made
        case Fields(items):
            return record(ctx, {k: held(ctx, v, span) for k, v in items.items()}, span)
        case Poison():
            return ctx.poison(span)
        case Word(name):
            ctx.report(TypeMismatch(span=span, found=f"the word {name}", expected="a value"))
            return ctx.poison(span)
        case Awaiting(Primitive(declaration)) | Primitive(declaration):
            return _awaits(ctx, declaration.name, declaration.parameters, span)
        case Awaiting(Closure(name, parameters)) | Closure(name, parameters) if name:
            return _awaits(ctx, name, parameters, span)
        case _:
            what = "a module" if isinstance(value, ModuleRef | DatasetRef) else "a function"
            ctx.report(TypeMismatch(span=span, found=what, expected="a value"))
            return ctx.poison(span)


def held(ctx: Context, value: Value, span: Span, wanted: Type | None = None) -> Term:
    """What a record, a list or a question may hold: the term of a value, or of a function that is
    a formula."""
    if not isinstance(value, Closure | Composed | Primitive):
        return lift(ctx, value, span)
    made = function_term(ctx, value, span, wanted)
    if made is None:
        return ctx.poison(span)
    function = made.attributes["function"]
    assert isinstance(function, Lambda)
    for v in function.variables:
        _settle(ctx, v)
    body = in_algebra(function.body, ctx.solver)
    problem = _problem(body, function.variables)
    if problem:
        ctx.report(NoFormula(span=span, problem=problem))
        return ctx.poison(span)
    if body is function.body:
        return made
    return replace(made, attributes={"function": Lambda(function.variables, body)})


def _problem(body: Term, variables: tuple[Var, ...]) -> str:
    """Why an expression is no formula; empty if it is one."""
    odd = strange(body, variables)
    if odd is not None:
        what = f"`{odd.operator}`" if isinstance(odd, Apply) else "a comprehension"
        return f"algebra has no word for {what}"
    count = size(body)
    if count <= LARGEST:
        return ""
    return f"it is written out in {count:,} operations, and {LARGEST:,} are the most"


def _settle(ctx: Context, variable: Var) -> None:
    """A number of any unit, of which nothing says which, has none."""
    type = ctx.type_of(variable)
    if not isinstance(type, Tensor) or not isinstance(type.element, Num):
        return
    if ctx.solver.unit(type.element.unit).variables:
        ctx.unify(type, Tensor(Num(), type.shape), variable.span)


def function_term(
    ctx: Context, value: Function, span: Span, wanted: Type | None = None
) -> Apply | None:
    """A function as a value: an expression of its variables, which are single numbers unless it
    says otherwise. None after a mistake, which is reported."""
    expected = ctx.solver.resolve(wanted) if wanted is not None else None
    variables = _variables(ctx, value, span, expected)
    made = ctx.apply(value, [(v, span) for v in variables], {}, span)
    if isinstance(made, Poison):
        return None
    body = lift(ctx, made, span)
    if isinstance(expected, FunctionType) and len(expected.parameters) == len(variables):
        if not ctx.unify(body.type, expected.result, span, "what the function gives"):
            return None
        body = coerce(ctx, body, expected.result)
    type = FunctionType(tuple(v.type for v in variables), ctx.type_of(body))
    name = value.name if isinstance(value, Closure) else ""
    return Apply(type, span, "function", (), {"function": Lambda(variables, body)}, name=name)


def _variables(ctx: Context, value: Function, span: Span, expected: Type | None) -> tuple[Var, ...]:
    """What a function is of: as it says, as is expected, or a number in any unit."""
    if not isinstance(value, Closure):
        known = expected.parameters if isinstance(expected, FunctionType) else ()
        types = known or (Tensor(Num(ctx.solver.unit_var())),)
        names = ["x"] if len(types) == 1 else [f"x{i + 1}" for i in range(len(types))]
        return tuple(Var(t, span, n) for t, n in zip(types, names, strict=True))
    asked = [p for p in value.parameters if p.default is None]
    types = expected.parameters if isinstance(expected, FunctionType) else ()
    found: list[Var] = []
    for i, p in enumerate(asked):
        type: Type = Tensor(Num(ctx.solver.unit_var()))
        if p.type is not None:
            type = read_type(ctx, p.type, value.scope.child())
        elif len(types) == len(asked):
            type = types[i]
        found.append(Var(type, p.span, p.name))
    return tuple(found)


def _awaits(
    ctx: Context, name: str, parameters: tuple[tree.Parameter, ...] | None, span: Span
) -> Term:
    first = parameters[0].name if parameters else "x"
    ctx.report(AwaitsArgument(span=span, name=name, parameter=first))
    return ctx.poison(span)


def term(ctx: Context, expr: tree.Expr, scope: Scope) -> Term:
    """An expression as a term."""
    return lift(ctx, ctx.evaluate(expr, scope), expr.span)


def tupled(ctx: Context, parts: list[Term], span: Span) -> Term:
    type = TupleType(tuple(ctx.type_of(p) for p in parts))
    return Apply(type, span, "tuple", tuple(parts))


def record(ctx: Context, parts: dict[str, Term], span: Span) -> Term:
    type = RecordType(tuple((k, ctx.type_of(p)) for k, p in parts.items()))
    return Apply(type, span, "record", tuple(parts.values()), {"fields": tuple(parts)})


def listed(ctx: Context, parts: list[Term], span: Span) -> Term:
    """`[a, b]`: a tensor of numbers, classes or tensors of one shape; otherwise a list."""
    if not parts:
        return Const(Tensor(Num(), (const(0),)), span, ())
    first = ctx.type_of(parts[0])
    for p in parts[1:]:
        if not ctx.unify(p.type, first, p.span, "the elements of a list are of one type"):
            return ctx.poison(span)
    parts = [coerce(ctx, p, first) for p in parts]
    match ctx.solver.resolve(first):
        case Tensor(element, shape):
            type: Type = Tensor(element, (const(len(parts)), *shape))
            if all(isinstance(p, Const) for p in parts):
                values = tuple(p.value for p in parts if isinstance(p, Const))
                return Const(type, span, values)
            return Apply(type, span, "stack", tuple(parts))
        case Unknown():
            return ctx.poison(span)
        case item:
            return Apply(ListType(item, const(len(parts))), span, "list", tuple(parts))


def elements(ctx: Context, term: Term, span: Span) -> tuple[Type, Dim]:
    """The type of a collection's elements, and how many; fresh where it is not known."""
    match ctx.type_of(term):
        case Tensor(element, (Dim() as n, *rest), storage, columns):
            return Tensor(element, tuple(rest), storage, columns), n
        case ListType(item, n) | SetType(item, n):
            return item, n
        case Tensor(element, (_, *_)):
            return Tensor(element, (ctx.solver.spread_var(),)), ctx.solver.dim_var()
        case TypeVar():
            return ctx.solver.type_var(), ctx.solver.dim_var()
        case Unknown():
            return UNKNOWN, ctx.solver.dim_var()
        case other:
            from sailc.types.model import show

            ctx.report(TypeMismatch(span=span, found=show(other), expected="a list, set or tensor"))
            return UNKNOWN, ctx.solver.dim_var()


def with_length(ctx: Context, term: Term, n: Dim) -> Type:
    """A collection's type with another length."""
    return resized(ctx.type_of(term), n)


def not_callable(ctx: Context, value: Value, span: Span) -> Term:
    if not isinstance(value, Poison):
        ctx.report(NotAFunction(span=span, found="this"))
    return ctx.poison(span)
