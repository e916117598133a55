"""Three stiff systems beside their published end values: the largest relative error of a component.

The goal is 1e-6. Runs `stiff.sail`, or takes its kept results; prints a line for each run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "stiff.sail"
GOAL = 1e-6


def sail(command: str, *more: str) -> dict:
    arguments = [sys.executable, "-m", "sailc", command, str(PROGRAM), *more, "--format", "json"]
    ran = subprocess.run(arguments, capture_output=True, check=False)
    return json.loads(ran.stdout)


def main() -> None:
    plan = {s["id"]: s for s in sail("plan", "Stiff")["scenarios"]}
    for run in sail("run", "Stiff")["runs"]:
        s = plan[run["scenario"]]
        knobs = s["hyperparameters"]
        how = f"{knobs['Implicit.method']:5} {knobs['Implicit.tolerance']:.0e}"
        if run["result"] is None:
            print(f"{s['problem']:5} {how}: {run['status']}, {run['reason']}")
            continue
        error = run["result"]["metrics"]["relative_error"]
        seconds = run["result"]["test"]["time"]
        print(
            f"{s['problem']:5} {how}: {error:.1e} ({error / GOAL:.1e} of the goal), {seconds:.2f} s"
        )


if __name__ == "__main__":
    main()
