"""`scale data`: the same benchmark on growing shares of the training points."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import plan_of, sail_json, write_one

GROWING = """
problem Line {
    let xs = uniform(0, 1, shape = [2]) |> sample(64, seed = 0)
    train x in xs |> first(40): predict x as x[0] - x[1]
    test  x in xs |> last(24):  predict x as x[0] - x[1]
}

trainer brief {
    optimizer adam(1e-2)
    epochs    2
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

metric work {
    better  lower
    measure train.flops
}

benchmark b {
    models   Linear
    trainers brief
    metrics  work
    software SOFTWARE
    scale    data in [1/8, 1/3, 1]
}
"""


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_each_share_is_a_row_that_trains_on_so_much(tmp_path: Path, software: str) -> None:
    path = write_one(tmp_path, GROWING.replace("SOFTWARE", software))
    plan = plan_of(path)
    shares = [s["axes"]["scale.data"] for s in plan["scenarios"]]
    assert shares == pytest.approx([1 / 8, 1 / 3, 1])
    assert len({s["id"] for s in plan["scenarios"]}) == 3
    runs = sail_json("run", path, exit=0)["runs"]
    work = {r["scenario"]: r["result"]["metrics"]["work"] for r in runs}
    each = plan["scenarios"][0]["cost"]["train_flops"]
    points = [work[s["id"]] / each for s in plan["scenarios"]]
    assert points == [2 * 5, 2 * 13, 2 * 40]


def test_a_list_of_records_is_scaled_too(tmp_path: Path) -> None:
    text = GROWING.replace("SOFTWARE", "JAX").replace(
        "let xs = uniform(0, 1, shape = [2]) |> sample(64, seed = 0)",
        "let xs = [[a, a] for a in uniform(0, 1) |> sample(64, seed = 0)]",
    )
    found = plan_of(write_one(tmp_path, text))["scenarios"]
    assert len(found) == 3
