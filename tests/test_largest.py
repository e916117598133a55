"""The largest of numbers, whose slope JAX's programs must not look for by its value."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import emitted_by, run_here, write_one

TEXT = """
    problem Largest {
        let drawn = uniform(0, 1, shape = [6, 4]) |> sample(50, seed = 1)
        train x in drawn |> first(40): predict x as max(x, axis = 0)
        test  x in drawn |> last(10):  predict x as max(x, axis = 0)
    }

    model Network {
        input  x: Tensor[real, n, d]
        output y: Tensor[real, m] = x |> LAYERS |> linear(m)
    }

    trainer short {
        optimizer adam(1e-2)
        epochs    3
        batch     16
        loss      (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
    }

    metric off {
        better lower
        score  (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
        reduce mean
    }

    benchmark B {
        models   Network
        trainers short
        metrics  off
        software PyTorch, JAX
    }
"""

# What is looked for, and whether the program may look by value.
CASES = [
    ("linear(6) |> max(axis = 0)", True),
    ("linear(6) |> relu |> min(axis = 0)", True),
    ("conv(6, 3) |> relu |> pool(2) |> max(axis = 0)", True),
    ("linear(24) |> reshape([6, 2, 12]) |> relu |> max(axis = 1) |> max(axis = 0)", True),
    ("linear(6) |> layer_norm |> max(axis = 0)", False),
    ("linear(6) |> layer_norm |> min(axis = 0)", False),
    ("linear(6) |> layer_norm |> pool(2) |> flat", False),
    ("linear(6) |> layer_norm |> relu |> max(axis = 0)", False),
]


@pytest.mark.parametrize(("layers", "by_value"), CASES, ids=[text for text, _ in CASES])
def test_slopes_are_where_the_largest_is(tmp_path: Path, layers: str, by_value: bool) -> None:
    """A normalization may be computed twice in one step, with other last digits: after it nothing
    may equal the largest."""
    path = write_one(tmp_path, TEXT.replace("LAYERS", layers))
    texts = {name.rsplit("/", 1)[1]: text for name, text in emitted_by(path).items()}
    assert ("largest(" not in texts["JAX"]) == by_value
    losses = {
        software: [
            event["loss"]
            for event in run_here(text, 0, tmp_path / software)
            if event["event"] == "epoch"
        ]
        for software, text in texts.items()
    }
    assert losses["JAX"] == pytest.approx(losses["PyTorch"], rel=1e-3)
