"""Energy models on the paper's ethanol: errors of energies, forces and paths, and how many times
DeepPotential's error of forces the others make (goal: more than once).

Makes the data if they are not there (two minutes), and takes about ten minutes of one core.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PAPER = HERE.parent / "examples" / "paper"
FILES = ("molecular_dynamics.sail", "deep_sets.sail", "xtb_driver.py", "ethanol.h5")
FORCES = "mean_error(pull)"
HARTREE = 27.211386245981  # eV, CODATA 2022


def sail(command: str, program: Path) -> dict:
    arguments = [sys.executable, "-m", "sailc", command, str(program), "Ethanol"]
    ran = subprocess.run([*arguments, "--format", "json"], capture_output=True, check=False)
    return json.loads(ran.stdout)


def workspace(folder: Path) -> Path:
    """The programs, the driver and the data in a folder of their own."""
    if not (PAPER / "ethanol.h5").exists():
        subprocess.run([sys.executable, "make_ethanol.py"], cwd=PAPER, check=True)
    for name in FILES:
        shutil.copy(PAPER / name, folder)
    (folder / "sail.toml").touch()
    return Path(shutil.copy(HERE / "ethanol.sail", folder))


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        program = workspace(Path(folder))
        plan = {s["id"]: s for s in sail("plan", program)["scenarios"]}
        runs = {r["scenario"]: r for r in sail("run", program)["runs"]}
    found = {(s["trainer"], named(s)): runs[k]["result"]["metrics"] for k, s in plan.items()}
    print("| trainer | model | energy, eV | force, eV/Å | path, Å | beside DeepPotential | s |")
    print("|---|---|---|---|---|---|---|")
    for (trainer, name), m in sorted(found.items(), key=lambda item: (item[0][0], item[1][FORCES])):
        best = found[trainer, "DeepPotential"][FORCES]
        energy, force = m["mean_error"] * HARTREE, m[FORCES] * HARTREE
        path, seconds = m["mean_error(path)"], m["training_time"]
        print(
            f"| {trainer} | {name} | {energy:.3g} | {force:.3g} | {path:.2g} | "
            f"{m[FORCES] / best:.1f} | {seconds:.0f} |"
        )


def named(scenario: dict) -> str:
    """A model, with what fills its holes."""
    inner = ", ".join(h["model"] for h in scenario["holes"])
    return f"{scenario['model']}({inner})" if inner else scenario["model"]


if __name__ == "__main__":
    main()
