"""The quickstart's accuracy and cost beside what was promised: medians over five seeds.

Runs the quickstart, or takes its kept results; prints a line for each scenario.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent.parent / "examples" / "quickstart.sail"
GOALS = {"MLP": 0.95, "LeNet": 0.97}


def sail(command: str, *more: str) -> dict:
    arguments = [sys.executable, "-m", "sailc", command, str(PROGRAM), "--format", "json", *more]
    return json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout)


def main() -> None:
    plan = {s["id"]: s for s in sail("plan")["scenarios"]}
    for board in sail("run")["rankings"]:
        for row in board["rows"]:
            s = plan[row["scenario"]]
            accuracy = row["metrics"]["accuracy"]["median"]
            seconds = row["metrics"]["training_time"]["median"]
            goal = GOALS[s["model"]]
            cost = s["cost"]
            print(
                f"{s['model']:6} {s['software']:8} median accuracy {accuracy:.4f}"
                f" ({accuracy / goal:.3f} of the goal {goal}), training {seconds:.2f} s,"
                f" {cost['parameters']:,} parameters, {cost['macs']:,} MACs"
            )


if __name__ == "__main__":
    main()
