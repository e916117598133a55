"""Typed expressions: what elaboration makes of trees, and lowering of programs.

A term is a node of a graph: a `let` used twice is one node reached twice. `Apply` holds
every operator, so a new one needs no new class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from hashlib import sha256
from typing import Union

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.source import Span
from sailc.types.dims import ZERO, Dim
from sailc.types.model import Type

Attribute = Union[
    int, float, bool, str, None, Dim, "Lambda", "Layer", Type, tuple["Attribute", ...]
]


class Layer(Struct, eq=False):
    """One layer of a model: its identity, and the shapes of its parameters, and of its state:
    what training changes and does not learn.

    `parts` are the `let` (or port) of the model in whose line it was made, after the holes that
    the model fills.
    """

    operator: str
    parts: tuple[str, ...]
    parameters: dict[str, Type] = field(default_factory=dict[str, Type])
    initial: dict[str, object] = field(default_factory=dict[str, object])
    state: dict[str, Type] = field(default_factory=dict[str, Type])
    name: str = ""

    @property
    def part(self) -> str:
        """What its arrays are named for."""
        return "_".join(p for p in self.parts if p)


class Var(Struct, frozen=True, gc=False, eq=False):
    """A question, a point, or what a comprehension or function binds.

    `place` says what a point or an element is of, whatever its author calls it, or that it
    answers.
    """

    type: Type
    span: Span
    name: str
    place: str = ""


ANSWERS = "answers"
"""The place of the function that answers a problem's questions."""


HOLE = "hole"
"""How the places of holes begin, which models fill."""


class Const(Struct, frozen=True, gc=False, eq=False):
    """A number, a text, or nested tuples of numbers (a tensor)."""

    type: Type
    span: Span
    value: Attribute
    name: str = ""


class Apply(Struct, frozen=True, gc=False, eq=False):
    """An operator on arguments. `macs` and `flops` count one evaluation."""

    type: Type
    span: Span
    operator: str
    arguments: tuple[Term, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    layer: Layer | None = None
    macs: Dim = ZERO
    flops: Dim = ZERO
    name: str = ""


class Map(Struct, frozen=True, gc=False, eq=False):
    """`[body for variable in source if condition]`."""

    type: Type
    span: Span
    variable: Var
    source: Term
    body: Term
    condition: Term | None = None
    name: str = ""


class Lambda(Struct, frozen=True, gc=False, eq=False):
    """A function that is an argument of an operator (`fold`)."""

    variables: tuple[Var, ...]
    body: Term


Term = Var | Const | Apply | Map


def named(term: Term, name: str) -> Term:
    """The same term under the author's name, unless it has one."""
    return term if isinstance(term, Var) or term.name else replace(term, name=name)


def below(term: Term) -> Iterator[Term]:
    """The terms directly below one."""
    match term:
        case Apply(arguments=arguments, attributes=attributes):
            yield from arguments
            for value in attributes.values():
                if isinstance(value, Lambda):
                    yield value.body
        case Map(source=source, body=body, condition=condition):
            yield source
            yield body
            if condition is not None:
                yield condition
        case _:
            pass


def walk(*roots: Term) -> Iterator[Term]:
    """Every term of a graph once, those below before those above."""
    seen: set[int] = set()
    stack: list[tuple[Term, bool]] = [(r, False) for r in reversed(roots)]
    while stack:
        term, done = stack.pop()
        if done:
            yield term
        elif id(term) not in seen:
            seen.add(id(term))
            stack.append((term, True))
            stack.extend((t, False) for t in reversed(list(below(term))) if id(t) not in seen)


def made_of(roots: Iterable[Term], own: Set[int]) -> Set[int]:
    """The identities of the terms of some graphs that are made of those with the identities
    `own`, and these."""
    found = set(own)
    for t in walk(*roots):
        if any(id(b) in found for b in below(t)):
            found.add(id(t))
    return found


Path = tuple[str | int, ...]


def rooted(term: Term) -> tuple[Term, Path]:
    """What a path starts at, and the path: `m.atoms.position` is `("atoms", "position")` on `m`.

    A field of every element of a list counts as one too. The path is empty for what is none.
    """
    path: list[str | int] = []
    while isinstance(term, Apply) and term.operator in ("field", "column", "item"):
        key = term.attributes["index" if term.operator == "item" else "name"]
        assert isinstance(key, str | int)
        path.append(key)
        (term,) = term.arguments
    return term, tuple(reversed(path))


def overlap(a: Path, b: Path) -> bool:
    """Whether one path leads to a part of the other's end."""
    n = min(len(a), len(b))
    return a[:n] == b[:n]


def paths(root: Term, *terms: Term) -> set[Path]:
    """The paths on `root` that terms read; the empty one where they read it whole."""
    found: set[Path] = set()
    seen: set[int] = set()
    stack = list(terms)
    while stack:
        term = stack.pop()
        if id(term) in seen:
            continue
        seen.add(id(term))
        start, path = rooted(term)
        if start is root:
            found.add(path)
        else:
            stack.extend(below(term))
    return found


def is_held(function: Term) -> bool:
    """Whether a function is a value of the data: no model that answers, and no hole for one."""
    root, _ = rooted(function)
    place = root.place if isinstance(root, Var) else ""
    return place != ANSWERS and not place.startswith(HOLE)


def digest(*roots: Term) -> str:
    """A short name for what terms compute: the same for the same operators, constants and
    places of variables, wherever they stand in the source."""
    rows: dict[tuple[object, ...], int] = {}
    numbers: dict[int, int] = {}
    for t in walk(*roots):
        row = (_label(t), *(numbers[id(b)] for b in below(t)))
        numbers[id(t)] = rows.setdefault(row, len(rows))
    whole = (list(rows), [numbers[id(r)] for r in roots])
    return sha256(repr(whole).encode()).hexdigest()[:12]


def same(a: Term, b: Term) -> bool:
    """Whether two terms compute the same: the same operators on the same variables, with the
    same layers."""
    return a is b or (_row(a) == _row(b) and all(map(same, below(a), below(b))))


def _row(term: Term) -> tuple[object, ...]:
    match term:
        case Var() | Map():
            return (id(term),)
        case Const(value=value):
            return (value,)
        case Apply(operator=operator, attributes=attributes, layer=layer, arguments=arguments):
            return (operator, tuple(sorted(attributes.items())), id(layer), len(arguments))


def _label(term: Term) -> str:
    match term:
        case Var(name=name, place=place):
            return f"variable {place or name}"
        case Const(value=value):
            return f"constant {value}"
        case Apply(operator=operator, attributes=attributes):
            plain = {k: str(v) for k, v in attributes.items() if not isinstance(v, Lambda)}
            return f"{operator} {sorted(plain.items())}"
        case Map(condition=condition):
            return "each" if condition is None else "each, if"


def rebuild(term: Term, change: Callable[[Term], Term], memo: dict[int, Term]) -> Term:
    """A graph with `change` applied to each node, sharing kept; `memo` may be seeded with
    what stands for a node (substitution)."""
    found = memo.get(id(term))
    if found is not None:
        return found
    match term:
        case Apply(arguments=arguments, attributes=attributes):
            parts = tuple(rebuild(a, change, memo) for a in arguments)
            values = {k: _attribute(v, change, memo) for k, v in attributes.items()}
            result = change(replace(term, arguments=parts, attributes=values))
        case Map(variable=variable, source=source, body=body, condition=condition):
            inner = rebuild(variable, change, memo)
            assert isinstance(inner, Var)
            result = change(
                replace(
                    term,
                    variable=inner,
                    source=rebuild(source, change, memo),
                    body=rebuild(body, change, memo),
                    condition=condition and rebuild(condition, change, memo),
                )
            )
        case _:
            result = change(term)
    memo[id(term)] = result
    return result


def _attribute(
    value: Attribute, change: Callable[[Term], Term], memo: dict[int, Term]
) -> Attribute:
    if not isinstance(value, Lambda):
        return value
    variables: list[Var] = []
    for v in value.variables:
        inner = rebuild(v, change, memo)
        assert isinstance(inner, Var)
        variables.append(inner)
    return Lambda(tuple(variables), rebuild(value.body, change, memo))
