"""What a program reads and puts in order, once for all splits."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from sailc.infer.modules.problem import Condition, DataLine, TypedProblem
from sailc.plan.scenario import Scenario
from sailc.program.arrays.layout import Group, Vector, packed
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.files import Files
from sailc.program.tree.names import identifier, snake
from sailc.program.tree.nodes import Check, Expr, Function
from sailc.source import NOWHERE
from sailc.types.model import TupleType, Type


class Source(Struct, frozen=True):
    """What a data line runs over: what its points are called together with those of like lines,
    and the names of `load`'s results that hold them; `structured` are those that are several
    arrays."""

    line: DataLine
    split: str
    names: tuple[str, ...]
    structured: frozenset[str]


def load_function(scenario: Scenario, files: Files) -> tuple[Function, tuple[Source, ...]]:
    """The function `load`, and what of its results each data line runs over."""
    low = Lowering()
    lines = [line for split in _splits(scenario) for line in scenario.problem.of(split)]
    conditions = scenario.problem.conditions
    roots = [*(line.source for line in lines), *(c.holds for c in conditions)]
    low.count(*roots)
    low.files = {k: e for root in roots for k, e in files.read_by(root)}
    results: list[Expr] = []
    sources: list[Source] = []
    labels = _split_names(scenario.problem)
    for line in lines:
        parts = list(_parts(low.lower(line.source), line.variable.type))
        split = labels[line.stage, line.split]
        before = sum(s.split == split for s in sources)
        base = f"{split}_{before + 1}" if before else split
        names = [base] if len(parts) == 1 else [f"{base}_{n}" for n in _labels(line, parts)]
        several = frozenset(n for n, (_, p) in zip(names, parts, strict=True) if _is_several(p))
        sources.append(Source(line, split, tuple(names), several))
        results += [packed(part) for _, part in parts]
    span = lines[0].span if lines else NOWHERE
    doc = "Read the data and part them as the problem says."
    checks = tuple(Check(low.leaf(c.holds).expr, _message(c), c.span) for c in conditions)
    load = Function("load", doc, (), tuple(low.body), tuple(results), span, checks)
    return load, tuple(sources)


def _split_names(problem: TypedProblem) -> dict[tuple[str, str], str]:
    """What the points of each stage's splits are called: those of an earlier stage by its name."""
    found: dict[tuple[str, str], str] = {}
    for stage in ("", *problem.stages):
        for split in ("train", "validate", "test"):
            own = stage in problem.stages[:-1]
            name = split if not own else stage if split == "train" else f"{stage}_{split}"
            while own and name in found.values():
                name += "_"
            found[stage, split] = snake(name)
    return found


def _splits(scenario: Scenario) -> tuple[str, ...]:
    """The splits that the program reads: what is judged on `validate` never sees `test`, and
    what learns nothing sees no other points than those that it is judged on."""
    if not any(k.fits or k.model.fitted or not k.model.by_itself for k in scenario.links):
        return (scenario.split,)
    return ("train", "validate", "test") if scenario.split == "test" else ("train", "validate")


def _parts(vector: Vector, type: Type, path: str = "") -> Iterator[tuple[str, Vector]]:
    """What a data line's source is handed over as: the parts of tuples apart."""
    if isinstance(type, TupleType) and isinstance(vector, Group):
        for i, t in enumerate(type.items):
            yield from _parts(vector.items[i], t, f"{path}_{i}" if path else str(i))
    else:
        yield path, vector


def _is_several(vector: Vector) -> bool:
    return isinstance(vector, Group)


def _labels(line: DataLine, parts: list[tuple[str, Vector]]) -> list[str]:
    if len(line.names) == len(parts):
        return [identifier(n) for n in line.names]
    return [identifier(path) for path, _ in parts]


def _message(condition: Condition) -> str:
    return condition.because or "a `require` of the problem does not hold"
