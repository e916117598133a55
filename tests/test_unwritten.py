"""What no program can be written for is left out by the plan, with its place in the source."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import EXAMPLES, Json, plan_of, sail, sail_json, write_one

from sailc import backends
from sailc.build import planned, problems_of
from sailc.program.points.files import UNOPENED
from sailc.program.scenario import lower_scenario
from sailc.program.trials import Trials
from sailc.queries import world
from sailc.workspace import Workspace

HALF = """
problem Rows {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(30, seed = 1)
    train x in xs |> first(20): predict x as x[0]
    test  x in xs |> last(10):  predict x as x[0]
}

/// Its truth runs through pairs of numbers, step by step.
problem Steps {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(30, seed = 1)
    let last_of(x) = [b for (a, b) in scan(x, (0, 0), (s, e) => (e, s[0]))][1]
    train x in xs |> first(20): predict x as last_of(x)
    test  x in xs |> last(10):  predict x as last_of(x)
}

trainer short {
    optimizer adam(1e-2)
    epochs    1
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

benchmark b {
    models   Linear
    trainers short
    metrics  mean_error
    software PyTorch, JAX
}
"""


def left_out(path: Path) -> list[Json]:
    found: list[Json] = sail_json("plan", path, exit=0)["excluded"]
    return [e for e in found if e["code"] in ("X0203", "X0301")]


def test_the_plan_names_the_construct_and_its_place(tmp_path: Path) -> None:
    path = write_one(tmp_path, HALF)
    (found,) = left_out(path)
    assert found["code"] == "X0301"
    assert found["reason"] == (
        "scan of a tuple is not written by this version of sailc, on any backend"
    )
    assert found["modules"] == ["Steps / Linear"]
    assert found["place"]["file"] == str(path)
    assert found["place"]["start"] == {"line": 10, "column": 39}
    shown = sail("plan", path, exit=0).output
    assert f"    at {path}:10:39\n    Steps / Linear" in shown


def test_the_others_are_written_and_run(tmp_path: Path) -> None:
    path = write_one(tmp_path, HALF)
    found = plan_of(path)["scenarios"]
    assert [(s["problem"], s["software"]) for s in found] == [("Rows", "PyTorch"), ("Rows", "JAX")]
    sail("emit", path, "-o", tmp_path / "out", exit=0)


def test_the_story_of_a_pair_ends_with_it(tmp_path: Path) -> None:
    path = write_one(tmp_path, HALF)
    told = sail("explain", path, "Steps", "Linear", exit=0).output
    assert "Linear fits:" in told
    assert "but it does not run:\n      X0301: scan of a tuple is not written" in told
    assert f"at {path}:10:39" in told
    assert "does not run" not in sail("explain", path, "Rows", "Linear", exit=0).output


UNWRITTEN = {
    "a scan of pairs": ("last_of(x)", "scan of a tuple"),
    "elements of a point in another order": (
        "sum(x |> shuffle(seed = 1))",
        "`shuffle` of what a point holds",
    ),
    "all points beside one": ("mean([e[0] * x[0] for e in xs])", None),
}


@pytest.mark.parametrize("case", UNWRITTEN)
def test_a_truth_that_has_no_translation(tmp_path: Path, case: str) -> None:
    truth, what = UNWRITTEN[case]
    path = write_one(tmp_path, HALF.replace("predict x as last_of(x)", f"predict x as {truth}"))
    reasons = [e["reason"].split(" is not written")[0] for e in left_out(path)]
    assert reasons == ([what] if what else [])


def test_an_operator_that_a_backend_lacks_is_left_out_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sail_jax.target.JaxBackend.lacks", lambda *_: ("`tanh`",))
    text = HALF.replace("models   Linear", "models   Curved") + CURVED
    path = write_one(tmp_path, text)
    found = [e for e in left_out(path) if e["code"] == "X0203"]
    assert [e["reason"] for e in found] == ["the backend `jax` has no row for `tanh`"]
    assert found[0]["modules"] == ["Rows / Curved", "Steps / Curved"]
    lines = path.read_text("utf-8").splitlines()
    assert "tanh" in lines[found[0]["place"]["start"]["line"] - 1]


CURVED = """
model Curved {
    input  x: Tensor[real, n]
    output y: Tensor[real, m] = x |> linear(4) |> tanh |> linear(m)
}
"""


class Partial:
    """A backend of somebody else's, which says that it lacks nothing."""

    name = "torch"
    title = "Other"
    packages: tuple[str, ...] = ()

    def lacks(self, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
        return ()

    def emit(self, program: object) -> str:
        from sailc.emit.text.rows import render
        from sailc.program.tree.nodes import Op, Ref

        return str(render(Op("as_column", (Ref("x"),)), {}))


def test_a_backend_that_writes_less_than_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but writing can tell: E0701 then, and the other programs are there."""
    kept = backends.backend

    def found(name: str) -> object:
        return Partial() if name == "torch" else kept(name)

    for module in ("sailc.build", "sailc.plan.machines"):
        monkeypatch.setattr(f"{module}.backend", found)
    path = write_one(tmp_path, HALF)
    emitted = sail("emit", path, "-o", tmp_path / "out", exit=1)
    assert (
        "error[E0701]: no program can be written for Rows / Linear / short / PyTorch: "
        "it has no row for `as_column`"
    ) in emitted.stderr
    assert [p.name.split("_")[:3] for p in (tmp_path / "out").iterdir()] == [
        ["Rows", "Linear", "jax"]
    ]
    runs = sail_json("run", path, exit=1)["runs"]
    assert {r["title"].split(" / ")[-1]: r["status"] for r in runs} == {
        "PyTorch": "not run",
        "JAX": "ran",
    }


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.sail")), ids=lambda p: p.stem)
def test_what_a_walk_calls_plain_can_be_lowered(path: Path) -> None:
    """The plan lowers only what some rule may refuse: whatever it does not lower has a program."""
    around = world((workspace := Workspace.open([path])).db)
    trials = Trials(around)
    for s in (
        planned(workspace.db, str(path), "").scenarios if problems_of(around, str(path)) else ()
    ):
        assert trials.refusal(s) is None
        lower_scenario(around, s, UNOPENED, "", "")


# --- formulas -----------------------------------------------------------------------------------

DECAYS = """
problem Decays {
    train k in [1.0, 2.0]: discover [k, 1.0] as (t => k * t)
    test  k in [1.0, 2.0]: discover [k, 1.0] as (t => k * t)
}
solver Curve {
    for      discover
    input    k: Tensor[real, 2]
    let      a = parameter(1.0)
    minimize (a - k[0]) ^ 2
    output   law: real -> real = t => 2 * t
}
model Net {
    for      discover
    input    k: Tensor[real, 2]
    let      a = linear(k, 2)
    output   law: real -> real = t => a[0] * t + a[1]
}
trainer quick {
    optimizer adam(5e-2)
    epochs    3
    loss      (answer: real -> real, truth: real -> real) => (answer(1.0) - truth(1.0)) ^ 2
}
metric found {
    for    discover
    better higher
    score  (answer: real -> real, truth: real -> real) => equivalent(answer, truth)
    reduce mean
}
benchmark B {
    models   Net
    solvers  Curve
    software PyTorch
    trainers quick
    metrics  found
}
"""


def test_a_formula_has_to_hold_what_is_learned_and_what_learns_it_to_minimize(
    tmp_path: Path,
) -> None:
    (error,) = sail_json("plan", write_one(tmp_path, DECAYS))["errors"]
    no = "is not written by this version of sailc"
    assert f"a formula that holds none of the numbers learned {no}" in error["help"]
    assert f"an answer that is a formula without a `minimize` line {no}" in error["help"]


def test_a_mistake_of_ours_leaves_out_one_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("too late")

    monkeypatch.setattr("sailc.program.trials.lower_scenario", fails)
    path = write_one(tmp_path, HALF)
    (found,) = left_out(path)
    assert found["modules"] == ["Steps / Linear"]
    assert found["reason"].startswith("writing it made me fail: ValueError: too late")
    assert {s["problem"] for s in plan_of(path)["scenarios"]} == {"Rows"}
