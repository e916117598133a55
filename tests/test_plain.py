"""Solvers that answer each question by itself: at once, or by making something small for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import emitted_by, plan_of, run_here, sail, sail_json, write_one

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


def test_json_holds_no_number_that_is_not_finite(tmp_path: Path) -> None:
    """Which JSON does not know; the table says it in words."""
    text = PROBLEM.replace("/ 2", "/ log(0 * x[0] - 1)")
    path = write_one(tmp_path, text.replace("mean_error, training_time", "mean_error"))
    (run,) = sail_json("run", path)["runs"]
    assert run["result"]["metrics"] == {"mean_error": None}
    assert "not a number" in sail("run", path).output


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


# --- solvers that minimize ------------------------------------------------------------------

DECAYS = """
problem Decays {
    let  times = [0.1 * i for i in 0..19]
    let  rates = uniform(0.5, 2.0) |> sample(6, seed = 1)
    test r in rates: discover { t: times, seen: exp(-r * times) } as r
}

solver Fit {
    input    q: { t: Tensor[real, n], seen: Tensor[real, n] }
    let      rate = parameter(1.0)
    minimize mean((exp(-rate * q.t) - q.seen) ^ 2)
    output   rate
}

trainer t {
    optimizer OPTIMIZER
}

benchmark b {
    models   Fit
    trainers t
    metrics  mean_error, training_time
    software SOFTWARE
}
"""


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
@pytest.mark.parametrize(
    "optimizer", ["adam(0.05)\n epochs 200", "[adam(0.05), lbfgs()]\n epochs 20, 2"]
)
def test_what_minimizes_starts_afresh_with_each_question(
    tmp_path: Path, software: str, optimizer: str
) -> None:
    text = DECAYS.replace("SOFTWARE", software).replace("OPTIMIZER", optimizer)
    (found,) = emitted_by(write_one(tmp_path, text)).values()
    events = run_here(found, 0, tmp_path / "out")
    assert [e["answer"] for e in events if e["event"] == "answer"] == [1, 2, 3, 4, 5, 6]
    assert events[-1]["metrics"]["mean_error"] < 0.01
    assert events[-1]["metrics"]["training_time"] == 0
