"""How long planning takes as modules and combinations grow, beside two references.

A workspace has as many problems, models, trainers, metrics and converters as wanted, in
families that know nothing of each other: within a family every problem fits every model,
with one of the trainers and one of the metrics. So the combinations that make sense grow
with the size of the families, and the product of all modules much faster.

The references: a naive enumeration, which tries every problem with every model and trainer
and searches converters for each; and benchopt's published figure for a cell of its product
(0.29 ms, benchopt 1.10, `benchopt run` without runs). Prints medians, asserts nothing.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sailc.__main__ import collect_rarely
from sailc.build import planned
from sailc.infer.modules.common import defaults, knobs
from sailc.plan.chains import Chains
from sailc.plan.matches import Asked, Match
from sailc.plan.plan import Planner
from sailc.plan.scenario import Plan
from sailc.plan.select import Selection
from sailc.queries import world
from sailc.workspace import Workspace

BENCHOPT_CELL = 0.29e-3  # seconds, GOALS: `benchopt` 1.10 on two cores
GOAL = 5.0  # seconds for 1,000 modules of a kind and 10,000 combinations
RUNS = 3


def family(f: int, size: int) -> Iterator[str]:
    """One family: `size` modules of each kind."""
    width = 3 + f
    for i in range(size):
        inner = 1_000 + f * size + i
        other = 1_000_000 + f * size + i
        answer = width if i == 0 else other
        yield f"""
problem P{f}_{i} {{
    let xs = uniform(0, 1, shape = [{width}]) |> sample(64, seed = {i})
    train x in xs |> first(32): predict {{ f{f}: x }} as x
    test  x in xs |> last(32):  predict {{ f{f}: x }} as x
}}

converter C{f}_{i}(r: {{ f{f}: Tensor[real, {width}] }}) -> Tensor[real, {inner}] =
    concat(r.f{f}, zeros([{inner - width}]))

model M{f}_{i} {{
    suggest hidden in [8, 16]
    input  x: Tensor[real, {inner}]
    output y: Tensor[real, {width}] = x |> linear(hidden) |> relu |> linear({width})
}}

trainer T{f}_{i} {{
    suggest   rate in [1e-3, 1e-2]
    optimizer adam(rate)
    epochs    2
    loss      (a: Tensor[real, {answer}], t: Tensor[real, {answer}]) => mean((a - t) ^ 2)
}}

metric S{f}_{i} {{
    better lower
    score  (a: Tensor[real, {answer}], t: Tensor[real, {answer}]) => mean(abs(a - t))
    reduce mean
}}
"""


def workspace(folder: Path, families: int, size: int) -> Path:
    """A workspace of `families * size` modules of each kind; its benchmark's file."""
    (folder / "sail.toml").write_text("")
    names = [f"{f}_{i}" for f in range(families) for i in range(size)]
    for f in range(families):
        (folder / f"family{f}.sail").write_text("".join(family(f, size)))
    lines = [
        f"    {word} {', '.join(letter + n for n in names)}"
        for word, letter in (("models", "M"), ("trainers", "T"), ("metrics", "S"))
    ]
    text = "\n".join(["benchmark all {", *lines, "    software JAX", "}", ""])
    path = folder / "all.sail"
    path.write_text(text)
    return path


def plan_of(families: int, size: int) -> tuple[float, Plan, Workspace]:
    """Seconds of planning, after everything has been read and resolved."""
    with tempfile.TemporaryDirectory() as folder:
        path = workspace(Path(folder), families, size)
        opened = Workspace.open([path])
        for table in world(opened.db).names.modules.values():
            list(table.values())
        start = time.perf_counter()
        found = planned(opened.db, str(path), "all")
        return time.perf_counter() - start, found, opened


def naive(opened: Workspace, count: int) -> float:
    """Seconds of trying `count` pairs of a problem and a model, nothing kept between them."""
    known = world(opened.db)
    modules = known.names.modules
    models = [modules["model"][n] for n in sorted(modules["model"]) if n.startswith("M")]
    problems = [modules["problem"][n] for n in sorted(modules["problem"])]
    start = time.perf_counter()
    tried = 0
    for entry in problems:
        for model in models:
            if tried == count:
                return time.perf_counter() - start
            tried += 1
            planner = Planner.of(known, Selection(known, None))
            problem = planner.grounds.ground(entry, {})
            choice = defaults(knobs(known.context(), model))
            f = problem.lines[0].fixtures[0]  # type: ignore[union-attr]
            asked = Asked(f.question.type, f.truth.type if f.truth else None, f.verb)
            assert Chains.of(known)
            _: list[Match] = list(planner.linker.matcher.matches(asked, model, choice))
    return time.perf_counter() - start


def main() -> None:
    collect_rarely()
    print(f"{'modules a kind':>15}{'product':>16}{'combinations':>14}{'seconds':>9}{'ms each':>9}")
    for families, size in ((10, 10), (40, 10), (100, 10), (25, 20), (50, 4), (1000, 1)):
        runs = [plan_of(families, size) for _ in range(RUNS)]
        _, found, opened = runs[-1]
        n, modules = len(found.scenarios), families * size
        median = statistics.median(seconds for seconds, _, _ in runs)
        print(
            f"{modules:15,}{modules**3:16,}{n:14,}{median:9.2f}{1e3 * median / max(n, 1):9.2f}"
            f"   benchopt's product of {modules**2:,} cells: {BENCHOPT_CELL * modules**2:.1f} s"
        )
        if (families, size) == (10, 10):
            pairs = 20
            each = naive(opened, pairs) / pairs
            print(f"{'':15} naive: {1e3 * each:.1f} ms a pair, {each * modules**2:.0f} s for all")
        if (families, size) == (100, 10):
            print(f"{'':15} {median / GOAL:.2f} of the goal, {GOAL:.0f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {peak * (1e-6 if sys.platform == 'darwin' else 1024e-6):.0f} MB")


if __name__ == "__main__":
    main()
