"""Puts a repair into words."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.syntax import SomethingMissing, Unexpected
from sailc.source import Span
from sailc.syntax.filter import Filter
from sailc.syntax.recover.search import Edit
from sailc.syntax.token import END, Token

# Groups of terminals that have one name for an author, and how to know that they are meant.
_EXPRESSION = frozenset(
    [
        "NAME",
        "NUMBER",
        "QUANTITY",
        "STRING",
        "TRUE",
        "FALSE",
        "LPAR",
        "LSQB",
        "LBRACE",
        "MATCH",
        "NOT",
        "MINUS",
        "IF",
        "SPREAD",
    ]
)
_OPERATORS = frozenset(
    [
        "PLUS",
        "MINUS",
        "TIMES",
        "POWER",
        "COMPARE",
        "AND",
        "OR",
        "PIPE",
        "COMPOSE",
        "DOTS",
        "IN",
        "LPAR",
        "LSQB",
        "DOT",
        "UNITS",
        "OPTIONAL",
        "FATARROW",
        "ARROW",
        "BY",
    ]
)
_GROUPS = (
    ("an expression", frozenset({"NAME", "NUMBER"}), _EXPRESSION),
    ("a name", frozenset({"NAME"}), frozenset({"NAME"})),
    ("an operator", frozenset({"PLUS", "TIMES"}), _OPERATORS),
    (
        "a declaration",
        frozenset({"MODULE"}),
        frozenset(["MODULE", "CONVERTER", "EXTERN", "FN", "TYPE", "ENUM", "UNIT", "FIELD", "USE"]),
    ),
    (
        "a line of the block",
        frozenset({"LET", "SPLIT"}),
        frozenset(
            [
                "LET",
                "SUGGEST",
                "INPUT",
                "OUTPUT",
                "NEEDS",
                "REQUIRE",
                "FIT",
                "GIVE",
                "STAGE",
                "SPLIT",
                "NAME",
            ]
        ),
    ),
)
# The rest in an author's eyes, most helpful first.
_SHOWN = {
    "EQUAL": "`=`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "ARROW": "`->`",
    "FATARROW": "`=>`",
    "IN": "`in`",
    "AS": "`as`",
    "THEN": "`then`",
    "ELSE": "`else`",
    "WHEN": "`when`",
    "BECAUSE": "`because`",
    "FOR": "`for`",
    "IF": "`if`",
    "BY": "`by`",
    "FN": "`fn`",
    "VERB": "a verb",
    "STRING": "a string",
    "DOT": "`.`",
    "LPAR": "`(`",
    "BLOCK": "`{`",
    "FIXTURES": "`{`",
    "LBRACE": "`{`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "RBRACE": "`}`",
    "NL": "the end of the line",
}
_ENDS = ("NL", END)


def shown(token: Token) -> str:
    """A token as an author sees it."""
    if token.type in _ENDS:
        return "the end of the line"
    text = token.text if len(token.text) <= 30 else token.text[:30] + "…"
    return f"`{text}`"


def options(expected: set[str]) -> tuple[str, ...]:
    """What could stand somewhere, in an author's words."""
    found: list[str] = []
    rest = set(expected)
    for name, signs, group in _GROUPS:
        if signs <= rest:
            found.append(name)
            rest -= group
    found.extend(text for terminal, text in _SHOWN.items() if terminal in rest)
    return tuple(dict.fromkeys(found))


def explain(
    path: str, previous: Token | None, found: Token, expected: set[str], edit: Edit, at: Filter
) -> Diagnostic:
    """What to say of a token that was refused, given the edit that mends it."""
    first = edit.insert[0] if edit.insert and edit.insert[0][0] != "NL" else None
    stops = found.type in _ENDS or not found.text
    if first is not None and first[0] in ("NAME", "STRING") and not edit.delete:
        place = previous if stops and previous is not None else found
        what = "a string" if first[0] == "STRING" else _what(previous, expected, at)
        after = shown(previous) if previous is not None else ""
        bare = found.text if found.text in _WHOLE and what == "an expression" else ""
        return SomethingMissing(span=_span(path, place), what=what, after=after, bare=bare)
    if first is not None and not edit.delete:
        where = Span(path, previous.end, previous.end) if previous else None
        span = where if stops and where is not None else _span(path, found)
        return Unexpected(
            span=span,
            found=shown(found),
            expected=(),
            insert=first[1],
            where=where if len(edit.insert) == 1 else None,
        )
    instead = first[1] if first is not None and len(edit.insert) == 1 else ""
    could = (f"`{instead}`",) if instead else options(expected)
    return Unexpected(span=_span(path, found), found=shown(found), expected=could)


_WHOLE = ("if", "match")
"""The words that begin an expression which is no operand."""


def _what(previous: Token | None, expected: set[str], at: Filter) -> str:
    if "NUMBER" not in expected:
        return "a name"
    if at.asks:
        return "a question"
    if previous is not None and previous.type == "ARROW":
        return "a type"
    if previous is not None and previous.type == "COLON":
        return "a value or a type" if at.level.kind in ("brace", "bracket") else "a type"
    return "an expression"


def _span(path: str, token: Token) -> Span:
    return Span(path, token.start, token.end)
