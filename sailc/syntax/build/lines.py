"""The lines of a block."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sailc.diagnostics import syntax as problem
from sailc.syntax.build.base import Enclosed
from sailc.syntax.build.expressions import Expressions
from sailc.syntax.tree import (
    Argument,
    Data,
    Expr,
    Fit,
    Fixture,
    Give,
    Let,
    Member,
    Missing,
    Name,
    Needs,
    Node,
    Parameter,
    Port,
    Property,
    Require,
    Stage,
    Suggest,
)


class Lines(Expressions):
    def block(self, v: list[Any]) -> Enclosed:
        lines = tuple(line for line in v if isinstance(line, Node))
        return Enclosed(self.between(v[0], v[-1]), lines)

    def parameters(self, v: list[Any]) -> Enclosed:
        items = tuple(p for p in v if isinstance(p, Parameter))
        return Enclosed(self.between(v[0], v[-1]), items)

    def parameter(self, v: list[Any]) -> Parameter:
        name, type, default = v
        return Parameter(self.across(v), self.identifier(name), type, default)

    # --- let, suggest, input, output, needs ---

    def let_value(self, v: list[Any]) -> Let:
        let, target, type, value = v
        span = self.between(let, value)
        return Let(span, target, None, type, value, None, self.doc(span.start))

    def let_function(self, v: list[Any]) -> Let:
        let, name, parameters, result, body = v
        span = self.between(let, body)
        value, lines = (None, body.items) if isinstance(body, Enclosed) else (body, None)
        target, doc = self.name(name), self.doc(span.start)
        return Let(span, target, parameters.items, result, value, lines, doc)

    def suggest(self, v: list[Any]) -> Suggest:
        _, target, _, domain, when = v
        span = self.across(v)
        return Suggest(span, target, domain, when, self.doc(span.start))

    def member_path(self, v: list[Any]) -> Expr:
        path = self.name(v[0])
        for name in v[2::2]:
            span = self.between(path, name)
            path = Member(span, path, self.identifier(name), self.at(name))
        return path

    def input(self, v: list[Any]) -> Port:
        _, name, type = v
        span = self.across(v)
        doc = self.doc(span.start)
        return Port(span, "input", self.identifier(name), self.at(name), type, None, doc)

    def output(self, v: list[Any]) -> Port:
        word, left, type, value = v
        span = self.across(v)
        doc = self.doc(span.start)
        if type is None and value is None:
            return Port(span, "output", "", self.at(word), None, left, doc)
        name, place = self._named(left)
        return Port(span, "output", name, place, type, value, doc)

    def _named(self, left: Expr) -> tuple[str, Any]:
        """The name that stands before a type or a value."""
        if isinstance(left, Name):
            return left.id, left.span
        if not isinstance(left, Missing):
            self.problems.append(problem.InvalidName(span=left.span))
        return "", left.span

    def needs(self, v: list[Any]) -> Needs:
        _, name, _, verb, type = v
        span = self.across(v)
        doc, word = self.doc(span.start), verb and verb.text
        return Needs(span, self.identifier(name), self.at(name), word, type, doc)

    # --- require, fit, give, stage, properties ---

    def require(self, v: list[Any]) -> Require:
        _, condition, _, because = v
        return Require(self.across(v), condition, because and self.characters(because))

    def fit(self, v: list[Any]) -> Fit:
        for binding in v[1]:
            if not isinstance(binding.name, Name):
                self.problems.append(problem.InvalidFit(span=binding.span))
        return Fit(self.between(v[0], v[1][-1]), v[1])

    def give(self, v: list[Any]) -> Give:
        return Give(self.between(v[0], v[1]), v[1])

    def stage(self, v: list[Any]) -> Stage:
        _, name, body = v
        span = self.between(v[0], body)
        return Stage(span, self.identifier(name), self.at(name), body.items)

    def property(self, v: list[Any]) -> Property:
        word, arguments, when = v
        last = when or (arguments[-1] if arguments else word)
        span = self.between(word, last)
        name, doc = self.identifier(word), self.doc(span.start)
        return Property(span, name, self.at(word), arguments or (), when, doc)

    # --- data ---

    def data_line(self, v: list[Any]) -> Data:
        word, target, _, source, _, question = v
        span = self.between(word, question)
        return Data(span, word.text, target, source, (question,))

    def data_block(self, v: list[Any]) -> Data:
        word, target, _, source, fixtures = v
        span = self.between(word, fixtures)
        return Data(span, word.text, target, source, fixtures.items)

    def fixtures(self, v: list[Any]) -> Enclosed:
        items = tuple(f for f in v if isinstance(f, Fixture))
        return Enclosed(self.between(v[0], v[-1]), items)

    def fixture(self, v: list[Any]) -> Fixture:
        name, _, question = v
        return replace(
            question,
            span=self.between(name, question),
            name=self.identifier(name),
            name_span=self.at(name),
        )

    def question(self, v: list[Any]) -> Fixture:
        verb, asked, _, truth, options = v
        last = options[-1] if options else truth or asked
        span = self.between(verb or asked, last)
        return Fixture(span, "", span.head(), verb and verb.text, asked, truth, options)

    def options(self, v: list[Any]) -> tuple[Argument, ...]:
        for option in v:
            if isinstance(option, Argument) and not isinstance(option.name, Name):
                self.problems.append(problem.InvalidOption(span=option.span))
        return self.arguments(v)
