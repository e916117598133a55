"""Layers: their identity, their parameters, how these start; and what operators cost."""

from __future__ import annotations

from sailc.infer.arguments import find_property
from sailc.infer.context import Context
from sailc.infer.read import read_type
from sailc.infer.values import (
    Scope,
    Word,
    as_dim,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Const, Layer
from sailc.types.dims import ZERO, Dim
from sailc.types.model import (
    RecordType,
    Type,
)


def layer_of(
    ctx: Context, declaration: tree.Declaration, scope: Scope, span: Span, layer: Layer | None
) -> Layer | None:
    if find_property(declaration, "parameters") is None:
        return None
    if layer is None:
        layer = Layer(declaration.name, (ctx.part,))
    for word, known in (("parameters", layer.parameters), ("state", layer.state)):
        for name, t in _arrays(ctx, declaration, word, scope):
            if name in known:
                ctx.unify(t, known[name], span, f"the shared parameter `{name}`")
            known.setdefault(name, t)
    if layer not in ctx.layers:
        ctx.layers.append(layer)
        layer.initial = _initial(ctx, declaration, scope)
    return layer


def _arrays(
    ctx: Context, declaration: tree.Declaration, word: str, scope: Scope
) -> tuple[tuple[str, Type], ...]:
    """The arrays that a property of a declaration lists."""
    line = find_property(declaration, word)
    type = read_type(ctx, line.arguments[0].value, scope) if line is not None else None
    return type.fields if isinstance(type, RecordType) else ()


def _initial(ctx: Context, declaration: tree.Declaration, scope: Scope) -> dict[str, object]:
    result: dict[str, object] = {}
    line = find_property(declaration, "initial")
    for a in line.arguments if line else ():
        if isinstance(a.name, tree.Name):
            if isinstance(a.value, tree.Name) and scope.find(a.value.id) is None:
                result[a.name.id] = a.value.id
            else:
                value = ctx.evaluate(a.value, scope)
                match value:
                    case Const(value=known):
                        result[a.name.id] = known
                    case Word(name):
                        result[a.name.id] = name
                    case _:
                        result[a.name.id] = value
    return result


def count(ctx: Context, declaration: tree.Declaration, name: str, scope: Scope) -> Dim:
    """What a declaration says of its cost (`macs`, `flops`), in its dimensions."""
    line = find_property(declaration, name) if ctx.counts else None
    if line is None or not line.arguments:
        return ZERO
    return as_dim(ctx.evaluate(line.arguments[0].value, scope)) or ZERO
