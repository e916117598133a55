"""Which neighbours on a line have a blank between them."""

from __future__ import annotations

from collections.abc import Sequence

from sailc.format.pieces import Piece
from sailc.syntax.filter import ENDS_A_LINE

_TIGHT_AFTER = frozenset({"LPAR", "LSQB", "DOT", "DOTS", "SPREAD"})
_TIGHT_BEFORE = frozenset({"RPAR", "RSQB", "COMMA", "COLON", "DOT", "DOTS", "OPTIONAL", "UNITS"})
_BRACES = frozenset({"LBRACE", "BLOCK", "FIXTURES"})
_CALLS = frozenset({"LPAR", "LSQB"})
_TIGHTER = frozenset({"TIMES", "POWER"})


def separated(pieces: Sequence[Piece], i: int) -> bool:
    """Is there a blank between the piece `i` and the one before?"""
    left, right = pieces[i - 1], pieces[i]
    if left.names_property:
        return True
    if left.type in _TIGHT_AFTER or right.type in _TIGHT_BEFORE or left.unary:
        return False
    if left.type == "COLON":
        return left.level != "bracket"  # a slice
    if left.type in _BRACES and right.type == "RBRACE":
        return False
    if right.type in _CALLS and left.type in ENDS_A_LINE:
        return False
    return not any(_in_fraction(pieces, k) or _in_unit(pieces, k) for k in (i - 1, i))


def _in_unit(pieces: Sequence[Piece], i: int) -> bool:
    """Is this a sign between units, in a `unit` declaration? They touch there as anywhere."""
    if pieces[i].type not in _TIGHTER:
        return False
    head = next((p for p in reversed(pieces[:i]) if p.head), None)
    return head is not None and head.type == "UNIT"


def _in_fraction(pieces: Sequence[Piece], i: int) -> bool:
    """Is this the bar of a fraction of two integers, `1/64`, that is no part of a longer
    product?"""
    if pieces[i].text != "/" or not 0 < i < len(pieces) - 2:
        return False
    over, under = pieces[i - 1], pieces[i + 1]
    around = (pieces[i - 2].type if i > 1 else "", pieces[i + 2].type)
    return _is_integer(over) and _is_integer(under) and _TIGHTER.isdisjoint(around)


def _is_integer(piece: Piece) -> bool:
    return piece.type == "NUMBER" and piece.text.replace("_", "").isdigit()
