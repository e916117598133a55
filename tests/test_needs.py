"""Holes (`needs`), stages, and lines that ask with several types: links of more than one line."""

from __future__ import annotations

import json
from pathlib import Path

from support import Json, plan_of, said_of, sail, sail_json, write_one

BAGS = """
problem Bags {
    let xs = normal(0, 1, shape = [5, 3]) |> sample(640, seed = 1)

    train x in xs |> first(512): predict [r for r in x] as sum(x[0:5, 0] ^ 2)
    test  x in xs |> last(128):  predict [r for r in x] as sum(x[0:5, 0] ^ 2)
}

model SumOver {
    needs  phi: predict E -> Tensor[real, m]

    input  xs: List[E, n]
    output total: Tensor[real, m] = sum(phi(e) for e in xs)
}

model Ensemble {
    suggest members in [3, 5]
    needs   f: predict Q -> real<'u>

    input  q: Q
    let    votes = [g(q) for g in copies(members, f)]
    output middle: real<'u> = mean(votes)
}

"""


def bags(folder: Path, models: str, more: str = "") -> Path:
    benchmark = f"benchmark b {{\n    models {models}\n    trainers adam\n    software PyTorch\n"
    return write_one(folder, BAGS + benchmark + more + "}\n")


def filled(plan: Json) -> dict[str, int]:
    """`model(hole = model…)` and the parameters of each scenario."""

    def whole(s: Json) -> str:
        holes = ", ".join(f"{h['hole']} = {whole(h)}" for h in s["holes"])
        return f"{s['model']}({holes})" if holes else s["model"]

    return {whole(s): s["cost"]["parameters"] for s in plan["scenarios"]}


# --- holes ------------------------------------------------------------------------------


def test_a_hole_is_filled_with_every_model_that_fits(tmp_path: Path) -> None:
    linear = 3 + 1
    perceptron = 64 * (3 + 1) + 64 + 1
    assert filled(plan_of(bags(tmp_path, "SumOver"))) == {
        "SumOver(phi = Linear)": linear,
        "SumOver(phi = MLP)": perceptron,
    }


def test_holes_of_what_fills_a_hole_are_filled_too(tmp_path: Path) -> None:
    found = filled(plan_of(bags(tmp_path, "Ensemble")))
    assert set(found) == {
        "Ensemble(f = Linear)",
        "Ensemble(f = MLP)",
        "Ensemble(f = SumOver(phi = Linear))",
        "Ensemble(f = SumOver(phi = MLP))",
    }


def test_copies_of_a_hole_have_parameters_of_their_own(tmp_path: Path) -> None:
    found = filled(plan_of(bags(tmp_path, "Ensemble")))
    assert found["Ensemble(f = Linear)"] == 3 * (5 * 3 + 1)
    more = filled(plan_of(bags(tmp_path, "Ensemble", "    set Ensemble.members = 5\n")))
    assert more["Ensemble(f = Linear)"] == 5 * (5 * 3 + 1)


def test_the_knobs_of_what_fills_a_hole_are_set_and_swept(tmp_path: Path) -> None:
    plan = plan_of(bags(tmp_path, "SumOver", "    sweep MLP.width\n    set MLP.depth = 2\n"))
    values = [
        (s["hyperparameters"]["phi.MLP.width"], s["hyperparameters"]["phi.MLP.depth"])
        for s in plan["scenarios"]
        if "phi.MLP.width" in s["hyperparameters"]
    ]
    assert values == [(64, 2), (128, 2), (256, 2)]


def test_the_story_tells_how_holes_are_filled(tmp_path: Path) -> None:
    told = sail("explain", bags(tmp_path, "SumOver"), "Bags", "SumOver", exit=0).stdout
    assert "the hole phi is filled by MLP:" in told
    assert "Tensor[real, 3] --MLP--> Tensor[real, 1]" in told


def test_what_fills_a_hole_is_converted_to(tmp_path: Path) -> None:
    """LeNet takes pictures, and the hole asks with a matrix: a channel is added inside."""
    text = """
    problem Pictures {
        let xs = normal(0, 1, shape = [8, 8]) |> sample(64, seed = 1)

        train x in xs |> first(48): predict x as sum(x)
        test  x in xs |> last(16):  predict x as sum(x)
    }

    model Twice {
        needs  f: predict Tensor[real, h, w] -> Tensor[real, m]

        input  x: Tensor[real, h, w]
        output y: Tensor[real, m] = f(x) - f(2 * x)
    }

    benchmark b {
        models   Twice
        trainers adam
        software PyTorch
    }
    """
    plan = plan_of(write_one(tmp_path, text))
    chains = {h["model"]: h["question"] for s in plan["scenarios"] for h in s["holes"]}
    assert chains == {"LeNet": ["unsqueeze"], "Linear": ["flatten"], "MLP": ["flatten"]}


def test_both_backends_run_what_fills_holes(tmp_path: Path) -> None:
    path = bags(tmp_path, "Ensemble").parent / "program.sail"
    path.write_text(path.read_text("utf-8").replace("PyTorch", "PyTorch, JAX"), "utf-8")
    found = sail("run", path, "--format", "json", exit=0)
    assert found.exit_code == 0


ATOMS = """
use std.chemistry { Atom, Element }

problem Clouds {
    let frames      = normal(0, 1, shape = [5, 3]) |> sample(320, seed = 1)
    let kinds       = [H, C, N, O, H]
    let molecule(r) = Set(Atom(k, p * 1 angstrom) for (k, p) in zip(kinds, r))

    train r in frames |> first(256): predict molecule(r) as sum(r ^ 2) * 1 eV
    test  r in frames |> last(64):   predict molecule(r) as sum(r ^ 2) * 1 eV
}

model SumOverElements {
    needs  phi: predict E -> Tensor[real, m]

    input  elements: Set[E, n]
    output total: Tensor[real, m] = sum(phi(e) for e in elements)
}

trainer quick {
    optimizer adam(1e-2)
    epochs    20
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
}

benchmark b {
    models   SumOverElements
    trainers quick
}
"""


def test_an_atom_becomes_a_vector_in_a_hole_and_nobody_had_to_say_so(tmp_path: Path) -> None:
    """Positions lose their unit by what is known of all training atoms, elements become
    numbers, and the record a vector: the last two inside of the hole."""
    plan = plan_of(write_one(tmp_path, ATOMS))
    (hole,) = {json.dumps(s["holes"]) for s in plan["scenarios"] if "MLP" in str(s["holes"])}
    assert json.loads(hole)[0]["question"] == ["one_hot", "vector"]
    assert {tuple(s["question"]) for s in plan["scenarios"]} == {("standardize_columns",)}
    (cost,) = {s["cost"]["parameters"] for s in plan["scenarios"] if "MLP" in str(s["holes"])}
    assert cost == 64 * (4 + 3 + 1) + 64 + 1


def test_a_sum_over_atoms_learns_on_both_backends(tmp_path: Path) -> None:
    found = sail_json("run", write_one(tmp_path, ATOMS), exit=0)
    assert {r["status"] for r in found["runs"]} == {"ran"}


NOTHING_FITS = """
model Wanting {
    needs  f: predict Tensor[real, n] -> Set[real, n]

    input  x: Tensor[real, n]
    output y: real = sum(f(x))
}

benchmark b {
    models   Wanting
    trainers adam
}
"""


def test_a_hole_that_nothing_fills_is_a_reason(tmp_path: Path) -> None:
    problem = """
    problem Sums {
        let xs = normal(0, 1, shape = [4]) |> sample(64, seed = 1)
        train x in xs |> first(32): predict x as sum(x)
        test  x in xs |> last(32):  predict x as sum(x)
    }
    """
    path = write_one(tmp_path, problem)
    path.write_text(path.read_text("utf-8") + NOTHING_FITS, "utf-8")
    (error,) = said_of(path)
    assert error["code"] == "E0604"
    assert "no model fills the hole `f` of `Wanting`" in error["help"]


def test_a_model_of_any_question_takes_it_standardized(tmp_path: Path) -> None:
    path = bags(tmp_path, "Ensemble", "    set Ensemble.members = 3\n")
    path.write_text(path.read_text("utf-8").replace("[r for r in x]", "x[0]"), "utf-8")
    text = path.read_text("utf-8").replace("trainers adam", "trainers adam_standardized")
    path.write_text(text, "utf-8")
    found = {s["model"]: s["question"] for s in plan_of(path)["scenarios"]}
    assert found == {"Ensemble": ["standardize_columns"]}


# --- lines that ask with several types, and stages ----------------------------------------

STAGES = """
problem Staged {
    let xs = normal(0, 1, shape = [8]) |> sample(64, seed = 1)

    stage first {
        train x in xs |> first(32): enhance x as x
    }

    stage second {
        carry encoder
        train x in xs |> first(32): predict x as sum(x)
    }

    test x in xs |> last(32): predict x as sum(x)
}

model Coded {
    let    encoder = linear(4) >> relu

    input  x: Tensor[real, n]
    output y: Tensor[real, m] = x |> encoder |> linear(m)
}
"""


def test_each_stage_has_a_substitution_of_its_own(tmp_path: Path) -> None:
    told = sail("explain", write_one(tmp_path, STAGES), "Staged", "Coded", exit=0).stdout
    assert "Tensor[real, 8] --Coded--> Tensor[real, 8]" in told
    assert "Tensor[real, 8] --Coded--> Tensor[real, 1]" in told


def test_a_model_without_the_part_that_is_carried_is_left_out(tmp_path: Path) -> None:
    told = sail("explain", write_one(tmp_path, STAGES), "Staged", "Linear", exit=0).stdout
    assert "X0112: `Linear` has no part `encoder` to carry along" in told


def test_lines_of_one_stage_share_their_parameters(tmp_path: Path) -> None:
    text = """
    problem Sizes {
        let xs = normal(0, 1, shape = [8]) |> sample(64, seed = 1)
        train x in xs |> first(32): predict x[0:4] as sum(x)
        test  x in xs |> last(32):  predict x as sum(x)
    }
    """
    told = sail("explain", write_one(tmp_path, text), "Sizes", "Linear", exit=0).stdout
    assert "X0111: two lines would need `Linear` with different parameters" in told
