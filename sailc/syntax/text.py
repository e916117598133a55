"""Texts that are hardly programs: other encodings, data, endless lines.

What cannot be read is blanked out, so all offsets stay what they are.
"""

from __future__ import annotations

import re

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.syntax import LineTooLong, NotText, NotUtf8
from sailc.source import Source, Span

LONGEST_LINE = 100_000

_LONG = re.compile(r"[^\r\n]{%d,}" % (LONGEST_LINE + 1))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
# In a word what cannot be read is taken for a letter, elsewhere for a blank.
_LOST = re.compile(r"(?<=\w)\ufffd|\ufffd(?=\w)")


def readable(source: Source) -> tuple[str, list[Diagnostic]]:
    """The text as far as it can be read, as long as the whole, and what cannot be."""
    text, path = source.text, source.path
    if text.isascii() and text.isprintable():
        lost = 0
    else:
        lost = len(_CONTROL.findall(text))
    if lost > 8 and lost * 100 > len(text):
        return " " * len(text), [NotText(span=Span(path, 0, 0))]
    problems: list[Diagnostic] = []
    at = text.find("\ufffd")
    if at >= 0:
        problems.append(NotUtf8(span=Span(path, at, at + 1)))
        text = _LOST.sub("_", text).replace("\ufffd", " ")
    if len(text) > LONGEST_LINE:
        for line in _LONG.finditer(text):
            span = Span(path, line.start(), line.start() + 1)
            problems.append(LineTooLong(span=span, length=line.end() - line.start()))
        text = _LONG.sub(lambda line: " " * len(line[0]), text)
    return text, problems
