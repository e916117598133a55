"""Copies of a module in a function, written once: what they learn has keys of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sailc.program.tree.expressions import operations, reads, rebuild, replaced
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign, Block, Expr, Function, Literal, Op, Ref

SEVERAL = 3
"""How many copies are worth a function, and how many statements of one."""

NUMBER = re.compile(r"\d+")


class Family(Struct, frozen=True):
    """Keys that differ in one number: `f_1_embed.weight`, `f_2_embed.weight`, …"""

    before: str
    first: int

    @classmethod
    def of(cls, a: str, b: str) -> Family | None:
        """The family of two keys; None where they differ otherwise."""
        for one, other in zip(NUMBER.finditer(a), NUMBER.finditer(b), strict=False):
            if one[0] != other[0]:
                alike = (
                    a[: one.start()] == b[: other.start()] and a[one.end() :] == b[other.end() :]
                )
                return cls(a[: one.start()], int(one[0])) if alike and one.start() else None
        return None

    def rest(self, key: str) -> str | None:
        """What follows the number in a key of the first; None where it is none of these."""
        start = f"{self.before}{self.first}"
        after = key.removeprefix(start)
        return after if key.startswith(start) and not after[:1].isdigit() else None

    def key(self, number: object, rest: str) -> str:
        return f"{self.before}{number}{rest}"


class Copy(Struct, frozen=True):
    """What one of several values is made of: its statements, and the value."""

    body: tuple[Assign, ...]
    value: Expr

    @property
    def keys(self) -> Iterator[str]:
        for op in operations(*(a.value for a in self.body), self.value):
            yield from (*op.parameters.values(), *op.state.values())

    @property
    def names(self) -> frozenset[str]:
        return frozenset(a.name for a in self.body)


def copies_once(f: Function) -> Function:
    """A function that has a function of its own for what is several times the same in a list, but
    for a number in the keys of what is learned."""
    roots = (*((i, a.value) for i, a in enumerate(f.body)), *((len(f.body), r) for r in f.results))
    for at, root in roots:
        for op in operations(root):
            if op.operator == "stack" and len(op.arguments) >= SEVERAL:
                made = _with_copies(f, at, op)
                if made is not None:
                    return copies_once(made)
    return f


def _with_copies(f: Function, at: int, op: Op) -> Function | None:
    learned = _learned(f.body)
    copies = [_copy(f.body, learned, a) for a in op.arguments]
    first, *others = copies
    family = next(map(Family.of, first.keys, others[0].keys), None)
    if family is None or len(first.body) + 1 < SEVERAL or not _apart(f, op, copies):
        return None
    if not all(_is_copy(first, c, family, family.first + i) for i, c in enumerate(others, 1)):
        return None
    table = NameTable({*f.parameters, *(a.name for a in f.body)} - first.names)
    name = table.fresh(family.before.strip("_") or "copy")
    block = _block(first, family, table)
    calls = tuple(Op("copy", (Ref(name), Literal(family.first + i))) for i in range(len(copies)))
    gone = frozenset[str]().union(*(c.names for c in copies))
    body = [a for a in f.body[:at] if a.name not in gone]
    body.append(Assign(name, block, first.body[0].span))
    body += (a for a in f.body[at:] if a.name not in gone)

    def change(expr: Expr) -> Expr:
        return replace(op, arguments=calls) if expr == op else rebuild(expr, change)

    changed = tuple(replace(a, value=change(a.value)) if a.value != block else a for a in body)
    return replace(f, body=changed, results=tuple(map(change, f.results)))


def _learned(body: Iterable[Assign]) -> frozenset[str]:
    """The names of what is computed with something learned."""
    found: set[str] = set()
    for a in body:
        if reads(a.value) & found or any(o.parameters or o.state for o in operations(a.value)):
            found.add(a.name)
    return frozenset(found)


def _copy(body: Iterable[Assign], learned: frozenset[str], value: Expr) -> Copy:
    """What a value is made of that is learned; the rest is the same for all copies."""
    needed = set(reads(value) & learned)
    found: list[Assign] = []
    for a in reversed(tuple(body)):
        if a.name in needed:
            found.append(a)
            needed |= reads(a.value) & learned
    return Copy(tuple(reversed(found)), value)


def _apart(f: Function, op: Op, copies: Iterable[Copy]) -> bool:
    """Whether copies share no statement, and nothing but the list reads them."""
    names = [a.name for c in copies for a in c.body]
    if len(set(names)) < len(names) or any(a.compound for c in copies for a in c.body):
        return False
    inside = {*names}
    gone = Op("", ())

    def without(expr: Expr) -> Expr:
        return gone if expr == op else rebuild(expr, without)

    left = [without(a.value) for a in f.body if a.name not in inside]
    left += [*map(without, f.results), *(c.condition for c in f.checks)]
    return not any(reads(e) & inside for e in left)


def _is_copy(first: Copy, other: Copy, family: Family, number: int) -> bool:
    """Whether a copy is the first with other keys."""
    if len(first.body) != len(other.body):
        return False
    names = {b.name: Ref(a.name) for a, b in zip(first.body, other.body, strict=True)}
    keys: dict[str, str] = {}
    for key in first.keys:
        rest = family.rest(key)
        if rest is None:
            return False
        keys[family.key(number, rest)] = key
    ours = (*(a.value for a in first.body), first.value)
    theirs = (*(a.value for a in other.body), other.value)
    return ours == tuple(_keyed(replaced(e, names), keys) for e in theirs)


def _keyed(expr: Expr, keys: Mapping[str, str]) -> Expr:
    """An expression with other keys."""

    def change(part: Expr) -> Expr:
        made = rebuild(part, change)
        if not isinstance(made, Op) or not (made.parameters or made.state):
            return made
        parameters = {name: keys.get(key, key) for name, key in made.parameters.items()}
        state = {name: keys.get(key, key) for name, key in made.state.items()}
        return replace(made, parameters=parameters, state=state)

    return change(expr)


def _block(first: Copy, family: Family, table: NameTable) -> Block:
    """The function of a copy's number. Its variables are without that number."""
    inside = NameTable(set(table.taken))
    number = inside.fresh("i")
    start = f"{family.before}{family.first}_"
    names = {a.name: Ref(inside.fresh(a.name.removeprefix(start))) for a in first.body}
    keys = {k: family.key(f"{{{number}}}", family.rest(k) or "") for k in first.keys}
    body = tuple(
        replace(a, name=names[a.name].name, value=_keyed(replaced(a.value, names), keys))
        for a in first.body
    )
    result = _keyed(replaced(first.value, names), keys)
    match body, result:
        case (*rest, Assign(name=name, value=value)), Ref(last) if name == last:
            return Block((number,), tuple(rest), value)
        case _:
            return Block((number,), body, result)
