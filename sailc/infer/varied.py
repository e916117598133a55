"""A scope in which a name stands for something else, and all that is made of it too."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from sailc.infer.values import Closure, Lazy, Scope, Value
from sailc.syntax import tree


def varied(scope: Scope, name: str, value: Value) -> Scope:
    """A scope as it would be if a name that it knows had another value: the `let` lines and the
    functions that read the name are elaborated afresh, and no others."""
    chain = list(_up_to(scope, name))
    changing = _readers(chain, name)
    parent = chain[-1].parent
    made: dict[int, Scope] = {}
    for old in reversed(chain):
        parent = made[id(old)] = Scope(dict(old.names), parent, old.file, old.types, old.units)
    for old in chain:
        names = made[id(old)].names
        for n, found in old.names.items():
            if n in changing and isinstance(found, Lazy) and id(found.scope) in made:
                names[n] = Lazy(found.line, made[id(found.scope)])
            elif n in changing and isinstance(found, Closure) and id(found.scope) in made:
                names[n] = replace(found, scope=made[id(found.scope)])
    made[id(chain[-1])].names[name] = value
    return made[id(scope)]


def _up_to(scope: Scope, name: str) -> Iterator[Scope]:
    """A scope and those around it, up to the one that has a name."""
    while name not in scope.names and scope.parent is not None:
        yield scope
        scope = scope.parent
    yield scope


def _readers(chain: list[Scope], name: str) -> set[str]:
    """A name, and those whose definitions read it, or each other."""
    reads = {
        n: set(_read(found))
        for scope in chain
        for n, found in scope.names.items()
        if isinstance(found, Lazy | Closure)
    }
    changing = {name}
    while more := {n for n, read in reads.items() if n not in changing and read & changing}:
        changing |= more
    return changing


def _read(found: Lazy | Closure) -> Iterator[str]:
    """The names in a definition."""
    nodes = (found.line.value,) if isinstance(found, Lazy) else (found.value, *found.lines)
    for node in nodes:
        for n in tree.walk(node) if node is not None else ():
            if isinstance(n, tree.Name):
                yield n.id
