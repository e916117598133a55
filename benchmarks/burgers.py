"""The physics-informed network of Raissi et al. (2019) on Burgers' equation, over five seeds.

The published relative error is 6.7e-4 for one seed; the goal is a median of at most 2e-3. Runs the
scenarios of `burgers.sail` whose network is theirs, if asked with `--full`: hours on a processor.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).parent / "burgers.sail"
GOAL = 2e-3
SEEDS = 5


def sail(*arguments: str) -> dict:
    command = [sys.executable, "-m", "sailc", *arguments, "--format", "json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def error(script: Path, seed: int) -> float:
    """The relative error of a program under a seed."""
    out = script.parent / f"{script.stem}_{seed}"
    command = [sys.executable, str(script), "--seed", str(seed), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads((out / "result.json").read_text())["metrics"]["relative_error"]


def main() -> None:
    if "--full" not in sys.argv:
        print("this takes hours: `python benchmarks/burgers.py --full`")
        return
    plan = sail("plan", str(PROGRAM), "Published")["scenarios"]
    with tempfile.TemporaryDirectory() as folder:
        for s in (s for s in plan if s["holes"][0]["model"] == "Deep"):
            emit = [sys.executable, "-m", "sailc", "emit", str(PROGRAM), "Published"]
            emit += ["--scenario", s["id"], "-o", folder]
            subprocess.run(emit, check=True, stdout=subprocess.DEVNULL)
            script = next(Path(folder).glob(f"*{s['id'][:6]}*.py"))
            errors = [error(script, seed) for seed in range(SEEDS)]
            median = statistics.median(errors)
            print(
                f"{s['software']:8} median {median:.1e} ({median / GOAL:.2f} of the goal): {errors}"
            )


if __name__ == "__main__":
    main()
