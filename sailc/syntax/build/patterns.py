"""What stands where names are bound: patterns, and the parameters of a lambda."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sailc.diagnostics import syntax as problem
from sailc.syntax.build.literals import Literals
from sailc.syntax.token import Token
from sailc.syntax.tree import (
    Expr,
    Member,
    Missing,
    Name,
    Node,
    Number,
    Parameter,
    Quantity,
    String,
    Truth,
    Tuple,
    Unary,
)


class Item(Node, frozen=True):
    """`value: type = default` in parentheses."""

    value: Expr
    type: Expr | None
    default: Expr | None


class Signature(Missing, frozen=True):
    """Parentheses that only a lambda can begin with; without `=>` they are a mistake."""

    items: tuple[Item | Expr, ...]


_CONSTANTS = (Missing, Name, Member, Number, Quantity, String, Truth)


class Patterns(Literals):
    def __init__(self, origin: str, text: str, docs: dict[int, str]) -> None:
        super().__init__(origin, text, docs)
        # By their start: signatures that have not met their `=>`, and tuples in
        # parentheses of their own, which are one parameter and not several.
        self._signatures: dict[int, Signature] = {}
        self._wrapped: set[int] = set()

    def finish(self) -> None:
        """Tell of the signatures that no `=>` has followed."""
        for signature in self._signatures.values():
            self.problems.append(problem.LoneParameters(span=signature.span))
        self._signatures.clear()

    def item(self, v: list[Any]) -> Item | Expr:
        value, type, default = v
        if type is None and default is None:
            return value
        return Item(self.across(v), value, type, default)

    def group(self, v: list[Any]) -> Expr:
        span = self.between(v[0], v[-1])
        items: tuple[Any, ...] = tuple(i for i in v[1:-1] if not isinstance(i, Token))
        if not items or any(isinstance(item, Item) for item in items):
            signature = Signature(span, items)
            self._signatures[span.start] = signature
            return signature
        sole, *more = items
        if more:
            return Tuple(span, items)
        if isinstance(sole, Tuple):
            self._wrapped.add(span.start)
        if isinstance(sole, Signature):
            return sole
        return replace(sole, span=span)

    def target(self, v: list[Any]) -> Expr:
        if isinstance(v[0], Token):
            return self.name(v[0])
        return self.binding(v[0])

    def binding(self, pattern: Expr) -> Expr:
        """A pattern of names, as it is or mended."""
        match pattern:
            case Tuple(span, items):
                return Tuple(span, tuple(self.binding(item) for item in items))
            case Signature(span):
                self._signatures.pop(span.start, None)
            case Missing() | Name():
                return pattern
            case _:
                pass
        self.problems.append(problem.InvalidPattern(span=pattern.span))
        return Missing(pattern.span)

    def constant(self, pattern: Expr) -> Expr:
        """The pattern of an arm of a `match`, as it is or mended."""
        match pattern:
            case Tuple(span, items):
                return Tuple(span, tuple(self.constant(item) for item in items))
            case Signature(span):
                self._signatures.pop(span.start, None)
            case Unary(_, "-", Number() | Quantity()):
                return pattern
            case _:
                if isinstance(pattern, _CONSTANTS):
                    return pattern
        self.problems.append(problem.InvalidArm(span=pattern.span))
        return Missing(pattern.span)

    def lambda_parameters(self, left: Expr) -> tuple[Parameter, ...]:
        """What stands before `=>`, read as parameters."""
        match left:
            case Tuple(span, items) if span.start not in self._wrapped:
                return tuple(self._parameter(item) for item in items)
            case Signature(span, items):
                self._signatures.pop(span.start, None)
                return tuple(self._parameter(item) for item in items)
            case _:
                return (self._parameter(left),)

    def _parameter(self, item: Item | Expr) -> Parameter:
        type = default = None
        value = item
        if isinstance(item, Item):
            value, type, default = item.value, item.type, item.default
        match value:
            case Name(_, id):
                return Parameter(item.span, id, type, default)
            case Tuple():
                pattern = self.binding(value)
                assert isinstance(pattern, Tuple)
                return Parameter(item.span, "", type, default, pattern)
            case Missing() if not isinstance(value, Signature):
                pass
            case _:
                self._signatures.pop(value.span.start, None)
                self.problems.append(problem.InvalidParameter(span=value.span))
        return Parameter(item.span, "", type, default)
