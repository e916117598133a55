"""What a picture shows: types, models, and the converters between them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["question", "type", "model", "truth"]
Side = Literal["question", "answer"]


class Node(Struct, frozen=True):
    """A type or a model. Types are joined if a model is reached through them, models if they
    answer; `reason` says why one does not. `notes` are the losses and metrics that a type
    is judged by. Columns count from 0, on the left."""

    id: str
    kind: Kind
    label: str
    column: int
    joined: bool
    notes: tuple[str, ...] = ()
    reason: str = ""


class Edge(Struct, frozen=True):
    """From a node to another in a later column; the label names the converters."""

    source: str
    target: str
    label: str
    side: Side
    joined: bool


class Picture(Struct, frozen=True):
    """One problem. `remarks` say what is left out of the picture."""

    problem: str
    verb: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    remarks: tuple[str, ...] = ()
