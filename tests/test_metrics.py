"""Metrics as emitted programs compute them, on both backends and beside SciPy and scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance
from sklearn.metrics import roc_auc_score
from support import Json, emitted_by, plan_of, python, sail_json, write_one

from sailc.emit.numpy_rows import HELPERS

PROGRAM = """
problem Line {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(96, seed = 1)
    train    x in xs |> first(32):            predict x as x[0] + 2 * x[1]
    validate x in xs |> drop(32) |> first(32): predict x as x[0] + 2 * x[1]
    test     x in xs |> last(32):             predict x as x[0] + 2 * x[1]
}

trainer short {
    optimizer adam(1e-2)
    epochs    4
    batch     16
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

metric summed { better lower
    score  (answer: real, truth: real) => (answer, truth)
    reduce pairs => fold(pairs, 0.0, (total, pair) => total + abs(pair[0] - pair[1]))
}
metric faded { better lower
    score  (answer: real, truth: real) => abs(answer - truth)
    reduce fold(1.0, (last, e) => 0 * last + e)
}
metric moved { better lower
    score  (answer: real, truth: real) => (answer, truth)
    reduce pairs => wasserstein([a for (a, t) in pairs], [t for (a, t) in pairs])
}
metric ordered { better higher
    score  (answer: real, truth: real) => (answer, Class[2](if truth > 1.5 then 1 else 0))
    reduce pairs => auc(pairs)
}
metric asked { better lower
    score  (answer: real, truth: real, q: Tensor[real, 2]) => q[0] + 2 * q[1] - truth
    reduce es => max(abs(es))
}
metric curve { better lower
    along   epoch
    measure validate.loss
}
metric least { better lower
    along   epoch
    measure validate.loss
    reduce  min
}
metric work { better lower
    measure train.flops
}
metric memory { better lower
    measure train.memory
}
metric latency { better lower
    measure test.latency
}
metric limited(limit: real = 100) { better lower
    score   (answer: real, truth: real) => abs(answer - truth)
    reduce  max
    require value <= limit because "an answer is off by more than the limit"
}

benchmark all {
    problems Line
    models   Linear
    trainers short
    metrics  mean_error, summed, faded, moved, ordered, asked, curve, least, work
    metrics  memory, latency, limited
}
"""
BACKENDS = ("PyTorch", "JAX")


def run(folder: Path, text: str) -> Json:
    (folder / "script.py").write_text(text)
    done = python("script.py", "--seed", "1", "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out" / "result.json").read_text())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    folder = tmp_path_factory.mktemp("metrics")
    texts = emitted_by(write_one(folder, PROGRAM))
    made = {name: tmp_path_factory.mktemp(name) for name in BACKENDS}
    return {name: run(made[name], texts[f"Line/Linear/{name}"]) for name in BACKENDS}


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_must_agree_in_one_run_does(results: dict[str, Json], backend: str) -> None:
    found = results[backend]["metrics"]
    assert found["summed"] == pytest.approx(32 * found["mean_error"])
    assert found["faded"] <= found["limited"]
    assert found["moved"] <= found["mean_error"] * (1 + 1e-9)
    assert 0 <= found["ordered"] <= 1
    assert found["asked"] == pytest.approx(0, abs=1e-12)  # the question as it was asked
    assert len(found["curve"]) == 4
    assert found["least"] == min(found["curve"])
    assert found["work"] == 3 * 2 * 2 * 32 * 4  # 2 MACs, forward and back, 32 points, 4 epochs
    assert found["memory"] > 1e6
    assert found["latency"] > 0


@pytest.mark.parametrize("name", ["summed", "faded", "moved", "ordered", "least", "limited"])
def test_backends_agree_on_a_metric(results: dict[str, Json], name: str) -> None:
    torch, jax = (results[b]["metrics"][name] for b in BACKENDS)
    assert torch == pytest.approx(jax, rel=1e-3)


def test_a_metric_that_is_not_fulfilled_fails_the_run_with_its_reason(tmp_path: Path) -> None:
    text = PROGRAM.replace("limit: real = 100", "limit: real = 0.001")
    (tmp_path / "script.py").write_text(
        emitted_by(write_one(tmp_path, text))["Line/Linear/PyTorch"]
    )
    done = python("script.py", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == "limited: an answer is off by more than the limit"


def test_a_problem_whose_data_break_a_requirement_makes_no_points(tmp_path: Path) -> None:
    line = '    require max(xs) < 0.5 because "a share that large is none"\n    train '
    text = PROGRAM.replace("    train ", line, 1)
    (tmp_path / "script.py").write_text(
        emitted_by(write_one(tmp_path, text))["Line/Linear/PyTorch"]
    )
    done = python("script.py", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == "a share that large is none"


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("along epoch\n measure test.time", "`test.time` is not known after an epoch"),
        ("measure validate.loss", "has no `validate` line"),
    ],
)
def test_what_cannot_be_measured_says_why(tmp_path: Path, metric: str, reason: str) -> None:
    text = PROGRAM.replace("    validate", "    // validate")
    text += f"metric strange {{ better lower\n {metric}\n }}"
    plan = plan_of(write_one(tmp_path, text.replace("metrics  mean_error", "metrics  strange")))
    assert any(reason in e["reason"] for e in plan["excluded"])


# --- beside other libraries --------------------------------------------------------------


def helper(name: str) -> Any:
    space: dict[str, Any] = {"np": np}
    exec(HELPERS[name], space)
    return space[name]


pairs = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30)
samples = st.lists(st.floats(-5, 5), min_size=1, max_size=20)


@given(pairs.filter(lambda p: len({t for _, t in p}) == 2))
def test_auc_is_that_of_scikit_learn(drawn: list[tuple[int, bool]]) -> None:
    scores, labels = (np.array(x, dtype=int) for x in zip(*drawn, strict=True))
    assert helper("auc")(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


@given(samples, samples)
def test_the_distance_of_samples_is_that_of_scipy(a: list[float], b: list[float]) -> None:
    ours = helper("wasserstein")(np.array(a), np.array(b))
    assert ours == pytest.approx(wasserstein_distance(a, b), abs=1e-9)


# --- along an axis ------------------------------------------------------------------------

SWEPT = """
metric growth {
    better  lower
    along   width
    measure model.parameters
    reduce  counts => counts[2] / counts[0]
}

model Wide {
    suggest width in [2, 4, 8]

    input  x: Tensor[real, n]
    output y: Tensor[real, m] = x |> linear(width) |> linear(m)
}

problem Sums {
    let xs = normal(0, 1, shape = [3]) |> sample(64, seed = 1)

    train x in xs |> first(48): predict x as sum(x)
    test  x in xs |> last(16):  predict x as sum(x)
}

trainer quick {
    optimizer adam(1e-2)
    epochs    1
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

benchmark b {
    models   Wide
    trainers quick
    sweep    Wide.width
    metrics  growth
    software PyTorch
}
"""


def test_along_an_axis_reduce_sees_the_runs_of_a_sweep(tmp_path: Path) -> None:
    """A width w has (3 + 1) w + w + 1 parameters: 11, 21 and 41."""
    found = sail_json("run", write_one(tmp_path, SWEPT), exit=0)
    rows = [row for ranking in found["rankings"] for row in ranking["rows"]]
    assert len(rows) == 3
    assert {row["metrics"]["growth"]["mean"] for row in rows} == {41 / 11}
