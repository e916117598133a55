"""Running statistics and random draws where a step computes a layer several times: within
derivatives, step by step, along the lines that L-BFGS searches; and in solvers that learn from each
question by itself. Of one step a layer is one function: it drops the same numbers for a value and
its slope, and its statistics move once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import Json, emitted_by, plan_of, run_here, said_of, write_one

SOFTWARE = ("JAX", "PyTorch")
BOTH = pytest.mark.parametrize("software", SOFTWARE)

DOUBLE = "".join(
    f"""
    software {name} {{
        backend {backend}
        suggest precision in [f64]
    }}
    """
    for name, backend in (("PyTorch", "torch"), ("JAX", "jax"))
)

TRAINING = """
    trainer t {
        optimizer OPTIMIZER
        batch     9
        loss      (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
    }

    metric error {
        better lower
        score  (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
        reduce mean
    }

    metric said {
        better lower
        score  (a: real, b: real) => a
        reduce sum
    }
"""


def written(folder: Path, text: str, **known: object) -> dict[str, str]:
    """The programs of a text with what is known in the place of its words, by their software."""
    for name, value in known.items():
        text = text.replace(name, str(value))
    path = write_one(folder, text)
    return {name.rsplit("/", 1)[1]: text for name, text in emitted_by(path).items()}


def result(text: str, out: Path) -> Json:
    return run_here(text, 1, out)[-1]


def losses(text: str, out: Path) -> list[float]:
    return [e["loss"] for e in run_here(text, 1, out) if e["event"] == "epoch"]


def agree(texts: dict[str, str], out: Path) -> None:
    """In double precision nothing but rounding is between the backends; Adam's steps are as long
    where slopes are nothing but that."""
    ours, theirs = (result(texts[name], out) for name in SOFTWARE)
    assert ours["metrics"] == pytest.approx(theirs["metrics"], rel=1e-6)
    assert ours["train"]["loss"] == pytest.approx(theirs["train"]["loss"], rel=1e-6)


# --- derivatives ------------------------------------------------------------------------------

BOWL = (
    DOUBLE
    + """
    problem Bowl {
        let points = uniform([-1, -1], [1, 1]) |> sample(40, seed = 0)
        let height(x) = x[0] ^ 2 + 2 * x[1] ^ 2
        let slope(x)  = [-2 * x[0], -4 * x[1]]
        train x in points |> first(27) {
            energy: predict x as height(x)
            force:  -grad(energy(x), x) as slope(x)
        }
        test x in points |> last(8) {
            energy: predict x as height(x)
            force:  -grad(energy(x), x) as slope(x)
        }
    }

    model Network {
        input  x: Tensor[real, 2]
        output y: real = (x |> linear(8) |> LAYER |> tanh |> linear(1))[0]
    }

    benchmark B {
        models   Network
        trainers t
        metrics  error, error(force)
    }
"""
    + TRAINING
)
# The same forces as the answer of a model whose layers are in the derivative alone.
FORCES = (
    DOUBLE
    + """
    problem Bowl {
        let points = uniform([-1, -1], [1, 1]) |> sample(40, seed = 0)
        train x in points |> first(27): predict x as [-2 * x[0], -4 * x[1]]
        test  x in points |> last(8):   predict x as [-2 * x[0], -4 * x[1]]
    }

    model Network {
        input  x: Tensor[real, 2]
        let    energy = (x |> linear(8) |> LAYER |> tanh |> linear(1))[0]
        output f: Tensor[real, 2] = -grad(energy, x)
    }

    benchmark B {
        models   Network
        trainers t
        metrics  error
    }
"""
    + TRAINING
)
PLAIN = "adam(0.02)\n        epochs    5"
SEARCHED = "[adam(0.02), lbfgs(steps = 30)]\n        epochs    1, 2"


@pytest.mark.parametrize("text", [BOWL, FORCES], ids=["fixtures", "within a model"])
def test_slopes_learn_alike_on_both_backends(tmp_path: Path, text: str) -> None:
    layer = "batch_norm |> dropout(0.0)"
    agree(written(tmp_path, text, LAYER=layer, OPTIMIZER=PLAIN), tmp_path / "out")


NORMED = (
    DOUBLE
    + """
    problem Line {
        train x in POINTS {
            height: predict x as x[0]
            slope:  grad(height(x), x) as 0
        }
        test x in [[0.0], [1.0]]: predict x as x[0]
    }

    model Normed {
        input  x: Tensor[real, 1]
        let    seen = batch_norm(x)
        output y: real = seen[0] * parameter(1.0)
    }

    benchmark B {
        models   Normed
        trainers t
        metrics  said
    }
"""
    + TRAINING
)
SEEN = [1.0, 2.0, 6.0]


def followed(mean: float, variance: float, batch: list[float], steps: int) -> tuple[float, float]:
    """Running statistics after some steps on one batch (PyTorch's `momentum` is 0.1)."""
    for _ in range(steps):
        mean = 0.9 * mean + 0.1 * float(np.mean(batch))
        variance = 0.9 * variance + 0.1 * float(np.var(batch, ddof=1))
    return mean, variance


@BOTH
def test_statistics_move_once_a_step(tmp_path: Path, software: str) -> None:
    """Though a step computes the layer for the value and for its slope."""
    known = {"POINTS": [[x] for x in SEEN], "OPTIMIZER": "sgd(0.0)\n        epochs 3"}
    text = written(tmp_path, NORMED, **known)[software]
    mean, variance = followed(0.0, 1.0, SEEN, 3)
    expected = (np.array([0, 1]) - mean) / np.sqrt(variance + 1e-5)
    found = result(text, tmp_path / "out")["metrics"]["said"]
    assert found == pytest.approx(expected.sum(), rel=1e-9)


@BOTH
def test_the_statistics_of_a_batch_are_part_of_what_is_differentiated(
    tmp_path: Path, software: str
) -> None:
    """What a batch is normalized to adds up to 0, however its points move: so do slopes."""
    known = {"POINTS": [[x] for x in SEEN], "OPTIMIZER": "sgd(0.0)\n        epochs 1"}
    text = written(tmp_path, NORMED, **known)[software]
    heights = (np.array(SEEN) - np.mean(SEEN)) / np.sqrt(np.var(SEEN) + 1e-5)
    alone = np.mean(((heights - np.array(SEEN)) / np.std(SEEN)) ** 2)
    assert result(text, tmp_path / "out")["train"]["loss"] == pytest.approx(alone, rel=1e-9)


# A linear function is its slope times its argument, if both are of the same function.
EULER = (
    DOUBLE
    + """
    problem Cone {
        let points = uniform(1, 2, shape = [16]) |> sample(27, seed = 0)
        train x in points {
            height: predict x as 0, weight = HEIGHT
            euler:  height(x) - sum(grad(height(x), x) * x) as 0
        }
        test x in points: predict x as sum(x)
    }

    model Sum {
        input  x: Tensor[real, 16]
        output y: real = sum(dropout(x, 0.5)) * parameter(1.0)
    }

    benchmark B {
        models   Sum
        trainers t
        metrics  error
    }
"""
    + TRAINING
)


@BOTH
def test_a_value_and_its_slope_drop_the_same(tmp_path: Path, software: str) -> None:
    known = {"HEIGHT": 0, "OPTIMIZER": "sgd(0.0)\n        epochs 3"}
    text = written(tmp_path, EULER, **known)[software]
    events = run_here(text, 1, tmp_path / "out")
    assert events[-1]["train"]["loss"] == pytest.approx(0, abs=1e-20)
    assert events[-1]["metrics"]["error"] == pytest.approx(0, abs=1e-20)  # answers drop nothing


@BOTH
def test_every_step_drops_others(tmp_path: Path, software: str) -> None:
    known = {"HEIGHT": 1, "OPTIMIZER": "sgd(0.0)\n        epochs 4"}
    text = written(tmp_path, EULER, **known)[software]
    found = losses(text, tmp_path / "out")
    assert len(set(found)) == 4
    assert found == losses(text, tmp_path / "out")


# --- step by step -----------------------------------------------------------------------------

FOLDED = (
    DOUBLE
    + """
    problem Powers {
        let points = uniform(1, 2, shape = [6]) |> sample(18, seed = 0)
        train x in points |> first(9): predict x as [0 * i for i in 1..64]
        test  x in points |> last(9):  predict x as [1.0 for i in 1..64]
    }

    model Steps {
        input  x: Tensor[real, 6]
        let    start = [1.0 for i in 1..64]
        output y: Tensor[real, 64] = fold(x, start, (s, e) => LAYER) * parameter(1.0)
    }

    benchmark B {
        models   Steps
        trainers t
        metrics  error
    }
"""
    + TRAINING
)


@BOTH
def test_all_steps_of_a_fold_drop_the_same(tmp_path: Path, software: str) -> None:
    """As in recurrent networks (Gal and Ghahramani 2016): half of the numbers are doubled six
    times over, and not one in 64."""
    known = {"LAYER": "dropout(s, 0.5)", "OPTIMIZER": "sgd(0.0)\n        epochs 1"}
    found = result(written(tmp_path, FOLDED, **known)[software], tmp_path / "out")
    assert found["train"]["loss"] / 64**2 == pytest.approx(0.5, abs=0.1)
    assert found["test"]["count"] == 9  # whatever the steps read of a point
    assert found["metrics"]["error"] == pytest.approx(0)


def test_statistics_of_steps_are_left_out_with_the_reason(tmp_path: Path) -> None:
    known = {"LAYER": "batch_norm(s)", "OPTIMIZER": "sgd(0.0)\n        epochs 1"}
    text = FOLDED
    for name, value in known.items():
        text = text.replace(name, value)
    (said,) = said_of(write_one(tmp_path, text))
    assert "`batch_norm` is trained through `fold`, whose steps have statistics" in said["help"]


# --- L-BFGS -----------------------------------------------------------------------------------

FITTED = (
    DOUBLE
    + """
    problem Line {
        train x in POINTS: predict x as x[0]
        test  x in [[0.0], [1.0]]: predict x as x[0]
    }

    model Normed {
        input  x: Tensor[real, 1]
        let    seen = batch_norm(x)
        output y: real = seen[0] * parameter(1.0)
    }

    benchmark B {
        models   Normed
        trainers t
        metrics  said
    }
"""
    + TRAINING
)


@BOTH
def test_statistics_move_once_in_an_epoch_of_lbfgs(tmp_path: Path, software: str) -> None:
    """Points that are normalized already: there is nothing to learn but the statistics."""
    points = (np.array(SEEN) - np.mean(SEEN)) / np.sqrt(np.var(SEEN))
    points = points * np.sqrt(1 - 1e-5)  # so that the layer's own small number is met
    written_out = [[float(x)] for x in points]
    known = {"POINTS": written_out, "OPTIMIZER": "lbfgs(steps = 5)\n        epochs 3"}
    text = written(tmp_path, FITTED, **known)[software]
    mean, variance = followed(0.0, 1.0, list(points), 3)
    expected = (np.array([0, 1]) - mean) / np.sqrt(variance + 1e-5)
    found = result(text, tmp_path / "out")["metrics"]["said"]
    assert found == pytest.approx(expected.sum(), rel=1e-6)


@BOTH
@pytest.mark.parametrize("text", [BOWL, FORCES], ids=["fixtures", "within a model"])
def test_an_epoch_of_lbfgs_learns_with_one_choice_of_what_is_dropped(
    tmp_path: Path, software: str, text: str
) -> None:
    """A line search that met another function at each of its places would not get far."""
    known = {"LAYER": "batch_norm |> dropout(0.1)", "OPTIMIZER": SEARCHED}
    found = losses(written(tmp_path, text, **known)[software], tmp_path / "out")
    assert found[2] < found[0]


# --- solvers that learn from each question by itself --------------------------------------------

PRIOR = (
    DOUBLE
    + """
    problem Waves {
        let rows = normal(0, 1, shape = [16, 1]) |> sample(3, seed = 0)
        test x in rows: enhance x as x
    }

    /// What a network of convolutions can say of a signal is smooth (Ulyanov et al. 2018).
    solver Prior {
        input    x: Tensor[real, n, 1]
        let      y = x |> conv(4, 3) |> LAYER |> tanh |> conv(1, 3)
        minimize mean((y - x) ^ 2)
        output   y
    }

    benchmark B {
        models   Prior
        trainers t
        metrics  error
    }
"""
    + TRAINING
)


def test_each_question_starts_afresh_on_both_backends(tmp_path: Path) -> None:
    layer = "batch_norm |> dropout(0.0)"
    agree(written(tmp_path, PRIOR, LAYER=layer, OPTIMIZER=PLAIN), tmp_path / "out")


@BOTH
def test_such_a_solver_may_search(tmp_path: Path, software: str) -> None:
    known = {"LAYER": "batch_norm |> dropout(0.1)", "OPTIMIZER": SEARCHED}
    text = written(tmp_path, PRIOR, **known)[software]
    assert result(text, tmp_path / "out")["metrics"]["error"] < 1  # the mean square of what is seen


@BOTH
def test_such_a_solver_drops_while_it_learns(tmp_path: Path, software: str) -> None:
    kept, dropped = (
        written(tmp_path, PRIOR, LAYER=f"dropout({p})", OPTIMIZER=PLAIN)[software]
        for p in ("0.0", "0.5")
    )
    first = result(dropped, tmp_path / "out")["metrics"]["error"]
    assert first == result(dropped, tmp_path / "out")["metrics"]["error"]
    assert first != result(kept, tmp_path / "out")["metrics"]["error"]


# --- equations ----------------------------------------------------------------------------------

FIELD = (
    """
    equation Decay {
        unknown u(t)
        domain  t in 0..1
        law     d(u, t) + u == 0
        initial u(0) == 1
    }

    problem Fall {
        test eq in [Decay] { solution: solve eq as reference(eq, t = 10) }
    }

    model Network {
        input  x: Tensor[real, n]
        output y: Tensor[real, m] = x |> linear(8) |> LAYER |> tanh |> linear(m)
    }

    solver PINN {
        needs    phi: Tensor[real, d] -> Tensor[real, k]
        input    eq: Equation[d, k]
        minimize mean(residual(eq, phi, at = 16) ^ 2) + mean(mismatch(eq, phi, at = 1) ^ 2)
        output   phi
    }

    benchmark B {
        models   Network
        solvers  PINN
        trainers t
        metrics  error
    }
"""
    + TRAINING
)


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ("batch_norm", "a field with `batch_norm` hangs on all other places"),
        ("dropout(0.1)", "a field with `dropout` is another function at every place"),
    ],
)
def test_no_such_field_solves_an_equation(tmp_path: Path, layer: str, why: str) -> None:
    text = FIELD.replace("LAYER", layer).replace("OPTIMIZER", PLAIN)
    text = text.replace("models   Network", "models   Network, MLP")  # beside one that can
    left = plan_of(write_one(tmp_path, text))["excluded"]
    (found,) = (e for e in left if e["code"] == "X0304")
    assert why in found["reason"]
    assert found["place"]["start"]["line"] == text[: text.index("linear(8)")].count("\n")
