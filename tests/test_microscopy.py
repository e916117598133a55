"""The paper's pre-training without labels, on small pictures of cells: stages, tiles and holes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import EXAMPLES, emitted_by, python, run_here, sail

PAPER = EXAMPLES / "paper"
BENCHMARK = """
trainer brief {
    optimizer adam(3e-3)
    epochs    3
    batch     32
    loss      (answer: Tensor[real, ...s, n], truth: Tensor[Class[n], ...s]) =>
        cross_entropy(answer, truth)
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark small {
    problems CellSegmentation
    models   MODELS
    trainers brief
    metrics  accuracy, training_time
    set      UNet.base = 2
}
"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, with pictures of 16 x 16 pixels."""
    folder = tmp_path_factory.mktemp("cells")
    for name in ("microscopy.sail", "make_cells.py"):
        shutil.copy(PAPER / name, folder)
    made = python(folder / "make_cells.py", "--size", "16", cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder


def small(cells: Path, models: str, change: tuple[str, str] = ("", "")) -> dict[str, str]:
    """Programs of few steps, with one number of shots."""
    text = (cells / "microscopy.sail").read_text("utf-8").replace(*change)
    text = text.replace("[1, 4, 16, 64]", "[16]")
    path = cells / "small.sail"
    path.write_text(text + BENCHMARK.replace("MODELS", models), "utf-8")
    return emitted_by(path)


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_an_encoder_is_carried_from_hidden_pixels_to_labels(
    cells: Path, tmp_path: Path, software: str
) -> None:
    text = small(cells, "UNet")[f"CellSegmentation/UNet/{software}"]
    assert text.count("def unet(") == 1
    assert "np.random.default_rng(2).random(unlabeled.shape) < 0.5, 0, unlabeled" in text
    result = run_here(text, 0, tmp_path)[-1]
    assert result["test"]["count"] == 32
    assert 0.2 < result["metrics"]["accuracy"] <= 1


def test_programs_are_short_and_have_no_fault_that_ruff_knows(cells: Path, tmp_path: Path) -> None:
    """Those of the figure itself: with all its settings, and with trainers that standardize."""
    sail("emit", cells / "microscopy.sail", "-o", tmp_path, exit=0)
    programs = sorted(tmp_path.glob("CellSegmentation_*.py"))
    assert len(programs) >= 16
    assert all(len(p.read_text("utf-8").splitlines()) < 200 for p in programs)
    rules = ["--select", "E,F,B,I", "--ignore", "B905", "--line-length", "100"]
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", *rules, *programs]
    subprocess.run(ruff, check=True)


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_segmenter_of_small_pictures_becomes_one_of_large_ones(
    cells: Path, tmp_path: Path, software: str
) -> None:
    text = small(cells, "Tiled", ("256", "8"))[f"CellSegmentation/Tiled/{software}"]
    assert "tiles(image, 8, ((0, 8), (0, 8)))" in text
    assert '"net_encoder_1"' in text
    result = run_here(text, 0, tmp_path)[-1]
    assert 0.2 < result["metrics"]["accuracy"] <= 1


def test_pictures_smaller_than_a_tile_are_left_out(cells: Path) -> None:
    told = sail("explain", cells / "microscopy.sail", "CellSegmentation", "Tiled", exit=0).stdout
    assert "X0106: an image smaller than a tile has nothing to cut" in told
