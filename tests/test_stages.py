"""Stages that train in turn, lines that ask with several types, and several lines of a split."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Json, emitted_by, place, run_here, said_of, write_one

BOTH = pytest.mark.parametrize("software", ["PyTorch", "JAX"])

MODEL = """
model Line {
    let    slope = linear(1, bias = false)
    input  x: Tensor[real, 1]
    output y: Tensor[real, 1] = slope(x) + parameter(0.0)
}

trainer t {
    optimizer sgd(0.2)
    epochs    60
    batch     4
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark b {
    models   MODEL
    trainers t
    metrics  METRICS
    software SOFTWARE
}
"""


def text_of(folder: Path, problem: str, software: str, **names: str) -> str:
    text = problem + MODEL.replace("SOFTWARE", software)
    for name, value in {"MODEL": "Line", "METRICS": "mean_error", **names}.items():
        text = text.replace(name, value)
    (found,) = emitted_by(write_one(folder, text)).values()
    return found


def result_of(text: str, folder: Path) -> Json:
    return run_here(text, 0, folder / "out")[-1]


# --- stages ------------------------------------------------------------------------------

# Where x is 0, training cannot change the slope: it is what the stage before left, or drawn anew.
TWO = """
problem Two {
    stage steep {
        train x in [[1.0], [-1.0]]: predict x as 2 * x
    }
    stage raised {
        CARRY
        train x in [[0.0], [0.0]]: predict x as [1.0]
    }
    test x in [[1.0], [3.0]]: predict x as 2 * x + 1
}
"""


@BOTH
def test_what_is_carried_keeps_its_weights(tmp_path: Path, software: str) -> None:
    text = text_of(tmp_path, TWO.replace("CARRY", "carry slope"), software)
    assert '("steep", init, loss, (),' in text
    assert '("train", init, loss, ("slope.weight",),' in text
    assert result_of(text, tmp_path)["metrics"]["mean_error"] < 0.02


@BOTH
def test_what_is_not_carried_starts_anew(tmp_path: Path, software: str) -> None:
    text = text_of(tmp_path, TWO.replace("CARRY", ""), software)
    assert result_of(text, tmp_path)["metrics"]["mean_error"] > 0.1


@BOTH
def test_time_epochs_and_operations_are_of_all_stages(tmp_path: Path, software: str) -> None:
    used = "metric used {\n better lower\n measure train.flops }\n"
    both = text_of(tmp_path, used + TWO.replace("CARRY", "carry slope"), software, METRICS="used")
    events = run_here(both, 0, tmp_path / "out")
    run = events[-1]
    assert run["train"]["epochs"] == 120
    epochs = [e["seconds"] for e in events if e["event"] == "epoch"]
    assert run["train"]["time"] >= epochs[59] + epochs[119]
    one = TWO[: TWO.index("    stage raised")] + TWO[TWO.index("    test") :]
    alone = result_of(text_of(tmp_path / "a", used + one, software, METRICS="used"), tmp_path)
    assert run["metrics"]["used"] == 2 * alone["metrics"]["used"]


ELSEWHERE = """
problem Steep {
    train x in [[1.0], [-1.0]]: predict x as 2 * x
    test  x in [[3.0]]:         predict x as 2 * x
}

problem Raised {
    carry slope, from = OTHER
    train x in [[0.0], [0.0]]: predict x as [1.0]
    test  x in [[1.0], [3.0]]: predict x as 2 * x + 1
}
"""


@BOTH
def test_what_is_carried_from_another_problem_is_trained_first(
    tmp_path: Path, software: str
) -> None:
    only = "mean_error\n    problems Raised"
    text = text_of(tmp_path, ELSEWHERE.replace("OTHER", "Steep"), software, METRICS=only)
    assert '("steep", init, loss, ()' in text
    assert result_of(text, tmp_path)["metrics"]["mean_error"] < 0.02


def test_a_problem_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write_one(tmp_path, ELSEWHERE.replace("OTHER", "Step"))
    (error,) = said_of(path)
    assert place(error) == "E0205 at 7:5"
    assert "did you mean `Steep`?" in error["help"]


SHAPES = """
problem Shapes {
    let xs = normal(0, 1, shape = [4]) |> sample(64, seed = 1)

    stage coding {
        train x in xs |> first(32): enhance x as x
    }
    stage summing {
        carry    encoder
        train    x in xs |> first(16):            predict x as sum(x)
        validate x in xs |> drop(32) |> first(8): predict x as sum(x)
    }
    test x in xs |> last(16): predict x as sum(x)
}

model Coded {
    let    encoder = linear(3)
    input  x: Tensor[real, n]
    output y: Tensor[real, m] = x |> encoder |> linear(m)
}
"""


@BOTH
def test_every_stage_has_types_losses_and_statistics_of_its_own(
    tmp_path: Path, software: str
) -> None:
    text = text_of(tmp_path, SHAPES, software, MODEL="Coded")
    assert text.count("def coded(") == 1
    assert "def coding_loss(" in text
    assert '"y.bias": np.zeros(4)' in text
    assert '"y.bias": np.zeros(1)' in text
    assert result_of(text, tmp_path)["metrics"]["mean_error"] < 0.5


@BOTH
def test_a_stop_reads_validate_in_the_stages_that_have_it(tmp_path: Path, software: str) -> None:
    stop = "stop reached(validate.loss, 1e9)\n    batch     4"
    text = SHAPES + MODEL.replace("batch     4", stop)
    for name, value in {"MODEL": "Coded", "METRICS": "mean_error", "SOFTWARE": software}.items():
        text = text.replace(name, value)
    (found,) = emitted_by(write_one(tmp_path, text)).values()
    events = run_here(found, 0, tmp_path / "out")
    epochs = [e["epoch"] for e in events if e["event"] == "epoch"]
    assert epochs == [*range(1, 61), 1]


SEVERAL = """
problem Forces {
    let xs = normal(0, 1, shape = [1]) |> sample(64, seed = 1)

    stage first {
        train x in xs |> first(32) {
            energy: predict x as sum(3 * x)
            pull:   grad(energy(x), x) as [3.0]
        }
    }
    stage second {
        carry slope
        train x in [[0.0], [0.0]]: predict x as 1.0
    }
    test x in xs |> last(16): predict x as sum(3 * x) + 1
}
"""


@BOTH
def test_a_stage_may_have_several_fixtures(tmp_path: Path, software: str) -> None:
    text = text_of(tmp_path, SEVERAL, software)
    assert "def first_energy_loss" not in text
    assert result_of(text, tmp_path)["metrics"]["mean_error"] < 1e-4


@BOTH
def test_what_is_judged_may_have_fixtures_that_the_last_stage_has_not(
    tmp_path: Path, software: str
) -> None:
    """Judged points are then a question and the x of its slope, those of the stage questions."""
    problem = SEVERAL.replace("predict x as 1.0", "predict x / 2 as 1.0")
    problem = problem.replace("energy(x), x) as [3.0]", "energy(x / 2), x) as [3.0]")
    judged = "test x in xs |> last(16): predict x as sum(3 * x) + 1"
    assert judged in problem
    both = """test x in xs |> last(16) {
        energy: predict x / 2 as sum(3 * x) + 1
        pull:   grad(energy(x / 2), x) as [3.0]
    }"""
    problem = problem.replace("energy: predict x as", "energy: predict x / 2 as")
    text = text_of(tmp_path, problem.replace(judged, both), software, METRICS="mean_error(pull)")
    assert result_of(text, tmp_path)["metrics"]["mean_error(pull)"] < 1e-4


# --- lines that ask with several types -----------------------------------------------------

LONGER = """
problem Longer {
    train x in normal(0, 1, shape = [4]) |> sample(32, seed = 1): predict x as 2 * x
    test  x in normal(0, 1, shape = [6]) |> sample(8, seed = 2):  predict x as 2 * x
}

model Scaled {
    input  x: Tensor[real, n]
    output y: Tensor[real, n] = parameter(1.0) * x
}
"""


@BOTH
def test_a_model_is_judged_on_other_shapes_than_it_learns_from(
    tmp_path: Path, software: str
) -> None:
    text = text_of(tmp_path, LONGER, software, MODEL="Scaled")
    run = result_of(text, tmp_path)
    assert run["metrics"]["mean_error"] < 1e-4
    assert run["test"]["count"] == 8


# --- several lines of one split --------------------------------------------------------------

LINES = """
problem Lines {
    train x in [[0.0], [0.0]]:  predict x as [1.0]
    train (x, y) in zip([[1.0], [2.0]], [[3.0], [5.0]]): predict x as y
    test  x in [[4.0]]:         predict x as [9.0]
    test  x in [[1.0], [2.0]]:  predict x as 2 * x + 4
}
"""


@BOTH
def test_lines_of_one_split_are_learned_from_and_judged_together(
    tmp_path: Path, software: str
) -> None:
    run = result_of(text_of(tmp_path, LINES, software), tmp_path)
    assert run["test"]["count"] == 3
    assert run["metrics"]["mean_error"] == pytest.approx(2.0, abs=0.02)


def test_what_is_not_written_is_a_reason(tmp_path: Path) -> None:
    problem = """
problem Both {
    train x in normal(0, 1, shape = [4]) |> sample(32, seed = 1): predict x as 2 * x
    train x in normal(0, 1, shape = [5]) |> sample(32, seed = 1): predict x as 2 * x
    test  x in normal(0, 1, shape = [6]) |> sample(8, seed = 2):  predict x as 2 * x
}

benchmark b { models Scaled }
"""
    path = write_one(tmp_path, problem + LONGER[LONGER.index("model") :])
    (error,) = said_of(path)
    assert "data lines of one stage that ask with different types" in error["help"]
