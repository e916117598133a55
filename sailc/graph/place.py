"""Where everything stands: columns from left to right, in each the nodes one below the other
in an order with few crossings (the barycenter method of Sugiyama et al. 1981).

Lengths are in pixels; y grows downwards. Labels stand on a straight end of their edge, at
the height of the node that has no other edge on that side, so that none covers another.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations, pairwise

from msgspec import Struct

from sailc.graph.picture import Edge, Node, Picture

CHARACTER = 7.3  # the width of one in a monospaced font of 12 pixels, rounded up
SMALL = 6.7  # in one of 11 pixels
LINE = 15
PAD = 10
BEND = 44  # what a curve takes between two columns
ROW = 16  # between two nodes
LONGEST = 36
MOST_LINES = 4
NOTE = 38
_SWEEPS = 12


class Box(Struct):
    """A node, or the place where an edge passes a column; `y` is of its middle."""

    id: str
    column: int
    width: float
    height: float
    label: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    node: Node | None = None
    x: float = 0
    y: float = 0
    rank: float = 0


class Path(Struct, frozen=True):
    """An edge, and the boxes that it goes through."""

    edge: Edge
    boxes: tuple[Box, ...]


class Placed(Struct, frozen=True):
    """A picture with its places; `labels` is the room for labels right of each column."""

    picture: Picture
    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]
    labels: Mapping[int, float]
    width: float
    height: float


Columns = dict[int, list[Box]]
Near = Mapping[str, list[tuple[int, Box]]]  # -1 on the left, 1 on the right, of each box


def place(picture: Picture) -> Placed:
    """Give every node and edge a place, the smallest x and y being 0."""
    boxes = {node.id: _box(node) for node in picture.nodes}
    paths = [_path(edge, boxes) for edge in picture.edges]
    columns = _columns(boxes, paths)
    near = _neighbours(paths)
    _order(columns, near)
    height = _heights(columns, near)
    labels = _labels(paths)
    width = _widths(columns, labels)
    passed = [b for column in columns.values() for b in column]
    return Placed(picture, tuple(passed), tuple(paths), labels, width, height)


def _box(node: Node) -> Box:
    label = wrapped(node.label)
    notes = tuple(line for note in node.notes for line in textwrap.wrap(note, NOTE))
    widths = [*(len(n) * CHARACTER for n in label), *(len(n) * SMALL for n in notes)]
    height = LINE * (len(label) + len(notes)) + 2 * PAD
    return Box(node.id, node.column, max(widths) + 2 * PAD, height, label, notes, node)


def wrapped(label: str) -> tuple[str, ...]:
    """A label on a few lines; what is too long ends in dots."""
    lines = textwrap.wrap(label, LONGEST, max_lines=MOST_LINES, placeholder=" …")
    return tuple(line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in lines)


def _path(edge: Edge, boxes: dict[str, Box]) -> Path:
    """An edge over several columns passes each between two nodes."""
    first, last = boxes[edge.source], boxes[edge.target]
    passing: list[Box] = []
    for column in range(first.column + 1, last.column):
        name = f"{edge.source} > {edge.target} at {column}"
        passing.append(boxes.setdefault(name, Box(name, column, 0, 0)))
    return Path(edge, (first, *passing, last))


def _columns(boxes: Mapping[str, Box], paths: list[Path]) -> Columns:
    """The boxes of each column; at first what is joined stands above."""
    used = {b.id for p in paths if p.edge.joined for b in p.boxes}
    columns: dict[int, list[Box]] = defaultdict(list)
    for box in boxes.values():
        columns[box.column].append(box)
    for column in columns.values():
        column.sort(key=lambda b: (b.id not in used, b.id))
    return {i: columns[i] for i in sorted(columns)}


def _neighbours(paths: list[Path]) -> Near:
    near: dict[str, list[tuple[int, Box]]] = defaultdict(list)
    for path in paths:
        for left, right in pairwise(path.boxes):
            near[left.id].append((1, right))
            near[right.id].append((-1, left))
    return near


def _order(columns: Columns, near: Near) -> None:
    """Sort each column by the middle of its neighbours' places, there and back again, and
    keep the best order that was met."""
    _rank(columns)
    best, kept = _crossings(columns, near), {i: list(c) for i, c in columns.items()}
    for sweep in range(_SWEEPS):
        towards = -1 if sweep % 2 == 0 else 1
        for i in sorted(columns, reverse=towards > 0):
            for box in columns[i]:
                ranks = [other.rank for side, other in near[box.id] if side == towards]
                box.rank = sum(ranks) / len(ranks) if ranks else box.rank
            # What has no edge at all stands below.
            columns[i].sort(key=lambda b: (not near[b.id], b.rank))
            _rank({i: columns[i]})
        crossings = _crossings(columns, near)
        if crossings < best:
            best, kept = crossings, {i: list(c) for i, c in columns.items()}
    columns.update(kept)
    _rank(columns)


def _crossings(columns: Columns, near: Near) -> int:
    """How often two edges between neighbouring columns cross."""
    found = 0
    for column in columns.values():
        ends = [
            (box.rank, other.rank) for box in column for side, other in near[box.id] if side > 0
        ]
        found += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(ends, 2))
    return found


def _rank(columns: Columns) -> None:
    for column in columns.values():
        for i, box in enumerate(column):
            box.rank = (i + 1) / (len(column) + 1)


def _heights(columns: Mapping[int, list[Box]], near: Mapping[str, list[tuple[int, Box]]]) -> float:
    """Let each box come as near to the middle of its neighbours as the order lets it."""
    tied = [[b for b in column if near[b.id]] for column in columns.values()]
    for column in tied:
        _stack(column, [0.0] * len(column))
    for _ in range(_SWEEPS):
        for column in tied:
            _stack(column, [sum(o.y for _, o in near[b.id]) / len(near[b.id]) for b in column])
    for column in columns.values():
        for above, box in pairwise(column):
            if not near[box.id]:
                box.y = above.y + above.height / 2 + ROW + box.height / 2
    boxes = [b for column in columns.values() for b in column]
    top = min((b.y - b.height / 2 for b in boxes), default=0)
    for box in boxes:
        box.y -= top
    return max((b.y + b.height / 2 for b in boxes), default=0)


def _stack(column: list[Box], wanted: list[float]) -> None:
    """Boxes in order, none over another, as near to where they want to be as can be: runs
    of boxes that touch share the mean of their wishes (isotonic regression)."""
    offsets = [0.0] if column else []
    for above, box in pairwise(column):
        offsets.append(offsets[-1] + above.height / 2 + ROW + box.height / 2)
    runs: list[tuple[float, int]] = []
    for wish, offset in zip(wanted, offsets, strict=True):
        mean, count = wish - offset, 1
        while runs and runs[-1][0] > mean:
            other, n = runs.pop()
            mean, count = (other * n + mean * count) / (n + count), n + count
        runs.append((mean, count))
    starts = [mean for mean, count in runs for _ in range(count)]
    for box, start, offset in zip(column, starts, offsets, strict=True):
        box.y = start + offset


def _labels(paths: list[Path]) -> dict[int, float]:
    """The room for labels right of each column: at the far end of a question's edges, at
    the near end of an answer's."""
    room: dict[int, float] = defaultdict(float)
    for path in paths:
        if path.edge.label:
            at = path.boxes[-2] if path.edge.side == "question" else path.boxes[0]
            width = len(path.edge.label) * SMALL + 2 * PAD
            room[at.column] = max(room[at.column], width)
    return dict(room)


def _widths(columns: Columns, labels: Mapping[int, float]) -> float:
    x = 0.0
    for i, column in columns.items():
        width = max(b.width for b in column)
        for box in column:
            box.x = x
            if box.node is None:
                box.width = width
        x += width + labels.get(i, 0) + BEND
    last = max(columns, default=0)
    return x - BEND - labels.get(last, 0) if columns else 0
