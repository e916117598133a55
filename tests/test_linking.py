"""Linking: which combinations the planner finds, by which chains, and why not the others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import EXAMPLES, Json, plan_of, program, sail, sail_json, words, write, write_one


def example(folder: Path, name: str) -> Path:
    """An example in a workspace of its own."""
    return write_one(folder, (EXAMPLES / f"{name}.sail").read_text("utf-8"), f"{name}.sail")


def everything(folder: Path, name: str) -> Json:
    """The plan of an example's problem, without the selection of its benchmark."""
    text = (EXAMPLES / f"{name}.sail").read_text("utf-8")
    return plan_of(write_one(folder, text[: text.index("\nbenchmark ")]))


def chains(plan: Json) -> set[str]:
    """`question converters > model > answer converters`, whatever the trainer and software."""
    return {
        " > ".join([" ".join(s["question"]), s["model"], " ".join(s["answer"])])
        for s in plan["scenarios"]
    }


def reasons(plan: Json, module: str) -> list[str]:
    """Why a module, or a pair `Problem / Model`, was left out."""
    found = [e for e in plan["excluded"] if module in e["modules"]]
    return [f"{e['code']}: {e['reason']}" for e in found]


# --- the examples -----------------------------------------------------------------------


def test_digits_link_with_vectors_and_pictures(tmp_path: Path) -> None:
    assert chains(everything(tmp_path, "quickstart")) == {
        "flatten > MLP > decide",
        "flatten > Linear > decide",
        "unsqueeze > LeNet > decide",
        "standardize flatten > MLP > decide",
        "standardize flatten > Linear > decide",
        "standardize unsqueeze > LeNet > decide",
    }


def test_irises_link_with_vectors_only(tmp_path: Path) -> None:
    plan = everything(tmp_path, "iris")
    assert chains(plan) == {
        " > MLP > decide",
        " > Linear > decide",
        "standardize_columns > MLP > decide",
        "standardize_columns > Linear > decide",
    }
    assert reasons(plan, "IrisSpecies / LeNet") == [
        "X0101: no chain of converters joins the question `Tensor[real, 4]` to "
        "`Tensor[real, h, w, c]`"
    ]


def test_diabetes_links_with_vectors_only(tmp_path: Path) -> None:
    plan = everything(tmp_path, "diabetes")
    assert chains(plan) == {
        " > MLP > squeeze",
        " > Linear > squeeze",
        "standardize_columns > MLP > squeeze standardize^-1",
        "standardize_columns > Linear > squeeze standardize^-1",
    }
    assert [r.split(":")[0] for r in reasons(plan, "DiabetesProgression / LeNet")] == ["X0101"]


def test_the_story_of_a_pair_tells_how_far_the_chains_got(tmp_path: Path) -> None:
    path = example(tmp_path, "iris")
    told = sail("explain", path, "IrisSpecies", "LeNet", exit=0).stdout
    assert "asks `Tensor[real, 4]`, true answer `Species`" in told
    assert "joins the question `Tensor[real, 4]` to `Tensor[real, h, w, c]`" in told
    assert "this far it got:\n      Tensor[real, 4]\n" in told
    assert "standardize_columns -> Tensor[real, 4]" in told


def test_the_story_of_a_pair_that_fits_shows_every_type_on_the_way(tmp_path: Path) -> None:
    path = example(tmp_path, "quickstart")
    told = sail("explain", path, "Digits", "LeNet", exit=0).stdout
    assert "Tensor[real, 8, 8] --unsqueeze--> Tensor[real, 8, 8, 1]" in told
    assert "Tensor[real, 8, 8, 1] --LeNet--> Tensor[real, 10]" in told
    assert "Tensor[real, 10] --decide--> Class[10]" in told


def test_a_library_model_that_fits_no_problem_is_counted_once(tmp_path: Path) -> None:
    plan = everything(tmp_path, "iris")
    (lenet,) = [e for e in plan["excluded"] if "IrisSpecies / LeNet" in e["modules"]]
    assert lenet["count"] == 1


# --- the plan as JSON -------------------------------------------------------------------

SCENARIO = words(
    "id problem model trainer hyperparameters question loss answer types dimensions metrics "
    "software hardware seeds cost links holes"
)
COST = words(
    "parameters macs forward_flops backward_macs backward_flops train_flops bytes activation_bytes "
    "intensity seconds basis"
)
LINK = words("stage line fixture question loss answer types cost")
TYPES = words("question input output truth")


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Json:
    return plan_of(example(tmp_path_factory.mktemp("quickstart"), "quickstart"))


def test_the_json_of_a_plan_has_the_keys_of_the_language(quickstart: Json) -> None:
    assert list(quickstart) == words("version scenarios excluded pruned schedule diagnostics")
    for s in quickstart["scenarios"]:
        assert set(s) - {"axes", "tuning"} == set(SCENARIO)
        assert list(s["cost"]) == COST
        assert list(s["types"]) == TYPES
        assert [list(link) for link in s["links"]] == [LINK, LINK]
    for e in quickstart["excluded"]:
        assert list(e) == ["code", "reason", "modules", "count"]


def test_the_cost_of_a_perceptron_is_what_one_counts_by_hand(quickstart: Json) -> None:
    """64 × 64 + 64 and 64 × 10 + 10 parameters; a multiply-add is 2 operations, and so many are
    64 relu. No gradient goes back to the question."""
    mlp = next(s for s in quickstart["scenarios"] if s["model"] == "MLP")
    assert mlp["hyperparameters"]["MLP.width"] == 64
    assert mlp["hyperparameters"]["MLP.depth"] == 1
    assert mlp["cost"].pop("seconds") > 0
    assert mlp["cost"].pop("basis") == "counted"
    moved = (64 + 64) + (64 + 64) + (64 + 10) + 4_810
    assert mlp["cost"].pop("intensity") == pytest.approx(9_536 / (4 * moved))
    assert mlp["cost"] == {
        "parameters": 4_810,
        "macs": 4_736,
        "forward_flops": 2 * 4_736 + 64,
        "backward_macs": 64 * 64 + 2 * 64 * 10,
        "backward_flops": 2 * (64 * 64 + 2 * 64 * 10) + 64,
        "train_flops": 3 * 9_536,
        "bytes": 19_240,
        "activation_bytes": 4 * (64 + 64 + 10),
    }


def test_a_scenario_says_what_was_decided(quickstart: Json) -> None:
    lenet = next(s for s in quickstart["scenarios"] if s["model"] == "LeNet")
    assert re.fullmatch(r"[0-9a-f]{12}", lenet["id"])
    assert lenet["question"] == ["unsqueeze"]
    assert lenet["answer"] == ["decide"]
    assert lenet["loss"] == "cross_entropy(answer, truth)"
    assert lenet["types"] == {
        "question": "Tensor[real, 8, 8]",
        "input": "Tensor[real, 8, 8, 1]",
        "output": "Tensor[real, 10]",
        "truth": "Class[10]",
    }
    assert lenet["dimensions"] == {"h": 8, "w": 8, "c": 1, "m": 10}
    assert lenet["metrics"] == ["accuracy", "training_time", "throughput"]
    assert lenet["seeds"] == 5
    assert [(k["line"], k["loss"] is None) for k in lenet["links"]] == [(21, False), (22, True)]


def test_ids_tell_scenarios_apart(quickstart: Json) -> None:
    ids = [s["id"] for s in quickstart["scenarios"]]
    assert len(set(ids)) == len(ids) == 4


# --- the same plan, whatever the order --------------------------------------------------

DECLARATIONS = [
    """
    problem Line {
        let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(64, seed = 1)
        train x in xs |> first(32): predict x as x[0] + x[1]
        test  x in xs |> last(32):  predict x as x[0] + x[1]
    }
    """,
    """
    problem Halves {
        let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(64, seed = 2)
        train x in xs |> first(32): classify x as Class[2](floor(2 * x[0]))
        test  x in xs |> last(32):  classify x as Class[2](floor(2 * x[0]))
    }
    """,
    "converter swap(x: Tensor[real, 2]) -> Tensor[real, 3] = [x[1], x[0], x[1]]",
    "converter fill(x: Tensor[real, 2]) -> Tensor[real, 3] = [x[0], x[1], 0]",
    """
    model Three {
        input  x: Tensor[real, 3]
        output y: Tensor[real, m] = x |> linear(m)
    }
    """,
    """
    model Two {
        suggest width in [2, 3]
        input  x: Tensor[real, 2]
        output y: Tensor[real, m] = x |> linear(width) |> tanh |> linear(m)
    }
    """,
    """
    benchmark both {
        models   Two, Three, LeNet
        trainers adam
        seeds    2
    }
    """,
]


@pytest.fixture(scope="module")
def as_written(tmp_path_factory: pytest.TempPathFactory) -> Json:
    folder = tmp_path_factory.mktemp("order")
    return without_lines(plan_of(write_one(folder, "\n".join(map(program, DECLARATIONS)))))


def without_lines(plan: Json) -> Json:
    """A plan without the numbers of lines, which are all that may depend on the order."""
    for s in plan["scenarios"]:
        for link in s["links"]:
            del link["line"]
    return plan


@given(st.permutations(range(len(DECLARATIONS))), st.lists(st.integers(0, 2), min_size=7))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_plan_does_not_depend_on_the_order_of_declarations_and_files(
    tmp_path_factory: pytest.TempPathFactory,
    as_written: Json,
    order: list[int],
    files: list[int],
) -> None:
    texts = {"main.sail": program(DECLARATIONS[-1])}
    for i in order:
        if i != len(DECLARATIONS) - 1:
            name = ("main.sail", "a.sail", "deep/z.sail")[files[i]]
            texts[name] = texts.get(name, "") + program(DECLARATIONS[i]) + "\n"
    folder = write(tmp_path_factory.mktemp("order"), texts)
    assert without_lines(plan_of(folder / "main.sail")) == as_written


def test_a_plan_is_the_same_from_process_to_process(tmp_path: Path) -> None:
    path = write_one(tmp_path, "\n".join(map(program, DECLARATIONS)))
    command = [sys.executable, "-m", "sailc", "plan", str(path), "--format", "json"]
    texts = {
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1
    assert json.loads(texts.pop())["scenarios"]


# --- own converters ---------------------------------------------------------------------

# A question of two numbers, and a model that takes three.
GAP = """
problem Pairs {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(64, seed = 1)
    train x in xs |> first(32): predict x as x[0]
    test  x in xs |> last(32):  predict x as x[0]
}

model Three {
    input  x: Tensor[real, 3]
    output y: Tensor[real, m] = x |> linear(m)
}

benchmark b {
    models   Three
    trainers adam
}
"""


def chain_with(folder: Path, *converters: str) -> list[str]:
    """The chain from `Pairs` to `Three` with some converters."""
    plan = plan_of(write_one(folder, GAP + "\n".join(map(program, converters))))
    (chain,) = {tuple(s["question"]) for s in plan["scenarios"]}
    return list(chain)


def from_to(name: str, source: str, target: str, body: str, more: str = "") -> str:
    return f"converter {name}(x: {source}) -> {target} {{\n    {more}\n    give {body}\n}}\n"


TWO, THREE = "Tensor[real, 2]", "Tensor[real, 3]"
BOX = "{ inside: Tensor[real, 2] }"
ADD = "concat(x, [0])"


def test_without_a_converter_there_is_a_gap(tmp_path: Path) -> None:
    (error,) = sail_json("plan", write_one(tmp_path, GAP), exit=1)["errors"]
    assert error["code"] == "E0604"
    assert "joins the question `Tensor[real, 2]` to `Tensor[real, 3]`" in error["help"]


def test_a_converter_closes_it(tmp_path: Path) -> None:
    assert chain_with(tmp_path, from_to("add", TWO, THREE, ADD)) == ["add"]


def test_the_shortest_chain_wins_whatever_it_costs(tmp_path: Path) -> None:
    found = chain_with(
        tmp_path,
        from_to("box", TWO, BOX, "{ inside: x }", "cost 0"),
        from_to("unbox", BOX, THREE, "concat(x.inside, [0])", "cost 0"),
        from_to("direct", TWO, THREE, ADD, "cost 1000"),
    )
    assert found == ["direct"]


def test_of_two_as_short_the_cheaper_wins(tmp_path: Path) -> None:
    found = chain_with(
        tmp_path, from_to("a", TWO, THREE, ADD), from_to("z", TWO, THREE, ADD, "cost 0.5")
    )
    assert found == ["z"]


def test_of_two_as_cheap_the_first_by_name_wins(tmp_path: Path) -> None:
    found = chain_with(tmp_path, from_to("b", TWO, THREE, ADD), from_to("a", TWO, THREE, ADD))
    assert found == ["a"]


def test_a_converter_for_answers_does_not_convert_questions(tmp_path: Path) -> None:
    found = chain_with(
        tmp_path,
        from_to("a", TWO, THREE, ADD, "path answer"),
        from_to("b", TWO, THREE, ADD, "path question"),
    )
    assert found == ["b"]


def test_converters_are_lifted_over_tuples_and_lists(tmp_path: Path) -> None:
    text = """
    problem Chains {
        let xs = uniform(0, 1) |> sample(64, seed = 1)
        let points = [([(x, "a"), (x, "b")], x) for x in xs]
        train (c, y) in points |> first(32): predict c as y
        test  (c, y) in points |> last(32):  predict c as y
    }

    converter number(p: (real, Text)) -> Tensor[real, 2] = [p[0], p[0]]

    benchmark b {
        models   Linear
        trainers adam
    }
    """
    plan = plan_of(write_one(tmp_path, text))
    assert {tuple(s["question"]) for s in plan["scenarios"]} == {("number", "join")}


def test_data_lines_may_come_to_one_type_in_two_ways(tmp_path: Path) -> None:
    text = """
    problem Areas {
        let xs = uniform([0.0 m], [1.0 m]) |> sample(64, seed = 0)
        train x in xs |> first(32): predict x * x as x[0] * x[0]
        test  x in xs |> last(32):  predict x ^ 2 as x[0] ^ 2
    }
    """
    assert "MLP" in {s["model"] for s in plan_of(write_one(tmp_path, text))["scenarios"]}


# --- bounds -----------------------------------------------------------------------------


def test_converters_in_a_circle_end(tmp_path: Path) -> None:
    found = chain_with(
        tmp_path,
        from_to("there", TWO, BOX, "{ inside: x }"),
        from_to("back", BOX, TWO, "x.inside"),
        from_to("same", "Tensor[T, ...s]", "Tensor[T, ...s]", "x"),
        from_to("on", BOX, THREE, "concat(x.inside, [0])"),
    )
    assert found == ["there", "on"]


def test_ranks_do_not_rise_after_they_have_fallen(tmp_path: Path) -> None:
    """Else a volume is flattened and read as a signal."""
    path = write_one(
        tmp_path,
        GAP
        + from_to("fall", TWO, "{ sum: real }", "{ sum: x[0] + x[1] }")
        + from_to("rise", "{ sum: real }", THREE, "[x.sum, x.sum, x.sum]"),
    )
    assert sail_json("plan", path, exit=1)["errors"][0]["code"] == "E0604"


def test_a_converter_that_grows_for_ever_ends(tmp_path: Path) -> None:
    found = chain_with(
        tmp_path,
        from_to("longer", "Tensor[real, n]", "Tensor[real, n + 1]", ADD),
        from_to("deeper", "Tensor[real, ...s]", "Tensor[real, ...s, 1]", "unsqueeze(x)"),
        from_to("wider", "Tensor[real, n, ...s]", "Tensor[real, 2, n, ...s]", "stack(x, x)"),
        from_to("boxed", "T", "List[T, 1]", "[x]"),
    )
    assert found == ["longer"]


def test_a_converter_stands_once_on_a_chain(tmp_path: Path) -> None:
    path = write_one(
        tmp_path,
        GAP.replace("Tensor[real, 3]", "Tensor[real, 4]")
        + from_to("longer", "Tensor[real, n]", "Tensor[real, n + 1]", ADD),
    )
    assert sail_json("plan", path, exit=1)["errors"][0]["code"] == "E0604"


def test_a_chain_is_six_converters_long_at_most(tmp_path: Path) -> None:
    def boxes(n: int) -> list[str]:
        wrap = from_to("c0", TWO, "{ b0: Tensor[real, 2] }", "{ b0: x }")
        inner = [
            from_to(
                f"c{i + 1}",
                f"{{ b{i}: Tensor[real, 2] }}",
                f"{{ b{i + 1}: Tensor[real, 2] }}",
                f"{{ b{i + 1}: x.b{i} }}",
            )
            for i in range(n - 2)
        ]
        last = f"b{n - 2}"
        unwrap = from_to(
            f"c{n - 1}", f"{{ {last}: Tensor[real, 2] }}", THREE, f"concat(x.{last}, [0])"
        )
        return [wrap, *inner, unwrap]

    assert chain_with(tmp_path, *boxes(6)) == ["c0", "c1", "c2", "c3", "c4", "c5"]
    path = write_one(tmp_path, GAP + "".join(boxes(7)))
    assert sail_json("plan", path, exit=1)["errors"][0]["code"] == "E0604"


# --- what a benchmark selects -----------------------------------------------------------

KNOBS = """
problem Powers {
    suggest power in [2, 3]
    let xs = uniform([0.0], [1.0]) |> sample(64, seed = 1)
    train x in xs |> first(32): predict x as x[0] ^ power
    test  x in xs |> last(32):  predict x as x[0] ^ power
}

model Wide {
    suggest width in [4, 8]
    input  x: Tensor[real, n]
    output y: Tensor[real, m] = x |> linear(width) |> tanh |> linear(m)
}

software PyTorch { backend nothing }
"""


def knobs(folder: Path, lines: str) -> list[tuple[object, ...]]:
    """Power and width of each scenario under a benchmark."""
    benchmark = f"benchmark b {{\n    models Wide\n    trainers adam\n    {lines}\n}}\n"
    plan = plan_of(write_one(folder, KNOBS + benchmark))
    return [(*s["axes"].values(), s["hyperparameters"]["Wide.width"]) for s in plan["scenarios"]]


def test_every_value_of_a_problem_is_a_row_and_a_model_takes_its_first(tmp_path: Path) -> None:
    assert knobs(tmp_path, "") == [(2, 4), (3, 4)]


def test_sweep_makes_a_knob_an_axis(tmp_path: Path) -> None:
    assert knobs(tmp_path, "sweep Wide.width") == [(2, 4), (2, 8), (3, 4), (3, 8)]


def test_set_fixes_a_knob(tmp_path: Path) -> None:
    assert knobs(tmp_path, "set Wide.width = 5") == [(2, 5), (3, 5)]
    assert knobs(tmp_path, "set Powers.power = 4") == [(4, 4)]


def test_the_first_value_that_links_is_taken(tmp_path: Path) -> None:
    text = KNOBS.replace(
        "    input", '    require width > 4 because "4 is too narrow"\n    input', 1
    )
    path = write_one(tmp_path, text + "benchmark b {\n    models Wide\n    trainers adam\n}\n")
    plan = plan_of(path)
    assert [s["hyperparameters"]["Wide.width"] for s in plan["scenarios"]] == [8, 8]


def test_a_requirement_that_never_holds_is_the_reason(tmp_path: Path) -> None:
    text = KNOBS.replace(
        "    input", '    require width > 9 because "narrow models learn nothing"\n    input', 1
    )
    (error,) = sail_json("plan", write_one(tmp_path, text + WIDE_ONLY), exit=1)["errors"]
    assert "narrow models learn nothing" in error["help"]


WIDE_ONLY = "benchmark b {\n    models Wide\n    trainers adam\n}\n"


def test_what_is_excluded_has_a_reason(tmp_path: Path) -> None:
    path = write_one(tmp_path, KNOBS + "benchmark b {\n    models Wide, LeNet\n}\n")
    plan = plan_of(path)
    codes = Counter({e["code"]: e["count"] for e in plan["excluded"]})
    assert codes["X0101"] == 1
    assert "nothing" in " ".join(reasons(plan, "PyTorch"))
    assert reasons(plan, "Powers / accuracy")


def test_a_model_may_say_for_which_tasks_it_is(tmp_path: Path) -> None:
    text = KNOBS.replace("    suggest width", "    for     classify\n    suggest width", 1)
    path = write_one(tmp_path, text + "benchmark b {\n    models Wide, Linear\n}\n")
    assert reasons(plan_of(path), "Powers / Wide") == [
        "X0103: `Wide` is for `classify`, and this asks to `predict`"
    ]


# --- modules of one name ----------------------------------------------------------------


def test_a_module_of_the_workspace_takes_the_place_of_the_librarys(tmp_path: Path) -> None:
    path = example(tmp_path, "iris")
    write(
        tmp_path,
        {
            "own.sail": """
            model Linear {
                input  x: Tensor[real, n]
                output y: Tensor[real, m] = x |> linear(m, bias = false)
            }
            """
        },
    )
    plan = plan_of(path)
    assert {s["cost"]["parameters"] for s in plan["scenarios"] if s["model"] == "Linear"} == {12}


def test_two_modules_of_one_name_are_a_mistake_in_both_orders(tmp_path: Path) -> None:
    model = "model Same {\n    input x: real\n    output y: real = x\n}\n"
    write(tmp_path, {"a.sail": model, "z.sail": "// The other one.\n" + model})
    (error,) = sail_json("check", tmp_path, exit=1)
    assert error["code"] == "E0202"
    assert "Same" in error["message"]
    assert (Path(error["file"]).name, error["start"]["line"]) == ("z.sail", 2)
    (note,) = error["notes"]
    assert (Path(note["file"]).name, note["start"]["line"]) == ("a.sail", 1)


def test_files_outside_of_a_workspace_see_only_what_they_use(tmp_path: Path) -> None:
    used = "model Used {\n    input x: Tensor[real, n]\n    output y: Tensor[real, n] = x\n}\n"
    (tmp_path / "models.sail").write_text(used)
    (tmp_path / "stray.sail").write_text(used.replace("Used", "Stray"))
    main = tmp_path / "main.sail"
    main.write_text("use models { Used }\n" + program(KNOBS))
    shown = sail("show", "names", main, exit=0).stdout
    assert re.search(r"^model +Used ", shown, re.MULTILINE)
    assert "Stray" not in shown


LOSSES = """
problem P {
    train x in [1.0, 2.0]: predict x as 2 * x
    test  x in [1.0, 2.0]: predict x as 2 * x
}
model L {
    input  x: real
    output parameter(1.0) * x
}
trainer quick {
    optimizer adam(1e-2)
    epochs    4
    loss      LOSS
}
benchmark B {
    software PyTorch
    trainers quick
    models   L
    metrics  mean_error
}
"""


def test_a_scenario_is_another_where_its_loss_is(tmp_path: Path) -> None:
    def id_of(loss: str) -> str:
        (only,) = plan_of(write_one(tmp_path, LOSSES.replace("LOSS", loss)))["scenarios"]
        return only["id"]

    square = id_of("(answer: real, truth: real) => (answer - truth) ^ 2")
    assert id_of("(answer: real, truth: real) => abs(answer - truth)") != square
    assert id_of("(a: real, b: real) => (a - b) ^ 2  // under other names") == square
