"""Functions without what nobody would write: statements that nothing reads, names for a moment."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sailc.program.tree.expressions import reads, rebuild, rebuilt
from sailc.program.tree.nodes import Assign, Expr, Function, Op, Ref


def inlined(f: Function) -> Function:
    """A function that returns its last binding returns the value itself."""
    match f:
        case Function(body=(*rest, Assign(name, value) as last), results=(Ref(result),)) if (
            name == result and not last.compound
        ):
            return replace(f, body=tuple(rest), results=(value,), returned=last)
        case _:
            return f


def pruned(f: Function) -> Function:
    """A function without the statements that nothing reads."""
    ends = (*f.results, *(c.condition for c in f.checks))
    read = {name for e in ends for name in reads(e)}
    body: list[Assign] = []
    for a in reversed(f.body):
        if a.name in read:
            body.append(a)
            read |= reads(a.value)
    return replace(f, body=tuple(reversed(body)))


def called(f: Function, names: Mapping[str, str]) -> Function:
    """A function that calls others by the names that these now have."""

    def change(expr: Expr) -> Expr:
        match rebuild(expr, change):
            case Op("call", _, {"function": own, **others}) as call if own in names:
                return replace(call, attributes={**others, "function": names[str(own)]})
            case other:
                return other

    return rebuilt(f, change)
