"""`scale data in [1/4, 1/2, 1]`: shares of a problem's training points, each a row of results
(SAIH, Benchmarking of AI for HPC: data and models that grow)."""

from __future__ import annotations

import math

from msgspec.structs import replace

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.problem import DataLine, TypedProblem
from sailc.source import NOWHERE
from sailc.terms import Apply
from sailc.types.dims import const
from sailc.types.parts import resized, size_of


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
    size = size_of(line.source.type)
    if size is None or size.value is None:
        return None
    few = const(max(1, math.floor(share * size.value + 1e-9)))
    type = resized(line.source.type, few)
    source = Apply(type, NOWHERE, "first", (line.source,), {"n": few.value or 1})
    return replace(line, source=source, count=few)
