"""Quantities without a zero of their own, learned from their mean: `center`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import emitted_by, plan_of, run_here, write_one

# A spring, 300 eV below zero: nothing in the model is near that level.
SPRING = """
problem Spring {
    let places = uniform(-1.0 angstrom, 1.0 angstrom, shape = [1]) |> sample(200, seed = 1)
    let energy(x) = 2 eV/angstrom^2 * x[0] ^ 2 - 300 eV
    train x in places |> first(160): predict x as energy(x)
    test  x in places |> last(40):   predict x as energy(x)
}

model Curve {
    input  x: Tensor[real<angstrom>, 1]
    output energy: real<eV> = (x / 1 angstrom |> linear(8) |> tanh |> linear(1))[0] * 1 eV
}

trainer short {
    CENTER
    optimizer adam(1e-2)
    epochs    60
    batch     32
    loss      (answer: real<'u>, truth: real<'u>) => mean((answer - truth) ^ 2)
}

benchmark b {
    models   MODEL
    trainers short
    software SOFTWARE
    metrics  mean_error
}
"""


def spring(folder: Path, software: str, model: str = "Curve", center: str = "center") -> Path:
    text = SPRING.replace("SOFTWARE", software).replace("CENTER", center)
    return write_one(folder, text.replace("MODEL", model))


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_level_far_from_zero_is_no_part_of_what_is_learned(software: str, tmp_path: Path) -> None:
    """The truths spread by 0.6 eV, 300 eV below zero."""
    path = spring(tmp_path, software)
    (scenario,) = plan_of(path)["scenarios"]
    assert scenario["answer"] == ["from_mean^-1"]
    (text,) = emitted_by(path).values()
    assert run_here(text, 0, tmp_path / "out")[-1]["metrics"]["mean_error"] < 0.1


def test_only_where_the_trainer_asks(tmp_path: Path) -> None:
    """A formula that is right has nothing to gain from the mean of its truths."""
    path = spring(tmp_path, "JAX", center="")
    (scenario,) = plan_of(path)["scenarios"]
    assert scenario["answer"] == []


def test_plain_numbers_that_gain_a_unit_have_their_mean_already(tmp_path: Path) -> None:
    path = spring(tmp_path, "JAX", model="Linear")
    (scenario,) = plan_of(path)["scenarios"]
    assert scenario["answer"] == ["squeeze", "standardize^-1"]


FAR = """
problem Far {
    let places = uniform(0.0, 1.0, shape = [2]) |> sample(200, seed = 1)
    let level(x) = 1e7 + 3 * x[0] + x[1]
    train    x in places |> first(120):            predict x as level(x)
    validate x in places |> drop(120) |> first(40): predict x as level(x)
    test     x in places |> last(40):              predict x as level(x)
}

model Line { input x: Tensor[real, n]; output y: real = x |> linear(1) |> squeeze }

trainer standardizing {
    standardize
    optimizer adam(0.01)
    epochs    60
    batch     16
    loss      (answer: real, truth: real) => LOSS
    stop      stalled(validate.loss, epochs = 30)
}

benchmark b {
    models   Line
    trainers standardizing
    software SOFTWARE
    metrics  mean_error
}
"""


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_standardized_numbers_far_from_zero_keep_their_digits(
    software: str, tmp_path: Path
) -> None:
    """Single precision tells 1e7 from its neighbors by 1: truths are standardized before."""
    text = FAR.replace("SOFTWARE", software).replace("LOSS", "(answer - truth) ^ 2")
    (text,) = emitted_by(write_one(tmp_path, text)).values()
    assert "return splits, (center_2, spread_2)" in text
    assert run_here(text, 0, tmp_path / "out")[-1]["metrics"]["mean_error"] < 0.05


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_loss_of_more_than_differences_is_of_the_numbers_themselves(
    software: str, tmp_path: Path
) -> None:
    text = FAR.replace("SOFTWARE", software).replace("LOSS", "abs(answer / truth - 1)")
    text = text.replace("1e7 +", "2 +")
    (text,) = emitted_by(write_one(tmp_path, text)).values()
    assert "def loss(output, target, center, spread):" in text
    assert "/ spread" in text[text.index("def loss(") : text.index("def train(")]
    assert run_here(text, 0, tmp_path / "out")[-1]["metrics"]["mean_error"] < 0.2
