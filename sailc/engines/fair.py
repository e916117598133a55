"""The order in which jobs are begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sailc.store import Job


def interleaved(jobs: Sequence[Job]) -> list[int]:
    """Positions in `jobs`, round by round: the first job of every scenario, then the second.

    So every scenario has a result early, and a budget that ends leaves fewer seeds of each, not
    fewer scenarios. Within a round the order is that of `jobs`.
    """
    met: Counter[str] = Counter()
    rounds: list[int] = []
    for job in jobs:
        rounds.append(met[job.scenario])
        met[job.scenario] += 1
    return sorted(range(len(jobs)), key=rounds.__getitem__)
