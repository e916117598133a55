"""What is wrong with the declaration of an extern by itself."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.kinds import WrongPropertyArgument
from sailc.diagnostics.names import UnknownName
from sailc.infer.context import Context
from sailc.infer.externs.declared import path_of, place
from sailc.infer.read import read_type
from sailc.infer.values import Scope
from sailc.names import Entry
from sailc.syntax import tree
from sailc.types.model import ListType, RecordType, SetType, Tensor, Type, Unknown, show

FUNCTION = 'a function, as `"module:function"`'


def check_extern(ctx: Context, entry: Entry) -> None:
    """Its types, where its functions are said to be, and the software that it names."""
    d = entry.declaration
    scope = ctx.root(entry.file).child()
    types = {p.name: _type(ctx, p, scope) for p in d.parameters or ()}
    if d.result is not None:
        read_type(ctx, d.result, scope)
    for found in (*_from(d), *_on(ctx, d), *_gradients(d, types)):
        ctx.report(found)


def _type(ctx: Context, p: tree.Parameter, scope: Scope) -> Type:
    if isinstance(p.type, tree.Name) and p.type.id == "int":
        scope.names[p.name] = ctx.solver.dim_var(p.name)
    return read_type(ctx, p.type, scope) if p.type is not None else ctx.solver.type_var()


def _from(d: tree.Declaration) -> Iterator[Diagnostic]:
    for line in d.properties.get("from", ()):
        for a in line.arguments[:1]:
            if isinstance(a.value, tree.String) and place(a.value.value) is None:
                yield WrongPropertyArgument(span=a.value.span, name="from", expected=FUNCTION)


def _on(ctx: Context, d: tree.Declaration) -> Iterator[Diagnostic]:
    table = ctx.names.modules.get("software", {})
    for line in d.properties.get("on", ()):
        for a in line.arguments[:1]:
            if isinstance(a.value, tree.Name) and a.value.id not in table:
                known = tuple(table)
                yield UnknownName(span=a.value.span, name=a.value.id, what="software", known=known)


def _gradients(d: tree.Declaration, types: dict[str, Type]) -> Iterator[Diagnostic]:
    for line in d.properties.get("gradient", ()):
        wrong = _wrong(line, types)
        if wrong:
            span = line.arguments[0].value.span if line.arguments else line.name_span
            yield WrongPropertyArgument(span=span, name="gradient", expected=wrong)


def _wrong(line: tree.Property, types: dict[str, Type]) -> str:
    """What a `gradient` line should have had; empty where it is right."""
    if len(line.arguments) != 2:
        return 'what is varied and a function, as `atoms.position, "driver:gradient"`'
    path, second = path_of(line.arguments[0].value), line.arguments[1].value
    if not path or path[0] not in types:
        return f"a path that begins with a parameter: {', '.join(f'`{n}`' for n in types)}"
    if not isinstance(second, tree.String) or place(second.value) is None:
        return FUNCTION
    type = types[path[0]]
    for name in path[1:]:
        inner = type.item if isinstance(type, ListType | SetType) else type
        fields = dict(inner.fields) if isinstance(inner, RecordType) else {}
        if name not in fields:
            return f"a field of `{show(inner)}`"
        type = fields[name]
    if not isinstance(type, Tensor | Unknown):
        return f"a path to numbers, and `{'.'.join(path)}` is `{show(type)}`"
    return ""
