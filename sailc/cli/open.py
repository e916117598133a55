"""What the commands share: opening a program, stopping at its mistakes, finding a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sailc.build import missing_data, planned
from sailc.cli import terminal as t
from sailc.diagnostics.files import AmbiguousBenchmark, NothingToPlan
from sailc.source import Span
from sailc.workspace import Workspace

if TYPE_CHECKING:
    from sailc.diagnostics.base import Diagnostic
    from sailc.names import Names
    from sailc.plan.scenario import Plan


def open_program(path: Path, form: str = "text") -> Workspace:
    """A workspace around a program that has no mistakes; otherwise they are printed, and
    the command ends. What is wrong in the workspace's other files takes no part."""
    workspace = Workspace.open([path])
    found = [d for d in workspace.check() if d.severity == "error"]
    if found:
        fail(found, workspace, form)
    return workspace


def fail(found: list[Diagnostic], workspace: Workspace, form: str, code: int = t.WRONG) -> None:
    """Print what is wrong, and end."""
    if form == "json":
        t.print_json(
            {"version": 1, "errors": [t.diagnostic_json(d, workspace.source) for d in found]}
        )
    else:
        t.print_diagnostics(found, workspace.source)
    t.stop(code)


def find_plan(
    workspace: Workspace, path: Path, benchmark: str | None, form: str, option: str = ""
) -> Plan:
    """The plan of a program's benchmark: the one named (behind `option`), or its only one, or
    of all of its problems where it has none."""
    names = _names(workspace)
    table = names.modules["benchmark"]
    inside = [n for n in sorted(table) if table[n].file == str(path) or path.is_dir()]
    span = Span(str(path), 0, 0)
    if benchmark is not None and benchmark not in table:
        fail(
            [AmbiguousBenchmark(span=span, name=benchmark, known=tuple(inside), option=option)],
            workspace, form, t.USAGE,
        )  # fmt: skip
    if benchmark is None and len(inside) > 1 and not path.is_dir():
        fail(
            [AmbiguousBenchmark(span=span, name="", known=tuple(inside), option=option)],
            workspace, form, t.USAGE,
        )  # fmt: skip
    chosen = benchmark or (inside[0] if len(inside) == 1 and not path.is_dir() else "")
    if not chosen and not _has_problem(workspace, path):
        fail([NothingToPlan(span=span, path=str(path))], workspace, form)
    plan = planned(workspace.db, str(path), chosen)
    wrong = [d for d in plan.diagnostics if d.severity == "error"]
    if wrong:
        fail(wrong, workspace, form)
    return plan


def find_runnable(workspace: Workspace, path: Path, benchmark: str | None, form: str) -> Plan:
    """A plan of which every data file is at hand."""
    plan = find_plan(workspace, path, benchmark, form)
    wrong = missing_data(workspace.db, plan.scenarios)
    if wrong:
        fail(wrong, workspace, form)
    return plan


def _names(workspace: Workspace) -> Names:
    from sailc.queries import names

    return names(workspace.db)


def _has_problem(workspace: Workspace, path: Path) -> bool:
    from sailc.build import problems_of
    from sailc.queries import world

    return bool(problems_of(world(workspace.db), str(path)))
