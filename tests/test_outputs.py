"""Models that answer with a record or a tuple: planned, emitted, and run."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from support import emitted_by, plan_of, run_here, sail_json, write_one
from test_emit import BACKENDS, Emitted

RANGES = """
problem Sums {
    let xs = normal(0, 1, shape = [5]) |> sample(640, seed = 1)
    train x in xs |> first(512): predict x as sum(x)
    test  x in xs |> last(128):  predict x as sum(x)
}

problem Parts {
    let xs = normal(0, 1, shape = [5]) |> sample(640, seed = 1)
    train    x in xs |> first(448):             predict x as (sum(x), x[0:2])
    validate x in xs |> last(192) |> first(64): predict x as (sum(x), x[0:2])
    test     x in xs |> last(128):              predict x as (sum(x), x[0:2])
}

/// The same model several times over, its spread an error bar.
model Ensemble {
    suggest members in [3, 5]
    needs   f: predict Q -> real<'u>

    input  q: Q
    let    votes = [g(q) for g in copies(members, f)]
    output range: { low: real<'u>, high: real<'u> } =
        { low: mean(votes) - 1.645 * std(votes), high: mean(votes) + 1.645 * std(votes) }
}

/// One end of its range is the same for all questions.
model Bounded {
    input  x: Tensor[real, n]
    output range: { low: real, high: real } = { low: -2, high: linear(x, 1)[0] }
}

/// Several answers at once.
model Both {
    let hidden = linear(16) >> tanh

    input  x: Tensor[real, n]
    let    h = hidden(x)
    output both: (real, Tensor[real, 2]) = (linear(h, 1)[0], linear(h, 2))
}

converter middle(i: { low: real<'u>, high: real<'u> }) -> real<'u> {
    path answer
    give (i.low + i.high) / 2
}

trainer steps {
    optimizer adam(1e-2)
    epochs    3
    batch     32
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
    loss      (answer: (real, Tensor[real, n]), truth: (real, Tensor[real, n])) =>
                (answer[0] - truth[0]) ^ 2 + mean((answer[1] - truth[1]) ^ 2)
    stop      stalled(validate.loss, epochs = 5)
}

/// How far the stated 90 % is from the share of truths that fall inside.
metric miscalibration(nominal: real = 0.9) {
    for    predict
    better lower
    score  (answer: { low: real<'u>, high: real<'u> }, truth: real<'u>) =>
             answer.low <= truth and truth <= answer.high
    reduce hits => abs(mean(hits) - nominal)
}

metric part_error {
    better lower
    score  (answer: (real, Tensor[real, n]), truth: (real, Tensor[real, n])) =>
             abs(answer[0] - truth[0]) + mean(abs(answer[1] - truth[1]))
    reduce mean
}

metric waiting {
    better  lower
    measure test.latency
}

metric throughput_of_answers {
    better  higher
    measure test.count / test.time
}

benchmark outputs {
    problems Sums, Parts
    models   Ensemble, Bounded, Both
    trainers steps
    metrics  mean_error, miscalibration, part_error, waiting, throughput_of_answers
}
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("outputs"), RANGES)


def test_what_is_planned(outputs: Emitted) -> None:
    assert outputs.pairs() == ["Parts/Both", "Sums/Bounded", "Sums/Ensemble"]
    ranges = [s for s in outputs.plan["scenarios"] if s["problem"] == "Sums"]
    assert {tuple(s["answer"]) for s in ranges} == {("middle",)}


@pytest.mark.parametrize("pair", ["Sums/Ensemble", "Sums/Bounded"])
def test_a_range_is_judged_as_it_is_and_by_its_middle(outputs: Emitted, pair: str) -> None:
    results = [outputs.events(f"{pair}/{s}")[-1]["metrics"] for s in BACKENDS]
    for metric in ("miscalibration", "mean_error"):
        values = [r[metric] for r in results]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-3)
    assert 0 <= results[0]["miscalibration"] <= 0.9


def test_an_ensemble_learns_by_its_middle(outputs: Emitted) -> None:
    assert outputs.events("Sums/Ensemble/PyTorch")[-1]["metrics"]["mean_error"] < 0.2


def test_backends_agree_on_several_answers_at_once(outputs: Emitted) -> None:
    results = [outputs.events(f"Parts/Both/{s}")[-1] for s in BACKENDS]
    losses = [r["train"]["loss"] for r in results]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    errors = [r["metrics"]["part_error"] for r in results]
    np.testing.assert_allclose(errors[0], errors[1], rtol=1e-3)
    assert results[0]["test"]["count"] == 128


def test_the_program_holds_a_record_as_a_dict(outputs: Emitted) -> None:
    torch, jax = (outputs.texts[f"Sums/Ensemble/{s}"] for s in BACKENDS)
    assert '(output["low"] + output["high"]) / 2' in torch
    assert "lambda: each(torch.Tensor.cpu, respond(w, points[" in torch
    assert "jax.device_get(ensemble(w, points[" in jax


def test_a_loss_of_several_answers_has_no_common_scale(outputs: Emitted) -> None:
    text = outputs.texts["Parts/Both/JAX"]
    assert "def loss(output, truth):" in text
    assert "fit_truth" not in text


# --- converters inside of answers -----------------------------------------------------------

UNITS = """
problem Both {
    let xs = normal(0, 1, shape = [4]) |> sample(320, seed = 1)
    train x in xs |> first(256): predict x as { energy: sum(x) * 1 eV, size: x[0] ^ 2 * 1 angstrom }
    test  x in xs |> last(64):   predict x as { energy: sum(x) * 1 eV, size: x[0] ^ 2 * 1 angstrom }
}

model Two {
    input  x: Tensor[real, n]
    let    h = x |> linear(32) |> relu
    output y: { energy: real, size: real } =
        { energy: (h |> linear(1))[0], size: (h |> linear(1))[0] }
}

trainer both {
    optimizer adam(1e-2)
    epochs    30
    loss      (a: { energy: real<eV>, size: real<angstrom> },
               t: { energy: real<eV>, size: real<angstrom> }) =>
        ((a.energy - t.energy) / 1 eV) ^ 2 + ((a.size - t.size) / 1 angstrom) ^ 2
}

metric energy_error {
    better lower
    score  (a: { energy: real<eV>, size: real<angstrom> },
            t: { energy: real<eV>, size: real<angstrom> }) =>
        abs(a.energy - t.energy)
    reduce mean
}

benchmark b {
    models Two
    trainers both
    metrics energy_error
}
"""


def test_a_fitted_inverse_reaches_into_a_record(tmp_path: Path) -> None:
    """A model that knows no units answers with two numbers, each of which gets its own."""
    path = write_one(tmp_path, UNITS)
    for s in plan_of(path)["scenarios"]:
        assert s["answer"] == ["standardize^-1"]
    errors = [
        row["metrics"]["energy_error"]["mean"]
        for ranking in sail_json("run", path, exit=0)["rankings"]
        for row in ranking["rows"]
    ]
    assert errors == pytest.approx([errors[0]] * 2, rel=1e-3)
    assert errors[0] < 1  # the spread of the sums is 2 eV


# --- answers that no question enters --------------------------------------------------------

CONSTANT = """
problem Lines {
    let xs = [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [3.0, 4.0, 8.0]]
    train x in xs: predict QUESTION as TRUTH
    test  x in xs: predict QUESTION as TRUTH
}

model Constant {
    input  x: INPUT
    output y: OUTPUT = ANSWER
}

trainer slow {
    optimizer sgd(1e-9)
    epochs    1
    loss      (answer: LOSS, truth: LOSS) => VALUE
}

benchmark b {
    models   Constant
    trainers slow
}
"""
ROWS = np.array([[0.0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 8]])
LIST = "[e for e in x]"
CONSTANTS = {
    "a number": (
        ["x", "x[0]", "Tensor[real, n]", "real", "parameter(0.5)"],
        ["real", "(answer - truth) ^ 2"],
        ((0.5 - ROWS[:, 0]) ** 2).mean() / ROWS[:, 0].var(),
    ),
    "a vector": (
        ["x", "2 * x", "Tensor[real, n]", "Tensor[real, n]", "ones([n]) * parameter(0.5)"],
        ["Tensor[real, n]", "mean((answer - truth) ^ 2)"],
        ((0.5 - 2 * ROWS) ** 2).mean() / (2 * ROWS).var(),
    ),
    "a list of numbers": (
        [LIST, LIST, "List[real, n]", "List[real, n]", "[parameter(0.5) for e in x]"],
        ["List[real, n]", "mean((a - t) ^ 2 for (a, t) in zip(answer, truth))"],
        ((0.5 - ROWS) ** 2).mean(),
    ),
    "a list of vectors": (
        [
            LIST,
            "[[e, 2 * e] for e in x]",
            "List[real, n]",
            "List[Tensor[real, 2], n]",
            "[[parameter(0.5), parameter(1.5)] for e in x]",
        ],
        [
            "List[Tensor[real, 2], n]",
            "mean(sum((a - t) ^ 2) for (a, t) in zip(answer, truth))",
        ],
        ((0.5 - ROWS) ** 2 + (1.5 - 2 * ROWS) ** 2).mean(),
    ),
}


@pytest.mark.parametrize("case", CONSTANTS)
def test_a_model_may_answer_the_same_to_all_questions(tmp_path: Path, case: str) -> None:
    """Every point has its part in the loss, and no library warns of arrays of other sizes."""
    (question, truth, given, output, answer), (loss, value), expected = CONSTANTS[case]
    text = CONSTANT.replace("QUESTION", question).replace("TRUTH", truth).replace("INPUT", given)
    text = text.replace("OUTPUT", output).replace("ANSWER", answer)
    text = text.replace("LOSS", loss).replace("VALUE", value)
    programs = emitted_by(write_one(tmp_path, text))
    assert len(programs) == len(BACKENDS)
    for program in programs.values():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            events = run_here(program, 0, tmp_path / "out")
        assert events[-1]["train"]["loss"] == pytest.approx(expected, rel=1e-5)
