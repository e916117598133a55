"""SAIL in colours: spans of HTML with a class for each sort of word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from sailc import words
from sailc.syntax.filter import Filter
from sailc.syntax.machine import machine

_KEYWORDS = frozenset(
    [*words.DECLARATIONS.values(), *words.LINES.values(), *words.RESERVED.values()]
)
_CLASSES = {
    "VERB": "verb",
    "STRING": "text",
    "NUMBER": "number",
    "QUANTITY": "number",
    "UNITS": "number",
    "TRUE": "number",
    "FALSE": "number",
} | dict.fromkeys(_KEYWORDS - {"TRUE", "FALSE"}, "word")
_COMMENT = re.compile(r"//[^\r\n]*")


def highlighted(text: str) -> str:
    """A text in HTML; any text will do."""
    return "".join(_spans(text))


def _spans(text: str) -> Iterator[str]:
    filter, end = Filter(), 0
    for raw in machine().tokens(text, 0, len(text)):
        yield _between(text[end : raw.start])
        head = not filter.level.head and filter.level.kind == "block"
        token = filter.push(raw)
        if raw.type == "NL" or token is None:
            yield _between(raw.text)
        elif token.type == "NAME" and head:
            yield _span("property", raw.text)
        else:
            yield _span(_CLASSES.get(token.type, ""), raw.text)
        end = raw.end
    yield _between(text[end:])


def _between(text: str) -> str:
    """Blanks and comments."""
    end, parts = 0, list[str]()
    for comment in _COMMENT.finditer(text):
        parts += [escape(text[end : comment.start()]), _span("comment", comment[0])]
        end = comment.end()
    return "".join(parts) + escape(text[end:])


def _span(kind: str, text: str) -> str:
    return f'<span class="{kind}">{escape(text)}</span>' if kind else escape(text)
