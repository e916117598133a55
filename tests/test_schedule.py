"""How long runs take, in which order they begin, and what a budget does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Json, plan_of, planned_in, sail_json, write_one

from sailc.plan.scenario import Plan
from sailc.plan.schedule import START, in_rounds, schedule
from sailc.workspace import Workspace

PROGRAM = """
problem Line {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(200, seed = 1)
    train    x in xs |> first(100):            predict x as x[0] + 2 * x[1]
    validate x in xs |> drop(100) |> first(50): predict x as x[0] + 2 * x[1]
    test     x in xs |> last(50):              predict x as x[0] + 2 * x[1]
}

trainer steps {
    suggest   rate in [1e-2, 1e-3]
    optimizer adam(rate)
    epochs    1_000
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

hardware slow { cores 2 }
hardware fast { accelerator cuda
    devices 1
    peak    f32 = 1 TFLOP/s, bf16 = 2 TFLOP/s
}

benchmark b {
    problems Line
    models   Linear, MLP
    trainers steps
    metrics  mean_error
    software PyTorch
    seeds    3
    set      MLP.width = 64, MLP.depth = 1, MLP.activation = relu
{lines}
}
"""


def planned(folder: Path, lines: str) -> Plan:
    path = write_one(folder, PROGRAM.replace("{lines}", lines))
    return planned_in(Workspace.open([path]), path)


def json_of(folder: Path, lines: str) -> Json:
    return plan_of(write_one(folder, PROGRAM.replace("{lines}", lines)))


MLP_TRAIN = 3 * (2 * (2 * 64 + 64) + 64)


@pytest.mark.parametrize(("hardware", "rate"), [("slow", 1e10), ("fast", 1e11)])
def test_a_run_is_estimated_by_what_it_computes(tmp_path: Path, hardware: str, rate: float) -> None:
    """1,000 epochs of 100 points, and 50 answers, at a tenth of the peak that is declared."""
    found = json_of(tmp_path, f"on {hardware}")
    cost = next(s["cost"] for s in found["scenarios"] if s["model"] == "MLP")
    assert cost["train_flops"] == MLP_TRAIN
    operations = MLP_TRAIN * 100 * 1_000 + MLP_TRAIN / 3 * 50
    assert cost["seconds"] == pytest.approx(START + operations / rate)
    assert cost["basis"] == "counted"


def test_earlier_runs_correct_the_estimate(tmp_path: Path) -> None:
    plan = planned(tmp_path, "on slow")
    linear, mlp = (s.id for s in plan.scenarios)
    before = schedule(plan, {}).estimates[mlp].seconds
    assert before is not None
    found = schedule(plan, {linear: [40.0, 41.0, 99.0]}).estimates
    assert (found[linear].seconds, found[linear].basis) == (41.0, "measured")
    counted = schedule(plan, {}).estimates[linear].seconds
    assert counted is not None
    assert found[mlp].seconds == pytest.approx(before * 41 / counted)
    assert found[mlp].basis == "corrected"


def test_the_first_seed_of_all_comes_before_the_second_of_any_and_the_short_first(
    tmp_path: Path,
) -> None:
    plan = planned(tmp_path, "on slow")
    linear, mlp = (s.id for s in plan.scenarios)
    found = schedule(plan, {linear: [90.0], mlp: [10.0]}).estimates
    order = [(s.id, seed) for s, seed in in_rounds(plan, found)]
    assert order == [(mlp, 0), (linear, 0), (mlp, 1), (linear, 1), (mlp, 2), (linear, 2)]


def test_runs_are_packed_onto_the_cores_within_the_budget(tmp_path: Path) -> None:
    plan = planned(tmp_path, "on slow\n    budget 120 s")
    linear, mlp = (s.id for s in plan.scenarios)
    found = schedule(plan, {linear: [50.0], mlp: [30.0]})
    assert [(s.cell, s.begins) for s in found.slots] == [
        ((mlp, 0), 0.0),
        ((linear, 0), 0.0),
        ((mlp, 1), 30.0),
        ((linear, 1), 50.0),
        ((mlp, 2), 60.0),
    ]
    assert found.left == {(linear, 2): "would end after 140 s, and the budget on `slow` is 120 s"}


def test_machines_work_side_by_side_each_within_a_budget_of_its_own(tmp_path: Path) -> None:
    lines = """on slow, fast
    budget 10 s when hardware.accelerator == cuda
    budget 1 s"""
    found = json_of(tmp_path, lines)
    assert found["schedule"]["budgets"] == {"slow": 1.0, "fast": 10.0}
    assert {r["hardware"] for r in found["schedule"]["runs"]} == {"fast"}
    assert len(found["schedule"]["left"]) == 10
    assert len(found["scenarios"]) == 4


def test_the_first_seed_of_a_tuned_scenario_waits_for_its_candidates(tmp_path: Path) -> None:
    plan = planned(tmp_path, "on slow\n    models Linear\n    tune grid")
    found = schedule(plan, {}, workers=1)
    tuned = next(s for s in plan.scenarios if s.model.declaration.name == "Linear")
    assert tuned.tuning is not None
    first, second, _ = (s for s in found.slots if s.cell[0] == tuned.id)
    candidates = [found.estimates[c.id].seconds or 0.0 for c in tuned.tuning.candidates]
    assert first.seconds == pytest.approx(second.seconds + sum(candidates))


def test_what_ran_is_known_to_the_next_plan(tmp_path: Path) -> None:
    path = write_one(tmp_path, PROGRAM.replace("{lines}", "on here").replace("1_000", "2"))
    before = plan_of(path)
    ran = sail_json("run", path, "--seeds", "1")
    after = plan_of(path)
    assert {s["cost"]["basis"] for s in before["scenarios"]} == {"counted"}
    seconds = {r["scenario"]: r["seconds"] for r in ran["runs"]}
    assert {s["id"]: s["cost"]["seconds"] for s in after["scenarios"]} == pytest.approx(seconds)


FITTED = """
equation Heat {
    unknown  u(x, t)
    domain   x in 0..1, t in 0..1
    law      d(u, t) == d(u, x, x)
    initial  u(x, 0) == sin(pi * x)
    boundary d(u, x)(0, t) == 0
    boundary d(u, x)(1, t) == 0
}

problem Rod { test eq in [Heat, Heat] { solution: solve eq as reference(eq, x = 4, t = 4) } }

solver Network {
    needs    phi: Tensor[real, d] -> Tensor[real, k]
    input    eq: Equation[d, k]
    minimize mean(residual(eq, phi, at = 1_000) ^ 2) + mean(mismatch(eq, phi, at = 100) ^ 2)
    output   phi
}

trainer newton {
    optimizer [adam(1e-3), lbfgs(steps = 50)]
    epochs    20, 10
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark b {
    solvers  Network
    trainers newton
    metrics  mean_error
    software PyTorch
    set      MLP.width = 64, MLP.depth = 1, MLP.activation = relu
}
"""


def test_a_fit_to_an_equation_is_counted_by_step_place_and_derivative(tmp_path: Path) -> None:
    """20 epochs of Adam are 20 steps, 10 of L-BFGS 500. The law reads second derivatives, a
    condition first ones."""
    found = plan_of(write_one(tmp_path, FITTED))["scenarios"]
    (cost,) = [s["cost"] for s in found if "MLP" in str(s["holes"])]
    network = cost["forward_flops"]
    evaluation = 3 * network * (1_000 * 3**2 + 100 * 3)
    operations = 2 * evaluation * (20 + 10 * 50) + 2 * network
    assert cost["seconds"] == pytest.approx(START + operations / 1e10)


CHANGES = {
    "epochs": ("epochs    20, 10", "epochs    20, 11"),
    "an optimizer": ("[adam(1e-3), lbfgs(steps = 50)]", "[adam(2e-3), lbfgs(steps = 50)]"),
    "the order of phases": ("[adam(1e-3), lbfgs(steps = 50)]", "[lbfgs(steps = 50), adam(1e-3)]"),
    "a schedule": ("epochs    20, 10", "epochs    20, 10\n    schedule  cosine()"),
    "clipping": ("epochs    20, 10", "epochs    20, 10\n    clip      1.0"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_scenario_is_another_where_its_training_changes(tmp_path: Path, what: str) -> None:
    """What earlier runs took tells nothing of it, and they are not its results."""
    before = plan_of(write_one(tmp_path / "before", FITTED))["scenarios"]
    changed = FITTED.replace(*CHANGES[what])
    after = plan_of(write_one(tmp_path / "after", changed))["scenarios"]
    assert changed != FITTED
    assert {s["id"] for s in before}.isdisjoint(s["id"] for s in after)
    renamed = FITTED.replace("// ", "//  ") + "// a comment\n"
    same = plan_of(write_one(tmp_path / "same", renamed))["scenarios"]
    assert [s["id"] for s in same] == [s["id"] for s in before]
