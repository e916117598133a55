"""A benchmark's choices: `when`, `suggest`, `set`, `sweep`, `tune`, `seeds`, `invariant`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from support import Json, emitted_by, plan_of, planned_in, points_of, sail_json, write_one

from sailc.build import compiled
from sailc.judge import jobs_of, rows_of, unrun
from sailc.store import Run
from sailc.tuning import settled, trial, trials
from sailc.workspace import Workspace

PROBLEM = """
problem Line {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(96, seed = 1)
    train    x in xs |> first(32):            predict x as x[0] + 2 * x[1]
    validate x in xs |> drop(32) |> first(32): predict x as x[0] + 2 * x[1]
    test     x in xs |> last(32):             predict x as x[0] + 2 * x[1]
}

trainer short {
    suggest   rate in [1e-2, 1e-3]
    optimizer adam(rate)
    epochs    2
    batch     16
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

metric rate_of_answers { better higher
    invariant seed, software
    measure   test.count / test.time
}
"""
BENCHMARK = """
benchmark chosen {
    problems Line
    trainers short
    metrics  mean_error
    software PyTorch
    {lines}
}
"""


def program(lines: str, problem: str = PROBLEM) -> str:
    return problem + BENCHMARK.replace("{lines}", lines)


def plan(folder: Path, lines: str, problem: str = PROBLEM) -> Json:
    return plan_of(write_one(folder, program(lines, problem)))


def knobs(found: Json, name: str) -> list[object]:
    return [s["hyperparameters"].get(name) for s in found["scenarios"]]


def reasons(found: Json, code: str) -> list[str]:
    return [e["reason"] for e in found["excluded"] if e["code"] == code]


# --- when ------------------------------------------------------------------------------------


def test_a_condition_picks_models_by_their_cost(tmp_path: Path) -> None:
    lines = """models MLP when within(train.flops, [1_500 FLOP], 0.3)
    sweep MLP.width
    set MLP.depth = 1, MLP.activation = relu"""
    found = plan(tmp_path, lines)
    assert knobs(found, "MLP.width") == [64]
    assert found["scenarios"][0]["cost"]["train_flops"] == 3 * (2 * (2 * 64 + 64) + 64)
    (reason,) = reasons(found, "X0113")
    assert "within(train.flops, [1500 FLOP], 0.3)" in reason


@pytest.mark.parametrize(
    ("condition", "taken"),
    [
        ("model.parameters < 10", True),
        ("model.parameters > 10", False),
        ("Linear.width == 3", False),
        ("train.flops < 1 kFLOP and hardware.accelerator == cuda", False),
        ("hardware.memory > 1 B and not (hardware.cores < 1)", True),
        ("train.time < 1 s", False),
    ],
)
def test_a_condition_reads_what_is_known_while_planning(
    tmp_path: Path, condition: str, taken: bool
) -> None:
    found = sail_json("plan", write_one(tmp_path, program(f"models Linear when {condition}")))
    assert bool(found.get("scenarios")) is taken


def test_one_line_without_a_condition_is_enough(tmp_path: Path) -> None:
    lines = "models Linear when train.flops > 1 PFLOP\n    models Linear"
    assert len(plan(tmp_path, lines)["scenarios"]) == 1


def test_what_a_software_suggests_hangs_on_the_machine(tmp_path: Path) -> None:
    machines = """
    software Both {
        backend torch
        packages "torch>=2.6"
        suggest precision in [bf16, f32] when hardware.accelerator == cuda
        suggest precision in [f32]       when hardware.accelerator == none
        require hardware.arch != "ppc64le" because "no wheel for it"
    }
    hardware gpu { accelerator cuda }
    hardware old { arch "ppc64le" }
    """
    lines = "models Linear\n    software Both\n    hardware gpu, here, old"
    text = program(lines).replace("software PyTorch\n", "") + machines
    found = plan_of(write_one(tmp_path, text))
    chosen = [(s["hardware"], s["hyperparameters"]["Both.precision"]) for s in found["scenarios"]]
    assert chosen == [("gpu", "bf16"), ("here", "f32")]
    assert reasons(found, "X0106") == ["no wheel for it"]


# --- knobs and axes --------------------------------------------------------------------------


def test_a_problem_suggests_values_for_its_trainer(tmp_path: Path) -> None:
    problem = PROBLEM.replace("    let xs", "    suggest trainer.rate in [0.5, 0.25]\n    let xs")
    assert knobs(plan(tmp_path, "models Linear", problem), "short.rate") == [0.5]
    swept = plan(tmp_path, "models Linear\n    sweep short.rate", problem)
    assert knobs(swept, "short.rate") == [0.5, 0.25]


def test_paired_values_go_together(tmp_path: Path) -> None:
    model = """
    model Two {
        suggest (width, depth) in [(4, 1), (8, 2)]
        input  x: Tensor[real, n]
        output y: Tensor[real, m] = x |> repeat(depth, linear(width) >> relu) |> linear(m)
    }
    """
    pairs = plan(tmp_path, "models Two\n    sweep Two.width", PROBLEM + model)
    assert list(zip(knobs(pairs, "Two.width"), knobs(pairs, "Two.depth"), strict=True)) == [
        (4, 1),
        (8, 2),
    ]
    one = plan(tmp_path, "models Two\n    set Two.width = 8", PROBLEM + model)
    assert (knobs(one, "Two.width"), knobs(one, "Two.depth")) == ([8], [2])


def test_seeds_may_be_listed(tmp_path: Path) -> None:
    path = write_one(tmp_path, program("models Linear\n    seeds [7, 1, 7]"))
    (scenario,) = planned_in(Workspace.open([path]), path).scenarios
    assert scenario.seeds == (7, 1)


def test_a_metric_may_have_parameters_and_need_them(tmp_path: Path) -> None:
    metric = """
    metric beyond(limit: real) {
        better lower
        score  (answer: real, truth: real) => abs(answer - truth) > limit
        reduce mean
    }
    """
    text = program("models Linear", PROBLEM + metric)
    found = plan_of(
        write_one(tmp_path, text.replace("mean_error\n", "beyond(limit = 0.5), beyond\n"))
    )
    assert found["scenarios"][0]["metrics"] == ["beyond(limit = 0.5)"]
    assert reasons(found, "X0107") == ["`beyond` needs `limit`"]
    wrong = sail_json(
        "check", write_one(tmp_path, text.replace("mean_error\n", "beyond(limt = 1)\n")), exit=1
    )
    assert [(d["code"], d["help"]) for d in wrong] == [("E0201", "did you mean `limit`?")]


# --- tune ------------------------------------------------------------------------------------

TUNED = "models MLP\n    set MLP.depth = 1, MLP.activation = relu\n    seeds 2\n    tune grid"


def test_tuning_opens_the_knobs_that_are_not_set(tmp_path: Path) -> None:
    (scenario,) = plan(tmp_path, TUNED)["scenarios"]
    tuning = scenario["tuning"]
    assert (tuning["method"], tuning["criterion"]) == ("grid", "mean_error")
    tried = [c["hyperparameters"] for c in tuning["candidates"]]
    assert [(t["MLP.width"], t["short.rate"]) for t in tried] == [
        (w, r) for w in (64, 128, 256) for r in (1e-2, 1e-3)
    ]
    assert {t["MLP.depth"] for t in tried} == {1}


def test_an_axis_is_swept_and_the_rest_tuned(tmp_path: Path) -> None:
    found = plan(tmp_path, TUNED + "\n    sweep MLP.width")
    assert knobs(found, "MLP.width") == [64, 128, 256]
    assert [len(s["tuning"]["candidates"]) for s in found["scenarios"]] == [2, 2, 2]


def test_random_draws_are_different_and_the_same_each_time(tmp_path: Path) -> None:
    problem = PROBLEM.replace("rate in [1e-2, 1e-3]", "rate in log_uniform(1e-3, 1e-1)")
    lines = TUNED.replace("grid", "random(5)")
    (first,), (again,) = (plan(tmp_path, lines, problem)["scenarios"] for _ in range(2))
    assert first == again
    rates = [c["hyperparameters"]["short.rate"] for c in first["tuning"]["candidates"]]
    assert len(set(rates)) == 5
    assert all(1e-3 <= r <= 1e-1 for r in rates)


@pytest.mark.parametrize(
    ("change", "lines", "reason"),
    [
        (("    validate", "    // validate"), TUNED, "has no `validate` line"),
        (("", ""), TUNED.replace("set MLP.depth = 1,", "set"), None),
        (("[1e-2, 1e-3]", "1..200"), TUNED, "more than 256: `tune random(n)`"),
        (("score", "score"), TUNED + "\n    metrics training_time", None),
    ],
)
def test_what_cannot_be_tuned_says_why(
    tmp_path: Path, change: tuple[str, str], lines: str, reason: str | None
) -> None:
    path = write_one(tmp_path, program(lines, PROBLEM.replace(*change) if change[0] else PROBLEM))
    found = sail_json("plan", path)
    if reason is None:
        assert found["scenarios"]
    else:
        text = str(found)
        assert reason in text


def run_of(id: str, value: float, seconds: float = 2.0) -> Run:
    result = {"metrics": {"mean_error": value}}
    return Run("k", id, 0, "kept", result=result, seconds=seconds)


def test_candidates_never_see_the_test_points_and_the_best_is_run_on_them(tmp_path: Path) -> None:
    path = write_one(tmp_path, program(TUNED))
    workspace = Workspace.open([path])
    whole = planned_in(workspace, path)
    (scenario,) = whole.scenarios
    tried = trials(whole)
    assert {s.split for s in tried.scenarios} == {"validate"}
    assert {s.seeds for s in tried.scenarios} == {(0,)}
    text = compiled(workspace.db, tried.scenarios[0]).text
    assert '"test"][0]' not in text
    assert "[-32:]" not in text  # the points of the `test` line
    values = [0.5, 0.4, 0.1, 0.3, 0.2, 0.6]
    runs = [run_of(s.id, v) for s, v in zip(tried.scenarios, values, strict=True)]
    done, (outcome,) = settled(whole, runs)
    assert outcome.seconds == 12.0
    assert outcome.best is not None
    assert outcome.best.hyperparameters["MLP.width"] == 128
    (best,) = done.scenarios
    assert (best.id, best.seeds, best.split) == (scenario.id, (0, 1), "test")
    assert best.hyperparameters["MLP.width"] == 128
    assert "[-32:]" in compiled(workspace.db, best).text


def test_a_scenario_that_tuning_does_not_decide_is_a_row_that_says_so(tmp_path: Path) -> None:
    path = write_one(tmp_path, program(TUNED))
    whole = planned_in(Workspace.open([path]), path)
    failed = [Run("k", s.id, 0, "failed", exit=1) for s in trials(whole).scenarios]
    done, (outcome,) = settled(whole, failed)
    assert outcome.best is None
    assert {c.reason for c in outcome.candidates} == {"exit code 1"}
    assert jobs_of(done, {}) == []
    (row,) = rows_of(done, unrun(done))
    assert row.failed == "not run: no candidate of its tuning has a value"


def test_a_trial_is_judged_by_the_criterion_alone(tmp_path: Path) -> None:
    path = write_one(tmp_path, program(TUNED).replace("mean_error", "mean_error, training_time"))
    (scenario,) = planned_in(Workspace.open([path]), path).scenarios
    assert scenario.tuning is not None
    made = trial(scenario.tuning.candidates[0], scenario.tuning.criterion)
    assert [m.info.name for m in made.metrics] == ["mean_error"]


# --- invariant -------------------------------------------------------------------------------


def test_runs_that_would_measure_nothing_new_are_rows_and_not_run(tmp_path: Path) -> None:
    text = program("models Linear\n    software JAX\n    seeds 3").replace(
        "metrics  mean_error", "metrics  rate_of_answers"
    )
    path = write_one(tmp_path, text)
    workspace = Workspace.open([path])
    whole = planned_in(workspace, path)
    programs = {s.id: compiled(workspace.db, s) for s in whole.scenarios}
    assert len(jobs_of(whole, programs)) == 1
    left = unrun(whole)
    assert [r.status for r in left] == ["pruned"] * 5
    why = "measures nothing new: `rate_of_answers` does not depend on seed and software"
    assert {r.reason for r in left} == {why}
    rows = rows_of(whole, left)
    assert [row.failed == why for row in rows] == [False, True] or rows[1].failed == why


def test_a_metric_that_depends_on_the_seed_keeps_all_runs(tmp_path: Path) -> None:
    text = program("models Linear\n    seeds 3").replace(
        "metrics  mean_error", "metrics  rate_of_answers, mean_error"
    )
    path = write_one(tmp_path, text)
    whole = planned_in(Workspace.open([path]), path)
    assert unrun(whole) == []
    alone = replace(whole.scenarios[0], metrics=whole.scenarios[0].metrics[:1])
    assert len(unrun(replace(whole, scenarios=(alone,)))) == 2


# --- draws -----------------------------------------------------------------------------------

DRAWS = """
enum Colour { red, green, blue }

problem Mixed {
    let colours = uniform(Colour) |> sample(300, seed = 3)
    let pairs   = uniform(Class[4], shape = [2]) |> sample(300, seed = 4)
    let points  = zip(colours, pairs)
    train (c, p) in points |> first(200): classify one_hot(c) as c
    test  (c, p) in points |> last(100):  classify one_hot(c) as c
}

trainer quick {
    suggest   rate in log_uniform(1e-3, 1e-1) |> sample(3, seed = 1)
    optimizer adam(rate)
    epochs    20
    loss      (answer: Tensor[real, n], truth: Class[n]) => cross_entropy(answer, truth)
}

benchmark b {
    problems Mixed
    models   Linear
    trainers quick
    metrics  accuracy
    sweep    quick.rate
}
"""


def test_draws_of_a_distribution_are_the_values_of_a_knob(tmp_path: Path) -> None:
    found = plan_of(write_one(tmp_path, DRAWS))
    random = np.random.default_rng(1)
    drawn = np.exp(random.uniform(np.log(1e-3), np.log(1e-1), 3))
    rates = [s["hyperparameters"]["quick.rate"] for s in found["scenarios"]]
    assert list(dict.fromkeys(rates)) == pytest.approx(list(drawn))


def test_an_enum_is_drawn_from_too(tmp_path: Path) -> None:
    path = write_one(tmp_path, DRAWS)
    assert plan_of(path)["scenarios"][0]["types"]["truth"] == "Colour"
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(next(iter(emitted_by(path).values())), "script.py", "exec"), space)
    _, truths = points_of(space)["test"]
    expected = np.random.default_rng(3).integers(3, size=(300,))[-100:]
    np.testing.assert_array_equal(truths, expected)
    found = sail_json("run", path, "--seeds", "1", exit=0)
    best = max(r["result"]["metrics"]["accuracy"] for r in found["runs"])
    assert best > 0.9


def test_a_knob_may_be_any_constant_of_an_enum(tmp_path: Path) -> None:
    text = DRAWS.replace("    let colours", "    suggest hue in uniform(Colour)\n    let colours")
    found = plan_of(write_one(tmp_path, text))
    axes = [s["axes"]["Mixed.hue"] for s in found["scenarios"]]
    assert list(dict.fromkeys(axes)) == ["red", "green", "blue"]
