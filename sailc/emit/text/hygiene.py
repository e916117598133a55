"""Variables that hide nothing: what a row calls stays what it means."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from functools import cache

from msgspec.structs import replace

from sailc.emit.text.rows import Rows, hole_names, numbers_read, row_text
from sailc.program.tree.expressions import reads, rebuild, rebuilt, walk
from sailc.program.tree.names import RESERVED, NameTable
from sailc.program.tree.nodes import Assign, Block, Each, Expr, Function, Op, Ref, Step, Text


def unhidden(f: Function, rows: Rows) -> Function:
    """A function of which no variable is called like what the rows of its operators call, or
    like a variable of theirs around it. What rows read on purpose (`w`, `training`) is reserved
    before."""
    own = set(bound(f))
    meant = {n for e in walk(*f.expressions) for n in _meant(e, rows)}
    hidden = sorted(own & meant - RESERVED)
    if not hidden:
        return f
    table = NameTable(own | meant | {n for e in f.expressions for n in reads(e)})
    return _renamed(f, {name: table.fresh(name) for name in hidden})


def bound(f: Function) -> Iterator[str]:
    """The variables of a function, and of the functions in it."""
    yield from f.parameters
    yield from (a.name for a in f.body)
    for e in walk(*f.expressions):
        if isinstance(e, Step | Block):
            yield from e.parameters
        if isinstance(e, Block):
            yield from (a.name for a in e.body)
        if isinstance(e, Each):
            yield from e.bound[1:]


def _meant(expr: Expr, rows: Rows) -> Set[str]:
    """The names that an operator's row reads; of those that it binds itself only such as its
    arguments read, too. What a key reads is a variable of the function, which rows only repeat."""
    match expr:
        case Text(text):
            return _names(text)[0]
        case Op(operator) if operator in rows:
            read, inner = _names(row_text(expr, rows))
            given = {n for a in expr.arguments for n in reads(a)} if inner else set[str]()
            return (read - hole_names(expr) - numbers_read(expr) - inner) | (inner & given)
        case _:
            return set()


@cache
def _names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """What an expression's text reads, and what it binds."""
    parsed = ast.parse(text, mode="eval")
    read = (n.id for n in ast.walk(parsed) if isinstance(n, ast.Name))
    return frozenset(read), frozenset(_variables(parsed))


def _variables(row: ast.AST) -> Iterator[str]:
    """What a row binds: in comprehensions, and as arguments of functions."""
    for n in ast.walk(row):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
            yield n.id
        if isinstance(n, ast.arg):
            yield n.arg


def _renamed(f: Function, names: Mapping[str, str]) -> Function:
    def statement(a: Assign) -> Assign:
        return replace(a, name=names.get(a.name, a.name))

    def several(parameters: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(p, p) for p in parameters)

    def change(expr: Expr) -> Expr:
        match rebuild(expr, change):
            case Ref(name):
                return Ref(names.get(name, name))
            case Step(parameters) as step:
                return replace(step, parameters=several(parameters))
            case Block(parameters, body) as block:
                inside = tuple(map(statement, body))
                return replace(block, parameters=several(parameters), body=inside)
            case Each(over, parameters, body, kept=kept) as each:
                plain = kept.removeprefix("*")
                return replace(
                    each,
                    over=names.get(over, over),
                    parameters=several(parameters),
                    body=tuple(map(statement, body)),
                    kept=kept.replace(plain, names.get(plain, plain)) if plain else "",
                )
            case other:
                return other

    made = rebuilt(f, change)
    return replace(made, parameters=several(f.parameters), body=tuple(map(statement, made.body)))
