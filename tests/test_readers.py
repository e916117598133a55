"""Files that an extern reads: `file frames, "run.txt", read = frames_of`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import Json, emitted_by, sail, sail_json, write_one
from test_emit import run_here

FRAMES = np.random.default_rng(0).uniform(1, 2, (20, 3))
DRIVER = """
import numpy as np

def rows(path):
    assert type(path) is str
    open(__file__ + ".calls", "a").write(".")
    return np.loadtxt(path)

def atoms(path):
    x = rows(path)
    return {"position": x, "weight": x[:, 0]}
"""
PROGRAM = """
extern fn rows_of(path: Text) -> Tensor[f64<angstrom>, n, 3] { from "driver:rows" }
extern fn atoms_of(path: Text) -> List[{ position: Tensor[f64<nm>, 3], weight: f64<u> }, 20] {
    from "driver:atoms"
}
dataset motion {
    file rows,  "run.txt", read = rows_of, like = Tensor[real<angstrom>, 20, 3]
    file atoms, "run.txt", read = atoms_of
}
problem P {
    train x in motion.FILE |> first(15): predict QUESTION
    test  x in motion.FILE |> last(5):   predict QUESTION
}
trainer once_over {
    optimizer adam(1e-3)
    epochs    1
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}
metric truth_mean { better higher
                    score (answer: real, truth: real) => truth
                    reduce mean }
benchmark b { models   Linear
              trainers once_over
              metrics  truth_mean }
"""
QUESTIONS = {
    "rows": "x as sum(x) / 1 nm",
    "atoms": "x.position as x.weight * x.position[0] / (1 u * 1 nm)",
}


def program(folder: Path, file: str = "rows") -> Path:
    """A program beside its driver and its data."""
    np.savetxt(folder / "run.txt", FRAMES)
    (folder / "driver.py").write_text(DRIVER, "utf-8")
    text = PROGRAM.replace("FILE", file).replace("QUESTION", QUESTIONS[file])
    return write_one(folder, text)


def calls(folder: Path) -> int:
    """How often the driver has read a file."""
    found = folder / "driver.py.calls"
    return len(found.read_text("utf-8")) if found.exists() else 0


def last_event(text: str, folder: Path) -> Json:
    return run_here(text, 0, folder)[-1]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("rows", 0.1 * FRAMES[-5:].sum(axis=1).mean()),
        ("atoms", (FRAMES[-5:, 0] ** 2).mean()),
    ],
)
def test_both_backends_read_what_the_driver_gives(
    tmp_path: Path, file: str, expected: float
) -> None:
    texts = emitted_by(program(tmp_path, file))
    assert len(texts) == 2
    assert calls(tmp_path) == 0  # planning and writing programs reads nothing
    for i, (name, text) in enumerate(texts.items()):
        result = last_event(text, tmp_path / f"out{i}")
        assert result["metrics"]["truth_mean"] == pytest.approx(expected), name
        assert calls(tmp_path) == i + 1


def test_what_was_read_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    path = program(tmp_path)
    sail("run", path, exit=0)
    sail("run", path, "--seeds", "2", exit=0)
    assert calls(tmp_path) == 1
    assert [f["function"] for f in sail_json("fixtures", "list", tmp_path)] == ["driver:rows"]
    np.savetxt(tmp_path / "run.txt", 2 * FRAMES)
    sail("run", path, exit=0)
    assert calls(tmp_path) == 2


def test_another_number_of_rows_than_said_fails_the_run(tmp_path: Path) -> None:
    path = program(tmp_path)
    text = next(iter(emitted_by(path).values()))
    np.savetxt(tmp_path / "run.txt", FRAMES[:19])
    with pytest.raises(ValueError, match=r"shape \(19, 3\), not float64 of shape \(20, 3\)"):
        last_event(text, tmp_path / "out")


def test_like_stands_in_for_a_file_until_a_run(tmp_path: Path) -> None:
    path = program(tmp_path)
    text = path.read_text("utf-8").replace(
        '"run.txt", read = rows_of', '"later.txt", read = rows_of'
    )
    path.write_text(text, "utf-8")
    assert len(sail_json("plan", path, "b")["scenarios"]) == 2
    assert "E0503" in sail("run", path, exit=1).output


def test_a_deep_check_reads_the_file(tmp_path: Path) -> None:
    path = program(tmp_path)
    text = path.read_text("utf-8").replace("    file atoms,", "    // file atoms,")
    without = text[: text.index("extern fn atoms")] + text[text.index("dataset") :]
    path.write_text(without, "utf-8")
    sail("check", path, "--deep", exit=0)
    assert calls(tmp_path) > 0
    (tmp_path / "driver.py").write_text(DRIVER.replace("np.loadtxt(path)", "np.zeros(2)"), "utf-8")
    assert "E0809" in sail("check", path, "--deep", exit=1).output
