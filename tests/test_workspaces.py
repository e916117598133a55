"""The workspaces in examples/workspaces: all of them check, are formatted and plan; and what
their authors ran into, each mistake with what is said of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import EXAMPLES, Json, plan_of, said_of, sail, sail_json, write, write_one

WORKSPACES = EXAMPLES / "workspaces"
NAMES = sorted(p.parent.name for p in WORKSPACES.glob("*/sail.toml"))


def benchmarks(name: str) -> list[tuple[Path, str]]:
    """The files of a workspace that declare benchmarks, and their names."""
    return [
        (path, line.split()[1])
        for path in sorted((WORKSPACES / name).glob("[!.]*.sail"))
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("benchmark ")
    ]


def joined(plan: Json) -> set[str]:
    """`Problem / Model` of each scenario."""
    return {f"{s['problem']} / {s['model']}" for s in plan["scenarios"]}


# --- all of them ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_workspace_checks_and_is_formatted(name: str) -> None:
    assert sail_json("check", WORKSPACES / name, exit=0) == []
    sail("fmt", "--check", WORKSPACES / name, exit=0)


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_of_a_workspace_plans_for_both_backends(name: str) -> None:
    assert benchmarks(name)
    for path, benchmark in benchmarks(name):
        plan = plan_of(path, benchmark)
        assert {s["software"] for s in plan["scenarios"]} == {"PyTorch", "JAX"}
        assert plan["diagnostics"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_workspace_is_drawn_and_documented(name: str, tmp_path: Path) -> None:
    path, _ = benchmarks(name)[0]
    assert sail("graph", path, exit=0).stdout.startswith("<svg")
    sail("doc", WORKSPACES / name, "-o", tmp_path / "doc", exit=0)


def copied(folder: Path, name: str) -> Path:
    """A workspace's files elsewhere, without what was run."""
    hidden = shutil.ignore_patterns(".sail")
    return Path(shutil.copytree(WORKSPACES / name, folder / name, ignore=hidden))


def test_a_chemist_s_model_learns_a_physicist_s_problem(tmp_path: Path) -> None:
    """eV and ångström outside, hartree and bohr inside: the spring misses, Morse does not."""
    study = copied(tmp_path, "spectroscopy") / "study.sail"
    found = sail_json("run", study, "molecule", "--seeds", "1", exit=0)
    errors = {
        title.split(" / ")[1]: r["result"]["metrics"]["rms"]
        for r in found["runs"]
        if "PyTorch" in (title := r["title"])
    }
    assert errors["Morse"] < 0.02 < 0.5 < errors["Harmonic"]


# --- names in other files -----------------------------------------------------------------

ELSEWHERE = """
unit furlong = 201.168 m

enum Going { firm, soft }

type Race = { length: real<furlong>, going: Going }

fn doubled(x) = 2 * x
"""


@pytest.mark.parametrize(
    ("line", "brings"),
    [
        ("let x = doubled(2)", "use courses { doubled }"),
        ("let x = 3 furlong", "use courses { furlong }"),
        ("let x = firm", "use courses { Going }"),
        ("let f(x: Race) = x\n    let y = f(1)", "use courses { Race }"),
        ("let x = planck", "use std.constants { planck }"),
    ],
)
def test_a_name_that_another_file_has_is_told_how_to_bring_in(
    tmp_path: Path, line: str, brings: str
) -> None:
    text = f"problem P {{\n    {line}\n    test n in [1.0, 2.0]: predict n as n\n}}\n"
    folder = write(tmp_path, {"courses.sail": ELSEWHERE, "races.sail": text})
    (error,) = said_of(folder)
    assert error["help"] == f"another file has it: `{brings}`"


# --- benchmarks in a file of their own ------------------------------------------------------

TWO = """
problem Sum {
    let xs = uniform([0, 0], [1, 1]) |> sample(20, seed = 1)

    train x in xs |> first(10): predict x as sum(x)
    test  x in xs |> last(10):  predict x as sum(x)
}
"""
STUDY = """
benchmark plain {
    problems Sum
    models   Linear
    trainers adam
    metrics  mean_error
    rankings precision, leaderboard
    software PyTorch
}

benchmark other {
    problems Sum
}
"""


def test_a_file_of_benchmarks_is_drawn_with_their_problems(tmp_path: Path) -> None:
    folder = write(tmp_path, {"sums.sail": TWO, "study.sail": STUDY})
    (picture,) = sail_json("graph", folder / "study.sail", exit=0)["problems"]
    assert picture["problem"] == "Sum"


def test_rank_tells_how_a_benchmark_is_named(tmp_path: Path) -> None:
    path = write_one(tmp_path, TWO + STUDY)
    (error,) = sail_json("rank", path, exit=2)["errors"]
    assert error["help"] == "name one with --benchmark of: other and plain"


def test_why_no_ranking_applies_is_told_once(tmp_path: Path) -> None:
    path = write_one(tmp_path, TWO + STUDY)
    told = " ".join(sail("rank", path, "--benchmark", "plain", exit=0).stdout.split())
    assert told.count("no ranking applies") == 1
    assert "`precision` reads training_time, which nothing measures here" in told
    assert "`leaderboard` is meant for classify, and this is predict" in told


# --- tables ---------------------------------------------------------------------------------

TABLE = """
type Row = {{
    share: {type}
}}

dataset survey {{
    file rows, "rows.csv", like = List[Row]
}}

problem Shares {{
    let rows = survey.rows |> shuffle(seed = 1)

    train r in rows |> first(3): predict {{ share: r.share }} as r.share
    test  r in rows |> last(2):  predict {{ share: r.share }} as r.share
}}
"""


@pytest.mark.parametrize("type", ["real<%>", "Texture", '"text"'])
def test_a_wrong_type_of_a_row_is_told_once(tmp_path: Path, type: str) -> None:
    """Neither the file that is like it nor the points that are taken of it are told of again."""
    (tmp_path / "rows.csv").write_text("name,share\n" + "a,0.5\n" * 5, "utf-8")
    assert len(said_of(write_one(tmp_path, TABLE.format(type=type)))) == 1


def test_a_header_s_percent_is_the_unit_that_a_program_writes(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("name,shade (%)\n" + "a,50\n" * 5, "utf-8")
    text = """
    dataset survey {
        file rows, "rows.csv"
    }

    problem Shades {
        test r in survey.rows: predict { shade: r["shade (%)"] } as r["shade (%)"]
    }
    """
    told = sail("explain", write_one(tmp_path, text), "Shades", "Linear", exit=0).stdout
    assert "asks `{ shade: real<percent> }`" in told


# --- comprehensions with a condition ----------------------------------------------------------

KEPT = """
problem Small {
    let draws = uniform([0, 0], [1, 1]) |> sample(200, seed = 1)
    let low   = [x for x in draws if sum(x ^ 2) < 0.5]

    train x in low |> drop(20):  predict x as sum(x ^ 2)
    test  x in low |> first(20): predict x as sum(x ^ 2)
}

/// The largest of some truths.
metric largest {
    better lower
    score  (answer: real, truth: real) => truth
    reduce truths => max(t for t in truths if t > 0.1)
}

/// As many by the one way of counting as by the other.
metric above {
    better lower
    score  (answer: real, truth: real) => (truth, truth > 0.1)
    reduce pairs => sum(p[0] for p in pairs if p[1]) / sum(p[0] for p in pairs if p[0] > 0.1)
}

benchmark kept {
    problems Small
    models   Linear
    trainers adam
    metrics  largest, above
    software PyTorch, JAX
}
"""


def test_points_and_scores_are_kept_by_a_condition(tmp_path: Path) -> None:
    found = sail_json("run", write_one(tmp_path, KEPT), exit=0)
    assert len(found["runs"]) == 2
    for run in found["runs"]:
        assert 0.1 < run["result"]["metrics"]["largest"] < 0.5
        assert run["result"]["metrics"]["above"] == 1


def test_numbers_of_a_single_point_are_kept_by_a_condition(tmp_path: Path) -> None:
    """How many are kept differs from point to point, which a sum does not mind."""
    text = KEPT.replace("predict x as sum(x ^ 2)", "predict x as sum(v for v in x if v > 0.5)")
    found = sail_json("run", write_one(tmp_path, text), exit=0)
    assert {run["status"] for run in found["runs"]} == {"ran"}


# --- distributions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ("Lattice", "uniform(0, 1) |> sample(100, seed = 1)"),
        ("uniform(0)", "uniform(0, 1)` or `uniform(Element)"),
        ("[1, 2, 3]", "uniform(0, 1) |> sample(100, seed = 1)"),
    ],
)
def test_a_sample_of_no_distribution_is_told_how_to_draw(
    tmp_path: Path, source: str, mend: str
) -> None:
    text = f"""
    enum Lattice {{ fcc, bcc }}

    problem Draws {{
        let xs = {source} |> sample(10, seed = 1)

        test x in xs: predict x as x
    }}
    """
    (error,) = said_of(write_one(tmp_path, text))
    assert error["help"] == f"write it as `{mend}`"


# --- lists of tuples --------------------------------------------------------------------------


def test_windows_of_a_series_are_a_list_of_pairs(tmp_path: Path) -> None:
    """Written out while planning, `[(question, truth) for i in …]` is a pair of arrays."""
    text = """
    problem Next {
        let series  = [i / 16 for i in 0..15]
        let windows = [(series[i:i + 3], series[i + 3]) for i in 0..11]

        train (past, next) in windows |> first(8): predict past as next
        test  (past, next) in windows |> last(4):  predict past as next
    }

    metric last_truth {
        better lower
        score  (answer: real, truth: real) => truth
        reduce max
    }

    benchmark b {
        problems Next
        models   Linear
        trainers adam
        metrics  last_truth
    }
    """
    found = sail_json("run", write_one(tmp_path, text), exit=0)
    assert [r["result"]["metrics"]["last_truth"] for r in found["runs"]] == [14 / 16] * 2


def test_a_wrong_length_of_an_array_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "series.csv").write_text("1\n" * 24, "utf-8")
    text = """
    dataset station {
        file months, "series.csv", header = false, like = Tensor[real<K>, 25, 1]
    }

    problem Years {
        test year in reshape(station.months, [2, 12]): predict year[0:11] as year[11]
    }
    """
    (error,) = said_of(write_one(tmp_path, text))
    assert error["code"] == "E0517"
