"""Derivatives through externs: those that they declare, by the chain rule where an extern's
result is scaled, added to others, or negated.

What is declared is the derivative by a path of an argument (`gradient atoms.position, …`), in the
unit of the result for one of the path.
"""

from __future__ import annotations

from collections.abc import Mapping

from sailc.infer.coerce import coerce
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.values import Given
from sailc.source import Span
from sailc.terms import Apply, Attribute, Term, digest, walk
from sailc.types.model import ListType, Num, RecordType, SetType, Tensor, Type


def through_extern(ctx: Context, e: Term, p: Term, span: Span) -> Term | None:
    """The derivative of `e` by `p` from what externs declare; None where something else that
    hangs on `p` stands between them, or nothing is declared."""
    match e:
        case Apply(operator="extern"):
            return _declared(ctx, e, p, span)
        case Apply(operator="negative", arguments=(x,)):
            return _scaled(ctx, "negative", through_extern(ctx, x, p, span), (), span)
        case Apply(operator="add" | "subtract", arguments=(x, y)):
            return _sum(ctx, e, x, y, p, span)
        case Apply(operator="multiply" | "divide", arguments=(x, y)) if not reads(y, p):
            return _scaled(ctx, e.operator, through_extern(ctx, x, p, span), (y,), span)
        case Apply(operator="multiply", arguments=(x, y)) if not reads(x, p):
            return _scaled(ctx, "multiply", through_extern(ctx, y, p, span), (x,), span)
        case _:
            return None


def reads_extern(e: Term, p: Term) -> bool:
    """Whether an extern's result that hangs on `p` enters a term."""
    return any(isinstance(t, Apply) and t.operator == "extern" and reads(t, p) for t in walk(e))


def reads(term: Term, p: Term) -> bool:
    """Whether a term is computed from what the path `p` starts at."""
    start = p
    while isinstance(start, Apply) and start.operator in ("field", "column", "item"):
        (start,) = start.arguments
    return any(t is start for t in walk(term))


def _sum(ctx: Context, e: Apply, x: Term, y: Term, p: Term, span: Span) -> Term | None:
    left = through_extern(ctx, x, p, span) if reads(x, p) else None
    right = through_extern(ctx, y, p, span) if reads(y, p) else None
    if not reads(y, p):
        return left
    if not reads(x, p):
        return _scaled(ctx, "negative", right, (), span) if e.operator == "subtract" else right
    return None if right is None else _scaled(ctx, e.operator, left, (right,), span)


def _scaled(
    ctx: Context, operator: str, term: Term | None, more: tuple[Term, ...], span: Span
) -> Term | None:
    if term is None:
        return None
    given: list[Given] = [(t, span) for t in (term, *more)]
    return lift(ctx, ctx.apply(ctx.operator(operator), given, {}, span), span)


def _declared(ctx: Context, call: Apply, p: Term, span: Span) -> Term | None:
    """The declared derivative of an extern by `p`, which has to be the path of one argument."""
    facts = call.attributes
    names, gradients = facts["parameters"], facts["gradients"]
    assert isinstance(names, tuple)
    assert isinstance(gradients, tuple)
    hanging = [i for i, a in enumerate(call.arguments) if reads(a, p)]
    for row in gradients:
        assert isinstance(row, tuple)
        path, module, function = row
        assert isinstance(path, tuple)
        keys = tuple(map(str, path))
        if len(hanging) != 1 or names[hanging[0]] != keys[0]:
            continue
        argument = call.arguments[hanging[0]]
        base = _without(p, keys[1:])
        if base is not None and _same(ctx, base, argument):
            return _gradient(ctx, call, argument, keys, (module, function), span)
    return None


def _without(p: Term, path: tuple[str, ...]) -> Term | None:
    """What `p` is a path of, without its last steps; None where these are others."""
    for name in reversed(path):
        if not isinstance(p, Apply) or p.operator not in ("field", "column"):
            return None
        if p.attributes["name"] != name:
            return None
        (p,) = p.arguments
    return p


def _same(ctx: Context, base: Term, argument: Term) -> bool:
    """Whether an argument is `base`, but for its units."""
    return base is argument or digest(coerce(ctx, base, argument.type)) == digest(argument)


def _gradient(
    ctx: Context,
    call: Apply,
    argument: Term,
    path: tuple[str, ...],
    place: tuple[Attribute, Attribute],
    span: Span,
) -> Term | None:
    by = at_path(ctx.type_of(argument), path[1:])
    of = ctx.type_of(call)
    if not isinstance(by, Tensor) or not isinstance(of, Tensor):
        return None
    if not isinstance(by.element, Num) or not isinstance(of.element, Num) or of.shape:
        return None
    unit = ctx.solver.unit(of.element.unit) / ctx.solver.unit(by.element.unit)
    attributes: Mapping[str, Attribute] = {
        **call.attributes,
        "extern": f"{call.attributes['extern']}_by_{'_'.join(path[1:] or path)}",
        "module": place[0],
        "function": place[1],
        "result": "",
        "gradients": (),
    }
    return Apply(Tensor(Num(unit), by.shape), span, "extern", call.arguments, attributes)


def at_path(type: Type, path: tuple[str, ...]) -> Type | None:
    """The type of what a path leads to: a tensor over the elements of lists and sets."""
    if not path:
        return type
    match type:
        case RecordType(fields):
            inner = dict(fields).get(path[0])
            return None if inner is None else at_path(inner, path[1:])
        case ListType(item, n) | SetType(item, n):
            inner = at_path(item, path)
            match inner:
                case Tensor(element, shape):
                    return Tensor(element, (n, *shape))
                case _:
                    return None
        case _:
            return None
