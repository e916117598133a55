"""What rankings make of results: orders, scores, fronts, preferences, requirements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from support import place, planned_in, sail_json, write_one

from sailc.judge import Board, boards, rows_of
from sailc.queries import world
from sailc.store import Run
from sailc.workspace import Workspace

PROBLEM = """
problem Fall {
    field physics.mechanics
    let ts = uniform([0.0], [1.0]) |> sample(64, seed = 1)
    train t in ts |> first(32): predict t as 2 * t[0] * 1 m
    test  t in ts |> last(32):  predict t as 2 * t[0] * 1 m
}

metric worst(limit: real<m> = 1 m) {
    better lower
    score  (answer: real<m>, truth: real<m>) => abs(answer - truth)
    reduce max
}

benchmark both {
    problems Fall
    models   Linear
    trainers adam
    metrics  mean_error, worst(limit = 2 m), training_time, throughput
    seeds    3
}
"""

Values = Mapping[str, Sequence[float]]
TORCH: Values = {"mean_error": [0.1, 0.11, 0.12], "training_time": [5.0, 5.1, 5.2]}
JAX: Values = {"mean_error": [0.3, 0.31, 0.32], "training_time": [1.0, 1.1, 1.2]}


def judged(folder: Path, ranking: str, torch: Values = TORCH, jax: Values = JAX) -> list[Board]:
    """The boards of the benchmark above, its two scenarios having had these results."""
    path = write_one(folder, PROBLEM + ranking)
    workspace = Workspace.open([path])
    assert not [d for d in workspace.check() if d.severity == "error"]
    plan = planned_in(workspace, path)
    runs: list[Run] = []
    for s in plan.scenarios:
        found = torch if s.software.name == "PyTorch" else jax
        for k, seed in enumerate(s.seeds):
            metrics = {name: values[k] for name, values in found.items()}
            runs.append(Run("k", s.id, seed, "kept", result={"metrics": metrics}))
    return boards(world(workspace.db), plan, rows_of(plan, runs))


def order(found: list[Board], name: str) -> list[tuple[str, int | None]]:
    (board,) = (b for b in found if b.name == f"Fall, by {name}")
    return [(r.row.label.rpartition("· ")[2], r.rank) for r in board.ranked]


def test_an_order_reads_a_metric_of_its_own_parameters(tmp_path: Path) -> None:
    label = "worst(limit = 2 m)"
    found = judged(
        tmp_path,
        "ranking by_worst { order worst(limit = 2 m) }",
        {**TORCH, label: [3.0, 3.0, 3.0]},
        {**JAX, label: [1.0, 1.0, 1.0]},
    )
    assert order(found, "by_worst") == [("JAX", 1), ("PyTorch", 2)]


def test_a_preference_holds_where_the_intervals_are_apart(tmp_path: Path) -> None:
    text = "ranking cautious { prefer (a, b) => high(a.mean_error) < low(b.mean_error) }"
    assert order(judged(tmp_path, text), "cautious") == [("PyTorch", 1), ("JAX", 2)]
    near = {**JAX, "mean_error": [0.1, 0.12, 0.11]}
    ranked = order(judged(tmp_path, text, jax=near), "cautious")
    assert sorted(ranked) == [("JAX", 1), ("PyTorch", 1)]


def test_a_preference_may_compare_with_a_quantity(tmp_path: Path) -> None:
    text = """
    ranking worth_it {
        prefer (a, b) => b.mean_error - a.mean_error > 50 cm or a.training_time < b.training_time
    }
    """
    assert order(judged(tmp_path, text), "worth_it") == [("JAX", 1), ("PyTorch", 2)]
    far = {**JAX, "mean_error": [0.9, 0.91, 0.92], "training_time": [9.0, 9.1, 9.2]}
    assert order(judged(tmp_path, text, jax=far), "worth_it") == [("PyTorch", 1), ("JAX", 2)]


def test_what_breaks_a_requirement_has_no_rank_and_says_why(tmp_path: Path) -> None:
    text = """
    ranking strict {
        require mean_error < 20 cm because "nobody can use that"
        order   training_time
    }
    """
    found = judged(tmp_path, text)
    assert order(found, "strict") == [("PyTorch", 1), ("JAX", None)]
    (board,) = (b for b in found if b.name == "Fall, by strict")
    assert board.ranked[1].reason == "nobody can use that"


def test_a_score_has_units_that_cancel(tmp_path: Path) -> None:
    text = "ranking thrift { score -log10(mean_error / 1 m) - training_time / 100 s }"
    assert order(judged(tmp_path, text), "thrift") == [("PyTorch", 1), ("JAX", 2)]


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ("ranking for_physics { field physics\n order mean_error }", True),
        ("ranking for_chemistry { field chemistry\n order mean_error }", False),
        ("ranking for_labels { for classify\n order mean_error }", False),
        ("ranking of_others { order accuracy }", False),
    ],
)
def test_a_ranking_applies_by_itself_to_its_field_task_and_metrics(
    tmp_path: Path, ranking: str, expected: bool
) -> None:
    name = ranking.split()[1]
    names = {b.name for b in judged(tmp_path, ranking)}
    assert (f"Fall, by {name}" in names) is expected


def test_a_ranking_that_is_named_and_reads_what_nothing_measures_is_left_out(
    tmp_path: Path,
) -> None:
    text = (
        PROBLEM.replace("seeds    3", "rankings of_others") + "ranking of_others { order accuracy }"
    )
    plan = sail_json("plan", write_one(tmp_path, text), exit=0)
    (found,) = (e for e in plan["excluded"] if "of_others" in e["modules"])
    assert found["reason"] == "the ranking reads `accuracy`, which nothing measures"


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ("ranking r { order mean_eror }", "E0205"),
        ("ranking r { order accuracy, log(3) }", "E0205"),
        ("ranking r { score log10(training_time) }", "E0303"),
        ("ranking r { prefer (a, b) => a.mean_eror < b.mean_eror }", "E0308"),
        ("ranking r { require mean_error < 1 }", "E0402"),
    ],
)
def test_mistakes_in_a_ranking(tmp_path: Path, ranking: str, expected: str) -> None:
    found = sail_json("check", write_one(tmp_path, ranking), exit=1)
    assert {place(d).split()[0] for d in found} == {expected}
