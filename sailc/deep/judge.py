"""From externs to what is wrong with them, by calling them in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sailc.deep.spec import Trial, scenarios_of, text_of, trials
from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.outside import ExternFails, GradientDisagrees, NotTried
from sailc.query import Database
from sailc.source import Span
from sailc.syntax import tree

TRIED = Path(__file__).with_name("tried.py")


def deep_check(db: Database, paths: Iterable[str], seconds: float) -> list[Diagnostic]:
    """What is wrong with the externs of some files, which are imported and called: at points of
    the problems there, or at values drawn by their types."""
    found: list[Diagnostic] = []
    for path in paths:
        inside = trials(db, path)
        found += [
            NotTried(span=_name(t), name=t.spec["name"], why=t.lacking) for t in inside if t.lacking
        ]
        whole = [t for t in inside if not t.lacking]
        if whole:
            found += _tried(db, path, whole, seconds)
    return found


def _tried(db: Database, path: str, inside: Sequence[Trial], seconds: float) -> list[Diagnostic]:
    """What trying the externs of one file has found."""
    with tempfile.TemporaryDirectory() as folder:
        programs: list[str] = []
        for s in scenarios_of(db, path):
            text = text_of(db, s)
            if text is not None:
                programs.append(str(Path(folder) / f"program{len(programs)}.py"))
                Path(programs[-1]).write_text(text, encoding="utf-8")
        spec = Path(folder) / "spec.json"
        folders = [str(Path(path).parent.absolute())]
        facts = {"folders": folders, "programs": programs, "externs": [t.spec for t in inside]}
        spec.write_text(json.dumps(facts), encoding="utf-8")
        said, ended = _run(spec, seconds)
    by_name = {t.spec["name"]: t for t in inside}
    found = [_diagnostic(by_name[fault["extern"]], fault) for fault in said]
    if ended:
        found.append(_not_tried(inside[0], ended))
    return found


def _not_tried(trial: Trial, why: str) -> Diagnostic:
    return NotTried(span=_name(trial), name=trial.spec["name"], why=why)


def _run(spec: Path, seconds: float) -> tuple[list[dict[str, Any]], str]:
    """The faults that are told, and why there may be more."""
    command = [sys.executable, "-P", str(TRIED), str(spec)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as late:
        out = late.stdout.decode() if isinstance(late.stdout, bytes) else late.stdout or ""
        return list(_faults(out)), f"it had not ended after {seconds:g} s"
    lines = done.stderr.strip().splitlines()
    ended = f"the process ended with {done.returncode}: {lines[-1] if lines else ''}"
    return list(_faults(done.stdout)), ended if done.returncode else ""


def _faults(text: str) -> Iterator[dict[str, Any]]:
    """The objects among the lines of a text, which drivers may print to as well."""
    for line in text.splitlines():
        if line.startswith('{"extern":'):
            yield json.loads(line)


def _diagnostic(trial: Trial, fault: dict[str, Any]) -> Diagnostic:
    if fault["fault"] == "foreign":
        return _not_tried(trial, "no problem calls it, and what it takes cannot be made up")
    line: int | None = fault.get("line")
    name = trial.spec["name"]
    span = _gradient(trial, line) if line is not None else _name(trial)
    if line is None or fault["fault"] != "gradient":
        return ExternFails(
            span=span,
            name=name,
            what=f"the gradient of `{name}`" if line is not None else f"`{name}`",
            said=fault["text"],
            drawn=bool(fault["drawn"]),
        )
    return GradientDisagrees(
        span=span,
        name=name,
        path=".".join(trial.extern.gradients[line][0]),
        place=tuple(fault["place"]),
        declared=fault["declared"],
        central=fault["central"],
        ratio=fault["ratio"],
    )


def _name(trial: Trial) -> Span:
    return trial.entry.declaration.name_span


def _gradient(trial: Trial, number: int) -> Span:
    """The place of a `gradient` line, by its number among those that were read."""
    lines: Sequence[tree.Property] = trial.entry.declaration.properties.get("gradient", ())
    line = lines[min(number, len(lines) - 1)]
    return line.arguments[0].value.span.to(line.arguments[-1].value.span)
