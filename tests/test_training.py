"""Trainers: optimizers, phases of them, schedules of the rate, and when to stop early."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import Json, emitted_by, program, run_here, words, write_one

# The loss is (w - 2)^2 on every point: with steps of rate 1, sgd jumps from one side to the
# other for ever.
LINE = """
model Line {
    input  x: Tensor[real, n]
    output y: Tensor[real, m] = linear(x, m, bias = false)
}

problem Two {
    train    x in [[1.0], [1.0], [1.0]]: predict x as [2.0]
    validate x in [[1.0]]:               predict x as [2.0]
    test     x in [[1.0]]:               predict x as [2.0]
}

trainer t {
    loss (answer: Tensor[real, n], truth: Tensor[real, n]) => mean((answer - truth) ^ 2)
LINES
}

benchmark b {
    models   Line
    trainers t
    metrics  mean_error
    software SOFTWARE
}
"""
BOTH = pytest.mark.parametrize("software", ["PyTorch", "JAX"])


def text_of(folder: Path, software: str, lines: str) -> str:
    text = LINE.replace("LINES", program(lines)).replace("SOFTWARE", software)
    (found,) = emitted_by(write_one(folder, text)).values()
    return found


def losses(folder: Path, software: str, lines: str) -> list[float]:
    """The loss of every epoch."""
    events: list[Json] = run_here(text_of(folder, software, lines), 0, folder / "out")
    return [e["loss"] for e in events if e["event"] == "epoch"]


@BOTH
@pytest.mark.parametrize(
    "optimizer",
    ["sgd(0.1)", "sgd(0.05, momentum = 0.5)", "adam(0.1)", "adamw(0.1)", "adamax(0.1)", "lbfgs()"],
)
def test_every_optimizer_makes_a_loss_small(tmp_path: Path, software: str, optimizer: str) -> None:
    found = losses(tmp_path, software, f"optimizer {optimizer}\nepochs 60")
    assert found[-1] < 1e-2 * found[0]


@BOTH
def test_phases_follow_each_other(tmp_path: Path, software: str) -> None:
    lines = "optimizer [sgd(0.01), lbfgs(steps = 5)]\nepochs 5, 3"
    found = losses(tmp_path, software, lines)
    assert len(found) == 8
    assert found[4] > 0.5 * found[0]
    assert found[7] < 1e-10


@BOTH
def test_the_loss_of_an_epoch_is_that_before_its_steps(tmp_path: Path, software: str) -> None:
    """Of L-BFGS too, which looks at the loss many times in one."""
    at_first = losses(tmp_path / "a", software, "optimizer sgd(1e-3)\nepochs 1")
    assert losses(tmp_path / "b", software, "optimizer lbfgs(steps = 5)\nepochs 2") == [
        pytest.approx(at_first[0]),
        pytest.approx(0, abs=1e-6),
    ]


@BOTH
def test_a_plateau_lowers_the_rate(tmp_path: Path, software: str) -> None:
    fixed = losses(tmp_path / "a", software, "optimizer sgd(1.0)\nepochs 12")
    assert fixed[-1] == pytest.approx(fixed[0])
    lowered = losses(tmp_path / "b", software, "optimizer sgd(1.0)\nepochs 12\nschedule plateau(3)")
    assert lowered[3] == pytest.approx(fixed[3])
    assert lowered[-1] < 0.2 * fixed[-1]


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        ("warmup(4)", [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]),
        ("step(3, factor = 0.5)", [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]),
        ("cosine()", [1, 0.9619, 0.8536, 0.6913, 0.5, 0.3087, 0.1464, 0.0381]),
        ("warmup(2), cosine()", [0.5, 1, 1, 0.933, 0.75, 0.5, 0.25, 0.067]),
        ("[warmup(2), step(4)]", [0.5, 1, 1, 1, 0.1, 0.1, 0.1, 0.1]),
    ],
)
def test_schedules_multiply_the_rate(tmp_path: Path, schedule: str, factors: list[float]) -> None:
    both: list[str] = []
    for software in ("PyTorch", "JAX"):
        lines = f"optimizer sgd(0.1)\nepochs 8\nschedule {schedule}"
        text = text_of(tmp_path / software, software, lines)
        function = re.search(r"^def factor.*?\n\n", text, re.MULTILINE | re.DOTALL)
        assert function is not None
        both.append(function[0])
    assert both[0] == both[1]
    known: dict[str, object] = {}
    exec(f"import math\nEPOCHS = 8\n{both[0]}", known)
    factor = known["factor"]
    assert callable(factor)
    assert [factor(epoch) for epoch in range(1, 9)] == pytest.approx(factors, abs=1e-4)


@BOTH
@pytest.mark.parametrize(
    ("stop", "epochs"),
    [
        ("reached(train.loss, 1e-4)", range(2, 40)),
        ("reached(validate.loss, 1e-4)", range(2, 40)),
        ("reached(train.epochs, 7)", [7]),
        ("reached(train.time, 0 s)", [1]),
        ("stalled(train.loss, epochs = 100)", [40]),
    ],
)
def test_training_stops_early(tmp_path: Path, software: str, stop: str, epochs: list[int]) -> None:
    found = losses(tmp_path, software, f"optimizer sgd(0.2)\nepochs 40\nstop {stop}")
    assert len(found) in epochs


@BOTH
def test_several_rules_may_stop_it(tmp_path: Path, software: str) -> None:
    lines = "optimizer sgd(1.0)\nepochs 40\nstop stalled(validate.loss, epochs = 30)\n"
    found = losses(tmp_path, software, lines + "stop stalled(train.loss, epochs = 5)")
    assert len(found) == 6


def test_a_program_says_only_what_it_does(tmp_path: Path) -> None:
    plain = text_of(tmp_path, "PyTorch", "optimizer sgd(0.1)\nepochs 8")
    for word in words("factor phases STEPS closure lowered best since"):
        assert not re.search(rf"\b{word}\b", plain)


FEW_STEPS = """
problem Decay {
    let drawn = uniform([0.5, 0.5], [2, 2]) |> sample(60, seed = 1)
    let law(p) = [p[0] * exp(-p[1]), p[0] + p[1]]
    train p in drawn |> first(40): predict p as law(p)
    test  p in drawn |> last(10):  predict p as law(p)
}

model Curve {
    input  x: Tensor[real, n]
    output y: Tensor[real, m] = x |> linear(8) |> gelu |> linear(m)
}

trainer searching {
    optimizer lbfgs(steps = 3)
    epochs    4
    loss      (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
}

benchmark b {
    models   Curve
    trainers searching
    metrics  mean_error
    software PyTorch, JAX
}
"""


def last_losses(folder: Path, text: str) -> list[float]:
    """Those of each program of a plan."""
    texts = emitted_by(write_one(folder, text)).values()
    return [run_here(text, 0, folder / "out")[-1]["train"]["loss"] for text in texts]


def test_both_backends_take_as_many_steps_in_an_epoch_of_lbfgs(tmp_path: Path) -> None:
    """However many points along the way their line searches look at."""
    first, second = last_losses(tmp_path, FEW_STEPS)
    assert first == pytest.approx(second, rel=0.5)


SHARES = """
problem Larger {
    let drawn = uniform([0, 0], [1, 1]) |> sample(60, seed = 1)
    train p in drawn |> first(40): predict p as if p[0] > p[1] then 1.0 else 0.0
    test  p in drawn |> last(10):  predict p as if p[0] > p[1] then 1.0 else 0.0
}

model Share {
    input  x: Tensor[real, n]
    output y: real = sigmoid(linear(x, 1))[0]
}

trainer t {
    optimizer adam(1e-2)
    epochs    2
    loss      (a: real, b: real) => bce(a, b)
}

benchmark b {
    models   Share
    trainers t
    metrics  mean_error
    software PyTorch, JAX
}
"""


def test_probabilities_are_compared_as_they_are(tmp_path: Path) -> None:
    """Other numbers are measured in the spread of the truths, and would be none afterwards."""
    first, second = last_losses(tmp_path, SHARES)
    assert first == pytest.approx(second, rel=1e-4)
    assert first < 1
