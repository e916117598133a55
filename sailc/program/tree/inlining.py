"""Calls of functions as the statements that these consist of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sailc.program.tree.expressions import reads, rebuild, walk
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import (
    Assign,
    Block,
    Each,
    Expr,
    Function,
    Literal,
    Op,
    Ref,
    Step,
    is_tuple,
)

Inner = Step | Block | Each


def statements_of(
    f: Function, arguments: Sequence[Expr], names: NameTable
) -> tuple[list[Assign], tuple[Expr, ...]]:
    """What a function does with some arguments: statements, and the results. All new names are put
    into `names`."""
    inside = frozenset(n for e in walk(*f.expressions) for n in bound(e))
    names.taken |= inside
    body: list[Assign] = []
    values: dict[str, Expr] = {}
    for parameter, argument in zip(f.parameters, arguments, strict=True):
        values[parameter] = argument
        if not can_stand(f, parameter, argument, inside):
            own = Ref(names.fresh(parameter))
            values[parameter] = own
            body.append(Assign(own.name, argument, f.span))
    for a in f.body:
        made = substituted(a.value, values)
        if isinstance(made, Ref):
            values[a.name] = made
            continue
        values[a.name] = name = Ref(names.fresh(a.name))
        body.append(Assign(name.name, made, a.span, a.label, a.type))
    return body, tuple(substituted(r, values) for r in f.results)


def bound(expr: Expr) -> Iterator[str]:
    """The names that are bound inside of an expression."""
    match expr:
        case Step(parameters=parameters):
            yield from parameters
        case Block(parameters=parameters, body=body):
            yield from (*parameters, *(a.name for a in body))
        case Each():
            yield from expr.bound
        case _:
            pass


def can_stand(f: Function, parameter: str, argument: Expr, inside: frozenset[str]) -> bool:
    """Whether an argument can stand where a function reads its parameter: a name, what is read
    once, and what is read only part by part."""
    deep = any(parameter in reads(e) for e in walk(*f.expressions) if isinstance(e, Inner))
    if deep and reads(argument) & inside:
        return False
    if isinstance(argument, Ref | Literal):
        return True
    found = Counter(e for e in walk(*f.expressions) if isinstance(e, Ref))[Ref(parameter)]
    if isinstance(argument, Op) and argument.operator == "pack":
        found -= sum(_is_part(e, parameter) for e in walk(*f.expressions))
    return found == 0 or (found == 1 and not deep)


def _is_part(expr: Expr, name: str) -> bool:
    match expr:
        case Op("key" | "place", (Ref(whole),)):
            return whole == name
        case _:
            return False


def substituted(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """An expression with others in the place of the variables that it does not bind itself; a
    part of what stands in parts is that part."""
    match expr:
        case Ref(name):
            return values.get(name, expr)
        case Step() | Block() | Each():
            own = {*bound(expr)}
            left = {name: value for name, value in values.items() if name not in own}
            return rebuild(expr, lambda e: substituted(e, left))
        case _:
            return folded(rebuild(expr, lambda e: substituted(e, values)))


def folded(expr: Expr) -> Expr:
    """A part of what stands there in parts."""
    match expr:
        case Op("updated", (whole, Op("key", (same,), {"name": key})), {"name": name}):
            return whole if whole == same and key == name else expr  # what it has already
        case Op("key", (Op("pack", parts, {"names": names}),), {"name": key}):
            pass
        case Op("place", (Op("pack", parts, {"names": names}),), {"i": key}):
            pass
        case Op("key", (Op("merged", (Op("pack", _, {"names": names}) as first, second)),), some):
            assert is_tuple(names)
            return folded(Op("key", (first if some["name"] in names else second,), some))
        case _:
            return expr
    assert is_tuple(names)
    return parts[names.index(key)] if key in names else expr
