"""Comprehensions with `if` about a point: they leave each point another number of elements."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.infer.modules.problem import DataLine
from sailc.terms import Map, Term, Var, walk
from sailc.types.dims import DimName
from sailc.types.model import ListType


def asked_of(line: DataLine) -> list[Term]:
    """The terms of a data line about each of its points."""
    terms = [t for f in line.fixtures for t in (f.question, f.truth, f.weight)]
    return [t for t in terms if t is not None]


def chosen_by_point(line: DataLine) -> list[Map]:
    """The comprehensions of a data line that leave each point another number of elements; one
    for each such number."""
    found: dict[DimName, Map] = {}
    for t in walk(*asked_of(line)):
        if _chooses_by(t, line.variable) and isinstance(t, Map):
            found.setdefault(length_of(t), t)
    return list(found.values())


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


def is_countable(term: Map, point: Var) -> bool:
    """Whether the elements that a comprehension leaves a point can be counted before any other
    number of them is known."""
    return not any(_chooses_by(t, point) for t in walk(*_before(term)))


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
