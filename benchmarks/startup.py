"""How long `sailc` takes to start, and to check the quickstart in a fresh process.

Prints medians beside their references and goals, and asserts nothing. Every run has an
empty cache folder of its own, unless the line says that the cache is kept.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

QUICKSTART = Path(__file__).parent.parent / "examples" / "quickstart.sail"
RUNS = 15
MB_PER_MAXRSS = 1e-6 if sys.platform == "darwin" else 1024e-6  # Linux counts in KiB


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians over the runs: wall-clock time in seconds, peak memory in MB."""

    seconds: float
    peak: float


def once(command: Sequence[str], cache: str) -> Figure:
    """Run a command to its end; it has to succeed."""
    start = time.perf_counter()
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode} from {' '.join(command)}")
    return Figure(seconds, usage.ru_maxrss * MB_PER_MAXRSS)


def measure(command: Sequence[str], *, keep_cache: bool = False) -> Figure:
    """The medians of `RUNS` runs, after one that only warms the file system's cache."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as kept:
        once(command, kept)
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory() as fresh:
                figures.append(once(command, kept if keep_cache else fresh))
    return Figure(
        statistics.median(f.seconds for f in figures), statistics.median(f.peak for f in figures)
    )


def show(name: str, figure: Figure, reference: Figure, goal: float | None = None) -> None:
    """One line: the figures, their ratio to the reference's time, and what is aimed at."""
    ratio = figure.seconds / reference.seconds
    aim = "" if goal is None else f"   {figure.seconds / goal:.2f} of the goal, {goal:.2f} s"
    print(f"{name:32}{figure.seconds:8.3f} s {ratio:6.1f} × {figure.peak:7.0f} MB{aim}")


def main() -> None:
    sailc = [sys.executable, "-m", "sailc"]
    check = [*sailc, "check", str(QUICKSTART)]
    python = measure([sys.executable, "-c", "pass"])
    print(f"{'':32}{'median':>10} {'ratio':>8} {'peak':>10}")
    show("python -c pass", python, python)
    show("sailc --version", measure([*sailc, "--version"]), python, goal=0.10)
    cold = measure(check)
    show("sailc check, cold", cold, python, goal=0.5)
    show("sailc check, its cache kept", measure(check, keep_cache=True), python)
    print(f"peak of sailc check, cold: {cold.peak / 120:.2f} of the goal, 120 MB")


if __name__ == "__main__":
    main()
