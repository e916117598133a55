"""The paper's programs that call packages from outside, at a small size: quantum chemistry by
tblite and ASE, a forest of scikit-learn's, the shuttle's data of river's.

`make test` leaves these out; `make parts` runs them, and fails where a package is missing.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import EXAMPLES, emitted_by, points_of, python, sail_json

pytestmark = pytest.mark.parts

PAPER = EXAMPLES / "paper"
BRIEF = """
trainer brief {
    STANDARDIZE
    optimizer adam(1e-3)
    epochs    3
    batch     64
    loss      (answer: Tensor[real, n], truth: Class[n]) => cross_entropy(answer, truth)
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) => mean((answer - truth) ^ 2)
}

benchmark brief_look {
    problems PROBLEM
    models   MODELS
    trainers brief
    metrics  METRICS
    seeds    1
}
"""  # noqa: E501


def workspace(folder: Path, *names: str, **words: str) -> Path:
    """Some of the paper's programs, and a short benchmark beside them."""
    for name in names:
        shutil.copy(PAPER / name, folder)
    (folder / "sail.toml").touch()
    text = BRIEF
    for word, value in words.items():
        text = text.replace(word, value)
    path = folder / "brief.sail"
    path.write_text(text)
    return path


# --- molecular dynamics -----------------------------------------------------------------

FEWER = "import make_ethanol as m; m.FRAMES, m.BEFORE, m.BETWEEN = 24, 40, 4; m.main()"


@pytest.fixture(scope="module")
def molecules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dynamics of ethanol with 16 configurations to learn from and 8 to be judged by."""
    folder = tmp_path_factory.mktemp("molecules")
    names = ("molecular_dynamics.sail", "deep_sets.sail", "make_ethanol.py", "xtb_driver.py")
    path = workspace(
        folder,
        *names,
        STANDARDIZE="",
        PROBLEM="EthanolDynamics",
        MODELS="LennardJones, DeepPotential",
        METRICS="mean_error, mean_error(pull), mean_error(path)",
    )
    program = folder / "molecular_dynamics.sail"
    text = program.read_text("utf-8").replace("first(800)", "first(16)")
    program.write_text(text.replace("last(200)", "last(8)"), "utf-8")
    made = python("-c", f"import sys; sys.path.insert(0, '.'); {FEWER}", cwd=folder)
    assert made.returncode == 0, made.stderr
    return path


def test_molecular_dynamics_runs_on_both_backends(molecules: Path) -> None:
    runs = sail_json("run", molecules, "brief_look", exit=0)["runs"]
    assert len(runs) == 4
    metrics = [r["result"]["metrics"] for r in runs]
    assert all(np.isfinite([*m.values()]).all() for m in metrics)
    assert len({round(m["mean_error(path)"], 3) for m in metrics}) == 2  # one for each model


def test_paths_are_those_of_ase(molecules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASE's own Verlet, from rest, on the same forces."""
    (text,) = (t for n, t in emitted_by(molecules).items() if n.endswith("LennardJones/PyTorch"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(molecules.parent)])
    script: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(text, "script.py", "exec"), script)
    atoms, truth = points_of(script)["test"]
    for position, path in zip(atoms["position"][:2], truth["path"], strict=False):
        assert np.abs(ase_path(position) - path).max() < 1e-5


def ase_path(position: np.ndarray) -> np.ndarray:
    import make_ethanol  # type: ignore
    from ase import units  # type: ignore
    from ase.build import molecule  # type: ignore
    from ase.md.verlet import VelocityVerlet  # type: ignore

    atoms = molecule("CH3CH2OH", positions=position, calculator=make_ethanol.GFN2())
    found: list[np.ndarray] = []
    dynamics = VelocityVerlet(atoms, 0.5 * units.fs)
    for _ in range(20):
        dynamics.run(1)
        found.append(atoms.positions.copy())
    return np.array(found)


# --- code that exists -------------------------------------------------------------------


def test_a_network_finds_the_shuttles_failures(tmp_path: Path) -> None:
    path = workspace(
        tmp_path,
        "existing_code.sail",
        "their_code.py",
        "metrics.sail",
        STANDARDIZE="standardize",
        PROBLEM="Shuttle",
        MODELS="AutoEncoder",
        METRICS="roc_auc",
    )
    runs = sail_json("run", path, "brief_look", exit=0)["runs"]
    assert len(runs) == 2
    assert min(r["result"]["metrics"]["roc_auc"] for r in runs) > 0.9


def test_a_forest_knows_digits(tmp_path: Path) -> None:
    path = workspace(
        tmp_path,
        "existing_code.sail",
        "their_code.py",
        "quickstart.sail",
        STANDARDIZE="",
        PROBLEM="Digits",
        MODELS="RandomForest",
        METRICS="accuracy",
    )
    (run,) = sail_json("run", path, "brief_look", exit=0)["runs"]
    assert run["result"]["metrics"]["accuracy"] > 0.93
