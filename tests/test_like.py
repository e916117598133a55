"""`like`: what is in a file that is not at hand is told, and is enough for a plan."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from support import sail, sail_json, write_one

PROGRAM = """
dataset letters {
    file images, "images.idx3.gz", like = Tensor[u8, 40, 4, 4]
    file labels, "labels.idx1.gz", like = Tensor[u8, 40]
}

problem Letters {
    let points = zip(letters.images, letters.labels)
    train (image, label) in points |> first(30): classify image / 255 as Class[3](label)
    test  (image, label) in points |> last(10):  classify image / 255 as Class[3](label)
}

trainer brief {
    optimizer adam(1e-2)
    epochs    2
    loss      (answer: Tensor[real, n], truth: Tensor[Class[n]]) => cross_entropy(answer, truth)
}

benchmark b {
    models   Linear
    trainers brief
    metrics  accuracy
    seeds    1
}
"""


def write_idx(path: Path, values: np.ndarray) -> None:
    sizes = np.array(values.shape, dtype=">u4").tobytes()
    path.write_bytes(
        gzip.compress(bytes([0, 0, 8, values.ndim]) + sizes + values.astype("u1").tobytes())
    )


def test_a_file_that_is_described_is_planned_without_it(tmp_path: Path) -> None:
    path = write_one(tmp_path, PROGRAM)
    assert sail_json("check", path, exit=0) == []
    plan = sail_json("plan", path, exit=0)
    assert {s["types"]["question"] for s in plan["scenarios"]} == {"Tensor[real, 4, 4]"}


@pytest.mark.parametrize("command", [["run"], ["emit", "-o", "programs"]])
def test_a_run_needs_the_file_itself(tmp_path: Path, command: list[str]) -> None:
    path = write_one(tmp_path, PROGRAM)
    result = sail(command[0], path, *command[1:], exit=1)
    assert "E0503" in result.output
    assert "there is no `images.idx3.gz`" in result.output


def test_an_unfinished_description_needs_the_file(tmp_path: Path) -> None:
    path = write_one(tmp_path, PROGRAM.replace("Tensor[u8, 40, 4, 4]", "Tensor[u8, n, 4, 4]"))
    assert [d["code"] for d in sail_json("check", path, exit=1)] == ["E0503"]


def test_compressed_files_beside_the_program_are_read(tmp_path: Path) -> None:
    path = write_one(tmp_path, PROGRAM)
    rng = np.random.default_rng(0)
    write_idx(tmp_path / "images.idx3.gz", rng.integers(0, 256, (40, 4, 4)))
    write_idx(tmp_path / "labels.idx1.gz", rng.integers(0, 3, 40))
    assert {r["status"] for r in sail_json("run", path, exit=0)["runs"]} == {"ran"}


def test_a_file_unlike_its_description_is_told(tmp_path: Path) -> None:
    path = write_one(tmp_path, PROGRAM)
    write_idx(tmp_path / "images.idx3.gz", np.zeros((40, 5, 5)))
    write_idx(tmp_path / "labels.idx1.gz", np.zeros(40))
    (found,) = sail_json("check", path, exit=1)
    assert "Tensor[real, 40, 5, 5]" in found["message"]
