"""How long `sailc check` takes for a workspace of 1,000 modules, and to check it again after
an edit within one process, as an editor does.

The references are Python's own: `compile` of as many lines of sailc's sources, in a fresh
process, and `ast.parse` of as many as the edited file has. Prints medians, asserts nothing.
"""

import ast
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import workspaces
from startup import Figure, once

from sailc.workspace import Workspace

RUNS = 5
SOURCES = Path(__file__).parent.parent / "sailc"
COMPILE = "import sys; compile(open(sys.argv[1]).read(), 'reference', 'exec')"


def python_lines(count: int) -> str:
    """So many lines of Python, from sailc's own sources, more than once if need be."""
    texts = [p.read_text() for p in sorted(SOURCES.rglob("*.py"))]
    texts = [t.replace("from __future__ import annotations\n", "\n") for t in texts]
    lines: list[str] = []
    while len(lines) < count:
        for text in texts:
            lines += text.splitlines() if len(lines) < count else []
    return "\n".join(lines) + "\n"


def median(work: Callable[[], object]) -> float:
    """Seconds, over `RUNS` runs."""
    times: list[float] = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def cold(command: list[str]) -> Figure:
    figures: list[Figure] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as cache:
            figures.append(once(command, cache))
    return Figure(
        statistics.median(f.seconds for f in figures), statistics.median(f.peak for f in figures)
    )


def again(workspace: Workspace, path: str, old: str, new: str) -> float:
    """Seconds to check everything once `old` is `new` in one file."""
    text = workspace.source(path).text
    assert old in text

    def once() -> None:
        current = workspace.source(path).text
        workspace.edit(path, text.replace(old, new, 1) if current == text else text)
        workspace.check()

    return median(once)


def show(name: str, seconds: float, reference: float, goal: float | None = None) -> None:
    aim = "" if goal is None else f"   {seconds / goal:.2f} of the goal, {goal:.1f} s"
    print(f"{name:44}{seconds:8.3f} s {seconds / reference:7.1f} ×{aim}")


def whole(folder: Path, programs: list[Path]) -> None:
    """The workspace in a fresh process."""
    count = sum(len(p.read_text().splitlines()) for p in programs)
    reference_file = folder / "reference.py"
    reference_file.write_text(python_lines(count))
    reference = cold([sys.executable, "-c", COMPILE, str(reference_file)])
    figure = cold([sys.executable, "-m", "sailc", "check", str(folder)])
    print(f"{10 * len(programs):,} modules in {len(programs)} files, {count:,} lines")
    show("compile, as many lines of Python", reference.seconds, reference.seconds)
    show("sailc check, cold", figure.seconds, reference.seconds, goal=4.0)
    print(f"peak of sailc check: {figure.peak:.0f} MB, {figure.peak / 400:.2f} of the goal, 400 MB")


def edits(folder: Path, programs: list[Path]) -> None:
    """One file edited; all are checked again."""
    workspace = Workspace.open([folder])
    workspace.check()
    path = programs[len(programs) // 2]
    lines = python_lines(len(path.read_text().splitlines()))
    reference = median(lambda: ast.parse(lines))
    print(f"one file of {lines.count(chr(10))} lines edited, and all checked again")
    show("ast.parse, as many lines of Python", reference, reference)
    for name, old, new in (
        ("the end of the last module", "seeds", "// seeds\n    seeds"),
        ("the body of a model", "let ", "let more = 1\n    let "),
        ("a comment above everything", "// File", "// The file\n// File"),
    ):
        show(name, again(workspace, str(path), old, new), reference, goal=0.1)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = workspaces.write(folder)
        whole(folder, programs)
        edits(folder, programs)


if __name__ == "__main__":
    main()
