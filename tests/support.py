"""What the tests share: workspaces made of texts, what the compiler says, what commands print."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from sailc.build import compiled, planned
from sailc.cli.main import cli
from sailc.emit import beside as beside_programs
from sailc.emit.beside import KEEPER
from sailc.plan.scenario import Plan
from sailc.queries import names
from sailc.workspace import Workspace

TESTS = Path(__file__).parent
ROOT = TESTS.parent
EXAMPLES = ROOT / "examples"
BAD = TESTS / "programs" / "bad"

SAIL_BLOCK = re.compile(r"```sail\n(.*?)```", re.DOTALL)
Json = dict[str, Any]


# --- workspaces made of texts -----------------------------------------------------------


def program(text: str) -> str:
    """An indented text in a test, as a program."""
    return textwrap.dedent(text).lstrip("\n")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """A workspace of some files; its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sail.toml").touch()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(program(text), encoding="utf-8")
    return folder


def write_one(folder: Path, text: str, name: str = "program.sail") -> Path:
    """A workspace of one file; that file."""
    return write(folder, {name: text}) / name


def words(text: str) -> list[str]:
    """`a b c` for a list of short texts."""
    return text.split()


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


def python(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A Python that sees no sailc but an installed one, nor the variables of its user."""
    command = [sys.executable, "-I", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def json_lines(text: str) -> list[Json]:
    """The events of an emitted program."""
    return [json.loads(line) for line in text.splitlines()]


def run_here(text: str, seed: int, out: Path, *more: str) -> list[Json]:
    """Run a program in this process, where torch and jax are imported once for all, as if it stood
    where the module is that keeps its fixtures."""
    printed = io.StringIO()
    script = {"__name__": "__main__", "__doc__": "A.", "__file__": beside_programs.__file__}
    arguments = ["script.py", "--seed", str(seed), "--out", str(out), *more]
    with redirect_stdout(printed), as_a_process(arguments):
        exec(compile(text, "script.py", "exec"), script)
    return json_lines(printed.getvalue())


@contextmanager
def as_a_process(arguments: list[str]) -> Iterator[None]:
    """What a program leaves in this process goes with it: the next has its own `driver.py`, and
    its own precision."""
    argv, path, modules = sys.argv, sys.path, set(sys.modules)
    sys.argv, sys.path = arguments, [*path]
    wide = "jax" in modules and sys.modules["jax"].config.jax_enable_x64
    try:
        yield
    finally:
        if "jax" in sys.modules:
            sys.modules["jax"].config.update("jax_enable_x64", wide)
        if "torch" in sys.modules:
            sys.modules["torch"].set_default_dtype(sys.modules["torch"].float32)
        folders = {Path(f).resolve() for f in sys.path} - {Path(f).resolve() for f in path}
        sys.argv, sys.path = argv, path
        for name in [n for n in sys.modules if n not in modules]:
            file = getattr(sys.modules[name], "__file__", None)
            if file and folders & {*Path(file).resolve().parents}:
                del sys.modules[name]


# --- what the compiler says -------------------------------------------------------------


def said_of(path: Path) -> list[Json]:
    """All that `sailc check` says of a program, or else `sailc plan`."""
    found = sail_json("check", path)
    if found:
        return found
    plan = sail_json("plan", path)
    return plan.get("errors") or plan.get("diagnostics", [])


def place(d: Json) -> str:
    """A diagnostic as the tests expect it: `E0201 at 4:5`."""
    return f"{d['code']} at {d['start']['line']}:{d['start']['column']}"


def plan_of(path: Path, *benchmark: str) -> Json:
    """A program's plan as `sailc plan --format json` prints it."""
    found = sail_json("plan", path, *benchmark)
    assert "errors" not in found, found["errors"]
    return found


def planned_in(workspace: Workspace, path: Path) -> Plan:
    """The plan of a file's first benchmark, or of its problems."""
    table = names(workspace.db).modules["benchmark"]
    inside = [n for n in sorted(table) if table[n].file == str(path)]
    return planned(workspace.db, str(path), next(iter(inside), ""))


def emitted_by(path: Path) -> dict[str, str]:
    """The programs of a plan, by `Problem/Model/Software`."""
    workspace = Workspace.open([path])
    return {
        f"{s.problem.name}/{s.model.declaration.name}/{s.software.name}": compiled(
            workspace.db, s
        ).text
        for s in planned_in(workspace, path).scenarios
    }


def beside(path: Path) -> dict[str, str]:
    """The modules of references beside the programs of a plan, by their names without the mark
    of their text."""
    workspace = Workspace.open([path])
    made = [compiled(workspace.db, s) for s in planned_in(workspace, path).scenarios]
    return {n.rpartition("_")[0]: text for m in made for n, text in m.beside.items() if n != KEEPER}


@contextmanager
def on(text: str) -> Iterator[None]:
    """Say on which text the compiler raised."""
    try:
        yield
    except Exception as error:
        error.add_note(f"on this text:\n{text}")
        raise


def points_of(program: Mapping[str, Any]) -> Any:
    """The points by split that a program makes: `data` may tell what is known of them, too."""
    made = program["data"]()
    return made[0] if isinstance(made, tuple) else made
