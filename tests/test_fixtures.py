"""What is asked: without truths, in several fixtures, in stages; and what is made small."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Json, emitted_by, plan_of, write_one
from test_emit import BACKENDS, run_here


class Runs:
    """The programs of a text, each run once."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.texts = emitted_by(write_one(folder, text))
        self._events: dict[str, list[Json]] = {}

    def events(self, name: str) -> list[Json]:
        if name not in self._events:
            out = self.folder / name.replace("/", "-")
            self._events[name] = run_here(self.texts[name], 0, out)
        return self._events[name]

    def metrics(self, name: str) -> Json:
        return self.events(name)[-1]["metrics"]

    def losses(self, name: str) -> list[float]:
        return [e["loss"] for e in self.events(name) if e["event"] == "epoch"]


# --- models that minimize something of their own ---------------------------------------------

STRANGE = """
/// Most points are on a line, and nobody says which are not.
problem Strange {
    let line  = uniform(-1, 1) |> sample(300, seed = 1)
    let usual = [[x, 2 * x, -x] for x in line]
    let mixed = uniform([-1, 0], [1, 1]) |> sample(100, seed = 2)
    let point(m) = if m[1] < 0.5 then [m[0], 2 * m[0], -m[0]] else [m[1], -m[0], m[0]]

    train    r in usual |> first(200): detect r
    validate r in usual |> drop(200):  detect r
    test     m in mixed: detect point(m) as Class[2](m[1] >= 0.5)
}

/// What it cannot rebuild is strange.
model Shrinking {
    for      detect
    input    x: Tensor[real, n]
    let      y = x |> linear(1) |> linear(n)
    minimize mean((y - x) ^ 2) + 1e-4 * mean(y ^ 2)
    output   strangeness: real = mean((y - x) ^ 2)
}

model Rebuilding {
    for      detect
    input    x: Tensor[real, n]
    let      y = x |> linear(1) |> linear(n)
    minimize mean((y - x) ^ 2)
    output   strangeness: real = mean((y - x) ^ 2)
}

metric roc_auc {
    for    detect
    better higher
    score  (answer: real, truth: Class[2]) => (answer, truth)
    reduce pairs => auc(pairs)
}

trainer short {
    optimizer adam(1e-2)
    epochs    40
    stop      stalled(validate.loss, epochs = 5)
}

benchmark strange { trainers short }
"""


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("strange"), STRANGE)


@pytest.mark.parametrize("software", BACKENDS)
@pytest.mark.parametrize("model", ["Shrinking", "Rebuilding"])
def test_a_model_learns_what_it_minimizes_without_truths(
    strange: Runs, model: str, software: str
) -> None:
    name = f"Strange/{model}/{software}"
    losses = strange.losses(name)
    assert losses[-1] < losses[0] / 5
    assert strange.metrics(name)["roc_auc"] > 0.8


@pytest.mark.parametrize("model", ["Shrinking", "Rebuilding"])
def test_backends_minimize_alike(strange: Runs, model: str) -> None:
    torch, jax = (strange.losses(f"Strange/{model}/{software}") for software in BACKENDS)
    assert torch == pytest.approx(jax, rel=1e-3)


def test_what_is_answered_and_made_small_is_written_once(strange: Runs) -> None:
    assert "return rebuilding(w, x).mean()" in strange.texts["Strange/Rebuilding/JAX"]


def test_a_model_with_a_loss_learns_nothing_without_truths(tmp_path: Path) -> None:
    plan = plan_of(write_one(tmp_path, STRANGE))
    (reason,) = [e for e in plan["excluded"] if "Strange / MLP" in e["modules"]]
    assert reason["code"] == "X0108"
