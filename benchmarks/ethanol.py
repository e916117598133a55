"""Energy models on the paper's ethanol: errors of energies, forces and paths, and how many times
DeepPotential's error of forces the others make (goal: more than once).

Makes the data if they are not there (two minutes), and takes twenty minutes of one core.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
PAPER = HERE.parent / "examples" / "paper"
FILES = ("molecular_dynamics.sail", "deep_sets.sail", "xtb_driver.py", "ethanol.h5")
FORCES = "mean_error(pull)"
HARTREE = 27.211386245981  # eV, CODATA 2022


def sail(command: str, program: Path, benchmark: str) -> dict:
    arguments = [sys.executable, "-m", "sailc", command, str(program), benchmark]
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
        print("| trainer | model | energy, eV | force, eV/Å | path, Å | beside DeepPotential | s |")
        print("|---|---|---|---|---|---|---|")
        for benchmark in sys.argv[1:] or ("Ethanol", "Fitted"):
            show(sail("plan", program, benchmark), sail("run", program, benchmark))


def show(plan: dict, ran: dict) -> None:
    """The rows of a benchmark: medians over seeds, and the range of the forces' errors."""
    found = {}
    for scenario in plan["scenarios"]:
        runs = [r["result"]["metrics"] for r in ran["runs"] if r["scenario"] == scenario["id"]]
        found[named(scenario)] = {name: [m[name] for m in runs] for name in runs[0]}
    best = median(found["DeepPotential"][FORCES])
    for name, m in sorted(found.items(), key=lambda item: median(item[1][FORCES])):
        forces = [f * HARTREE for f in m[FORCES]]
        each = f" ({min(forces):.4g} to {max(forces):.4g})" if len(forces) > 1 else ""
        print(
            f"| {plan['scenarios'][0]['trainer']} | {name} "
            f"| {median(m['mean_error']) * HARTREE:.3g} | {median(forces):.3g}{each} "
            f"| {median(m['mean_error(path)']):.2g} | {median(m[FORCES]) / best:.4g} "
            f"| {median(m['training_time']):.0f} |"
        )


def named(scenario: dict) -> str:
    """A model, with what fills its holes."""
    inner = ", ".join(h["model"] for h in scenario["holes"])
    return f"{scenario['model']}({inner})" if inner else scenario["model"]


if __name__ == "__main__":
    main()
