"""Solvers that learn nothing: they are asked at once, need no backend, and `test` is enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import emitted_by, plan_of, run_here, sail, write_one

PROBLEM = """
problem Means {
    let  xs = uniform(0, 1, shape = [8]) |> sample(60, seed = 1)
    test x in xs |> last(40): predict x as mean(x)
}

solver Halfway {
    input  x: Tensor[real, n]
    output middle: real = (max(x) + min(x)) / 2
}

benchmark b {
    models  Halfway
    metrics mean_error, training_time
}
"""


def test_test_alone_is_a_whole_problem(tmp_path: Path) -> None:
    path = write_one(tmp_path, PROBLEM)
    (scenario,) = plan_of(path)["scenarios"]
    assert (scenario["trainer"], scenario["software"]) == ("", "NumPy")
    (text,) = emitted_by(path).values()
    result = run_here(text, 0, tmp_path / "out")[-1]
    assert result["metrics"]["mean_error"] == pytest.approx(0.05, abs=0.02)
    assert result["metrics"]["training_time"] == 0


def test_what_learns_nothing_reads_no_training_points(tmp_path: Path) -> None:
    train = "train x in xs |> first(20): predict x as mean(x)\n    test "
    (text,) = emitted_by(write_one(tmp_path, PROBLEM.replace("test ", train, 1))).values()
    assert "train_x" not in text


def test_what_a_solver_requires_is_asked_of_its_questions(tmp_path: Path) -> None:
    require = '    require max(x) < 0.5 because "too large"\n    output middle'
    (text,) = emitted_by(
        write_one(tmp_path, PROBLEM.replace("    output middle", require))
    ).values()
    with pytest.raises(SystemExit, match="Halfway: too large"):
        run_here(text, 0, tmp_path / "out")


def test_units_are_converted_around_a_solver(tmp_path: Path) -> None:
    text = PROBLEM.replace("mean(x)", "mean(x) * 1 km")
    text = text.replace("real =", "real<m> =").replace("/ 2", "/ 2 * 1 m")
    (text,) = emitted_by(write_one(tmp_path, text)).values()
    result = run_here(text, 0, tmp_path / "out")[-1]
    assert result["metrics"]["mean_error"] == pytest.approx(0.5, abs=0.1)


def test_what_is_measured_of_gradients_is_left_out(tmp_path: Path) -> None:
    text = "metric used {\n better lower\n measure train.flops\n}\n" + PROBLEM
    told = sail("plan", write_one(tmp_path, text.replace("training_time", "used")), exit=0).stdout
    assert "`train.flops` is not measured: `Halfway` learns nothing" in told
