"""`require` at its three times: while planning, while points are made, while a program runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import emitted_by, sail_json, write_one

PROGRAM = """
problem Line {
    let xs = uniform(0, 1, shape = [2]) |> sample(64, seed = 0)
    train x in xs |> first(40): predict SCALE * x as x[0] - x[1]
    test  x in xs |> last(24):  predict SCALE * x as x[0] - x[1]
}

model Careful {
    input   x: Tensor[real, n]
    require n <= 3 because "it is slow"
    require max(abs(x)) <= 2 because "it was made for small numbers"
    output  y: Tensor[real, m] = linear(x, m)
}

trainer brief {
    optimizer adam(1e-2)
    epochs    2
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

benchmark b {
    models   Careful
    trainers brief
    metrics  mean_error
    software SOFTWARE
}
"""
BOTH = pytest.mark.parametrize("software", ["PyTorch", "JAX"])


def written(folder: Path, software: str, scale: str) -> Path:
    return write_one(folder, PROGRAM.replace("SCALE", scale).replace("SOFTWARE", software))


@BOTH
def test_a_run_goes_on_while_what_a_model_requires_holds(tmp_path: Path, software: str) -> None:
    found = sail_json("run", written(tmp_path, software, "2"), exit=0)
    assert [r["status"] for r in found["runs"]] == ["ran"]


@BOTH
def test_a_run_fails_on_a_question_that_a_model_does_not_take(
    tmp_path: Path, software: str
) -> None:
    found = sail_json("run", written(tmp_path, software, "3"), exit=1)
    (run,) = found["runs"]
    assert run["status"] == "failed"
    assert "Careful: it was made for small numbers" in run["reason"]


def test_what_is_known_while_planning_excludes(tmp_path: Path) -> None:
    path = written(tmp_path, "JAX", "2")
    path.write_text(path.read_text().replace("n <= 3", "n <= 1"))
    found = sail_json("plan", path)
    assert "it is slow" in str(found)


def test_the_program_asks_before_it_trains(tmp_path: Path) -> None:
    (text,) = emitted_by(written(tmp_path, "PyTorch", "2")).values()
    assert "def required(x):" in text
    assert "    for question, *_ in splits.values():\n        required(question)\n" in text


def test_what_is_learned_cannot_be_asked_yet(tmp_path: Path) -> None:
    path = written(tmp_path, "JAX", "2")
    text = path.read_text().replace("max(abs(x)) <= 2", "max(abs(linear(x, 3))) <= 2")
    path.write_text(text)
    found = sail_json("plan", path)
    assert "a `require` about what is known only within a run" in str(found)
