"""Calls: of templates, which are expanded, and of operators, which become terms.

A call that lacks exactly its first argument is a function awaiting it; where the
operator has parameters, that is also where its layer is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sailc.diagnostics.names import NeedsItself
from sailc.diagnostics.types import NotKnownYet, WrongArguments
from sailc.infer import plantime
from sailc.infer.context import Context
from sailc.infer.lift import lift, not_callable
from sailc.infer.read import as_dim, read_type
from sailc.infer.signature import signature
from sailc.infer.values import (
    POISON,
    Awaiting,
    Closure,
    Composed,
    Constructor,
    Fields,
    Function,
    Lazy,
    Poison,
    Primitive,
    RunOf,
    Scope,
    Sequence,
    Value,
    Word,
    is_term,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Const, Layer, Map, Term, Var, named
from sailc.types.dims import ZERO, Dim, const
from sailc.types.model import (
    UNKNOWN,
    FunctionType,
    Label,
    RecordType,
    Tensor,
    Type,
    TypeVar,
)

Given = tuple[Value, Span]
Form = Callable[[Context, tree.Call, Scope], Value]
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Bound:
    """A call whose arguments have found their parameters, for a typing rule."""

    declaration: tree.Declaration
    values: Mapping[str, Given]
    extra: tuple[Given, ...]
    scope: Scope
    span: Span

    def value(self, name: str) -> Value:
        return self.values[name][0]

    def where(self, name: str) -> Span:
        return self.values[name][1]

    @property
    def name(self) -> str:
        return self.declaration.name

    def all(self) -> list[Given]:
        return [*self.values.values(), *self.extra]


def call_expression(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    """`f(a, b, k = v)`."""
    from sailc.infer.expressions import evaluate

    function = evaluate(ctx, expr.function, scope)
    positional: list[Given] = []
    named: dict[str, Given] = {}
    for a in expr.arguments:
        if a.name is None:
            positional.append((evaluate(ctx, a.value, scope), a.value.span))
        elif isinstance(a.name, tree.Name):
            word = _word(function, a.name.id, a.value)
            value = word or evaluate(ctx, a.value, scope)
            named[a.name.id] = (value, a.value.span)
    return call(ctx, function, positional, named, expr.span)


def _word(function: Value, parameter: str, expr: tree.Expr) -> Word | None:
    """An option's word, where the parameter's type is a set of words (`pad = same`)."""
    if not isinstance(function, Primitive) or not isinstance(expr, tree.Name):
        return None
    for p in function.declaration.parameters or ():
        if p.name == parameter and expr.id in _words(p):
            return Word(expr.id)
    return None


def _words(p: tree.Parameter) -> tuple[str, ...]:
    match p.type:
        case tree.Record(_, fields) if fields and all(f.value is None for f in fields):
            return tuple(f.name for f in fields)
        case _:
            return ()


def call(
    ctx: Context,
    function: Value,
    positional: list[Given],
    named: Mapping[str, Given],
    span: Span,
) -> Value:
    """The value of a function applied to arguments."""
    ctx.step(span)
    match function:
        case Closure():
            return _awaiting(ctx, function, positional, named, span) or _expand(
                ctx, function, positional, named, span
            )
        case Primitive():
            return _awaiting(ctx, function, positional, named, span) or _primitive(
                ctx, function, positional, named, span, None
            )
        case Awaiting(inner, more, words, layer):
            given = [*positional, *more]
            both = {**words, **named}
            if isinstance(inner, Closure):
                return _expand(ctx, inner, given, both, span)
            return _primitive(ctx, inner, given, both, span, layer)
        case Composed(functions):
            value: Value = POISON
            for i, f in enumerate(functions):
                value = call(ctx, f, positional if i == 0 else [(value, span)], {}, span)
            return value if functions else (positional[0][0] if positional else POISON)
        case Constructor():
            return _construct(ctx, function, positional, span)
        case Poison():
            return POISON
        case Var(type) | Apply(type) | Const(type) | Map(type):
            return _call_term(ctx, function, type, positional, span)
        case _:
            return not_callable(ctx, function, span)


def _call_term(
    ctx: Context, function: Term, type: Type, positional: list[Given], span: Span
) -> Value:
    """A function that is itself data: a hole (`needs phi`), or the model that answers."""
    arguments = [lift(ctx, v, s) for v, s in positional]
    match ctx.solver.resolve(type):
        case FunctionType(parameters, result) if len(parameters) == len(arguments):
            for a, p in zip(arguments, parameters, strict=True):
                ctx.unify(a.type, p, a.span)
            return Apply(result, span, "call", (function, *arguments))
        case TypeVar() as v:
            result = ctx.solver.type_var()
            whole = FunctionType(tuple(a.type for a in arguments), result)
            ctx.unify(v, whole, span)
            return Apply(result, span, "call", (function, *arguments))
        case _:
            return not_callable(ctx, function, span)


# --- binding arguments to parameters --------------------------------------------------------


def _parameters(function: Closure | Primitive) -> tuple[tree.Parameter, ...]:
    if isinstance(function, Closure):
        return function.parameters
    return function.declaration.parameters or ()


def _awaiting(
    ctx: Context,
    function: Closure | Primitive,
    positional: list[Given],
    named: Mapping[str, Given],
    span: Span,
) -> Value | None:
    """The function that awaits its first argument, if just that is lacking."""
    parameters = _parameters(function)
    required = [p for p in parameters if p.default is None and p.name not in named]
    if len(positional) != len(required) - 1 or not parameters:
        return None
    if isinstance(function, Closure) and not function.name:
        return None
    layer = None
    if isinstance(function, Primitive) and find_property(function.declaration, "parameters"):
        layer = Layer(function.declaration.name, ctx.part)
    return Awaiting(function, tuple(positional), dict(named), layer)


def _match_up(
    ctx: Context,
    function: Closure | Primitive,
    positional: list[Given],
    named: Mapping[str, Given],
    span: Span,
) -> tuple[dict[str, Given | None], list[Given]] | None:
    """Which parameter each argument is for; None for a default. Mistakes are reported."""
    parameters = _parameters(function)
    required = [p for p in parameters if p.default is None and p.name not in named]
    optional = [p for p in parameters if p.default is not None and p.name not in named]
    table: dict[str, Given | None] = {p.name: None for p in parameters}
    table.update(named)
    for p, given in zip([*required, *optional], positional, strict=False):
        table[p.name] = given
    extra = positional[len(required) + len(optional) :]
    name = _name_of(function)
    unknown = [n for n in named if n not in {p.name for p in parameters}]
    lacking = [p.name for p in required if table[p.name] is None]
    problem = ""
    if unknown:
        problem = f"has no parameter `{unknown[0]}`"
    elif lacking:
        problem = f"lacks its argument `{lacking[0]}`"
    elif extra and not _variadic(function):
        problem = f"takes {len(parameters)} arguments, and {len(positional)} are given"
    if problem:
        ctx.report(
            WrongArguments(span=span, name=name, problem=problem, signature=signature(function))
        )
        return None
    return table, extra


def _variadic(function: Closure | Primitive) -> bool:
    from sailc.infer.rules import VARIADIC

    return isinstance(function, Primitive) and rule_of(function.declaration) in VARIADIC


def _name_of(function: Closure | Primitive) -> str:
    if isinstance(function, Closure):
        return function.name or "this function"
    return function.declaration.name


def find_property(declaration: tree.Declaration, name: str) -> tree.Property | None:
    for line in declaration.body or ():
        if isinstance(line, tree.Property) and line.name == name:
            return line
    return None


def rule_of(declaration: tree.Declaration) -> str | None:
    """The typing rule that a declaration names."""
    line = find_property(declaration, "rule")
    if line and line.arguments and isinstance(line.arguments[0].value, tree.Name):
        return line.arguments[0].value.id
    return None


# --- templates --------------------------------------------------------------------------------


def _expand(
    ctx: Context,
    function: Closure,
    positional: list[Given],
    given: Mapping[str, Given],
    span: Span,
) -> Value:
    from sailc.infer.expressions import bind, bind_lets, evaluate

    key = f"{function.span.file}:{function.span.start}:{function.name}"
    if function.name and key in ctx.calls:
        ctx.report(NeedsItself(span=span, name=function.name))
        return POISON
    if len(ctx.calls) > MAX_DEPTH:
        ctx.report(NeedsItself(span=span, name=function.name or "this function"))
        return POISON
    matched = _match_up(ctx, function, positional, given, span)
    if matched is None:
        return POISON
    scope = function.scope.child()
    for p in function.parameters:
        value = matched[0].get(p.name)
        if p.pattern is not None and value is not None:
            bind(ctx, p.pattern, value[0], scope)
        else:
            scope.names[p.name] = _argument(ctx, p, value, scope)
    ctx.calls.append(key)
    body = _body(function)
    bind_lets(ctx, function.lines, scope)
    result = evaluate(ctx, body, scope) if body is not None else POISON
    ctx.calls.pop()
    if function.result is not None and is_term(result):
        ctx.unify(lift(ctx, result, span).type, read_type(ctx, function.result, scope), span)
    if function.name and isinstance(result, Apply | Map):
        return named(result, function.name)
    return result


def _body(function: Closure) -> tree.Expr | None:
    for line in function.lines:
        if isinstance(line, tree.Give):
            return line.value
    return function.value


def _argument(ctx: Context, p: tree.Parameter, given: Given | None, scope: Scope) -> Value:
    """An argument of a template, checked against the parameter's type if it has one."""
    from sailc.infer.expressions import evaluate

    if given is None:
        assert p.default is not None
        return evaluate(ctx, p.default, scope)
    value, span = given
    if p.type is None:
        return value
    if isinstance(p.type, tree.Name) and p.type.id in ("int", "bool", "real", "Text"):
        if not is_term(value):
            return value
    type = read_type(ctx, p.type, scope)
    if isinstance(type, FunctionType) or isinstance(value, Function):
        return value
    lifted = lift(ctx, value, span)
    ctx.unify(lifted.type, type, span, f"the argument `{p.name}`")
    return lifted


# --- operators ----------------------------------------------------------------------------------


def _primitive(
    ctx: Context,
    function: Primitive,
    positional: list[Given],
    given: Mapping[str, Given],
    span: Span,
    layer: Layer | None,
) -> Value:
    from sailc.infer.expressions import evaluate
    from sailc.infer.rules import RULES

    matched = _match_up(ctx, function, positional, given, span)
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
            word = p.default.id if isinstance(p.default, tree.Name) and _words(p) else None
            assert p.default is not None
            found = (Word(word) if word else evaluate(ctx, p.default, scope), span)
        values[p.name] = found
    rule = rule_of(declaration)
    if rule is not None:
        maker = RULES.get(rule)
        if maker is None:
            return POISON
        return maker(ctx, Bound(declaration, values, tuple(extra), scope, span))
    folded = _folded(declaration, values)
    return folded if folded is not None else _apply(ctx, declaration, values, scope, span, layer)


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
        scope.names.update({w: Word(w) for w in _words(p) if scope.find(w) is None})
        value, where = values[p.name]
        if is_static(p):
            known = plan_value(ctx, p, value, where)
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
            scope.names[p.name] = lifted
            arguments.append(lifted)
    result = declaration.result
    type = read_type(ctx, result, scope) if result is not None else UNKNOWN
    layer = _layer(ctx, declaration, scope, span, layer)
    return Apply(
        type,
        span,
        declaration.name,
        tuple(arguments),
        attributes,  # type: ignore[arg-type]
        layer,
        count(ctx, declaration, "macs", scope),
        count(ctx, declaration, "flops", scope),
    )


_STATIC = frozenset({"int", "bool", "Text"})


def is_static(p: tree.Parameter) -> bool:
    """Whether a parameter of an operator must be known while planning."""
    match p.type:
        case tree.Name(_, name):
            return name in _STATIC
        case tree.Index(_, tree.Name(_, "List"), (tree.Name(_, "int"), *_)):
            return True
        case tree.Record():
            return bool(_words(p))
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


def _layer(
    ctx: Context, declaration: tree.Declaration, scope: Scope, span: Span, layer: Layer | None
) -> Layer | None:
    line = find_property(declaration, "parameters")
    if line is None:
        return None
    if layer is None:
        layer = Layer(declaration.name, ctx.part)
    type = read_type(ctx, line.arguments[0].value, scope)
    if not isinstance(type, RecordType):
        return layer
    for name, t in type.fields:
        if name in layer.parameters:
            ctx.unify(t, layer.parameters[name], span, f"the shared parameter `{name}`")
        layer.parameters.setdefault(name, t)
    if layer not in ctx.layers:
        ctx.layers.append(layer)
        layer.initial = _initial(ctx, declaration, scope)
    return layer


def _initial(ctx: Context, declaration: tree.Declaration, scope: Scope) -> dict[str, object]:  # type: ignore[type-arg]
    from sailc.infer.expressions import evaluate

    result: dict[str, object] = {}
    line = find_property(declaration, "initial")
    for a in line.arguments if line else ():
        if isinstance(a.name, tree.Name):
            if isinstance(a.value, tree.Name) and scope.find(a.value.id) is None:
                result[a.name.id] = a.value.id
            else:
                value = evaluate(ctx, a.value, scope)
                result[a.name.id] = value.value if isinstance(value, Const) else value
    return result


def count(ctx: Context, declaration: tree.Declaration, name: str, scope: Scope) -> Dim:
    """What a declaration says of its cost (`macs`, `flops`), in its dimensions."""
    from sailc.infer.expressions import evaluate

    line = find_property(declaration, name)
    if line is None or not line.arguments:
        return ZERO
    return as_dim(evaluate(ctx, line.arguments[0].value, scope)) or ZERO


# --- constructors and special forms ---------------------------------------------------------------


def _construct(ctx: Context, function: Constructor, positional: list[Given], span: Span) -> Value:
    """`Class[n](i)`, `Element(i)`, `Atom(a, b)`: elementwise on tensors."""
    arguments = [lift(ctx, v, s) for v, s in positional]
    match function.type:
        case Tensor(Label(), ()) if len(arguments) == 1:
            shape = ctx.shape_of(arguments[0])
            type = Tensor(function.type.element, shape or ())
            return Apply(type, span, "label", tuple(arguments))
        case RecordType(fields) if len(fields) == len(arguments):
            for a, (_, t) in zip(arguments, fields, strict=True):
                ctx.unify(a.type, t, a.span)
            names = tuple(f for f, _ in fields)
            return Apply(function.type, span, "record", tuple(arguments), {"fields": names})
        case _:
            problem = f"cannot be made of {len(arguments)} arguments"
            ctx.report(WrongArguments(span=span, name=function.name, problem=problem))
            return POISON


def special_form(ctx: Context, name: tree.Name, scope: Scope) -> Form | None:
    """`repeat` and `copies`: they elaborate their argument afresh each time."""
    if name.id not in _FORMS or scope.find(name.id) is not None:
        return None
    return _FORMS[name.id]


def _copies(ctx: Context, expr: tree.Call, scope: Scope) -> list[Value] | None:
    from sailc.infer.expressions import evaluate

    if len(expr.arguments) != 2:
        problem = "takes a count and a function, as `repeat(3, linear(8) >> relu)`"
        name = expr.function.id if isinstance(expr.function, tree.Name) else "repeat"
        ctx.report(WrongArguments(span=expr.span, name=name, problem=problem))
        return None
    head, body = (a.value for a in expr.arguments)
    if isinstance(head, tree.Binary) and head.operator == "in" and isinstance(head.left, tree.Name):
        source = evaluate(ctx, head.right, scope)
        if not isinstance(source, Sequence):
            return _not_known(ctx, source, head.right.span)
        results: list[Value] = []
        for item in source.items:
            inner = scope.child()
            inner.names[head.left.id] = item
            results.append(evaluate(ctx, body, inner))
        return results
    n = as_dim(evaluate(ctx, head, scope))
    if n is None or n.value is None:
        return _not_known(ctx, None, head.span)
    ctx.step(head.span, min(max(n.value, 0), ctx.fuel + 1))
    return [evaluate(ctx, body, scope) for _ in range(n.value)]


def _not_known(ctx: Context, value: object, span: Span) -> None:
    if not isinstance(value, Poison):
        ctx.report(NotKnownYet(span=span, what="a count"))


def _repeat(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    copies = _copies(ctx, expr, scope)
    return POISON if copies is None else Composed(tuple(copies))


def _copies_form(ctx: Context, expr: tree.Call, scope: Scope) -> Value:
    copies = _copies(ctx, expr, scope)
    return POISON if copies is None else Sequence(tuple(copies))


_FORMS: dict[str, Form] = {"repeat": _repeat, "copies": _copies_form}

__all__ = ["Bound", "Fields", "Lazy", "call", "call_expression", "const", "special_form"]
