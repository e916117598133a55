"""Documentation comments: the `///` lines directly above what they document."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^\ufeff?(?:[ \t]*///(?!/)[^\n]*\n)+", re.MULTILINE)


def documentation(text: str) -> dict[int, str]:
    """The documentation in a text, by the offset of the line that it stands above."""
    return {block.end(): _clean(block[0]) for block in _BLOCK.finditer(text)}


def _clean(block: str) -> str:
    lines = (line.strip().lstrip("\ufeff").removeprefix("///") for line in block.splitlines())
    return "\n".join(line.removeprefix(" ").rstrip() for line in lines).strip("\n")
