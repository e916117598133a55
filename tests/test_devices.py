"""Programs on an accelerator: PyTorch's, on the one that these tests make (`away.py`)."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from away import NAME as AWAY
from away import Moves, accelerator
from support import TESTS, Json, emitted_by, program, run_here, write_one

JUDGED = """
    metric error {
        better lower
        score  (a: real, b: real) => (a - b) ^ 2
        reduce mean
    }
    benchmark B { models Network
                  trainers steps
                  metrics error }
"""

# Layers that train otherwise than they answer, a stop that asks for answers, and numbers in the
# text of a model.
LAYERS = """
    problem Saddle {
        let points = uniform([-1, -1], [1, 1]) |> sample(60, seed = 0)
        train    x in points |> first(40):            predict x as x[0] * x[1]
        validate x in points |> drop(40) |> first(10): predict x as x[0] * x[1]
        test     x in points |> last(10):             predict x as x[0] * x[1]
    }
    model Network {
        input  x: Tensor[real, 2]
        let    seen = [0.5, 2.0] * x |> linear(8) |> batch_norm |> dropout(0.2) |> tanh
        output y: Tensor[real, 1] = concat([1.0], seen) |> linear(1)
    }
    trainer steps {
        optimizer sgd(0.05)
        epochs    3
        batch     8
        loss      (a: real, b: real) => (a - b) ^ 2
        stop      stalled(validate.loss, epochs = 9)
    }
"""

# Pairs of points, slopes of what is learned, motion along them, and a search for the step.
SPRINGS = """
    problem Springs {
        let places = uniform(-1, 1, shape = [4, 3]) |> sample(30, seed = 1)
        let pull(f) = x => -grad(f(x), x)
        let truth(x) = sum(sum((e - o) ^ 2) for e in Set(x) for o in others(Set(x), e))
        let path(f, x) = motion(pull(f), x, 0.1, 4, 1.0)

        train x in places |> first(24) {
            energy: predict x as truth(x)
            force:  pull(energy)(x) as pull(truth)(x)
        }
        test x in places |> last(6) {
            energy: predict x as truth(x)
            path:   path(energy, x) as path(truth, x)
        }
    }
    model Network {
        input  x: Tensor[real, n, 3]
        let    near(a, b) = sum((a - b) ^ 2)
        let    sums    = sum([near(e, o)] |> linear(4) for e in Set(x) for o in others(Set(x), e))
        output y: real = (sums |> tanh |> linear(1))[0]
    }
    trainer steps {
        optimizer [adam(0.01), lbfgs(steps = 4)]
        epochs    3, 1
        batch     8
        loss      (a: Tensor[real<'u>, ...s], b: Tensor[real<'u>, ...s]) => mean((a - b) ^ 2)
    }
    metric error {
        better lower
        score  (a: Tensor[real<'u>, ...s], b: Tensor[real<'u>, ...s]) => mean((a - b) ^ 2)
        reduce mean
    }
    benchmark B { models Network
                  trainers steps
                  metrics error, error(path) }
"""

# An energy of which a part is computed outside, at a place that is learned.
OUTSIDE = """
    extern fn bowl(r: Tensor[real, 2]) -> f64 {
        from     "driver:bowl"
        gradient r, "driver:slope"
    }
    problem Bowl {
        let xs = uniform([-1, -1], [1, 1]) |> sample(20, seed = 1)
        train x in xs |> first(15): predict x as sum(x ^ 2) + x[0]
        test  x in xs |> last(5):   predict x as sum(x ^ 2) + x[0]
    }
    model Network {
        input  x: Tensor[real, 2]
        output y: Tensor[real, 1] = [bowl(x + [parameter(0.1), parameter(0.2)])]
    }
    trainer steps {
        optimizer adam(1e-2)
        epochs    3
        batch     5
        loss      (a: real, b: real) => (a - b) ^ 2
    }
"""
DRIVER = """
    def bowl(r):
        return float((r**2).sum())

    def slope(r):
        return 2 * r
"""


GOLDEN = ["digits_mlp", "digits_lenet", "bowl_smooth", "bumps_reader"]
# Without the answers that another program finds, which are a module beside it.
HEAT = (TESTS / "golden" / "heat.sail").read_text("utf-8")
RODS = re.sub("field: .*", "field: solve eq as Field[2, 1]", HEAT)
NAMES = ["layers", "springs", "outside", "rods"]


def of_pytorch(text: str, folder: Path) -> str:
    """The program for PyTorch of the model `Network`."""
    (folder / "driver.py").write_text(program(DRIVER), "utf-8")
    texts = emitted_by(write_one(folder, text))
    return next(text for name, text in texts.items() if name.endswith("Network/PyTorch"))


def waits(text: str, folder: Path) -> Moves:
    """Which lines of a program wait for a device, once it was seen that everything comes to the
    same there."""
    here = run_here(text, 0, folder / "here")
    with accelerator() as moves:
        there = run_here(text, 0, folder / "there", "--device", AWAY)
    assert there[0]["device"] == AWAY
    close = 1e-2 if "bfloat16" in text else 1e-5  # the device computes in single precision
    assert numbers(there) == pytest.approx(numbers(here), rel=close)
    return moves


def numbers(events: list[Json]) -> dict[str, float]:
    """What a program found, but for times."""
    metrics, train = events[-1]["metrics"], events[-1].get("train", {})
    found = {n: v for n, v in metrics.items() if n not in ("training_time", "throughput")}
    return {**found, "loss": train.get("loss", 0.0)}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_program_waits_for_the_device_once_an_epoch(name: str, tmp_path: Path) -> None:
    """For its loss, and for that of the validation; otherwise before training and after."""
    golden = (TESTS / "golden" / f"{name}_torch.py").read_text("utf-8")
    text = re.sub(r"EPOCHS = \d+", "EPOCHS = 3", golden)
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines, 1) if line.startswith(("def ", "@"))]
    training = next(n for n in starts if lines[n - 1].startswith("def train("))
    after = next(n for n in starts if n > training)
    waiting = Counter[int]()
    for at, count in waits(text, tmp_path).items():
        waiting.update({n: count for n in at if training < n < after})
    assert any("total.item()" in lines[n - 1] for n in waiting)
    assert max(waiting.values()) == 3, {lines[n - 1]: k for n, k in waiting.items()}


@pytest.mark.parametrize("text", [LAYERS + JUDGED, SPRINGS, OUTSIDE + JUDGED, RODS], ids=NAMES)
def test_what_is_on_a_device_meets_nothing_that_is_not(text: str, tmp_path: Path) -> None:
    assert waits(of_pytorch(text, tmp_path), tmp_path)
