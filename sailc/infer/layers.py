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
)


def layer_of(
    ctx: Context, declaration: tree.Declaration, scope: Scope, span: Span, layer: Layer | None
) -> Layer | None:
    line = find_property(declaration, "parameters")
    if line is None:
        return None
    if layer is None:
        layer = Layer(declaration.name, (ctx.part,))
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
