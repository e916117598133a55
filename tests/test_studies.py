"""The larger examples, made small enough for a test: they run on both backends, which agree."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import EXAMPLES, Json, emitted_by, run_here

SMALL = {
    "flames": {"sample(40": "sample(6", "frames = 40": "frames = 12", "first(30)": "first(4)",
               "last(10)": "last(2)", "0..38": "0..10", "epochs    30": "epochs    2",
               "seeds    2": "seeds    1"},
    "swing_up": {"1..100": "1..12", "[99]": "[11]", "epochs    80": "epochs    2",
                 "seeds    2": "seeds    1"},
}  # fmt: skip
"""What is written in place of what in each of them."""


def small(folder: Path, name: str) -> Path:
    """A study in a folder of its own, with its driver if it has one."""
    (folder / "sail.toml").touch()
    for driver in EXAMPLES.glob(f"{name}.py"):
        shutil.copy(driver, folder)
    text = (EXAMPLES / f"{name}.sail").read_text("utf-8")
    for long, short in SMALL[name].items():
        assert long in text, long
        text = text.replace(long, short)
    (folder / f"{name}.sail").write_text(text, "utf-8")
    return folder / f"{name}.sail"


@pytest.mark.parametrize("name", SMALL)
def test_a_study_runs_on_both_backends(tmp_path: Path, name: str) -> None:
    scores: dict[str, dict[str, Json]] = {}
    for title, text in emitted_by(small(tmp_path, name)).items():
        model, software = title.split("/")[1:]
        found = run_here(text, 0, tmp_path / "out")[-1]["metrics"]
        found.pop("training_time")
        scores.setdefault(model, {})[software] = found
    for backends in scores.values():
        assert backends["JAX"] == pytest.approx(backends["PyTorch"], rel=1e-2)


def metrics_of(name: str, folder: Path) -> dict[str, Json]:
    """What each model of a study as it stands is judged to be, by its name: of the last of what
    is swept."""
    texts = emitted_by(EXAMPLES / f"{name}.sail")
    return {
        title.split("/")[1]: run_here(text, 0, folder)[-1]["metrics"]
        for title, text in texts.items()
    }


def test_even_points_integrate_better_than_random_ones(tmp_path: Path) -> None:
    found = metrics_of("integrals", tmp_path)
    assert found["QuasiMonteCarlo"]["missed_share"] < found["MonteCarlo"]["missed_share"] / 20


def test_laws_are_found_by_leaving_out_what_is_small(tmp_path: Path) -> None:
    found = metrics_of("laws", tmp_path)
    assert found["Sindy"]["laws_found"] > 0.5 > found["LeastSquares"]["laws_found"]
    assert found["Sindy"]["mean_error"] < found["LeastSquares"]["mean_error"]
