"""Cutting a text into pieces that can be parsed one by one."""

from __future__ import annotations

import re

from sailc import words

_WORDS = "|".join(word for word in words.DECLARATIONS if word != "extern")

# A declaration word in column 0, before a name, a brace or the end of the line.
_HEAD = re.compile(
    rf"^(?:extern[ \t]+fn|{_WORDS})\b(?=[ \t]+[^\W\d]|[ \t]*(?:[\r\n{{]|//|\Z))",
    re.MULTILINE,
)


def chunks(text: str) -> list[tuple[int, int]]:
    """Where the pieces of a text start and end; together they are the whole."""
    starts = [head.start() for head in _HEAD.finditer(text)]
    if not starts or text[: starts[0]].strip():
        starts.insert(0, 0)
    return list(zip(starts, [*starts[1:], len(text)], strict=True))
