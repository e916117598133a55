"""Laying out Python: one statement a line, broken at brackets where it is too long."""

from __future__ import annotations

WIDTH = 88


def fit(text: str, indent: int = 0, width: int = WIDTH) -> str:
    """A statement in as many lines as it needs, in the manner of common formatters."""
    pad = " " * indent
    if len(pad) + len(text) <= width:
        return pad + text
    cut = _outermost(text)
    if cut is None:
        return pad + text
    open_, close = cut
    items = _split(text[open_ + 1 : close])
    head, tail = text[: open_ + 1], text[close:]
    comma = "," if len(items) > 1 or text[open_] == "(" and _is_call(text, open_) else ""
    if any(" for " in i for i in items) and len(items) == 1:
        comma = ""
    single = " " * (indent + 4) + ", ".join(items)
    if len(items) == 1 and len(single) > width:
        inner = [fit(items[0] + comma, indent + 4, width)]
    else:
        inner = [fit(i + ("," if comma else ""), indent + 4, width) for i in items]
    return "\n".join([pad + head, *inner, pad + tail])


def _is_call(text: str, at: int) -> bool:
    return at > 0 and (text[at - 1].isalnum() or text[at - 1] in "_)]")


def _outermost(text: str) -> tuple[int, int] | None:
    """The last bracket pair at the top level with something inside: breaking it shortens
    the line most."""
    best: tuple[int, int] | None = None
    stack: list[int] = []
    quote = ""
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote and text[i - 1] != "\\" else quote
        elif c in "\"'":
            quote = c
        elif c in "([{":
            stack.append(i)
        elif c in ")]}" and stack:
            start = stack.pop()
            if not stack and i - start > 1 and (best is None or i - start > best[1] - best[0]):
                best = (start, i)
    return best


def _split(text: str) -> list[str]:
    items: list[str] = []
    depth, start, quote = 0, 0, ""
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote and text[i - 1] != "\\" else quote
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            items.append(text[start:i].strip())
            start = i + 1
    rest = text[start:].strip()
    return [*items, rest] if rest else items
