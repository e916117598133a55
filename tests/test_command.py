"""The command as a user meets it: what it prints, and how it ends.

0 good, 1 the program or a run is wrong, 2 usage.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import EXAMPLES, Json, place, sail, sail_json, write, write_one

from sailc import __version__
from sailc.build import Compiled

# A problem, a model and a stack: one scenario, two runs.
TINY = """
problem Line {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(64, seed = 1)
    train x in xs |> first(32): predict x as x[0] + 2 * x[1]
    test  x in xs |> last(32):  predict x as x[0] + 2 * x[1]
}

trainer short {
    optimizer adam(1e-2)
    epochs    2
    batch     16
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

ranking exact {
    order mean_error
}

benchmark tiny {
    problems Line
    models   Linear
    trainers short
    metrics  mean_error, training_time
    rankings exact
    software PyTorch
    seeds    2
}
"""
WRONG = "problem P {\n    test x in [1.0]: predict y as x\n}\n"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_one(tmp_path, TINY)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    return write_one(tmp_path, WRONG)


def error_of(*arguments: str | Path, exit: int) -> Json:
    """The one error of a command that cannot go on."""
    found = sail_json(*arguments, exit=exit)
    (error,) = found if isinstance(found, list) else found["errors"]
    return error


# --- help and usage ---------------------------------------------------------------------

COMMANDS = [
    "new",
    "check",
    "plan",
    "explain",
    "emit",
    "run",
    "rank",
    "fmt",
    "doc",
    "graph",
    "show",
    "lsp",
]


def test_help_lists_the_commands_in_the_order_of_their_use() -> None:
    text = sail("--help", exit=0).output
    found = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert [c for c in found if c in COMMANDS] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    text = sail(command, "--help", exit=0).output
    assert text.startswith("Usage: ")
    assert len(text.splitlines()) > 4


def test_the_version() -> None:
    assert sail("--version", exit=0).output == f"sailc {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["chek"],
        ["plan"],
        ["check", "--format", "xml"],
        ["show", "everything", "a.sail"],
        ["explain"],
        ["explain", "a.sail", "P"],
        ["explain", "E9999"],
        ["run", "a.sail", "--seeds", "0"],
        ["new"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_understood_is_usage(arguments: list[str]) -> None:
    assert sail(*arguments, exit=2).output


# --- new --------------------------------------------------------------------------------


def test_new_makes_a_workspace_whose_program_checks_and_plans(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    said = sail("new", folder, exit=0).output
    assert f"sailc run {folder / 'first.sail'}" in said
    assert sorted(p.name for p in folder.iterdir()) == [".gitignore", "first.sail", "sail.toml"]
    assert sail_json("check", folder, exit=0) == []
    models = [s["model"] for s in sail_json("plan", folder / "first.sail", exit=0)["scenarios"]]
    assert set(models) == {"Bent", "MLP", "Linear"}


def test_new_leaves_what_is_there_alone(tmp_path: Path) -> None:
    (tmp_path / "first.sail").write_text("mine")
    assert "leave it alone" in sail("new", tmp_path, exit=1).output
    assert (tmp_path / "first.sail").read_text() == "mine"
    assert not (tmp_path / "sail.toml").exists()


# --- check ------------------------------------------------------------------------------


def test_check_of_a_good_program(tiny: Path) -> None:
    assert sail("check", tiny, exit=0).output == "1 file checked: no errors\n"
    assert sail_json("check", tiny, exit=0) == []


def test_check_shows_the_place_and_the_next_step(wrong: Path) -> None:
    text = sail("check", wrong, exit=1).output
    assert f"error[E0201]: I know no name `y` here\n --> {wrong}:2:30\n" in text
    assert "2 |     test x in [1.0]: predict y as x\n" in text
    assert "  |                              ^\n" in text
    assert "  help: " in text
    assert text.endswith("1 file checked: 1 error\n")


def test_the_json_of_check_has_the_keys_of_the_language(wrong: Path) -> None:
    (found,) = sail_json("check", wrong, exit=1)
    assert list(found) == ["code", "severity", "message", "file", "start", "end", "notes", "help"]
    assert found["start"] == {"line": 2, "column": 30}
    assert found["end"] == {"line": 2, "column": 31}
    assert (found["code"], found["severity"], found["file"]) == ("E0201", "error", str(wrong))


def test_a_note_has_a_place_of_its_own(tmp_path: Path) -> None:
    path = write_one(tmp_path, "fn f(x) = x\nfn f(x) = 2 * x\n")
    (note,) = error_of("check", path, exit=1)["notes"]
    assert set(note) == {"message", "file", "start", "end"}
    assert note["start"]["line"] == 1


def test_columns_count_characters(tmp_path: Path) -> None:
    path = write_one(tmp_path, "fn größe(𝔼) = 𝔼 + ψ\n")
    assert place(error_of("check", path, exit=1)) == "E0201 at 1:19"


def test_check_takes_several_paths_and_the_folder_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a.sail": WRONG, "b/c.sail": WRONG.replace("P", "Q")})
    monkeypatch.chdir(tmp_path)
    assert len(sail_json("check", exit=1)) == 2
    assert len(sail_json("check", "b/c.sail", exit=1)) == 1, "a file is checked by itself"
    assert len(sail_json("check", "a.sail", "b", exit=1)) == 2, "no file is two"


def test_hidden_folders_and_other_workspaces_are_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path, {"a.sail": "", ".hidden/b.sail": WRONG})
    write(tmp_path / "inner", {"c.sail": WRONG})
    assert sail_json("check", tmp_path, exit=0) == []


# --- files that cannot be read ----------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "plan", "run", "rank"])
def test_a_missing_file(command: str, tiny: Path) -> None:
    error = error_of(command, tiny.with_name("programm.sail"), exit=1)
    assert error["code"] == "E0601"
    assert error["help"] == "did you mean `program.sail`?"


def test_a_missing_file_in_a_folder_with_results(tiny: Path) -> None:
    """Results are kept in a folder `.sail`, which is no program."""
    (tiny.parent / ".sail").mkdir()
    help = error_of("check", tiny.with_name("x.sail"), exit=1)["help"]
    assert help in ("did you mean `program.sail`?", "in that folder there are: program.sail")


def test_a_folder_without_programs(tmp_path: Path) -> None:
    assert error_of("check", tmp_path, exit=1)["code"] == "E0602"


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "picture.sail"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    assert error_of("check", path, exit=1)["code"] == "E0127"


def test_a_file_that_the_system_does_not_let_one_read(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    error = error_of("check", tiny, exit=1)
    assert error["code"] == "E0601"
    assert "Permission denied" in error["message"]


def test_an_empty_file_is_good_and_has_nothing_to_plan(tmp_path: Path) -> None:
    path = write_one(tmp_path, "")
    assert sail_json("check", path, exit=0) == []
    assert error_of("plan", path, exit=1)["code"] == "E0603"
    assert error_of("run", path, exit=1)["code"] == "E0603"


# --- plan -------------------------------------------------------------------------------


def test_plan_shows_the_chain_and_the_cost(tiny: Path) -> None:
    text = sail("plan", tiny, exit=0).output
    for word in ("Line", "Linear", "short", "PyTorch", "squeeze", "3 parameters"):
        assert word in text


def test_plan_stops_at_mistakes(wrong: Path) -> None:
    error = error_of("plan", wrong, exit=1)
    assert place(error) == "E0201 at 2:30"


def test_an_unknown_benchmark_and_several(tiny: Path) -> None:
    error = error_of("plan", tiny, "tinny", exit=2)
    assert error["code"] == "E0605"
    assert "tiny" in error["help"]
    write_one(tiny.parent, TINY + "benchmark other {\n    problems Line\n}\n")
    error = error_of("plan", tiny, exit=2)
    assert error["code"] == "E0605"
    assert "other" in error["help"]
    assert sail_json("plan", tiny, "tiny", exit=0)["scenarios"]


def test_a_benchmark_that_selects_nothing_says_why(tmp_path: Path) -> None:
    path = write_one(tmp_path, TINY.replace("models   Linear", "models   LeNet"))
    error = error_of("plan", path, exit=1)
    assert error["code"] == "E0604"
    assert "no chain of converters" in error["help"]
    assert error_of("run", path, exit=1)["code"] == "E0604"


def test_a_module_that_does_not_exist(tmp_path: Path) -> None:
    path = write_one(tmp_path, TINY.replace("models   Linear", "models   Linnear"))
    error = error_of("plan", path, exit=1)
    assert error["code"] == "E0205"
    assert error["help"] == "did you mean `Linear`?"


# --- explain and show -------------------------------------------------------------------


def test_explain_prints_the_page_of_a_code() -> None:
    text = sail("explain", "e0301", exit=0).output
    assert text.startswith("# E0301: types disagree\n")
    assert "```sail" in text
    assert sail("explain", "X0101", exit=0).output.startswith("# X0101: ")


def test_explain_of_names_that_do_not_exist(tiny: Path) -> None:
    assert "did you mean `Linear`?" in sail("explain", tiny, "Line", "Liner", exit=2).output
    assert "did you mean `Line`?" in sail("explain", tiny, "Lyne", "Linear", exit=2).output


@pytest.mark.parametrize(
    ("stage", "part"),
    [
        ("tree", "Declaration\n"),
        ("names", "problem    Line"),
        ("types", "Line train: Tensor[real, 2] as real\n"),
        ("routes", "Line answer Tensor[real, 1]: squeeze\n"),
        ("program", "Line / Linear / short / PyTorch"),
    ],
)
def test_show_prints_every_stage(stage: str, part: str, tiny: Path) -> None:
    assert part in sail("show", stage, tiny, exit=0).output


# --- emit -------------------------------------------------------------------------------


def test_emit_to_the_screen_and_to_a_folder(tiny: Path, tmp_path: Path) -> None:
    text = sail("emit", tiny, exit=0).output
    out = tmp_path / "programs"
    path = Path(sail("emit", tiny, "-o", out, exit=0).output.strip())
    assert [path] == list(out.iterdir())
    assert path.read_text("utf-8") == text


def test_emit_of_several_needs_a_choice(tmp_path: Path) -> None:
    path = write_one(tmp_path, TINY.replace("models   Linear", "models   Linear, MLP"))
    ids = [s["id"] for s in sail_json("plan", path)["scenarios"]]
    said = sail("emit", path, exit=2).output
    assert all(i in said for i in ids)
    assert ids[1] in sail("emit", path, "--scenario", ids[1][:8], exit=0).output
    assert "there are:" in sail("emit", path, "--scenario", "zzz", exit=2).output


# --- run and rank -----------------------------------------------------------------------

# What stands for emitted programs here: it keeps their contract, and needs no torch. What
# becomes of real ones: test_emit.py and test_runs.py.
STAND_IN = """
import argparse, json, time
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int)
parser.add_argument("--out")
seed = parser.parse_args().seed
def say(**event): print(json.dumps(event), flush=True)
say(event="start", seed=seed)
say(event="epoch", epoch=1, epochs=1, loss=0.5, seconds=0.1)
{more}
metrics = dict(mean_error=0.1 + seed / 100, training_time=1.5)
say(event="result", metrics=metrics, model=dict(parameters=3))
"""
FAST, ENDLESS = STAND_IN.format(more=""), STAND_IN.format(more="time.sleep(60)")
CRASH = STAND_IN.format(more="raise FloatingPointError('the loss is nan after epoch 1')")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What every scenario compiles to."""

    def put(text: str) -> None:
        monkeypatch.setattr("sailc.build.compiled", lambda *_: Compiled(text, ()))

    put(FAST)
    return put


@pytest.mark.usefixtures("programs")
def test_the_json_of_a_run(tiny: Path) -> None:
    found = sail_json("run", tiny, exit=0)
    assert list(found) == ["version", "runs", "rankings", "tuning", "failures"]
    assert [(r["seed"], r["status"], r["reason"]) for r in found["runs"]] == [
        (0, "ran", None),
        (1, "ran", None),
    ]
    for run in found["runs"]:
        assert list(run) == ["scenario", "title", "seed", "status", "seconds", "reason", "result"]
        assert run["title"] == "Line / Linear / short / PyTorch"
        assert run["result"]["model"] == {"parameters": 3}
    (ranking,) = found["rankings"]
    assert "exact" in ranking["ranking"]
    (row,) = ranking["rows"]
    keys = ["rank", "tied", "reason", "scenario", "label", "failed", "metrics", "curves"]
    assert list(row) == keys
    assert row["rank"] == 1
    error = row["metrics"]["mean_error"]
    assert list(error) == ["values", "mean", "median", "std", "low", "high", "method"]
    assert error["values"] == [0.1, 0.11]


@pytest.mark.usefixtures("programs")
def test_a_second_run_keeps_everything(tiny: Path) -> None:
    first = sail_json("run", tiny, exit=0)
    again = sail_json("run", tiny, exit=0)
    assert [r["status"] for r in again["runs"]] == ["kept", "kept"]
    assert [r["result"] for r in again["runs"]] == [r["result"] for r in first["runs"]]
    assert again["rankings"] == first["rankings"]
    assert "2 good (2 kept from before)" in sail("run", tiny, exit=0).output


def test_what_changes_a_number_runs_again(tiny: Path, programs: Callable[[str], None]) -> None:
    assert statuses(tiny) == ["ran", "ran"]
    assert statuses(tiny, "--seeds", "3") == ["kept", "kept", "ran"]
    programs(FAST.replace("0.1 + seed", "0.2 + seed"))
    assert statuses(tiny) == ["ran", "ran"]
    programs(FAST + "# What only a reader sees is no change.\n")
    assert statuses(tiny) == ["kept", "kept"]


def statuses(path: Path, *options: str, exit: int = 0) -> list[str]:
    return [r["status"] for r in sail_json("run", path, *options, exit=exit)["runs"]]


@pytest.mark.usefixtures("programs")
def test_rank_reads_what_was_kept(tiny: Path) -> None:
    first = sail_json("run", tiny, exit=0)
    assert sail_json("rank", tiny, exit=0)["rankings"] == first["rankings"]
    assert sail_json("rank", tiny, "exact", exit=0)["rankings"] == first["rankings"]
    assert "mean_error" in sail("rank", tiny, exit=0).output
    error = error_of("rank", tiny, "exat", exit=2)
    assert (error["code"], error["help"]) == ("E0205", "did you mean `exact`?")


def test_rank_before_anything_ran_runs_nothing(tiny: Path) -> None:
    (row,) = sail_json("rank", tiny, exit=0)["rankings"][0]["rows"]
    assert row["rank"] is None
    assert not list(tiny.parent.glob(".sail/results/*"))


def test_a_run_that_fails_is_a_row_and_is_tried_again(
    tiny: Path, programs: Callable[[str], None]
) -> None:
    programs(CRASH)
    found = sail_json("run", tiny, exit=1)
    for run in found["runs"]:
        assert run["status"] == "failed"
        assert run["reason"] == "FloatingPointError: the loss is nan after epoch 1"
        assert run["result"] is None
    (row,) = found["rankings"][0]["rows"]
    assert row["rank"] is None
    assert "the loss is nan" in row["failed"]
    text = sail("run", tiny, exit=1).output
    assert "0 good" in text
    assert "the loss is nan" in text
    programs(FAST)
    assert statuses(tiny) == ["ran", "ran"]


def test_a_timeout_is_a_row(tiny: Path, programs: Callable[[str], None]) -> None:
    programs(ENDLESS)
    assert statuses(tiny, "--timeout", "0.5", exit=1) == ["timed out", "timed out"]


def test_ctrl_c_stops_the_programs(tiny: Path) -> None:
    code = (
        "import sailc.build\n"
        f"sailc.build.compiled = lambda *_: sailc.build.Compiled({ENDLESS!r}, ())\n"
        "from sailc.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", code, "run", str(tiny), "--format", "json"]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for_an_epoch(tiny.parent)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert {r["status"] for r in json.loads(out)["runs"]} == {"cancelled"}
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)


def wait_for_an_epoch(folder: Path) -> None:
    """Until the log of some program tells of one."""
    for _ in range(600):
        if any('"epoch"' in log.read_text() for log in folder.glob(".sail/**/log.jsonl")):
            return
        time.sleep(0.05)
    raise AssertionError("no program has begun to train")


# --- the examples -----------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("[!.]*.sail")), ids=lambda p: p.stem)
def test_an_example_plans(path: Path) -> None:
    assert sail_json("plan", path, exit=0)["scenarios"]
