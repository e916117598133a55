"""The physics-informed network of Raissi et al. (2019) on Burgers' equation, over five seeds.

The published relative error is 6.7e-4 for one seed; the goal is a median of at most 2e-3. Runs the
scenarios of `burgers.sail` whose network is theirs, if asked with `--full` (and the name of a
software, to run that alone): ten minutes for a seed on one idle core.
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


def sail(*arguments: str) -> bytes:
    command = [sys.executable, "-m", "sailc", *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


def error(script: Path, seed: int) -> float:
    """The relative error of a program under a seed, printed with its loss and seconds."""
    out = script.parent / f"{script.stem}_{seed}"
    command = [sys.executable, str(script), "--seed", str(seed), "--out", str(out)]
    ran = subprocess.run(command, check=True, capture_output=True)
    *_, last = (e for e in map(json.loads, ran.stdout.splitlines()) if e["event"] == "epoch")
    result = json.loads((out / "result.json").read_text())
    found, seconds = result["metrics"]["relative_error"], result["test"]["time"]
    print(f"  seed {seed}: {found:.2e}, loss {last['loss']:.1e}, {seconds:.0f} s", flush=True)
    return found


def main() -> None:
    if "--full" not in sys.argv:
        print("this takes hours: `python benchmarks/burgers.py --full [PyTorch|JAX]`")
        return
    chosen = [a for a in sys.argv[1:] if a != "--full"] or ["PyTorch", "JAX"]
    plan = json.loads(sail("plan", str(PROGRAM), "Published", "--format", "json"))
    with tempfile.TemporaryDirectory() as folder:
        for s in plan["scenarios"]:
            if s["holes"][0]["model"] != "Deep" or s["software"] not in chosen:
                continue
            sail("emit", str(PROGRAM), "Published", "--scenario", s["id"], "-o", folder)
            print(s["software"], flush=True)
            script = next(Path(folder).glob(f"*{s['id'][:6]}*.py"))
            errors = [error(script, seed) for seed in range(SEEDS)]
            median = statistics.median(errors)
            print(f"  median {median:.1e}, {median / GOAL:.2f} of the goal", flush=True)


if __name__ == "__main__":
    main()
