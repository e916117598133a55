"""What the tests share: workspaces made of texts, what the compiler says, what commands print."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from sailc.cli.main import cli
from sailc.cli.plan import plan_json
from sailc.diagnostics.base import Diagnostic
from sailc.plan.scenario import Plan
from sailc.queries import emitted, planned
from sailc.workspace import Workspace

TESTS = Path(__file__).parent
ROOT = TESTS.parent
EXAMPLES = ROOT / "examples"
BAD = TESTS / "programs" / "bad"

SAIL_BLOCK = re.compile(r"```sail\n(.*?)```", re.DOTALL)


def program(text: str) -> str:
    """An indented text in a test, as a program."""
    return textwrap.dedent(text).lstrip("\n")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """A workspace of some files; its folder."""
    (folder / "sail.toml").touch()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(program(text), encoding="utf-8")
    return folder


def write_one(folder: Path, text: str, name: str = "program.sail") -> Path:
    """A workspace of one file; that file."""
    return write(folder, {name: text}) / name


# --- what the compiler says -------------------------------------------------------------


def place(d: Diagnostic, workspace: Workspace) -> str:
    """A diagnostic as the tests expect it: `E0201 at 4:5`."""
    at = workspace.source(d.span.file).position(d.span.start)
    return f"{d.code} at {at.line}:{at.column}"


def found_in(path: Path) -> tuple[list[Diagnostic], Workspace]:
    """All that `sailc check`, and where it finds nothing `sailc plan`, say of a program."""
    workspace = Workspace.open([path])
    found = workspace.check()
    if not found:
        found = list(plan_in(workspace, path).diagnostics)
    return found, workspace


def plan_in(workspace: Workspace, path: Path, benchmark: str = "") -> Plan:
    """The plan of a benchmark, or of the file's first one, or of its problems."""
    declared = [
        d.name
        for d in workspace_declarations(workspace, path)
        if d.kind == "benchmark" and (not benchmark or d.name == benchmark)
    ]
    return planned(workspace.db, str(path), next(iter(declared), ""))


def workspace_declarations(workspace: Workspace, path: Path) -> Any:
    from sailc.queries import parsed

    return parsed(workspace.db, str(path))[0].declarations


def plan_of(path: Path, benchmark: str = "") -> dict[str, Any]:
    """A program's plan as `sailc plan --format json` prints it."""
    workspace = Workspace.open([path])
    wrong = [place(d, workspace) for d in workspace.check() if d.severity == "error"]
    assert not wrong, wrong
    return plan_json(plan_in(workspace, path, benchmark), workspace)


def emitted_by(path: Path, benchmark: str = "") -> dict[str, str]:
    """The programs of a plan, by `Problem/Model/Software`."""
    workspace = Workspace.open([path])
    return {
        f"{s.problem.name}/{s.model.declaration.name}/{s.software.name}": emitted(workspace.db, s)
        for s in plan_in(workspace, path, benchmark).scenarios
    }


# --- what a command prints --------------------------------------------------------------


def sail(*arguments: str | Path, exit: int | None = None) -> Result:
    """`sailc ARGUMENTS…` in this process; it may end as it likes but with an exception."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if exit is not None:
        assert result.exit_code == exit, result.output
    return result


def sail_json(*arguments: str | Path, exit: int | None = None) -> Any:
    """What a command prints for programs."""
    return json.loads(sail(*arguments, "--format", "json", exit=exit).stdout)


def json_lines(text: str) -> list[dict[str, Any]]:
    """The events of an emitted program."""
    return [json.loads(line) for line in text.splitlines()]


@contextmanager
def raising_with(text: str) -> Iterator[None]:
    """Say which text made the compiler raise."""
    try:
        yield
    except Exception as error:
        error.add_note(f"on this text:\n{text}")
        raise
