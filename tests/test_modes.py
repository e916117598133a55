"""Layers that train otherwise than they answer: running statistics, random draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support import emitted_by, run_here, write_one

from sail_jax.target import TARGET as JAX
from sail_torch.target import TARGET as TORCH
from sailc.emit.numpy_rows import HELPERS

TEXT = """
    problem Saddle {
        let points = uniform([-1, -1], [1, 1]) |> sample(100, seed = 0)
        train    x in points |> first(64):           predict x as x[0] * x[1]
        validate x in points |> drop(64) |> first(6): predict x as x[0] * x[1]
        test     x in points |> last(30):            predict x as x[0] * x[1]
    }

    model Network {
        input  x: Tensor[real, 2]
        output y: Tensor[real, 1] = x |> linear(8) |> LAYER |> tanh |> linear(1)
    }

    trainer steps {
        optimizer sgd(0.05)
        epochs    4
        batch     16
        loss      (a: real, b: real) => (a - b) ^ 2
        stop      stalled(validate.loss, epochs = 9)
    }

    metric error {
        better lower
        score  (a: real, b: real) => (a - b) ^ 2
        reduce mean
    }

    benchmark B {
        problems Saddle
        models   Network
        trainers steps
        metrics  error
    }
"""


def written(folder: Path, layer: str, text: str = TEXT) -> dict[str, str]:
    """The programs of a network with a layer, by their software."""
    path = write_one(folder, text.replace("LAYER", layer))
    return {name.rsplit("/", 1)[1]: text for name, text in emitted_by(path).items()}


def error(text: str, seed: int, out: Path) -> tuple[float, float]:
    """The error of a program's answers, and its last loss in training."""
    result = run_here(text, seed, out)[-1]
    return result["metrics"]["error"], result["train"]["loss"]


def test_batch_norm_learns_and_answers_alike_on_both_backends(tmp_path: Path) -> None:
    texts = written(tmp_path, "batch_norm")
    ours, theirs = (error(texts[name], 1, tmp_path) for name in ("JAX", "PyTorch"))
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_running_statistics_are_not_learned(tmp_path: Path) -> None:
    for text in written(tmp_path, "batch_norm").values():
        result = run_here(text, 0, tmp_path)[-1]
        assert result["model"]["parameters"] == 2 * 8 + 8 + 2 * 8 + 8 + 1


@pytest.mark.parametrize("software", ["JAX", "PyTorch"])
def test_draws_are_the_seed_s_and_only_in_training(tmp_path: Path, software: str) -> None:
    kept, dropped = (written(tmp_path, f"dropout({p})")[software] for p in ("0.0", "0.5"))
    first = error(dropped, 1, tmp_path)
    assert first == error(dropped, 1, tmp_path)
    assert first != error(dropped, 2, tmp_path)
    assert first != error(kept, 1, tmp_path)


def test_a_program_has_no_function_that_it_does_not_call(tmp_path: Path) -> None:
    """Of pictures PyTorch's own layers are enough."""
    layer = "reshape([1, 8, 1]) |> pad(1) |> conv(3, 3) |> batch_norm |> flat |> linear(8)"
    text = written(tmp_path, layer)["PyTorch"]
    assert "F.batch_norm(" in text
    assert "def batch_norm(" not in text
    assert "def pad(" not in text


def test_a_program_without_such_layers_says_nothing_of_them(tmp_path: Path) -> None:
    for text in written(tmp_path, "relu").values():
        assert "running" not in text
        assert "training=" not in text


PAIR = """
    model Network {
        input  x: Tensor[real, 2]
        let    hidden = FIRST
        let    h = SECOND
        output y: real = parameter(1.0) * hidden[0] * h[1]
    }
"""


def pair(folder: Path, first: str, second: str) -> str:
    """The function of a model with two values, on PyTorch."""
    head, rest = TEXT.split("    model Network", 1)
    model = PAIR.replace("FIRST", first).replace("SECOND", second)
    whole = head + model + rest.split("    }\n", 1)[1]
    (text,) = (t for n, t in written(folder, "", whole).items() if n == "PyTorch")
    return text.partition("def network(")[2].partition("\n\n\n")[0]


def test_two_layers_that_draw_alike_draw_apart(tmp_path: Path) -> None:
    text = pair(tmp_path, "dropout(x, 0.5)", "dropout(x, 0.5)")
    assert text.count("dropout(") == 2
    assert "hidden[:, 0] * h[:, 1]" in text


def test_equal_values_keep_the_names_of_their_author(tmp_path: Path) -> None:
    text = pair(tmp_path, "2 * x", "2 * x")
    assert "hidden = 2 * x" in text
    assert "h = 2 * x" in text


# --- stages, phases, models that minimize ------------------------------------------------------

BOTH = pytest.mark.parametrize("software", ["JAX", "PyTorch"])

STAGES = """
    problem Two {
        stage early { train x in EARLY: predict x as x }
        stage late {
            CARRY
            train x in LATE: predict x as x
        }
        test x in [[0.0], [1.0]]: predict x as x
    }

    model Network {
        input  x: Tensor[real, 1]
        let    seen = LAYER
        output y: Tensor[real, 1] = seen * parameter(1.0)
    }

    trainer idle {
        optimizer sgd(0.0)
        epochs    EPOCHS
        batch     9
        loss      (a: Tensor[real, n], b: Tensor[real, n]) => mean((a - b) ^ 2)
    }

    metric said {
        score  (a: Tensor[real, n], b: Tensor[real, n]) => a[0]
        reduce sum
    }

    benchmark B {
        problems Two
        models   Network
        trainers idle
        metrics  said
    }
"""
EARLY, LATE = [1.0, 2.0, 6.0], [-2.0, 0.0, 4.0, 10.0]


def staged(folder: Path, layer: str, carry: str, epochs: int) -> dict[str, str]:
    """The programs of a network that nothing is learned by: only what runs along changes."""
    known = {"CARRY": carry, "EPOCHS": str(epochs), "EARLY": EARLY, "LATE": LATE}
    text = STAGES
    for name, value in known.items():
        text = text.replace(name, str([[x] for x in value] if isinstance(value, list) else value))
    return written(folder, layer, text)


def followed(mean: float, variance: float, batch: list[float], steps: int) -> tuple[float, float]:
    """Running statistics after some steps on one batch (PyTorch's `momentum` is 0.1)."""
    for _ in range(steps):
        mean = 0.9 * mean + 0.1 * float(np.mean(batch))
        variance = 0.9 * variance + 0.1 * float(np.var(batch, ddof=1))
    return mean, variance


@BOTH
@pytest.mark.parametrize("carry", ["carry seen", ""])
def test_running_statistics_come_along_with_a_part(
    tmp_path: Path, software: str, carry: str
) -> None:
    """As a hand-written program that goes on with the same layer, or makes a new one."""
    text = staged(tmp_path, "batch_norm(x)", carry, 3)[software]
    start = followed(0.0, 1.0, EARLY, 3) if carry else (0.0, 1.0)
    mean, variance = followed(*start, LATE, 3)
    expected = ((0 - mean) + (1 - mean)) / np.sqrt(variance + 1e-5)
    result = run_here(text, 0, tmp_path / "out")[-1]
    assert result["metrics"]["said"] == pytest.approx(expected, rel=1e-4)


@BOTH
def test_stages_drop_in_training_and_not_in_answers(tmp_path: Path, software: str) -> None:
    text = staged(tmp_path, "dropout(x, 0.3)", "", 5)[software]
    events = run_here(text, 0, tmp_path / "out")
    assert events[-1]["metrics"]["said"] == pytest.approx(1.0)
    losses = [e["loss"] for e in events if e["event"] == "epoch"]
    assert len(losses) == 10
    assert min(len(set(losses[:5])), len(set(losses[5:]))) > 1
    assert losses == [e["loss"] for e in run_here(text, 0, tmp_path) if e["event"] == "epoch"]


@BOTH
def test_a_stage_may_have_such_layers_and_another_none(tmp_path: Path, software: str) -> None:
    """One loop trains them all: pairs of numbers are normalized, single ones are not."""
    text = STAGES.replace("EARLY", "[[1.0, 2.0], [3.0, 5.0]]").replace("LATE", "[[3.0], [4.0]]")
    text = text.replace("Tensor[real, 1]", "Tensor[real, n]").replace("CARRY", "")
    layer = "if n > 1 then batch_norm(x) else x"
    made = written(tmp_path, layer, text.replace("EPOCHS", "2"))[software]
    assert "early_initial_running" not in made
    assert run_here(made, 0, tmp_path / "out")[-1]["metrics"]["said"] == pytest.approx(1.0)


PHASES = (
    "optimizer sgd(0.05)\n        epochs    4",
    "optimizer [sgd(0.05), sgd(0.02)]\n        epochs    2, 2",
)


def test_phases_learn_alike_on_both_backends(tmp_path: Path) -> None:
    assert PHASES[0] in TEXT
    texts = written(tmp_path, "batch_norm", TEXT.replace(*PHASES))
    ours, theirs = (error(texts[name], 1, tmp_path) for name in ("JAX", "PyTorch"))
    assert ours == pytest.approx(theirs, rel=1e-3)


GOAL = (
    "input  x: Tensor[real, 2]",
    """input  x: Tensor[real, 2]
        let    back = x |> linear(4) |> batch_norm |> tanh |> linear(2)
        minimize mean((back - x) ^ 2)""",
)


def test_a_model_that_minimizes_learns_alike_on_both_backends(tmp_path: Path) -> None:
    texts = written(tmp_path, "dropout(0.5)", TEXT.replace(*GOAL))
    ours, theirs = (error(texts[name], 1, tmp_path) for name in ("JAX", "PyTorch"))
    assert ours == pytest.approx(theirs, rel=1e-3)


# --- one step -----------------------------------------------------------------------------------


def test_a_step_moves_running_statistics_as_pytorch_does() -> None:
    rng = np.random.default_rng(0)
    x, scale, shift = rng.normal(2, 3, (5, 7, 4)), rng.normal(size=4), rng.normal(size=4)
    mean, variance = rng.normal(size=4), rng.uniform(1, 2, 4)
    moved: dict[str, np.ndarray] = {}
    running = {"n.mean": mean.copy(), "n.variance": variance.copy(), "moved": moved}
    known: dict[str, object] = {"np": np}
    exec("import math\n" + HELPERS["batch_norm"], known)
    ours = known["batch_norm"](x, scale, shift, running, "n", True)  # type: ignore[operator]
    inside = [torch.tensor(a) for a in (x, mean, variance, scale, shift)]
    theirs = torch.nn.functional.batch_norm(inside[0].movedim(-1, 1), *inside[1:], training=True)
    assert ours == pytest.approx(theirs.movedim(1, -1).numpy(), abs=1e-9)
    assert moved["n.mean"] == pytest.approx(inside[1].numpy())
    assert moved["n.variance"] == pytest.approx(inside[2].numpy())


@pytest.mark.parametrize("space", [(), (1,), (1, 1)])
def test_a_batch_of_one_point_has_no_spread(space: tuple[int, ...]) -> None:
    """PyTorch's own function refuses it; what JAX and NumPy make of it is written there, too."""
    rng = np.random.default_rng(0)
    x, scale, shift = rng.normal(2, 3, (1, *space, 4)), rng.normal(size=4), rng.normal(size=4)
    running = {"n.mean": rng.normal(size=4), "n.variance": rng.uniform(1, 2, 4)}
    mean, variance = (torch.tensor(a) for a in running.values())
    moved: dict[str, np.ndarray] = {}
    known: dict[str, object] = {"np": np, "torch": torch, "F": torch.nn.functional}
    exec("import math\n" + HELPERS["batch_norm"], known)
    state = {**running, "moved": moved}
    ours = known["batch_norm"](x, scale, shift, state, "n", True)  # type: ignore[operator]
    exec(TORCH.helpers["batch_norm"], known)
    inside = [torch.tensor(x).movedim(-1, 1), mean, variance, torch.tensor(scale)]
    theirs = known["batch_norm"](*inside, torch.tensor(shift), True)  # type: ignore[operator]
    assert ours == pytest.approx(theirs.movedim(1, -1).numpy())
    assert moved["n.mean"] == pytest.approx(mean.numpy())
    assert moved["n.variance"] == pytest.approx(variance.numpy())


def test_batches_of_one_learn(tmp_path: Path) -> None:
    path = write_one(tmp_path, TEXT.replace("LAYER", "batch_norm").replace("16", "1"))
    texts = {name.rsplit("/", 1)[1]: text for name, text in emitted_by(path).items()}
    ours, theirs = (error(texts[name], 1, tmp_path) for name in ("JAX", "PyTorch"))
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_dropout_keeps_the_mean() -> None:
    known: dict[str, object] = {}
    exec("import jax\nimport jax.numpy as jnp\n" + JAX.helpers["dropout"], known)
    exec("found = dropout(jnp.ones((200, 200)), 0.3, {'key': jax.random.key(0)}, 1, True)", known)
    found = np.asarray(known["found"])
    assert set(np.unique(found).round(4)) == {0.0, np.float32(1 / 0.7).round(4)}
    assert found.mean() == pytest.approx(1, abs=0.02)
    assert (found == 0).mean() == pytest.approx(0.3, abs=0.02)
