"""Solvers with a `fit`: made once of the training questions, their truths and the seed, then
asked each question. Their programs are NumPy's and the packages' that they call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import Json, emitted_by, json_lines, sail_json, write_one

FOREST = """
software ScikitLearn { packages "scikit-learn>=1.5" }

type Forest = opaque

extern fn grow(x: Tensor[f64, k, n], y: Tensor[int, k], seed: int) -> Forest {
    from "their_code:train"
    on   ScikitLearn
}
extern fn ask(forest: Forest, x: Tensor[f64, n]) -> int {
    from "their_code:predict"
    on   ScikitLearn
}

/// A random forest, fitted once on the training questions and their truths.
solver RandomForest {
    for    classify
    input  x: Tensor[real, n]
    fit    forest = grow(x, truth, seed)
    output Class[m](ask(forest, x))
}

dataset digits { file table, "package:sklearn/datasets/data/digits.csv.gz" }

problem Digits {
    let rows       = digits.table |> shuffle(seed = 0)
    let image(row) = reshape(row[0:64], [8, 8]) / 16
    let digit(row) = Class[10](row[64])
    train row in rows |> first(300): classify image(row) as digit(row)
    test  row in rows |> last(100):  classify image(row) as digit(row)
}

benchmark forests {
    models  RandomForest
    metrics accuracy, training_time, throughput
}
"""
THEIR_CODE = """
from sklearn.ensemble import RandomForestClassifier

def train(x, y, seed):
    return RandomForestClassifier(n_estimators=20, random_state=seed).fit(x, y)

def predict(forest, x):
    return int(forest.predict(x[None])[0])
"""
# The nearest line through the training points, which SAIL can fit by itself; in eV.
LINE = """
solver Slope {
    input  x: Tensor[real<m>, 1]
    fit    top = mean(truth * x[0:40, 0]), bottom = mean(x[0:40, 0] ^ 2)
    output y: real<eV> = x[0] * top / bottom
}

problem Proportional {
    let xs = uniform([1 cm], [300 cm]) |> sample(60, seed = 1)
    train x in xs |> first(40): predict x as x[0] * 2 eV/m
    test  x in xs |> last(20):  predict x as x[0] * 2 eV/m
}

benchmark lines { models Slope
                  metrics mean_error, training_time, training_loss }

metric training_loss { better lower
                       measure train.loss }
"""


def program(folder: Path, text: str) -> Path:
    (folder / "their_code.py").write_text(THEIR_CODE, "utf-8")
    return write_one(folder, text)


def run(path: Path, seed: int = 0) -> Json:
    (text,) = emitted_by(path).values()
    script = path.parent / "script.py"
    script.write_text(text, "utf-8")
    command = [sys.executable, script, "--seed", str(seed), "--out", path.parent / "out"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    return json_lines(done.stdout)[-1]


def test_a_forest_from_outside_is_one_scenario_of_its_software(tmp_path: Path) -> None:
    plan = sail_json("plan", program(tmp_path, FOREST))
    (scenario,) = plan["scenarios"]
    assert scenario["software"] == "ScikitLearn"
    assert scenario["trainer"] == ""
    assert scenario["types"]["output"] == "Class[10]"
    assert scenario["metrics"] == ["accuracy", "training_time", "throughput"]


def test_a_forest_learns_digits(tmp_path: Path) -> None:
    result = run(program(tmp_path, FOREST))
    assert result["metrics"]["accuracy"] > 0.8
    again = run(tmp_path / "program.sail", seed=1)
    assert again["metrics"]["accuracy"] != result["metrics"]["accuracy"]


def test_a_solver_may_fit_by_itself_with_units(tmp_path: Path) -> None:
    path = program(tmp_path, LINE)
    plan = sail_json("plan", path)
    (scenario,) = plan["scenarios"]
    assert scenario["software"] == "NumPy"
    (why,) = [e["reason"] for e in plan["excluded"] if e["code"] == "X0107"]
    assert why == "`train.loss` is not measured: `Slope` is fitted, and not trained"
    assert run(path)["metrics"]["mean_error"] == pytest.approx(0, abs=1e-12)


def test_a_fit_without_truths_is_left_out(tmp_path: Path) -> None:
    blind = FOREST.replace(
        "train row in rows |> first(300): classify image(row) as digit(row)\n", ""
    )
    (error,) = sail_json("plan", program(tmp_path, blind))["errors"]
    assert "`RandomForest` is fitted on `train` lines, and this problem has none" in error["help"]


@pytest.mark.parametrize("text", [FOREST, LINE])
def test_programs_that_fit_are_in_good_style(tmp_path: Path, text: str) -> None:
    (text,) = emitted_by(program(tmp_path, text)).values()
    (tmp_path / "emitted.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", str(tmp_path / "emitted.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_trains_nothing_computes_on_the_processor(tmp_path: Path) -> None:
    path = write_one(tmp_path, LINE)
    (text,) = emitted_by(path).values()
    script = tmp_path / "slope.py"
    script.write_text(text, "utf-8")
    refused = subprocess.run(
        [sys.executable, script, "--device", "cuda"], capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "argument --device: invalid choice: 'cuda'" in refused.stderr
    (run,) = sail_json("run", path, "--seeds", "1", "--device", "cuda")["runs"]
    (again,) = sail_json("run", path, "--seeds", "1")["runs"]
    assert (run["status"], again["status"]) == ("ran", "kept")  # it ran where it always does
