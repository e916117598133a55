"""How long a scenario takes to become a program, after the plan.

Lowers and writes every scenario of the paper's programs and of some others, each in turn and as
`sailc emit` does, `RUNS` times: the first by itself, as it reads templates and parses rows that
later ones find. Prints medians and the worst scenario of each file; asserts nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from msgspec import Struct

from sailc.__main__ import collect_rarely
from sailc.build import Compiled, missing_data, planned, written
from sailc.plan.scenario import Scenario
from sailc.query import Database
from sailc.workspace import Workspace

EXAMPLES = Path(__file__).parent.parent / "examples"
OTHERS = ("quickstart", "iris", "penguins", "laws", "voids", "winds")
GOAL = 0.050  # seconds a scenario
RUNS = 5


class Took(Struct, frozen=True):
    """Seconds that a scenario's program took: the first time, and the median afterwards."""

    title: str
    first: float
    seconds: float
    lines: int


def took(db: Database, scenario: Scenario) -> Took | None:
    """None for a scenario that no program can be written for, or whose data are not at hand."""
    if missing_data(db, [scenario]):
        return None
    seconds: list[float] = []
    text = ""
    for _ in range(1 + RUNS):
        start = time.perf_counter()
        found = written(db, scenario)
        seconds.append(time.perf_counter() - start)
        if not isinstance(found, Compiled):
            return None
        text = found.text
    first, *others = seconds
    return Took(scenario.title, first, statistics.median(others), text.count("\n"))


def main() -> None:
    collect_rarely()
    paths = [*sorted((EXAMPLES / "paper").glob("*.sail"))]
    paths += [EXAMPLES / f"{name}.sail" for name in OTHERS]
    every: list[Took] = []
    print(f"{'file':22}{'scenarios':>10}{'first ms':>10}{'median ms':>11}{'worst ms':>10}  worst")
    for path in paths:
        db = Workspace.open([path]).db
        plan = planned(db, str(path), "")
        found = [t for s in plan.scenarios if (t := took(db, s)) is not None]
        if not found:
            continue
        every += found
        worst = max(found, key=lambda t: t.seconds)
        median = statistics.median(t.seconds for t in found)
        print(
            f"{path.stem:22}{len(found):10}{1e3 * found[0].first:10.1f}{1e3 * median:11.1f}"
            f"{1e3 * worst.seconds:10.1f}  {worst.title} ({worst.lines} lines)"
        )
    if not every:
        sys.exit("no scenario was written")
    median = statistics.median(t.seconds for t in every)
    worst = max(every, key=lambda t: t.seconds)
    print(f"{'all':22}{len(every):10}{'':10}{1e3 * median:11.1f}{1e3 * worst.seconds:10.1f}")
    print(
        f"{median / GOAL:.2f} of the goal, {1e3 * GOAL:.0f} ms a scenario; the worst: "
        f"{worst.seconds / GOAL:.2f}"
    )


if __name__ == "__main__":
    main()
