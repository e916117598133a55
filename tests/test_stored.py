"""How the numbers of points are stored: JAX is told only where it would take them as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import emitted_by, run_here, write_one
from test_like import PROGRAM, write_idx

TOLD = "def array("
AS_TAKEN = {"float32", "float64", "int64"}


def written(folder: Path, question: str) -> str:
    """The program of a linear model on small pictures, in bytes as they are stored."""
    rng = np.random.default_rng(0)
    write_idx(folder / "images.idx3.gz", rng.integers(0, 256, (40, 4, 4)))
    write_idx(folder / "labels.idx1.gz", rng.integers(0, 3, 40))
    path = write_one(folder, PROGRAM.replace("image / 255", question))
    return emitted_by(path)["Letters/Linear/JAX"]


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("image / 255", True),
        ("sqrt(image / 255)", True),
        ("(image / 2 - 60.0) / 64", True),
        ("2 * (image / 255) - 1", True),
        ("image", False),
        ("image * 2", False),
        ("image - 1", False),
        ("max(image / 255, 0.5)", False),
    ],
)
def test_points_are_stored_as_the_text_says(tmp_path: Path, question: str, plain: bool) -> None:
    text = written(tmp_path, question)
    assert (TOLD not in text) == plain
    script: dict[str, object] = {"__name__": "data", "__doc__": "A."}
    exec(compile(text, "script.py", "exec"), script)
    points = script["data"]()  # type: ignore[operator]
    if plain:
        assert {str(array.dtype) for pair in points.values() for array in pair} <= AS_TAKEN


@pytest.mark.parametrize("question", ["image / 255", "image"])
def test_bytes_are_learned_from_as_numbers(tmp_path: Path, question: str) -> None:
    *_, result = run_here(written(tmp_path, question), 0, tmp_path / "out")
    assert result["event"] == "result"
    assert np.isfinite(result["train"]["loss"])
