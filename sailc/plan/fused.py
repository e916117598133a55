"""Points that are made by a comprehension and hold lists of different lengths.

`let sets = [[x for x in row if x > 0] for row in rows]` is no array, since its lists differ in
length. A data line that runs over it (over the first of it, over it beside its labels) runs over
the rows instead, and makes each point's list where it is asked about.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from sailc.infer.modules.problem import DataLine, Question
from sailc.terms import Apply, Map, Term, Var, rebuild
from sailc.types.model import ListType, TupleType
from sailc.types.parts import item_of, lengths, resized, size_of

CHOOSING = frozenset({"first", "last", "drop", "every", "shuffle"})


class Made(Struct, frozen=True, eq=False):
    """A collection whose elements are `element`, of each `variable` of `source`."""

    source: Term
    variable: Var
    element: Term


def is_ragged(source: Term) -> bool:
    """Whether a data line's source holds lists whose lengths only the data know."""
    return bool(lengths(item_of(source.type))) and _made(source) is not None


def fused(line: DataLine) -> DataLine:
    """A line that runs over what its points are made of, if these are ragged."""
    found = _made(line.source) if lengths(item_of(line.source.type)) else None
    if found is None:
        return line
    variable = replace(found.variable, place=line.variable.place)
    element = rebuild(found.element, _same, {id(found.variable): variable})
    memo: dict[int, Term] = {id(line.variable): element}

    def asked(term: Term | None) -> Term | None:
        return term and rebuild(term, _same, memo)

    def fixture(f: Question) -> Question:
        question = asked(f.question)
        assert question is not None
        return replace(f, question=question, truth=asked(f.truth), weight=asked(f.weight))

    return replace(
        line,
        names=(variable.name or "point",),
        variable=variable,
        source=found.source,
        fixtures=tuple(map(fixture, line.fixtures)),
    )


def _made(source: Term, whole: bool = False) -> Made | None:
    """What a ragged collection is made of; any that a comprehension makes, if `whole`."""
    match source:
        case Map(variable=variable, source=inner, body=body, condition=None):
            return Made(inner, variable, body) if whole or lengths(body.type) else None
        case Apply(operator=operator, arguments=(inner, *_)) if operator in CHOOSING:
            made = _made(inner, whole)
            return made and replace(made, source=_chosen(source, made.source))
        case Apply(operator="zip", arguments=arguments):
            if not any(map(_made, arguments)):
                return None
            return _zipped(source, [(a, _made(a, whole=True)) for a in arguments])
        case _:
            return None


def _chosen(choice: Apply, source: Term) -> Term:
    """The same choice of another collection."""
    size = size_of(choice.type)
    assert size is not None
    type = resized(source.type, size)
    return replace(choice, type=type, arguments=(source, *choice.arguments[1:]))


def _zipped(term: Apply, parts: list[tuple[Term, Made | None]]) -> Made:
    sources = tuple(made.source if made else part for part, made in parts)
    item = TupleType(tuple(item_of(s.type) for s in sources))
    point = Var(item, term.span, "point")
    elements: list[Term] = []
    for i, (_, made) in enumerate(parts):
        own = Apply(item.items[i], term.span, "item", (point,), {"index": i})
        elements.append(rebuild(made.element, _same, {id(made.variable): own}) if made else own)
    whole = TupleType(tuple(e.type for e in elements))
    size = size_of(term.type)
    assert size is not None
    source = replace(term, type=ListType(item, size), arguments=sources)
    return Made(source, point, Apply(whole, term.span, "tuple", tuple(elements)))


def _same(term: Term) -> Term:
    return term
