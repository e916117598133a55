"""Balances brackets. Where they do not match, the indentation says which is missing."""

from __future__ import annotations

from msgspec import Struct

from sailc import words
from sailc.diagnostics.base import Note
from sailc.diagnostics.syntax import UnclosedBracket, Unexpected, UnopenedBracket
from sailc.source import Span
from sailc.syntax.recover.layout import column
from sailc.syntax.recover.report import Report
from sailc.syntax.token import END, Token

_PAIRS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_SIGNS = {"RPAR": ("(", ")"), "RSQB": ("[", "]"), "RBRACE": ("{", "}")}
_LOOK_BACK = 200  # lines that the head of a block may be away
_HEADS = frozenset({*words.DECLARATIONS, "stage", "train", "validate", "test"})


def balanced(tokens: list[Token], report: Report) -> list[Token]:
    """The tokens with every bracket closed and none closed that was not opened."""
    return tokens if _matches(tokens) else _Balancer(report).run(tokens)


def _matches(tokens: list[Token]) -> bool:
    stack: list[str] = []
    for token in tokens:
        if token.type in _PAIRS:
            stack.append(_PAIRS[token.type])
        elif token.type in _SIGNS and (not stack or stack.pop() != token.type):
            return False
    return not stack


class _Open(Struct, frozen=True):
    """An open bracket, the indentation of its line, and whether it ends that line."""

    token: Token
    indent: int
    last: bool

    @property
    def closes(self) -> str:
        return _PAIRS[self.token.type]


class _Line(Struct):
    """A line of the output: what it begins with, and where it stands."""

    indent: int
    head: Token
    start: int
    end: int
    braces: bool = False


class _Balancer:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.stack: list[_Open] = []
        self.out: list[Token] = []
        self.lines: list[_Line] = []

    def run(self, tokens: list[Token]) -> list[Token]:
        indent, first = 0, True
        for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
            if token.type == "NL":
                indent, first = column(token), True
                self.out.append(token)
                continue
            if first or token.type == END:
                self._begin(token, 0 if token.type == END else indent)
            if token.type in _PAIRS:
                self._open(_Open(token, indent, following.type in ("NL", END)))
            keeps = token.type not in _SIGNS or self._close(token, indent, first)
            if keeps:
                self.out.append(token)
                self.lines[-1].end = len(self.out)
            first = False
        return self.out

    def _begin(self, token: Token, indent: int) -> None:
        """A new line closes what is still open and not less indented."""
        while self.stack and token.type not in _SIGNS:
            top = self.stack[-1]
            if indent > top.indent and token.type != END:
                break
            self._unclosed()
        self.lines.append(_Line(indent, token, len(self.out), len(self.out)))

    def _open(self, opened: _Open) -> None:
        line = self.lines[-1]
        if opened.token.type == "LBRACE":
            if opened.last and line.head.text in _HEADS:
                # The brace of a block stands within no other brackets of its line.
                while self.stack and self.stack[-1].token.start >= line.head.start:
                    self._unclosed()
            line.braces = True
        self.stack.append(opened)

    def _close(self, token: Token, indent: int, first: bool) -> bool:
        """Closes up to the bracket that a token matches; False if there is none."""
        depth = self._match(token, indent, first)
        if depth is None:
            return token.type == "RBRACE" and first and self._block(token, indent)
        while len(self.stack) > depth + 1:
            self._unclosed()
        self.stack.pop()
        return True

    def _match(self, token: Token, indent: int, first: bool) -> int | None:
        """Which open bracket a token closes, as an index of the stack."""
        fits = [i for i, o in enumerate(self.stack) if o.closes == token.type]
        if token.type == "RBRACE" and first:
            # It closes the block of its own indentation, or the outermost of those inside.
            aligned = [i for i in fits if self.stack[i].indent == indent]
            fits = aligned or [i for i in fits if self.stack[i].indent > indent][:1]
        elif token.type == "RBRACE" and fits and self.stack[fits[-1]].last:
            fits = []  # the brace of a block stands alone on its line
        if not fits:
            self._unopened(token, first)
            return None
        return fits[-1]

    def _unclosed(self) -> None:
        """Close the innermost bracket, before the newlines that end the output."""
        top = self.stack.pop()
        at = len(self.out)
        while at and self.out[at - 1].type == "NL":
            at -= 1
        end = self.out[at - 1].end
        opened, closes = _SIGNS[top.closes]
        here, there = self._span(top.token.start, top.token.end), self._span(end, end)
        note = Note(there, f"a `{closes}` is expected here at the latest")
        self.report.add(
            UnclosedBracket(span=here, notes=(note,), opened=opened, closes=closes, end=there)
        )
        self._insert(at, Token(top.closes, closes, end, end))

    def _unopened(self, token: Token, first: bool) -> None:
        if token.type == "RBRACE" and first:
            return  # perhaps the head of a block has lost its brace
        opened, closes = _SIGNS[token.type]
        span = self._span(token.start, token.end)
        self.report.add(UnopenedBracket(span=span, closes=closes, opened=opened))

    def _block(self, token: Token, indent: int) -> bool:
        """Open the block that a brace closes, at the last line that looks like its head."""
        if self.report.full:
            return False
        before = self.lines[-_LOOK_BACK:-1]
        head = next((line for line in reversed(before) if self._is_head(line, indent)), None)
        if head is None:
            # Below lines that are indented, the whole head is lost, as they will tell.
            if not before or before[-1].indent <= indent:
                self._unopened(token, False)
            return False
        end = self.out[head.end - 1].end
        span = self._span(end, end)
        found = "the end of the line"
        self.report.add(Unexpected(span=span, found=found, expected=(), insert="{"))
        head.braces = True
        self._insert(head.end, Token("LBRACE", "{", end, end))
        return True

    def _is_head(self, line: _Line, indent: int) -> bool:
        """Does a line look like the head of a block that lacks its brace?"""
        if line.indent != indent or line.braces:
            return False
        tokens = self.out[line.start : line.end]
        if any(token.text == "match" for token in tokens):
            return True
        return line.head.text in _HEADS and all(token.type != "EQUAL" for token in tokens)

    def _insert(self, at: int, token: Token) -> None:
        self.out.insert(at, token)
        for line in self.lines[-_LOOK_BACK:]:
            line.start += line.start >= at
            line.end += line.end >= at

    def _span(self, start: int, end: int) -> Span:
        return Span(self.report.source.path, start, end)
