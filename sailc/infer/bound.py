"""A call whose arguments have found their parameters."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from sailc.infer.values import Given, Scope, Value
from sailc.source import Span
from sailc.syntax import tree


class Bound(Struct, frozen=True):
    """A call whose arguments have found their parameters, for a typing rule."""

    declaration: tree.Declaration
    values: Mapping[str, Given]
    extra: tuple[Given, ...]
    scope: Scope
    span: Span

    def value(self, name: str) -> Value:
        return self.values[name][0]

    def where(self, name: str) -> Span:
        return self.values[name][1]

    @property
    def name(self) -> str:
        return self.declaration.name

    def all(self) -> list[Given]:
        return [*self.values.values(), *self.extra]
