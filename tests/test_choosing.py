"""Comprehensions with `if`: some points of a data set, some scores, some of what a point holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import points_of, said_of, write_one
from test_emit import BACKENDS, Emitted

CHOSEN = """
enum Sex { female, male }
type Penguin = { flipper_length_mm: real<mm>?, body_mass_g: real<g>?, sex: Sex? }

dataset palmer {
    file penguins, "package:palmerpenguins/data/penguins.csv", missing = "NA", like = List[Penguin]
}

problem Heavy {
    let birds = [p for p in palmer.penguins |> known |> shuffle(seed = 1) if p.body_mass_g > 4 kg]
    let seen(p) = [p.flipper_length_mm / 1 mm]
    train p in birds |> drop(50):  predict seen(p) as p.body_mass_g / 1 g
    test  p in birds |> first(50): predict seen(p) as p.body_mass_g / 1 g
}

problem Halves {
    let xs     = normal(0, 1, shape = [3]) |> sample(640, seed = 1)
    let points = zip(xs, normal(0, 1) |> sample(640, seed = 2))
    train (x, y) in [(2 * a, b) for (a, b) in points |> first(512) if a[0] > 0 and b < 1]:
        predict x as sum(x) + y
    test  (x, y) in [(2 * a, b) for (a, b) in points |> last(128) if a[0] > 0 and b < 1]:
        predict x as sum(x) + y
}

trainer steps {
    optimizer adam(1e-2)
    epochs    2
    batch     20
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
}

/// The mean of the errors that are not small.
metric large_error {
    better lower
    score  (answer: real<'u>, truth: real<'u>) => abs(answer - truth)
    reduce errors => mean([e for e in errors if e > median(errors)])
}

metric answered {
    better  higher
    measure test.count
}

benchmark chosen {
    problems Heavy, Halves
    models   Linear
    trainers steps
    metrics  mean_error, large_error, answered
}
"""


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("chosen"), CHOSEN)


def halves() -> tuple[np.ndarray, np.ndarray]:
    """The test points of `Halves`, chosen anew."""
    a = np.random.default_rng(1).normal(0, 1, (640, 3))[-128:]
    b = np.random.default_rng(2).normal(0, 1, 640)[-128:]
    keep = (a[:, 0] > 0) & (b < 1)
    return 2 * a[keep], b[keep]


@pytest.mark.parametrize("software", BACKENDS)
def test_only_the_chosen_points_are_asked(chosen: Emitted, software: str) -> None:
    x, _ = halves()
    assert chosen.events(f"Halves/Linear/{software}")[-1]["metrics"]["answered"] == len(x)
    assert chosen.events(f"Heavy/Linear/{software}")[-1]["metrics"]["answered"] == 50


def test_the_condition_is_of_the_elements_and_the_body_of_what_is_left(chosen: Emitted) -> None:
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(chosen.texts["Halves/Linear/JAX"], "script.py", "exec"), space)
    questions, truths = points_of(space)["test"]
    x, y = halves()
    np.testing.assert_allclose(questions, x)
    np.testing.assert_allclose(truths, x.sum(axis=1) + y)


@pytest.mark.parametrize("problem", ["Heavy", "Halves"])
def test_backends_agree_on_what_was_chosen(chosen: Emitted, problem: str) -> None:
    results = [chosen.events(f"{problem}/Linear/{s}")[-1]["metrics"] for s in BACKENDS]
    for metric in ("mean_error", "large_error"):
        np.testing.assert_allclose(results[0][metric], results[1][metric], rtol=1e-3)
    assert results[0]["large_error"] > results[0]["mean_error"]


def test_rows_of_a_table_are_chosen_at_once(chosen: Emitted) -> None:
    text = chosen.texts["Heavy/Linear/PyTorch"]
    assert '["body_mass_g"] > 4000' in text
    assert "column[kept] for name, column in" in text


def test_lists_of_unequal_lengths_in_one_point_are_not_written_yet(tmp_path: Path) -> None:
    """Points are batched by equal lengths, and these are never alike."""
    text = """
    problem Ragged {
        let xs = normal(0, 1, shape = [5, 3]) |> sample(640, seed = 1)
        let some(x) = [[e for e in r if e > 0] for r in x]
        train x in xs |> first(512): predict some(x) as sum(x)
        test  x in xs |> last(128):  predict some(x) as sum(x)
    }

    model SumOver {
        input  xs: List[List[real, m], n]
        output total: real = sum(linear([sum(e)], 1)[0] for e in xs)
    }

    benchmark b {
        models   SumOver
        trainers adam
    }
    """
    (error,) = said_of(write_one(tmp_path, text))
    assert error["code"] == "E0604"
    assert "has no row for a comprehension with `if`" in error["help"]
