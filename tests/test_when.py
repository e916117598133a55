"""`when` governs its line, wherever one may stand: see the table of E0406."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Json, plan_of, planned_in, program, said_of, write_one

from sailc.build import compiled
from sailc.workspace import Workspace

MODULES = """
problem Line {
    suggest size in [32]     when hardware.accelerator == none
    suggest size in [64, 96] when hardware.accelerator == cuda
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(128, seed = 1)
    train    x in xs |> first(size):          predict x as x[0] + 2 * x[1]
    validate x in xs |> drop(96) |> first(16): predict x as x[0] + 2 * x[1]
    test     x in xs |> last(16):             predict x as x[0] + 2 * x[1]
}

model Net {
    suggest depth in [1, 3]
    suggest width in [16]     when depth > 1
    suggest width in [64, 80] when hardware.memory > 1 GiB
    suggest width in [32]
    input   x: Tensor[real, n]
    output  y: Tensor[real, m] = x |> repeat(depth, linear(width) >> relu) |> linear(m)
}

trainer steps {
    suggest   rate in [1e-2, 1e-3]
    optimizer adam(rate)
    epochs    5 when rate < 5e-3
    epochs    2
    batch     64 when software.backend == jax
    batch     16
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

hardware small { accelerator none
    memory 1 GiB
}
hardware large { accelerator cuda
    memory 64 GiB
}
"""
BENCHMARK = """
benchmark b {
    problems Line
    models   Net
    trainers steps
    metrics  mean_error
{lines}
}
"""


def text(lines: str) -> str:
    body = "\n".join(f"    {line}" for line in program(lines).splitlines())
    return MODULES + BENCHMARK.replace("{lines}", body)


def rows(folder: Path, lines: str, *names: str) -> list[tuple[object, ...]]:
    """What of each scenario: a knob, an axis, or a field of the plan's JSON."""
    found = plan_of(write_one(folder, text(lines)))
    return [tuple(_of(s, name) for name in names) for s in found["scenarios"]]


def _of(s: Json, name: str) -> object:
    return {**s["axes"], **s["hyperparameters"], **s}.get(name)


def reasons(found: Json, code: str) -> list[str]:
    return [e["reason"] for e in found["excluded"] if e["code"] == code]


# --- suggest ---------------------------------------------------------------------------------


def test_what_a_problem_and_a_model_suggest_hangs_on_the_machine(tmp_path: Path) -> None:
    found = rows(tmp_path, "hardware small, large\nsoftware PyTorch",
                 "hardware", "Line.size", "Net.depth", "Net.width")  # fmt: skip
    assert found == [("small", 32, 1, 32), ("large", 64, 1, 64), ("large", 96, 1, 64)]


def test_a_knob_hangs_on_those_above_it(tmp_path: Path) -> None:
    lines = "hardware large\nsoftware PyTorch\nsweep Net.depth, Net.width\nset Line.size = 32"
    assert rows(tmp_path, lines, "Net.depth", "Net.width") == [(1, 64), (1, 80), (3, 16)]


def test_an_axis_takes_what_it_hangs_on_as_it_is(tmp_path: Path) -> None:
    lines = "hardware large\nsoftware PyTorch\nsweep Net.width\nset Line.size = 32"
    assert rows(tmp_path, lines, "Net.depth", "Net.width") == [(1, 64), (1, 80)]


def test_what_is_set_decides_what_hangs_on_it(tmp_path: Path) -> None:
    lines = "hardware large\nsoftware PyTorch\nset Net.depth = 3\nset Line.size = 32"
    assert rows(tmp_path, lines, "Net.width") == [(16,)]


@pytest.mark.parametrize(("method", "count"), [("grid", 6), ("random(50)", 6)])
def test_tuning_tries_what_goes_together(tmp_path: Path, method: str, count: int) -> None:
    lines = f"hardware large\nsoftware PyTorch\ntune {method}\nset Line.size = 32"
    found = plan_of(write_one(tmp_path, text(lines)))
    (scenario,) = found["scenarios"]
    tried = [c["hyperparameters"] for c in scenario["tuning"]["candidates"]]
    pairs = {(c["Net.depth"], c["Net.width"]) for c in tried}
    assert len(tried) == count
    assert pairs == {(1, 64), (1, 80), (3, 16)}


# --- properties ------------------------------------------------------------------------------


def test_of_a_property_that_stands_once_the_first_line_counts_that_holds(tmp_path: Path) -> None:
    lines = "hardware small\nsoftware PyTorch, JAX\nsweep steps.rate"
    path = write_one(tmp_path, text(lines))
    workspace = Workspace.open([path])
    for s in planned_in(workspace, path).scenarios:
        written = compiled(workspace.db, s).text
        assert f"EPOCHS = {2 if s.hyperparameters['steps.rate'] == 1e-2 else 5}" in written
        assert f"BATCH = {64 if s.software.name == 'JAX' else 16}" in written


# --- benchmarks ------------------------------------------------------------------------------


def test_set_and_sweep_hang_on_the_machine(tmp_path: Path) -> None:
    lines = """
    hardware small, large
    software PyTorch
    set      Line.size = 64
    set      Net.depth = 3 when hardware.accelerator == cuda
    sweep    steps.rate when not (hardware.memory > 1 GiB)
    """
    found = rows(tmp_path, lines, "hardware", "Net.depth", "steps.rate")
    assert found == [("small", 1, 1e-2), ("small", 1, 1e-3), ("large", 3, 1e-2)]


def test_tune_hangs_on_the_machine(tmp_path: Path) -> None:
    lines = """
    hardware small, large
    software PyTorch
    set      Line.size = 64
    tune     random(3) when hardware.accelerator == cuda
    """
    found = plan_of(write_one(tmp_path, text(lines)))["scenarios"]
    tried = {s["hardware"]: s["tuning"] and len(s["tuning"]["candidates"]) for s in found}
    assert tried == {"small": None, "large": 3}


def test_seeds_and_metrics_hang_on_all_that_is_known(tmp_path: Path) -> None:
    lines = """
    hardware small
    software PyTorch
    sweep    Net.depth
    metrics  training_time when model.parameters > 500 and Line.size == 32
    seeds    2 when Net.depth == 3
    seeds    5 when train.flops > 1 FLOP
    """
    path = write_one(tmp_path, text(lines))
    found = plan_of(path)
    assert [s["seeds"] for s in found["scenarios"]] == [5, 2]
    assert [s["metrics"] for s in found["scenarios"]] == [
        ["mean_error"],
        ["mean_error", "training_time"],
    ]
    (reason,) = reasons(found, "X0113")
    assert "`training_time` is taken when model.parameters > 500" in reason


def test_a_scenario_is_picked_by_its_axes_and_its_software(tmp_path: Path) -> None:
    lines = """
    hardware large
    software PyTorch, JAX when software.backend == jax or Line.size == 96
    """
    found = rows(tmp_path, lines, "Line.size", "software")
    assert sorted(found) == [(64, "JAX"), (96, "JAX"), (96, "PyTorch")]


def test_a_plan_under_conditions_is_the_same_for_every_order_of_machines(tmp_path: Path) -> None:
    one = rows(tmp_path / "one", "hardware small, large\nsoftware PyTorch", "id")
    other = rows(tmp_path / "other", "hardware large, small\nsoftware PyTorch", "id")
    assert sorted(one) == sorted(other)


# --- what is not known -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("sweep Net.width when train.flops > 1 FLOP", "`train.flops` is not known where `sweep`"),
        ("set Net.width = 3 when Net.depth == 1", "`Net.depth` is not known where `set`"),
        ("tune grid when software.precision == f32 and test.count > 3", "`test.count` is not"),
        ("budget 1 h when software.backend == jax", "`software.backend` is not known"),
        ("rankings leaderboard when train.flops > 1 FLOP", "`rankings` of a benchmark takes no"),
    ],
)
def test_what_a_line_of_a_benchmark_cannot_know(tmp_path: Path, lines: str, said: str) -> None:
    (error,) = said_of(write_one(tmp_path, text(f"{lines}\nhardware small")))
    assert error["code"] == "E0406"
    assert said in error["message"]
