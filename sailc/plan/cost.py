"""Static cost: parameters and multiply-adds, exact; operations and memory by rules that are stated.

A multiply-add is 2 floating-point operations; others count as `operations.py` says. Training counts
three times the forward pass by SAIH's convention (Ren et al. 2022, equation 1), beside what
`work.py` finds the backward pass to be. Numbers are of as many bytes as the precision says.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from sailc.infer.modules.problem import DataLine, Question
from sailc.plan.link import Link
from sailc.plan.matches import GroundModel
from sailc.plan.work import Graph, Work
from sailc.terms import Term
from sailc.types.dims import Dim
from sailc.types.model import Tensor, Type
from sailc.types.parts import size_of
from sailc.types.solver import size

# Bytes of a weight, and of a number that a model computes.
BYTES = {"f32": (4, 4), "f64": (8, 8), "bf16": (4, 2)}


class Cost(Struct, frozen=True):
    """Of one point: `macs` and operations of the model forward; with training, of all that a
    point is asked: operations backward, and three times those forward (`train_flops`). None: not
    known. `bytes` are the parameters'; `activation_bytes` what a point in training keeps for the
    backward pass; `intensity` is operations for each byte that moves, for one point.
    `evaluation_flops` are those of one step of a solver that minimizes something for a question,
    0 for all others."""

    parameters: int
    macs: int | None
    forward_flops: int | None
    backward_macs: int | None
    backward_flops: int | None
    train_flops: int | None
    bytes: int
    activation_bytes: int | None
    intensity: float | None
    evaluation_flops: int | None = 0


def cost_of(judged: Link, taught: Link, precision: str) -> Cost:
    """What an answer costs, and what training by a point does."""
    weight, number = BYTES[precision]
    model = judged.model
    count = sum(elements(t) or 0 for layer in model.layers for t in layer.parameters.values())
    own, whole = _of_model(model), _of_point(taught)
    return Cost(
        count,
        own and own.macs,
        own and own.forward,
        whole and whole.backward_macs,
        whole and whole.backward,
        whole and 3 * whole.forward,
        weight * count,
        whole and number * whole.kept,
        own and own.forward / max(1, number * own.moved + weight * count),
    )


def _of_point(link: Link) -> Work | None:
    """The work of all that a point is asked; what several fixtures are computed of counts once."""
    goal = link.model.minimize
    if goal is not None and not link.model.afresh:
        return _of_goal(link.model, goal)
    graph = Graph(link.model)
    return graph.work([_root(graph, f.question, bool(f.verb)) for f in link.line.fixtures])


def work_of(link: Link, fixture: Question) -> Work | None:
    """The work of one fixture of a point."""
    return _asked(link.model, fixture.question, bool(fixture.verb))


def flops_of(term: Term) -> int | None:
    """Operations of one evaluation of a term; None where only the data know."""
    graph = Graph()
    found = graph.work([graph.add(term)])
    return found and found.forward


@lru_cache(maxsize=256)
def _of_model(model: GroundModel) -> Work | None:
    graph = Graph(model)
    return graph.work([graph.answer()])


@lru_cache(maxsize=256)
def _of_goal(model: GroundModel, goal: Term) -> Work | None:
    graph = Graph(model)
    return graph.work([graph.add(goal)])


@lru_cache(maxsize=256)
def _asked(model: GroundModel, question: Term, plain: bool) -> Work | None:
    """Of an answer to a question, or of what is computed from answers."""
    graph = Graph(model)
    return graph.work([_root(graph, question, plain)])


def _root(graph: Graph, question: Term, plain: bool) -> int:
    """The node of an answer to a question, or of what is computed from answers."""
    if not plain:
        return graph.add(question)
    assert graph.model is not None
    return graph.answer(question if len(graph.model.inputs) == 1 else None)


def elements(type: Type) -> int | None:
    """How many numbers a tensor type holds."""
    return size(type.shape).value if isinstance(type, Tensor) else None


def points_of(lines: Iterable[DataLine]) -> int | None:
    """How many points some lines have together; None where only the data know."""
    counts = [length(line.source.type).value for line in lines]
    return None if None in counts else sum(c or 0 for c in counts)


def length(type: Type) -> Dim:
    """How many elements a collection of a type has."""
    return size_of(type) or size(())
