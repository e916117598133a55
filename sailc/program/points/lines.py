"""Questions and truths of many points at once, from what the data lines run over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.infer.modules.problem import DataLine
from sailc.plan.cost import points_of
from sailc.plan.ragged import chosen_by_point, only_summed
from sailc.program.arrays.layout import (
    POINTS,
    Group,
    Vector,
    any_leaf,
    enter,
    filled,
    opened,
    packed,
)
from sailc.program.arrays.lengths import counts
from sailc.program.arrays.uniform import as_reals
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.load import Source
from sailc.program.points.placed import Placed, convert
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Function, Ref
from sailc.program.tree.programs import Portion, Split
from sailc.program.tree.tidy import inlined, pruned
from sailc.types.model import TupleType, Type


def point_functions(
    sources: Sequence[Source], conversions: Sequence[Placed]
) -> tuple[tuple[Function, ...], tuple[Split, ...]]:
    """The question, converted, and the truth of many points; one function where lines agree."""
    made = Functions("points")
    splits: list[Split] = []
    for some in by_split(sources):
        truths = all(s.line.fixtures[0].truth is not None for s in some)
        portions = [
            Portion(made.add(s, _points_of(s.line, conversions, truths)), s.names, s.structured)
            for s in some
        ]
        count = points_of(s.line for s in some)
        splits.append(Split(some[0].split, some[0].line.split, tuple(portions), count, truths))
    return tuple(made.functions), tuple(splits)


def by_split(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """What the lines of each split run over."""
    for name in dict.fromkeys(s.split for s in sources):
        yield [s for s in sources if s.split == name]


def with_lengths(
    sources: Sequence[Source], splits: Sequence[Split]
) -> tuple[tuple[Function, ...], tuple[Split, ...]]:
    """The functions that count the elements of lists whose length differs from point to point,
    and the splits that say which of them is theirs; none where there are no such lists."""
    if not any(chosen_by_point(s.line) for s in sources):
        return (), tuple(splits)
    made = Functions("lengths")
    names = {s.names: made.add(s, _lengths_of(s.line)) for s in sources}
    return tuple(made.functions), _naming(splits, "lengths", names)


def with_questions(
    sources: Sequence[Source], splits: Sequence[Split]
) -> tuple[tuple[Function, ...], tuple[Split, ...]]:
    """The functions that give the questions of some lines as they are asked, for metrics that
    read them, and the splits that say which of them is theirs."""
    made = Functions("questions")
    names = {s.names: made.add(s, _asked_questions(s.line)) for s in sources}
    return tuple(made.functions), _naming(splits, "questions", names)


def _naming(
    splits: Sequence[Split], what: str, names: Mapping[tuple[str, ...], str]
) -> tuple[Split, ...]:
    """Splits whose portions say in a field which function is theirs, by what they run over."""
    return tuple(
        replace(
            s,
            portions=tuple(replace(p, **{what: names.get(p.sources, "")}) for p in s.portions),
        )
        for s in splits
    )


class Functions(Struct):
    """Functions of the points of lines; one function where lines agree."""

    name: str
    functions: list[Function] = field(default_factory=list[Function])
    names: NameTable = field(default_factory=NameTable)

    def add(self, source: Source, made: Function) -> str:
        """The name of the function that does for a line what `made` does."""
        twin = next((f for f in self.functions if alike(f, made)), None)
        if twin is None:
            later = f"{source.split}_{self.name}"
            name = self.names.fresh(later) if self.functions else self.name
            twin = replace(made, name=name)
            self.functions.append(twin)
        return twin.name


def _lengths_of(line: DataLine) -> Function:
    low = Lowering(summed=only_summed(line))
    vector, parameters = source_vector(line, low.names)
    low.bind(line.variable, enter(vector, POINTS))
    low.count(*chosen_by_point(line))
    found = counts(low, line, any_leaf(vector))
    doc = "How many elements the lists of each point hold."
    body = tuple(low.body)
    made = Function("lengths", doc, tuple(parameters), body, (found,), line.span)
    return inlined(pruned(made))


def _points_of(line: DataLine, conversions: Sequence[Placed], judged: bool) -> Function:
    low = Lowering(summed=only_summed(line))
    fixture = line.fixtures[0]
    truths = [fixture.truth] if judged and fixture.truth is not None else []
    low.count(fixture.question, *truths)
    vector, parameters = source_vector(line, low.names)
    low.bind(line.variable, enter(vector, POINTS))
    question, *answers = (as_reals(low.lower(t), t.type) for t in (fixture.question, *truths))
    for c in conversions:
        question = convert(low, c, question)
    some = any_leaf(vector)
    results = tuple(packed(filled(v, some)) for v in (question, *answers))
    doc = "Questions, as the model takes them" + (", and their true answers." if truths else ".")
    return Function("points", doc, tuple(parameters), tuple(low.body), results, line.span)


def _asked_questions(line: DataLine) -> Function:
    low = Lowering(summed=only_summed(line))
    fixture = line.fixtures[0]
    low.count(fixture.question)
    vector, parameters = source_vector(line, low.names)
    low.bind(line.variable, enter(vector, POINTS))
    question = filled(low.lower(fixture.question), any_leaf(vector))
    doc = "The questions, as they are asked."
    body, results = tuple(low.body), (packed(question),)
    return inlined(Function("questions", doc, tuple(parameters), body, results, line.span))


def source_vector(line: DataLine, names: NameTable) -> tuple[Vector, list[str]]:
    """What a data line runs over, as parameters of a function, and their names."""
    taken: list[str] = []

    def parameters(type: Type, given: list[str]) -> Vector:
        match type:
            case TupleType(items):
                apart = len(given) == len(items)
                labels = given if apart else [f"part{i}" for i in range(len(items))]
                pairs = enumerate(zip(items, labels, strict=True))
                return Group({i: parameters(t, [n]) for i, (t, n) in pairs})
            case _:
                taken.append(names.fresh(given[0]))
                return opened(type, Ref(taken[-1]), outer=1)

    return parameters(line.variable.type, list(line.names)), taken


def alike(a: Function, b: Function) -> bool:
    """Whether two functions do the same, under whatever name."""
    strip = [(x.name, x.value) for x in a.body] == [(x.name, x.value) for x in b.body]
    return strip and a.results == b.results and a.parameters == b.parameters
