"""References of equations take long: they are found once, kept, and read by every program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support import Json, emitted_by, json_lines, python, sail, sail_json, write_one

RODS = """
equation Heat(conductivity: real) {
    unknown  u(x, t)
    domain   x in 0..1, t in 0..0.1
    law      d(u, t) == conductivity * d(u, x, x)
    initial  u(x, 0) == sin(pi * x)
    boundary u(0, t) == 0
    boundary u(1, t) == 0
}

problem Rods {
    test eq in [Heat(0.5), Heat(1)] {
        field: solve eq as reference(eq, x = 5, t = 3)
    }
}

solver Lines {
    suggest points in [17, 33]
    input   eq: Equation[d, k]
    output  integrate(discretize(eq, points), method = "radau", tolerance = 1e-6)
}

solver Network {
    needs    phi: Tensor[real, d] -> Tensor[real, k]
    require  smooth(phi, 2) because "the equation takes second derivatives"
    input    eq: Equation[d, k]
    minimize mean(residual(eq, phi, at = 50) ^ 2) + mean(mismatch(eq, phi, at = 20) ^ 2)
    output   phi
}

trainer short {
    optimizer adam(1e-2)
    epochs    2
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark Both {
    solvers  Lines
    metrics  mean_error
    sweep    Lines.points
    software JAX
}

benchmark Fitted {
    solvers  Network
    trainers short
    metrics  mean_error
}
"""


@pytest.fixture(scope="module")
def rods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, once it has been run."""
    path = write_one(tmp_path_factory.mktemp("rods"), RODS)
    sail("run", path, "Both", exit=0)
    return path


def kept(rods: Path) -> Path:
    (found,) = (rods.parent / ".sail" / "fixtures").glob("*/*.h5")
    return found


def test_two_programs_read_one_fixture(rods: Path) -> None:
    (listed,) = sail_json("fixtures", "list", rods.parent, exit=0)
    assert (listed["name"], listed["function"], listed["points"]) == ("Rods", "reference", 2)
    assert set(listed["versions"]) == {"numpy", "scipy"}
    assert not listed["damage"]
    assert not listed["stale"]


def test_it_holds_the_places_and_the_true_values(rods: Path) -> None:
    file: Any = h5py.File(kept(rods))
    with file:
        places, values = file["0"][...], file["1"][...]
    assert places.shape == (2, 2, 5, 3)
    assert values.shape == (2, 5, 3, 1)
    for (x, t), value, conductivity in zip(places, values, (0.5, 1.0), strict=True):
        exact = np.sin(np.pi * x) * np.exp(-conductivity * np.pi**2 * t)
        assert np.abs(value[..., 0] - exact).max() < 1e-5


def emitted(rods: Path, folder: Path) -> dict[str, str]:
    sail("emit", rods, "Both", "-o", folder, exit=0)
    return {p.name: p.read_text("utf-8") for p in sorted(folder.iterdir())}


def test_a_folder_of_programs_works_by_itself(rods: Path, tmp_path: Path) -> None:
    texts = emitted(rods, tmp_path)
    *programs, module, _ = texts  # lower case comes last, `sail_fixtures.py` at the end
    assert module.startswith("rods_references_")
    assert len(programs) == 2
    first = [result(tmp_path, name) for name in programs]
    made = {p.relative_to(tmp_path): p.stat().st_mtime_ns for p in tmp_path.glob("*/*.h5")}
    assert len(made) == 1
    assert [result(tmp_path, name) for name in programs] == first
    assert made == {p.relative_to(tmp_path): p.stat().st_mtime_ns for p in tmp_path.glob("*/*.h5")}


def result(folder: Path, name: str, *more: str) -> Json:
    ran = python(name, "--out", "out", *more, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return json_lines(ran.stdout)[-1]["metrics"]


def test_what_has_to_lie_beside_a_program_is_named(rods: Path, tmp_path: Path) -> None:
    program, _, *modules = emitted(rods, tmp_path)
    for module in modules:
        path = tmp_path / module
        path.rename(tmp_path / "elsewhere")
        ran = python(program, "--out", "out", cwd=tmp_path)
        assert ran.returncode == 2
        assert f"references need {path}, which `sailc emit -o` writes" in ran.stderr
        assert not (tmp_path / "out").exists()
        (tmp_path / "elsewhere").rename(path)


def test_what_is_damaged_is_said_and_found_anew(rods: Path, tmp_path: Path) -> None:
    program = next(iter(emitted(rods, tmp_path)))
    first = result(tmp_path, program)
    (path,) = tmp_path.glob("*/*.h5")
    file: Any = h5py.File(path, "r+")
    with file:
        file["1"][0, 0, 0] = 7.0
    ran = python(program, "--out", "out", cwd=tmp_path)
    events = json_lines(ran.stdout)
    assert [e["then"] for e in events if e["event"] == "damaged"] == ["computed anew"]
    assert events[-1]["metrics"] == first
    path.write_bytes(path.read_bytes()[:1000])
    assert result(tmp_path, program) == first


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_network_s_program_holds_no_grids(rods: Path, tmp_path: Path, software: str) -> None:
    path = write_one(tmp_path, RODS.replace("benchmark Both", "benchmark Z"))
    text = emitted_by(path)[f"Rods/Network/{software}"]
    assert "solve_ivp" not in text
    assert "sparse" not in text
    assert "def rates" not in text


def test_other_places_are_other_references(rods: Path, tmp_path: Path) -> None:
    """A program says by a mark which references it is judged by, so that no run is taken for
    another's."""
    other = write_one(tmp_path, RODS.replace("x = 5, t = 3", "x = 6, t = 3"))
    before = sail_json("run", rods, "Both", exit=0)
    assert {r["status"] for r in before["runs"]} == {"kept"}
    first, *_ = emitted_by(rods).values()
    second, *_ = emitted_by(other).values()
    assert first != second
    assert json.dumps(first).replace(mark(first), mark(second)) == json.dumps(second)


def mark(text: str) -> str:
    return text[text.index("rods_references_") :][:22]


MEASURED = RODS.replace(
    "problem Rods {", 'dataset rods { file rows, "rods.csv" }\n\nproblem Rods {'
)
MEASURED = MEASURED.replace("eq in [Heat(0.5), Heat(1)]", "r in rods.rows")
MEASURED = MEASURED.replace("solve eq as reference(eq", "solve Heat(r[0]) as reference(Heat(r[0])")


def test_other_data_are_other_references(tmp_path: Path) -> None:
    path, data = write_one(tmp_path, MEASURED), tmp_path / "rods.csv"
    data.write_text("k\n0.5\n1.0\n", "utf-8")
    sail("run", path, "Both", exit=0)
    (listed,) = sail_json("fixtures", "list", tmp_path, exit=0)
    assert not listed["stale"]
    data.write_text("k\n0.5\n0.25\n", "utf-8")
    assert "rods.csv has changed" in sail_json("fixtures", "list", tmp_path)[0]["stale"]
    ran = sail_json("run", path, "Both", exit=0)
    assert {r["status"] for r in ran["runs"]} == {"ran"}
    listed = sail_json("fixtures", "list", tmp_path, exit=0)
    assert sorted(bool(f["stale"]) for f in listed) == [False, True]
    assert "1 removed" in sail("fixtures", "prune", tmp_path, exit=0).output
    file: Any = h5py.File(kept(path))
    with file:
        places, values = file["0"][...], file["1"][...]
    exact = np.sin(np.pi * places[1, 0]) * np.exp(-0.25 * np.pi**2 * places[1, 1])
    assert np.abs(values[1, ..., 0] - exact).max() < 1e-5
