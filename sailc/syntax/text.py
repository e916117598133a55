"""Texts that are hardly programs: other encodings, data, endless lines.

What cannot be read is blanked out, so all offsets stay what they are.
"""

from __future__ import annotations

import re

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.syntax import NotText, NotUtf8, TooLong
from sailc.source import Source, Span

LONGEST = 4_000_000
LONGEST_LINE = 100_000

_LONG = re.compile(rf"[^\r\n]{{{LONGEST_LINE + 1},}}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
# In a word what cannot be read is taken for a letter, elsewhere for a blank.
_LOST = re.compile(r"(?<=\w)\ufffd|\ufffd(?=\w)")


def readable(source: Source) -> tuple[str, list[Diagnostic]]:
    """The text as far as it can be read, as long as the whole, and what cannot be."""
    text, path = source.text, source.path
    lost = len(_CONTROL.findall(text))
    if lost > 8 and lost * 100 > len(text):
        return " " * len(text), [NotText(span=Span(path, 0, 0))]
    if len(text) > LONGEST:
        whole = TooLong(span=Span(path, 0, 0), what="file", length=len(text))
        return " " * len(text), [whole]
    problems: list[Diagnostic] = []
    at = text.find("\ufffd")
    if at >= 0:
        problems.append(NotUtf8(span=Span(path, at, at + 1)))
        text = _LOST.sub("_", text).replace("\ufffd", " ")
    if len(text) > LONGEST_LINE:
        for line in _LONG.finditer(text):
            span = Span(path, line.start(), line.start() + 1)
            length = line.end() - line.start()
            problems.append(TooLong(span=span, what="line", length=length))
        text = _LONG.sub(lambda line: " " * len(line[0]), text)
    return text, problems
