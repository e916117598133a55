"""Pictures in the language of Graphviz, for those who lay them out themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sailc.graph.picture import Node, Picture

_SHAPES = {"question": "box", "type": "box", "model": "ellipse", "truth": "box"}


def dot(pictures: Sequence[Picture]) -> str:
    """A digraph with a cluster for each problem."""
    parts = ["digraph sail {", "  rankdir=LR;"]
    for i, picture in enumerate(pictures):
        parts.append(f"  subgraph cluster_{i} {{")
        parts.append(f"    label={_quoted(picture.problem)};")
        parts += (f"    {line}" for line in _cluster(i, picture))
        parts.append("  }")
    return "\n".join([*parts, "}"]) + "\n"


def _cluster(i: int, picture: Picture) -> Iterator[str]:
    for node in picture.nodes:
        yield f"{_quoted(f'{i} {node.id}')} [{', '.join(_attributes(node))}];"
    for edge in picture.edges:
        ends = f"{_quoted(f'{i} {edge.source}')} -> {_quoted(f'{i} {edge.target}')}"
        color = "" if edge.joined else ", color=gray, fontcolor=gray"
        yield f"{ends} [label={_quoted(edge.label)}{color}];"


def _attributes(node: Node) -> Iterator[str]:
    text = "\n".join((node.label, *node.notes))
    yield f"label={_quoted(text)}"
    yield f"shape={_SHAPES[node.kind]}"
    if node.kind in ("question", "truth"):
        yield "penwidth=2"
    if not node.joined:
        yield "color=gray, fontcolor=gray, style=dashed"
    if node.reason:
        yield f"tooltip={_quoted(node.reason)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
