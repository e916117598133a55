"""Mistakes that have a better explanation than the token that was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sailc.diagnostics.base import suggest
from sailc.diagnostics.syntax import (
    ChainedComparison,
    ReservedWord,
    UnknownDeclaration,
    UnknownVerb,
    meant,
)
from sailc.source import Span
from sailc.syntax import words
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
    repair.say(UnknownVerb(span=_span(repair, token), word=token.text))
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
    if token.text in words.DECLARATIONS:
        return False
    following = [t.type for t in repair.tokens[repair.state.at + 1 :][:2]]
    if not repair.lost:
        repair.say(UnknownDeclaration(span=_span(repair, token), word=token.text))
    if following[:1] != ["NAME"] or token.text in words.LINES:
        repair.skip_line()
        return True
    repair.lost = False
    word = meant(token.text)
    if word is not None:
        return repair.accept(token._replace(text=word))
    if following[1:] in (["LBRACE"], ["LPAR"]):
        repair.foreign.add(token.start)
        return repair.accept(token._replace(text="problem"))
    repair.skip_line()
    return True


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
    repair.say(ReservedWord(span=_span(repair, token), word=token.text))
    return repair.accept(name)


def comparison(repair: Repair, token: Token) -> bool:
    """`a < b < c`: goes on as `a < b and …`, whose left side is not known."""
    if token.type != "COMPARE" or not repair.accept(Token("NAME", "and", token.start, token.start)):
        return False
    repair.say(ChainedComparison(span=_span(repair, token), operator=token.text))
    repair.accept(Token("NAME", "", token.start, token.start))
    repair.state = repair.state._replace(at=repair.state.at - 2)
    return True


MENDERS = (declaration, reserved, comparison)


def _span(repair: Repair, token: Token) -> Span:
    return Span(repair.report.source.path, token.start, token.end)
