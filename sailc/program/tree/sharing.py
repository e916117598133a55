"""Values that are computed twice, computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.program.tree.expressions import draws, reads, rebuild, walk
from sailc.program.tree.inlining import Inner, substituted
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign, Door, Each, Expr, Function, Op, Ref, is_tuple

# What costs nothing: it is said again.
VIEWS = frozenset(["key", "place", "first", "last", "drop", "every", "rows", "expand"])


class Found(Struct, frozen=True):
    """An operator where it is applied: in which statement (or result), how it might be called,
    and how much it holds."""

    at: int
    op: Op
    name: str
    size: int


def said_once(
    f: Function, names: NameTable, called: Callable[[Op], str] = lambda op: ""
) -> Function:
    """A function that gives a name to what it computes twice, the largest first: that of the
    field or parameter that it is for, or what it is `called`, or else the name of what it is
    computed of."""
    while (pair := _repeated(f)) is not None:
        first, name = pair
        name = name or called(first.op)
        there = f.body[: first.at + 1]
        same = next((a for a in there if a.value == first.op), None)
        if same is None:
            f, same = _named(f, first, name, names)
        f = _replaced(f, first.op, same)
    return f


def _repeated(f: Function) -> tuple[Found, str] | None:
    """What is computed twice: where that is first, and what it may be called."""
    seen: dict[tuple[str, int], list[list[Found]]] = {}
    best: list[Found] = []
    changing = {a.name for a in f.body if isinstance(a.value, Each)}
    for at, root in enumerate(f.expressions):
        for found in _operators(root, at, ""):
            if changing & reads(found.op):
                continue
            alike = seen.setdefault((found.op.operator, found.size), [])
            twins = next((x for x in alike if x[0].op == found.op), None)
            if twins is None:
                alike.append([found])
                continue
            twins.append(found)
            if not _is_bound(f, found) and (not best or found.size > best[0].size):
                best = twins
    return (best[0], next((x.name for x in best if x.name), "")) if best else None


def _is_bound(f: Function, found: Found) -> bool:
    """Whether a value has a name of its author's already, which stays."""
    own = f.body[found.at] if found.at < len(f.body) else None
    return own is not None and own.label != "" and own.value == found.op


def _operators(expr: Expr, at: int, name: str) -> Iterator[Found]:
    """The operators in an expression whose values are worth a name."""
    if not isinstance(expr, Op):
        return
    for label, part in zip(_labels(expr, name), expr.arguments, strict=True):
        yield from _operators(part, at, label)
    if expr.operator not in VIEWS and expr.arguments and not draws(expr):
        yield Found(at, expr, name, sum(1 for _ in walk(expr)))


def _labels(op: Op, name: str) -> Sequence[str]:
    """What the arguments of an operator are for."""
    names, door = op.attributes.get("names"), op.attributes.get("door")
    if op.operator == "pack" and is_tuple(names):
        return [n if isinstance(n, str) else "" for n in names]
    if isinstance(door, Door):
        return [g.name for g in door.given]
    view = op.operator in VIEWS
    return [name if view and i == 0 else "" for i in range(len(op.arguments))]


def _named(f: Function, first: Found, name: str, names: NameTable) -> tuple[Function, Assign]:
    """A function with a statement for a value; in the place of one that is only read for it, if
    it is called like that."""
    sources = reads(first.op)
    label = name or (next(iter(sources)) if len(sources) == 1 else "value")
    own = next((a for a in f.body[: first.at] if a.name == label), None)
    if own is not None and _only_for(f, first.op, label):
        value = substituted(first.op, {label: own.value})
        made = replace(own, value=value)
        body = tuple(made if a is own else a for a in f.body)
        return replace(f, body=body), replace(made, value=first.op)
    span = f.body[first.at].span if first.at < len(f.body) else f.span
    made = Assign(names.fresh(label), first.op, span)
    return replace(f, body=(*f.body[: first.at], made, *f.body[first.at :])), made


def _only_for(f: Function, op: Op, name: str) -> bool:
    """Whether a variable is read for one value alone, outside of functions."""
    left = _replaced(f, op, Assign("", Op("", ()), f.span))
    return not any(e == Ref(name) for e in walk(*left.expressions))


def _replaced(f: Function, op: Op, by: Assign) -> Function:
    """A function that reads a name in the place of a value, but where this is given the name."""

    def change(expr: Expr) -> Expr:
        if isinstance(expr, Inner):
            return expr
        return Ref(by.name) if expr == op else rebuild(expr, change)

    kept = {a.name for a in f.body if a.name == by.name or (a.label and a.value == op)}
    body = tuple(a if a.name in kept else replace(a, value=change(a.value)) for a in f.body)
    checks = tuple(replace(c, condition=change(c.condition)) for c in f.checks)
    return replace(f, body=body, checks=checks, results=tuple(map(change, f.results)))
