"""Comprehensions with `if` about a point: they leave each point another number of elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from sailc.infer.modules.problem import DataLine
from sailc.terms import Apply, Const, Map, Term, Var, below, walk
from sailc.types.dims import Dim, DimName
from sailc.types.model import ListType
from sailc.types.parts import lengths


def asked_of(line: DataLine) -> list[Term]:
    """The terms of a data line about each of its points that the data decide: the fixtures after
    the first are computed from answers."""
    asked = [f.question for f in line.fixtures[:1]]
    return asked + [t for f in line.fixtures for t in (f.truth, f.weight) if t is not None]


def chosen_by_point(line: DataLine) -> list[Map]:
    """The comprehensions of a data line that leave each point another number of elements; one
    for each such number. Where elements are only summed, their number is not asked for."""
    found: dict[DimName, Map] = {}
    summed = only_summed(line)
    for t in walk(*asked_of(line)):
        if _chooses_by(t, line.variable) and isinstance(t, Map) and length_of(t) not in summed:
            found.setdefault(length_of(t), t)
    return list(found.values())


def only_summed(line: DataLine) -> frozenset[DimName]:
    """The numbers of elements that nothing depends on, since these are only added up."""
    roots = asked_of(line)
    terms = list(walk(*roots))
    chosen = {length_of(t) for t in terms if isinstance(t, Map) and _chooses_by(t, line.variable)}
    read = set(lengths(*(t.type for t in roots)))
    read |= {a for t in terms if isinstance(t, Const) for a in _in_value(t.value)}
    for t in terms:
        read |= {n for b in below(t) if not _adds_up(t, b) for n in lengths(b.type)}
    return frozenset(chosen - read)


def _adds_up(term: Term, part: Term) -> bool:
    sums = isinstance(term, Apply) and term.operator == "sum"
    return sums and isinstance(part, Map) and part.condition is not None


def _in_value(value: object) -> Iterator[DimName]:
    if isinstance(value, Dim):
        yield from (a for a in value.atoms() if isinstance(a, DimName))
    elif isinstance(value, tuple):
        yield from (a for v in cast("tuple[object, ...]", value) for a in _in_value(v))


def has_unknown(value: object) -> bool:
    """Whether there are lengths in a constant that only the data know."""
    if isinstance(value, tuple):
        return any(map(has_unknown, cast("tuple[object, ...]", value)))
    return isinstance(value, Dim) and value.value is None


def length_of(term: Map) -> DimName:
    """The name of the number of elements that a comprehension with `if` leaves."""
    assert isinstance(term.type, ListType)
    name = term.type.size.atom
    assert isinstance(name, DimName)
    return name


def chain(term: Map) -> list[Map]:
    """A comprehension, and those below that its elements come through: from where the number
    of elements is that of the collection."""
    found = [term]
    while isinstance(source := found[-1].source, Map) and _chooses(source):
        found.append(source)
    return found


def _chooses(term: Map) -> bool:
    return term.condition is not None or (isinstance(term.source, Map) and _chooses(term.source))


def is_countable(term: Map, line: DataLine) -> bool:
    """Whether the elements that a comprehension leaves a point can be counted before any other
    number of them is known."""
    summed = only_summed(line)
    before = (t for t in walk(*_before(term)) if _chooses_by(t, line.variable))
    return all(isinstance(t, Map) and length_of(t) in summed for t in before)


def _before(term: Map) -> Iterator[Term]:
    """What has to be known to tell which elements are left."""
    maps = chain(term)
    yield maps[-1].source
    for m in maps:
        if m.condition is not None:
            yield m.condition
        if m is not term:
            yield m.body


def _chooses_by(term: Term, point: Var) -> bool:
    if not isinstance(term, Map) or term.condition is None:
        return False
    return any(t is point for t in walk(term.source, term.condition))
