"""How the numbers of points are stored: JAX is told only where it would take them as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import emitted_by, points_of, run_here, write_one
from test_like import PROGRAM, write_idx

Array = np.ndarray[Any, Any]

TOLD = "def array("
AS_TAKEN = {"float32", "float64", "int64"}


def written(folder: Path, question: str, software: str = "JAX") -> str:
    """The program of a linear model on small pictures, in bytes as they are stored."""
    rng = np.random.default_rng(0)
    write_idx(folder / "images.idx3.gz", rng.integers(0, 256, (40, 4, 4)))
    write_idx(folder / "labels.idx1.gz", rng.integers(0, 3, 40))
    path = write_one(folder, PROGRAM.replace("image / 255", question))
    return emitted_by(path)[f"Letters/Linear/{software}"]


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("image / 255", True),
        ("sqrt(image / 255)", True),
        ("(image / 2 - 60.0) / 64", True),
        ("2 * (image / 255) - 1", True),
        ("image", True),
        ("image * 2", True),
        ("image - 1", True),
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


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("image - 1", lambda x: x - 1),
        ("-image", lambda x: -x),
        ("2 * image", lambda x: 2 * x),
        ("image * image", lambda x: x * x),
        ("image ^ 2 + image", lambda x: x**2 + x),
        ("sqrt(image)", np.sqrt),
        ("image / 255 - image", lambda x: x / 255 - x),
    ],
)
def test_what_is_computed_of_bytes_is_what_numbers_give(
    tmp_path: Path, question: str, wanted: Callable[[Array], Array]
) -> None:
    """NumPy's bytes begin again after 255, and their roots are of half precision."""
    script: dict[str, object] = {"__name__": "data", "__doc__": "A."}
    exec(compile(written(tmp_path, question), "script.py", "exec"), script)
    images = np.random.default_rng(0).integers(0, 256, (40, 4, 4)).astype(float)
    found = points_of(script)["train"][0]
    assert np.array_equal(found.reshape(-1), wanted(images)[: len(found)].reshape(-1))


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
@pytest.mark.parametrize("question", ["image / 255", "image"])
def test_bytes_are_learned_from_as_numbers(tmp_path: Path, question: str, software: str) -> None:
    *_, result = run_here(written(tmp_path, question, software), 0, tmp_path / "out")
    assert result["event"] == "result"
    assert np.isfinite(result["train"]["loss"])
