"""Numbers, quantities, strings."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from sailc.diagnostics import syntax as problem
from sailc.source import Span
from sailc.syntax.build.base import Base
from sailc.syntax.token import Token
from sailc.syntax.tree import Expr, Missing, Number, Quantity, String, Truth

_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


class Literals(Base):
    def variable(self, v: list[Any]) -> Expr:
        return self.name(v[0])

    def number(self, v: list[Any]) -> Expr:
        token: Token = v[0]
        span = self.at(token)
        value = self._value(token.text, span)
        return Missing(span) if value is None else Number(span, value)

    def quantity(self, v: list[Any]) -> Expr:
        token: Token = v[0]
        span = self.at(token)
        amount, unit = token.text.split(maxsplit=1)
        value = self._value(amount, span)
        if value is None:
            return Missing(span)
        return Quantity(span, value, unit, self.place(token.end - len(unit), token.end))

    def string(self, v: list[Any]) -> Expr:
        return String(self.at(v[0]), self.characters(v[0]))

    def truth(self, v: list[Any]) -> Expr:
        return Truth(self.at(v[0]), v[0].type == "TRUE")

    def characters(self, token: Token) -> str:
        """What a string holds."""
        body = token.text[1:-1]
        if "\\" not in body:
            return body

        def meaning(match: re.Match[str]) -> str:
            found = _escaped(match[1])
            if found is None:
                start = token.start + 1 + match.start()
                span = self.place(start, start + len(match[0]))
                self.problems.append(problem.UnknownEscape(span=span, text=match[0]))
            return found or ""

        return _ESCAPE.sub(meaning, body)

    def _value(self, text: str, span: Span) -> int | float | None:
        text = text.replace("_", "")
        try:
            value = float(text) if any(c in text for c in ".eE") else int(text)
        except ValueError:  # Python refuses whole numbers of thousands of digits
            value = float("inf")
        if isinstance(value, float) and not isfinite(value):
            self.problems.append(problem.NumberTooLarge(span=span))
            return None
        return value


def _escaped(code: str) -> str | None:
    """The character that an escape stands for; None if there is none."""
    if code.startswith("u{"):
        point = int(code[2:-1], 16)
        # Half of a surrogate pair is no character.
        return chr(point) if point < 0xD800 or 0xDFFF < point < 0x110000 else None
    return _ESCAPES.get(code)
