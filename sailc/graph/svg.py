"""Pictures as SVG, for light and dark, without a script or anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from sailc.graph.picture import Picture
from sailc.graph.place import LINE, PAD, Box, Path, Placed, place

MARGIN = 24
TITLE = 46  # above each problem
REMARK = 20  # a line below it
_LEAST = 420

# What has which colour, on white and on black: a selector, a property, and both. (Variables
# would say it shorter, and half of the programs that show SVG do not know them.)
_COLORS = (
    ("text", "fill", "#1c1e21", "#e4e6ea"),
    (".said, .remark, .note, .outside text, text.outside", "fill", "#767d87", "#8f97a2"),
    (".paper", "fill", "#ffffff", "#16181c"),
    (".box", "fill", "#f5f6f8", "#1f2227"),
    (".box", "stroke", "#c9ced6", "#4a515b"),
    (".edge", "stroke", "#1c1e21", "#e4e6ea"),
    (".head", "fill", "#1c1e21", "#e4e6ea"),
    (".question .box", "stroke", "#0b57a4", "#7db7f5"),
    (".truth .box", "stroke", "#1a6b3a", "#8fd19e"),
    (".model .box", "fill", "#fff6e8", "#2a2218"),
    (".model .box", "stroke", "#8a4b00", "#f0b27a"),
    (".outside .box", "fill", "#ffffff", "#16181c"),
    (".model.outside .box, .edge.outside", "stroke", "#c9ced6", "#4a515b"),
    (".head.outside", "fill", "#c9ced6", "#4a515b"),
)
_SHAPES = """
text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.title { font: 600 16px system-ui, sans-serif; }
.said, .remark { font: 12px system-ui, sans-serif; }
.label, .note { font-size: 11px; }
.question .box, .truth .box { stroke-width: 2; }
.outside .box { stroke-dasharray: 4 3; }
.edge { fill: none; stroke-width: 1.3; }
""".strip()


def _style() -> str:
    light, dark = (
        "\n".join(f"{row[0]} {{ {row[1]}: {row[which]}; }}" for row in _COLORS) for which in (2, 3)
    )
    return f"{_SHAPES}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def svg(pictures: Sequence[Picture]) -> str:
    """The pictures, one below the other."""
    placed = [place(p) for p in pictures]
    width = max([_LEAST, *(p.width for p in placed)]) + 2 * MARGIN
    parts: list[str] = []
    y = float(MARGIN)
    for each in placed:
        parts.append(f'<g transform="translate({MARGIN} {_n(y)})">')
        parts += _picture(each)
        parts.append("</g>")
        y += TITLE + each.height + REMARK * len(each.picture.remarks) + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(y)}" '
        f'width="{_n(width)}" height="{_n(y)}" role="img">'
    )
    paper = f'<rect class="paper" width="{_n(width)}" height="{_n(y)}"/>'
    return "\n".join([head, f"<style>\n{_style()}\n</style>", paper, *parts, "</svg>"]) + "\n"


def _picture(placed: Placed) -> Iterator[str]:
    p = placed.picture
    yield _text(0, 14, p.problem, "title")
    yield _text(0, 32, _said(p), "said")
    yield f'<g transform="translate(0 {TITLE})">'
    paths = sorted(placed.paths, key=lambda path: path.edge.joined)
    for path in paths:
        yield from _path(path, placed)
    for box in placed.boxes:
        if box.node is not None:
            yield from _box(box)
    yield "</g>"
    for i, remark in enumerate(p.remarks, 1):
        yield _text(0, TITLE + placed.height + REMARK * i, f"And {remark}.", "remark")


def _said(p: Picture) -> str:
    verb = f"{p.verb}: " if p.verb else ""
    outside = "" if all(n.joined for n in p.nodes) else "; in grey what is not joined"
    return f"{verb}from the question through models to the true answer{outside}"


def _box(box: Box) -> Iterator[str]:
    assert box.node is not None
    node, left, top = box.node, box.x, box.y - box.height / 2
    state = "" if node.joined else " outside"
    yield f'<g class="{node.kind}{state}">'
    yield f"<title>{escape(_tip(box))}</title>"
    round_ = 14 if node.kind == "model" else 5
    yield (
        f'<rect class="box" x="{_n(left)}" y="{_n(top)}" width="{_n(box.width)}" '
        f'height="{_n(box.height)}" rx="{round_}"/>'
    )
    kinds = [""] * len(box.label) + ["note"] * len(box.notes)
    for i, (line, kind) in enumerate(zip((*box.label, *box.notes), kinds, strict=True)):
        yield _text(left + PAD, top + PAD + LINE * (i + 0.75), line, kind)
    yield "</g>"


def _tip(box: Box) -> str:
    assert box.node is not None
    node = box.node
    what = {"question": "the question", "truth": "the true answer"}.get(node.kind, node.kind)
    return f"{what}: {node.label}" + (f"\nnot joined: {node.reason}" if node.reason else "")


def _path(path: Path, placed: Placed) -> Iterator[str]:
    """A line from box to box: across a column straight, between two a curve, and straight
    where labels stand."""
    state = "" if path.edge.joined else " outside"
    first, last = path.boxes[0], path.boxes[-1]
    commands = [f"M{_n(first.x + first.width)} {_n(first.y)}"]
    for left, right in pairwise(path.boxes):
        room = placed.labels.get(left.column, 0)
        before = right.x - room if path.edge.side == "question" else right.x
        after = left.x + _column_width(placed, left.column)
        after += 0 if path.edge.side == "question" else room
        middle = (before + after) / 2
        commands.append(f"H{_n(after)}")
        commands.append(
            f"C{_n(middle)} {_n(left.y)} {_n(middle)} {_n(right.y)} {_n(before)} {_n(right.y)}"
        )
        commands.append(f"H{_n(right.x + (right.width if right is not last else -5))}")
    yield f'<path class="edge{state}" d="{" ".join(commands)}"/>'
    x, y = last.x, last.y
    yield f'<path class="head{state}" d="M{_n(x)} {_n(y)} l-8 -4 v8 z"/>'
    if path.edge.label:
        yield _label(path, placed, state)


def _label(path: Path, placed: Placed, state: str) -> str:
    if path.edge.side == "question":
        box = path.boxes[-1]
        x = box.x - placed.labels[path.boxes[-2].column] + PAD / 2
    else:
        box = path.boxes[0]
        x = box.x + _column_width(placed, box.column) + PAD / 2
    return _text(x, box.y - 5, path.edge.label, f"label{state}")


def _column_width(placed: Placed, column: int) -> float:
    return max(b.width for b in placed.boxes if b.column == column)


def _text(x: float, y: float, text: str, kind: str) -> str:
    mark = f' class="{kind}"' if kind else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{mark}>{escape(text)}</text>'


def _n(number: float) -> str:
    """A length, to a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0")
