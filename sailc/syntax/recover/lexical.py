"""Mends the tokens that are wrong in themselves."""

from __future__ import annotations

import re

from sailc.diagnostics.syntax import (
    FOREIGN,
    BadNumber,
    UnknownCharacter,
    UnterminatedString,
)
from sailc.source import Span
from sailc.syntax.machine import Machine
from sailc.syntax.recover.report import Report
from sailc.syntax.token import Token

_GLUED = re.compile(r"(\d+(?:_\d+)*(?:\.\d+)?(?:[eE]\d+)?)([^\W\d]\w*)")


def mended(raw: list[Token], report: Report, machine: Machine) -> list[Token]:
    """The tokens with something that makes sense in the place of each broken one."""
    tokens: list[Token] = []
    for token in raw:
        match token.type:
            case "UNTERMINATED":
                report.add(UnterminatedString(span=_span(token, report)))
                tokens.extend(_terminated(token))
            case "BAD_NUMBER":
                report.add(_bad_number(token, _span(token, report)))
                tokens.append(Token("NAME", "", token.start, token.end))
            case "QUOTED":
                report.add(UnknownCharacter(span=_span(token, report), text=token.text))
                text = '"' + token.text[1:-1].replace('"', '\\"') + '"'
                tokens.append(Token("STRING", text, token.start, token.end))
            case "UNKNOWN":
                report.add(UnknownCharacter(span=_span(token, report), text=token.text))
                tokens.extend(_translated(token, machine))
            case _:
                tokens.append(token)
    return tokens


def _terminated(token: Token) -> list[Token]:
    """The string; a brace at its end is that of a block, which it has swallowed."""
    text = token.text.removesuffix("\\").rstrip()
    brace = text.endswith("{")
    text = text.removesuffix("{")
    end = token.start + len(text)
    opens = [Token("LBRACE", "{", end, end + 1)] if brace else []
    return [Token("STRING", text + '"', token.start, end), *opens]


def _bad_number(token: Token, span: Span) -> BadNumber:
    glued = _GLUED.fullmatch(token.text)
    number, rest = glued.groups() if glued else ("", "")
    return BadNumber(span=span, text=token.text, number=number, rest=rest)


def _translated(token: Token, machine: Machine) -> list[Token]:
    """What was meant by a sign of another language, if it is known."""
    if token.text == ";":
        return [token.as_type("NL")]
    meant = FOREIGN.get(token.text)
    if meant is None:
        return []
    kind = machine.tokens(meant, 0, len(meant))[0].type
    return [Token(kind, meant, token.start, token.end)]


def _span(token: Token, report: Report) -> Span:
    return Span(report.source.path, token.start, token.end)
