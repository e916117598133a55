"""The one style of programs: `format_source` writes a text in it.

It works on the tokens, and keeps the author's words, comments and line breaks; only
blanks, indents, blank lines and the breaks of blocks are its own. The tree of what comes
out is compared with the tree of what went in.
"""

from __future__ import annotations

import re

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.internal import InternalError
from sailc.format.columns import align
from sailc.format.layout import Layout
from sailc.format.pieces import Piece, pieces
from sailc.format.same import same
from sailc.source import Source, Span
from sailc.syntax.parser import parse

_NEWLINE = re.compile(r"\r\n?|\n")
_LEADING = re.compile(r"^(?:[^\S\n]|\ufeff)+", re.MULTILINE)


def format_source(source: Source) -> tuple[str, tuple[Diagnostic, ...]]:
    """The text in the one style, its newlines as the first is; a text with mistakes of
    syntax as it stands, with these."""
    text = _LEADING.sub("", _NEWLINE.sub("\n", source.text))
    before, found = parse(Source(source.path, text))
    if found:
        return source.text, parse(source)[1] or found
    taken = pieces(text)
    made = _made(taken)
    after, found = parse(Source(source.path, made))
    if found or not same(before, after) or _comments(taken) != _comments(pieces(made)):
        span = Span(source.path, 0, 0)
        error = "formatting would change what the program says, so I left it as it is"
        return source.text, (InternalError(span=span, error=error),)
    first = _NEWLINE.search(source.text)
    return (made.replace("\n", "\r\n") if first and first[0] == "\r\n" else made), ()


def _made(taken: list[Piece]) -> str:
    lines = Layout(taken).lines
    align(lines)
    return "".join(f"{line.text}\n" for line in lines)


def _comments(taken: list[Piece]) -> list[str]:
    return [comment for piece in taken for comment in piece.gap.comments]
