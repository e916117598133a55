"""Mistakes that have a better explanation than the token that was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc import words
from sailc.diagnostics.base import suggest
from sailc.diagnostics.syntax import (
    ChainedComparison,
    ReservedWord,
    UnknownDeclaration,
    UnknownLine,
    UnknownVerb,
    meant,
)
from sailc.source import Span
from sailc.syntax.recover.search import Edit
from sailc.syntax.token import Token

if TYPE_CHECKING:
    from sailc.syntax.recover.repair import Repair

_OPERANDS = frozenset({"NAME", "NUMBER", "QUANTITY", "STRING"})


def verb(repair: Repair, token: Token) -> bool:
    """`clasify image`: a word where a verb may stand, and an operand right behind it."""
    if not repair.state.filter.asks or token.type != "NAME" or token.text in words.VERBS:
        return False
    following = repair.tokens[repair.state.at + 1]
    if following.type not in _OPERANDS or following.text in words.RESERVED or not token.text:
        return False
    repair.report.add(UnknownVerb(span=_span(repair, token), word=token.text))
    near = suggest(token.text, words.VERBS)
    if near is None:
        repair.state = repair.state._replace(at=repair.state.at + 1)
        return True
    return repair.accept(token._replace(text=near))


def declaration(repair: Repair, token: Token) -> bool:
    """`modle Line {`: a line of the file that begins with no word for a declaration."""
    level = repair.state.filter.level
    if level.kind != "file" or level.head or token.type != "NAME" or not token.text:
        return False
    indented = repair.report.source.position(token.start).column > 1
    if not repair.lost:
        span = _span(repair, token)
        repair.report.add(UnknownDeclaration(span=span, word=token.text, indented=indented))
    if not indented and _declares(repair, token):
        repair.lost = False
    else:
        repair.skip_line()
    return True


def _declares(repair: Repair, token: Token) -> bool:
    """Take a word as that of a declaration, if a name and more follow it."""
    following = [each.type for each in repair.tokens[repair.state.at + 1 : repair.state.at + 3]]
    if following[:1] != ["NAME"] or token.text in words.LINES or repair.report.full:
        return False
    word = meant(token.text)
    if word is None:
        if following[1] not in ("LBRACE", "LPAR"):
            return False
        repair.foreign.add(token.start)
    return repair.accept(token._replace(text=word or "problem"))


def line(repair: Repair, token: Token) -> bool:
    """`ouput y: real`: a line of a block whose first word is a misspelt one."""
    state, _ = repair.line
    head = repair.tokens[state.at]
    level = repair.state.filter.level
    if level.kind != "block" or level.head != "NAME" or head.text in words.PROPERTIES:
        return False
    near = suggest(head.text, words.LINES)
    if near is None or not repair.search.takes(state, head._replace(text=near), repair.state.at):
        return False
    repair.report.add(UnknownLine(span=_span(repair, head), word=head.text, near=near))
    repair.rewind()
    return repair.accept(head._replace(text=near))


def reserved(repair: Repair, token: Token) -> bool:
    """`let in = 5`: a word of the language where a name should stand."""
    if token.type != "NAME" or token.text not in words.RESERVED:
        return False
    name = token._replace(text=token.text + "_")
    before = repair.state
    filter = before.filter.copy()
    chain = repair.search.push(filter, before.chain, name)
    if chain is None:
        return False
    after = before._replace(filter=filter, chain=chain, at=before.at + 1)
    if repair.search.reach(after) < 2:
        return False
    repair.report.add(ReservedWord(span=_span(repair, token), word=token.text))
    return repair.accept(name)


def comparison(repair: Repair, token: Token) -> bool:
    """`a < b < c`: goes on as `a < b and …`, whose left side is not known."""
    if token.type != "COMPARE" or repair.machine.advance(repair.state.chain, "AND") is None:
        return False
    repair.report.add(ChainedComparison(span=_span(repair, token), operator=token.text))
    repair.apply(Edit((("NAME", "and"), ("NAME", ""))))
    return True


MENDERS = (declaration, line, reserved, comparison)


def _span(repair: Repair, token: Token) -> Span:
    return Span(repair.report.source.path, token.start, token.end)
