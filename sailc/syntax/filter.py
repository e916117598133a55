"""The filter behind the lexer: which newlines end a line, which names are special words,
which braces open a block.

It looks only backwards, so the parser may run in step with the lexer, and error recovery
may try what a token would mean before it takes it.
"""

from __future__ import annotations

from msgspec import Struct

from sailc import words
from sailc.syntax.token import Token

# What can be the last token of a line; after any other, a newline is only a blank.
ENDS_A_LINE = frozenset(
    [
        "NAME",
        "NUMBER",
        "QUANTITY",
        "STRING",
        "UNITS",
        "TRUE",
        "FALSE",
        "OPTIONAL",
        "RPAR",
        "RSQB",
        "RBRACE",
    ]
)

# The levels that brackets open and close, and what a brace becomes at each.
_OPENS = {"LPAR": "parenthesis", "LSQB": "bracket", "LBRACE": "brace"}
_OPEN_LINES = ("parenthesis", "bracket")
_CLOSES = frozenset({"RPAR", "RSQB", "RBRACE"})
_BRACES = {"block": "BLOCK", "fixtures": "FIXTURES", "brace": "LBRACE"}

# The heads of the lines whose brace opens a block, by the level of the line.
BLOCK_HEADS = {
    "file": frozenset({"MODULE", "FN", "CONVERTER", "EXTERN"}),
    "block": frozenset({"LET", "STAGE"}),
}

_NONE: dict[str, str] = {}
_HEADS = {"file": words.DECLARATIONS, "block": words.LINES}


class Level(Struct):
    """A pair of brackets (or the file), and what its current line has shown so far."""

    kind: str
    head: str = ""
    colon: bool = False
    equal: bool = False
    indent: int = 0  # of the line; only recovery keeps count

    def copy(self) -> Level:
        return Level(self.kind, self.head, self.colon, self.equal, self.indent)

    def clear(self) -> None:
        self.head = ""
        self.colon = self.equal = False


class Filter:
    """Takes the lexer's tokens one by one and tells what each is to the grammar."""

    __slots__ = ("asks", "level", "outer", "previous")

    def __init__(self) -> None:
        self.level = Level("file")
        self.outer: list[Level] = []
        self.previous = ""
        self.asks = False  # the token before was the colon that opens a question

    def copy(self) -> Filter:
        """A filter in the same state, to try things with."""
        other = type(self)()
        other.level = self.level.copy()
        other.outer = [level.copy() for level in self.outer]
        other.previous, other.asks = self.previous, self.asks
        return other

    def push(self, token: Token) -> Token | None:
        """The token as the grammar knows it, or None for a newline that ends no line."""
        type = token.type
        if type == "NAME":
            word = self._word(token.text)
            if word != "NAME":
                token = token.as_type(word)
        elif type == "NL":
            return self._newline(token)
        level = self.level
        if not level.head:
            level.head = token.type
        self.asks = False
        if type in _OPENS:
            token = self._open(token)
        elif type in _CLOSES:
            self._close()
        elif type == "COLON":
            self.asks = self._opens_question()
            level.colon = True
        elif type == "EQUAL":
            level.equal = True
        self.previous = token.type
        return token

    def continues(self, newline: Token) -> bool:
        """Does the line go on behind a newline?"""
        return self.level.kind in _OPEN_LINES or self.previous not in ENDS_A_LINE

    def _newline(self, token: Token) -> Token | None:
        if self.continues(token):
            return None
        self.level.clear()
        self.previous = "NL"
        return token

    def _word(self, text: str) -> str:
        if self.previous == "DOT":
            return "NAME"
        if self.asks and text in words.VERBS:
            return "VERB"
        level = self.level
        if not level.head:
            if text in words.PROPERTIES and level.kind == "block":
                return "NAME"
            special = _HEADS.get(level.kind, _NONE).get(text)
            if special is not None:
                return special
        if text == "fn" and self.previous == "EXTERN":
            return "FN"
        return words.RESERVED.get(text, "NAME")

    def _opens_question(self) -> bool:
        level = self.level
        if level.colon or level.equal:
            return False
        return level.kind == "fixtures" or (
            level.kind == "block" and level.head in ("SPLIT", "NEEDS")
        )

    def _open(self, token: Token) -> Token:
        kind = self.brace() if token.type == "LBRACE" else _OPENS[token.type]
        self.outer.append(self.level)
        self.level = Level(kind)
        return token.as_type(_BRACES[kind]) if kind in _BRACES else token

    def brace(self) -> str:
        """What a brace opens here. One that stands where an operand should is a record."""
        level = self.level
        if level.equal or self.previous not in ENDS_A_LINE:
            return "brace"
        if level.head in BLOCK_HEADS.get(level.kind, ()):
            return "block"
        if level.kind == "block" and level.head == "SPLIT" and not level.colon:
            return "fixtures"
        return "brace"

    def _close(self) -> None:
        if self.outer:
            self.level = self.outer.pop()
