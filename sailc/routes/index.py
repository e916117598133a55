"""Converters by the types that they take, so that a search looks at few of many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from sailc.infer.modules.converter import Converter
from sailc.types.meet import outline
from sailc.types.model import ListType, RecordType, SetType, TupleType, Type


class Index(Struct, frozen=True, eq=False):
    """Those that take one type without variables by its outline, and those that take many."""

    exact: dict[object, list[Converter]]
    open: list[Converter]

    @classmethod
    def of(cls, converters: Iterable[Converter], end: Callable[[Converter], Type]) -> Index:
        found = cls({}, [])
        for c in converters:
            key = None if c.rule else outline(end(c))
            (found.open if key is None else found.exact.setdefault(key, [])).append(c)
        return found

    @classmethod
    def forward(cls, converters: Iterable[Converter]) -> Index:
        """For the way of questions: by what a converter takes."""
        usable = (c for c in converters if c.path != "answer")
        return cls.of(usable, lambda c: c.source)

    @classmethod
    def backward(cls, converters: Iterable[Converter]) -> Index:
        """For the way back from truths: by what a converter gives; a fitted one is used
        backwards, from what it takes."""
        usable = (c for c in converters if c.path != "question")
        return cls.of(usable, lambda c: c.source if c.fitted else c.target)

    def at(self, type: Type) -> Iterator[Converter]:
        """The converters that may take a type."""
        yield from self.open
        key = outline(type)
        if key is not None:
            yield from self.exact.get(key, ())
        else:
            yield from (c for some in self.exact.values() for c in some)

    def within(self, type: Type) -> Iterator[Converter]:
        """The converters that may take a type or something that it holds."""
        found = {id(c): c for part in _parts(type) for c in self.at(part)}
        yield from found.values()


def _parts(type: Type) -> Iterator[Type]:
    yield type
    match type:
        case ListType(item) | SetType(item):
            yield from _parts(item)
        case TupleType(items):
            for t in items:
                yield from _parts(t)
        case RecordType(fields):
            for _, t in fields:
                yield from _parts(t)
        case _:
            pass
