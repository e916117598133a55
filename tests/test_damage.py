"""What is done to data, and drawn, against SciPy and against what is declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support import emitted_by, run_here, write_one

from sailc.emit.numpy_rows import HELPERS


def helper(name: str) -> Any:
    known: dict[str, Any] = {"np": np}
    exec(HELPERS[name], known)
    return known[name]


@pytest.mark.parametrize("width", [0.4, 1.5, 3.0])
def test_blur_is_scipy_s(width: float) -> None:
    x = np.random.default_rng(0).normal(size=(2, 12, 9, 3))
    expected = gaussian_filter(x, (0, width, width, 0), mode="reflect", truncate=4)
    assert helper("blur")(x, width) == pytest.approx(expected, abs=1e-12)


def test_a_gaussian_field_is_as_wide_and_as_smooth_as_is_asked() -> None:
    field = helper("gaussian_field")(2.0, 0.1, 1.5, (400, 128), 0)
    assert field.shape == (400, 128)
    assert field.std() == pytest.approx(2, rel=0.03)
    # Matérn's covariance with a smoothness of 3 / 2, at one length from a place.
    share = (field * np.roll(field, 13, axis=1)).mean() / field.var()
    apart = np.sqrt(3) * 13 / 128 / 0.1
    assert share == pytest.approx((1 + apart) * np.exp(-apart), abs=0.03)


TEXT = """
    problem Sharpen {
        let fields = gaussian_field(1.0, 0.3, shape = [16, 16, 1]) |> sample(6, seed = 1)
        test z in fields: enhance downsample(blur(z, 1.0), 2) as z
    }

    solver Copy {
        input  x: Tensor[real, h, w, c]
        output y = upsample(x, 2)
    }

    metric off {
        better lower
        score  (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
        reduce mean
    }

    benchmark B {
        problems Sharpen
        solvers  Copy
        metrics  off
    }
"""


BOTH = """
    problem Smooth {
        let fields = gaussian_field(1.0, 0.3, shape = [8, 8, 1]) |> sample(8, seed = 1)
        train z in fields |> first(6): enhance blur(z, 1.0) as z
        test  z in fields |> last(2):  enhance blur(z, 1.0) as z
    }

    model Twice {
        input  x: Tensor[real, h, w, c]
        output y = blur(x, 0.5) |> conv(1, 3)
    }

    trainer t {
        optimizer sgd(0.01)
        epochs    1
        batch     3
        loss      (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
    }

    metric off {
        better lower
        score  (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
        reduce mean
    }

    benchmark B {
        problems Smooth
        models   Twice
        trainers t
        metrics  off
    }
"""


def test_an_operator_serves_data_and_models_in_one_program(tmp_path: Path) -> None:
    texts = emitted_by(write_one(tmp_path, BOTH)).values()
    found = [run_here(text, 0, tmp_path)[-1]["metrics"]["off"] for text in texts]
    assert len(found) == 2
    assert found[0] == pytest.approx(found[1], rel=1e-4)


def test_damaged_pictures_are_asked_about(tmp_path: Path) -> None:
    (text,) = set(emitted_by(write_one(tmp_path, TEXT)).values())
    result = run_here(text, 0, tmp_path)[-1]
    assert 0 < result["metrics"]["off"] < 0.5
