"""The paper's cosmology on small boxes: a simulator supplies the questions, data are scaled."""

from __future__ import annotations

import shutil
from pathlib import Path

from support import EXAMPLES, plan_of, sail_json

TINY = """
benchmark tiny {
    problems CosmoFlow
    set      CosmoFlow.size = 8
    models   CosmoNet
    set      CosmoNet.cells = 3
    trainers adam_standardized
    software PyTorch
    scale    data in [1/32, 1/16]
    metrics  training_time, mean_error
    seeds    1
}
"""


def test_simulated_universes_are_learned_from_in_growing_numbers(tmp_path: Path) -> None:
    for name in ("cosmology.sail", "particle_mesh.py"):
        shutil.copy(EXAMPLES / "paper" / name, tmp_path)
    (tmp_path / "sail.toml").touch()
    path = tmp_path / "cosmology.sail"
    path.write_text(path.read_text("utf-8") + TINY, "utf-8")
    scenarios = plan_of(path, "tiny")["scenarios"]
    assert [s["axes"]["scale.data"] for s in scenarios] == [1 / 32, 1 / 16]
    runs = sail_json("run", path, "tiny", exit=0)["runs"]
    errors = [r["result"]["metrics"]["mean_error"] for r in runs]
    assert max(errors) < 0.1
