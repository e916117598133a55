"""Laying out Python: one statement a line, broken at brackets where it is too long."""

from __future__ import annotations

WIDTH = 100


def fit(text: str, indent: int = 0, width: int = WIDTH, inside: bool = False) -> str:
    """A statement in as many lines as it needs, in the manner of common formatters.

    `inside` says that brackets are open around the text, so that it may be broken before
    an operator."""
    pad = " " * indent
    if len(pad) + len(text) <= width:
        return pad + text
    terms = _terms(text) if inside else [text]
    if len(terms) > 1:
        return "\n".join(fit(t, indent, width) for t in terms)
    cut = _outermost(text)
    if cut is None:
        return pad + text
    open_, close = cut
    items = _split(text[open_ + 1 : close])
    head, tail = text[: open_ + 1], text[close:]
    comma = "," if len(items) > 1 or (text[open_] == "(" and _is_call(text, open_)) else ""
    if _clauses(text[open_ + 1 : close]):
        items, comma = _clauses(text[open_ + 1 : close]), ""
    single = " " * (indent + 4) + text[open_ + 1 : close].strip()
    if len(single) <= width and not text[open_ + 1 : close].endswith(","):
        inner = [single]
    else:
        inner = [fit(i + comma, indent + 4, width, inside=True) for i in items]
    before = pad + head
    if len(before) > width:  # what stands before the bracket is long, too
        before = fit(head[:-1], indent, width, inside) + head[-1]
    return "\n".join([before, *inner, pad + tail])


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


def _clauses(text: str) -> list[str]:
    """A comprehension: what it gives, then each `for`. Empty if it is none."""
    cuts = [i for i in _top_level(text) if text.startswith(" for ", i)]
    ends = [*cuts, len(text)]
    return [text[a:b].strip() for a, b in zip([0, *cuts], ends, strict=True)] if cuts else []


def _split(text: str) -> list[str]:
    """What stands between the commas outside all brackets."""
    cuts = [i for i in _top_level(text) if text[i] == ","]
    items = [text[a + 1 : b].strip() for a, b in zip([-1, *cuts], [*cuts, len(text)], strict=True)]
    return _whole_steps([i for i in items if i])


def _whole_steps(items: list[str]) -> list[str]:
    """The parameters of a `lambda` stay together."""
    result: list[str] = []
    for item in items:
        if result and result[-1].startswith("lambda ") and ":" not in result[-1]:
            result[-1] += f", {item}"
        else:
            result.append(item)
    return result


def _terms(text: str) -> list[str]:
    """A sum or product in lines that begin with its operators."""
    places = _top_level(text)
    for operators in ("+-", "*/@"):
        cuts = [
            i
            for i in places
            if text[i] in operators and text[i - 1] == " " and text[i + 1 : i + 2] == " "
        ]
        if cuts:
            ends = [*cuts, len(text)]
            return [text[a:b].strip() for a, b in zip([0, *cuts], ends, strict=True)]
    return [text]


def _top_level(text: str) -> list[int]:
    """The places outside all brackets and quotes."""
    places: list[int] = []
    depth, quote = 0, ""
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote and text[i - 1] != "\\" else quote
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif depth == 0:
            places.append(i)
    return places
