"""`scale data in [1/4, 1/2, 1]`: shares of a problem's training points, each a row of results
(SAIH, Benchmarking of AI for HPC: data and models that grow)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec.structs import replace

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.problem import DataLine, TypedProblem
from sailc.source import NOWHERE
from sailc.terms import Apply
from sailc.types.dims import const
from sailc.types.model import ListType, SetType, Tensor, Type


def scaled(problem: TypedProblem, share: float) -> TypedProblem | Reason:
    """A problem that trains on the first so many of its points; at least on one."""
    lines: list[DataLine] = []
    for line in problem.lines:
        if line.split != "train" or share == 1:
            lines.append(line)
            continue
        cut = _first(line, share)
        if cut is None:
            return Reason("X0109", "how many points there are to scale is known only with the data")
        lines.append(cut)
    return replace(problem, lines=tuple(lines))


def _first(line: DataLine, share: float) -> DataLine | None:
    for n, resized in _resized(line.source.type, share):
        source = Apply(resized, NOWHERE, "first", (line.source,), {"n": n})
        return replace(line, source=source, count=const(n))
    return None


def _resized(type: Type, share: float) -> Iterator[tuple[int, Type]]:
    """How many elements a share is of, and the type of so many."""
    match type:
        case Tensor(shape=(first, *rest)) if (n := getattr(first, "value", None)) is not None:
            few = max(1, math.floor(share * n + 1e-9))
            yield few, replace(type, shape=(const(few), *rest))
        case ListType(item, size) | SetType(item, size) if size.value is not None:
            few = max(1, math.floor(share * size.value + 1e-9))
            yield few, ListType(item, const(few))
        case _:
            pass
