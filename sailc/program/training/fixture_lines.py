"""Data lines whose points have several fixtures: what is given of a point, and its truths."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.modules.common import World
from sailc.plan.link import Link
from sailc.plan.scenario import Scenario
from sailc.program.arrays.layout import (
    POINTS,
    Leaf,
    Vector,
    any_leaf,
    enter,
    filled,
    packed,
    rank_of,
)
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.given import Given
from sailc.program.points.lines import source_vector
from sailc.program.points.parts import Part, parts_of
from sailc.program.tree.nodes import Expr, Function, Op
from sailc.program.tree.packs import dict_of
from sailc.terms import Term
from sailc.types.model import RecordType, Type


class Line(Struct, frozen=True):
    """A data line: the fixtures that the program computes, and what these are given."""

    link: Link
    parts: tuple[Part, ...]
    given: Given

    @classmethod
    def of(cls, world: World, link: Link, s: Scenario) -> Line:
        parts = parts_of(world, link, s)
        later = [p.fixture.question for p in parts if p.at]
        return cls(link, parts, Given.of(link.line, later))

    @property
    def truths(self) -> RecordType:
        """The truths of a point, and their weights where these are its own."""
        fields: dict[str, Type] = {}
        for p in self.parts:
            fields[p.name] = p.truth
            if p.weighted and p.answered.loss is not None:
                assert p.fixture.weight is not None
                fields[weight_name(p)] = p.fixture.weight.type
        return RecordType(tuple(fields.items()))


def weight_name(p: Part) -> str:
    """The name under which weights are with the truths."""
    return f"{p.name}_weight"


def points_function(line: Line) -> Function:
    """What is read of points, and the truths of their fixtures."""
    low = Lowering()
    roots: list[Term] = [line.link.line.fixtures[0].question]
    for p in line.parts:
        roots += [t for t in (p.fixture.truth, p.fixture.weight) if t is not None]
    low.count(*roots)
    vector, parameters = source_vector(line.link.line, low.names)
    low.bind(line.link.line.variable, enter(vector, POINTS))
    given = line.given.value(low)
    some = any_leaf(vector)
    held: dict[str, Expr] = {}
    for name, type in line.truths.fields:
        part = next(p for p in line.parts if name in (p.name, weight_name(p)))
        term = part.fixture.truth if name == part.name else part.fixture.weight
        assert term is not None
        held[name] = packed(filled(_of_rank(low.lower(term), type), some))
    truths = dict_of(held)
    doc = "What is asked of points, and the true answers of every fixture."
    span = line.link.line.span
    return Function("points", doc, tuple(parameters), tuple(low.body), (given, truths), span)


def _of_rank(vector: Vector, type: Type) -> Vector:
    """A bare number has the axes of the truth that it stands for."""
    rank = rank_of(type)
    if isinstance(vector, Leaf) and vector.rank < rank and not vector.levels:
        ones = Op("ones", (), {"shape": (1,) * rank})
        return Leaf(Op("multiply", (vector.expr, ones)), (), rank)
    return vector
