"""The declarations of a file."""

from __future__ import annotations

from typing import Any

from sailc.diagnostics import syntax as problem
from sailc.syntax.build.base import Enclosed, Place
from sailc.syntax.build.lines import Lines
from sailc.syntax.token import Token
from sailc.syntax.tree import Declaration, Expr, Name, Record, Use


class Declarations(Lines):
    def module(self, v: list[Any]) -> Declaration:
        word, name, parameters, block = v
        return self._declare(word.text, v, name, parameters, None, block)

    def function(self, v: list[Any]) -> Declaration:
        word, name, parameters, result, body = v
        return self._declare(word.text, v, name, parameters, result, body)

    def extern(self, v: list[Any]) -> Declaration:
        word, _, name, parameters, result, block = v
        return self._declare(word.text, v, name, parameters, result, block)

    def type_(self, v: list[Any]) -> Declaration:
        return self._declare(v[0].text, v, v[1], None, None, v[2])

    unit = type_

    def enum(self, v: list[Any]) -> Declaration:
        self._bare(v[2])
        return self._declare(v[0].text, v, v[1], None, None, v[2])

    def field(self, v: list[Any]) -> Declaration:
        return self._declare(v[0].text, v, v[1], None, None, None)

    def use(self, v: list[Any]) -> Use:
        _, path, names = v
        return Use(self.across(v), path.text, self.at(path), self._bare(names))

    def path(self, v: list[Any]) -> Token:
        """One token for a whole dotted path, without what may stand around its dots."""
        text = ".".join(self.identifier(name) for name in v[::2])
        return Token("PATH", text, v[0].start, v[-1].end)

    def _declare(
        self,
        kind: str,
        parts: list[Place | None],
        name: Token,
        parameters: Enclosed | None,
        result: Expr | None,
        body: Enclosed | Expr | None,
    ) -> Declaration:
        span = self.across(parts)
        value, lines = (None, body.items) if isinstance(body, Enclosed) else (body, None)
        return Declaration(
            span,
            kind,
            name.text if name.type == "PATH" else self.identifier(name),
            self.at(name),
            parameters.items if parameters else None,
            result,
            value,
            lines,
            self.doc(span.start),
        )

    def _bare(self, record: Record | None) -> tuple[Name, ...]:
        """The names in braces, which may have no values."""
        fields = record.fields if record else ()
        for field in fields:
            if field.value is not None:
                self.problems.append(problem.NameWithValue(span=field.value.span))
        return tuple(Name(f.name_span, f.name) for f in fields if f.name)
