"""Expressions and types."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sailc.diagnostics import syntax as problem
from sailc.syntax.build.patterns import Patterns
from sailc.syntax.token import Token
from sailc.syntax.tree import (
    Argument,
    Arm,
    Arrow,
    Binary,
    Call,
    Clause,
    Comprehension,
    Expr,
    If,
    Index,
    Lambda,
    List,
    Match,
    Member,
    Name,
    Optional,
    Range,
    Record,
    RecordField,
    Slice,
    Spread,
    Unary,
    WithUnit,
)


class Expressions(Patterns):
    # --- functions, choices, operators ---

    def lambda_(self, v: list[Any]) -> Expr:
        return Lambda(self.between(v[0], v[2]), self.lambda_parameters(v[0]), v[2])

    def conditional(self, v: list[Any]) -> Expr:
        return If(self.between(v[0], v[5]), v[1], v[3], v[5])

    def arrow(self, v: list[Any]) -> Expr:
        return Arrow(self.between(v[0], v[2]), v[0], v[2])

    def binary(self, v: list[Any]) -> Expr:
        return Binary(self.between(v[0], v[2]), v[1].text, v[0], v[2])

    def unary(self, v: list[Any]) -> Expr:
        return Unary(self.between(v[0], v[1]), v[0].text, v[1])

    def range(self, v: list[Any]) -> Expr:
        start, _, stop, _, step = v
        return Range(self.between(start, step or stop), start, stop, step)

    def spread(self, v: list[Any]) -> Expr:
        return Spread(self.between(v[0], v[1]), v[1])

    # --- what follows an operand ---

    def member(self, v: list[Any]) -> Expr:
        name: Token = v[2]
        return Member(self.between(v[0], name), v[0], self.identifier(name), self.at(name))

    def call(self, v: list[Any]) -> Expr:
        arguments = [a for a in v[2:-1] if isinstance(a, Argument)]
        for argument in arguments:
            if isinstance(argument.name, Member):
                self.problems.append(problem.InvalidArgument(span=argument.name.span))
        return Call(self.between(v[0], v[-1]), v[0], tuple(arguments))

    def call_comprehension(self, v: list[Any]) -> Expr:
        argument = Argument(v[2].span, None, v[2])
        return Call(self.between(v[0], v[3]), v[0], (argument,))

    def argument(self, v: list[Any]) -> Argument:
        left, equal, value = v
        if equal is None:
            return Argument(left.span, None, left)
        span = self.between(left, value)
        if _is_path(left):
            return Argument(span, left, value)
        self.problems.append(problem.InvalidArgument(span=left.span))
        return Argument(span, None, value)

    def arguments(self, v: list[Any]) -> tuple[Argument, ...]:
        return tuple(a for a in v if isinstance(a, Argument))

    def index(self, v: list[Any]) -> Expr:
        return Index(self.between(v[0], v[-1]), v[0], _nodes(v[2:-1]))

    def slice(self, v: list[Any]) -> Expr:
        return Slice(self.across(v), v[0], v[2])

    def with_unit(self, v: list[Any]) -> Expr:
        units: Token = v[1]
        inside = self.place(units.start + 1, units.end - 1)
        return WithUnit(self.between(v[0], units), v[0], units.text[1:-1], inside)

    def optional(self, v: list[Any]) -> Expr:
        return Optional(self.between(v[0], v[1]), v[0])

    # --- in brackets and braces ---

    def list_(self, v: list[Any]) -> Expr:
        return List(self.between(v[0], v[-1]), _nodes(v[1:-1]))

    def list_comprehension(self, v: list[Any]) -> Expr:
        return replace(v[1], span=self.between(v[0], v[2]))

    def comprehension(self, v: list[Any]) -> Expr:
        return Comprehension(self.between(v[0], v[-1]), v[0], tuple(v[1:]))

    def clause(self, v: list[Any]) -> Clause:
        _, target, _, source, _, condition = v
        return Clause(self.between(v[0], condition or source), target, source, condition)

    def record(self, v: list[Any]) -> Expr:
        return Record(self.between(v[0], v[-1]), _nodes(v[1:-1]))

    def record_field(self, v: list[Any]) -> RecordField:
        name, value = v
        span = self.between(name, value or name)
        return RecordField(span, self.identifier(name), self.at(name), value)

    def match(self, v: list[Any]) -> Expr:
        arms = tuple(arm for arm in v if isinstance(arm, Arm))
        return Match(self.between(v[0], v[-1]), v[1], arms)

    def arm(self, v: list[Any]) -> Arm:
        pattern, _, guard, _, value = v
        return Arm(self.between(pattern, value), self.constant(pattern), guard, value)

    # --- after a colon, an arrow, an equals sign, `when` ---

    def annotation(self, v: list[Any]) -> Expr:
        return v[1]

    result = definition = guard = annotation


def _nodes(values: list[Any]) -> tuple[Any, ...]:
    return tuple(value for value in values if not isinstance(value, Token))


def _is_path(expression: Expr) -> bool:
    while isinstance(expression, Member):
        expression = expression.value
    return isinstance(expression, Name)
