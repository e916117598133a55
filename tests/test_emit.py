"""Emitted programs: what a careful engineer would have written, and what it computes.

The programs in `golden/` are read in review like any other source; `pytest --update`
writes them anew.
"""

from __future__ import annotations

import ast
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import (
    EXAMPLES,
    TESTS,
    Json,
    beside,
    emitted_by,
    json_lines,
    plan_of,
    program,
    python,
    run_here,
    write_one,
)

GOLDEN = TESTS / "golden"
QUICKSTART = (EXAMPLES / "quickstart.sail").read_text("utf-8")
BACKENDS = {"PyTorch": "torch", "JAX": "jax"}

# Two epochs on pictures of real digits, with a validation and a clipped gradient; and a
# regression of quantities, after standardizing.
SMALL = """
dataset digits { file table, "package:sklearn/datasets/data/digits.csv.gz" }

problem Digits {
    let rows       = digits.table |> shuffle(seed = 0)
    let image(row) = reshape(row[0:64], [8, 8]) / 16
    let digit(row) = Class[10](row[64])
    train    row in rows |> first(300):             classify image(row) as digit(row)
    validate row in rows |> last(500) |> first(100): classify image(row) as digit(row)
    test     row in rows |> last(100):              classify image(row) as digit(row)
}

problem Fall {
    let times = uniform([0.0 s], [3.0 s]) |> sample(200, seed = 1)
    let depth(t) = 0.5 * 9.81 m/s^2 * t[0] ^ 2
    train t in times |> first(150): predict t as depth(t)
    test  t in times |> last(50):   predict t as depth(t)
}

trainer short {
    optimizer adam(1e-2)
    epochs    2
    batch     32
    clip      1.0
    loss      (answer: Tensor[real, ...s, n], truth: Tensor[Class[n], ...s]) =>
                cross_entropy(answer, truth)
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
                mean((answer - truth) ^ 2)
    stop      stalled(validate.loss, epochs = 5)
}

benchmark small {
    models   MLP, LeNet
    trainers short
    metrics  accuracy, mean_error, tail_error, training_time, throughput
}
"""


class Emitted:
    """The programs of a plan, and what each of them printed when it was run."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.path = write_one(folder, text)
        self.plan = plan_of(self.path)
        self.texts = emitted_by(self.path)
        self._events: dict[tuple[str, int], list[Json]] = {}

    def events(self, name: str, seed: int = 0) -> list[Json]:
        if (name, seed) not in self._events:
            out = self.folder / name.replace("/", "-") / str(seed)
            self._events[name, seed] = run_here(self.texts[name], seed, out)
        return self._events[name, seed]

    def pairs(self) -> list[str]:
        """`Problem/Model` of each scenario."""
        return sorted({name.rsplit("/", 1)[0] for name in self.texts})


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("small"), SMALL)


# --- the text ---------------------------------------------------------------------------


def golden_programs(folder: Path) -> dict[str, str]:
    texts = emitted_by(write_one(folder / "quickstart", QUICKSTART, "quickstart.sail"))
    modules: dict[str, str] = {}
    for path in sorted(GOLDEN.glob("*.sail")):
        here = write_one(folder / path.stem, path.read_text("utf-8"), path.name)
        texts |= emitted_by(here)
        modules |= beside(here)
    programs = {
        "_".join([*name.split("/")[:2], BACKENDS[name.split("/")[2]]]).lower(): text
        for name, text in texts.items()
    }
    return {f"{name}.py": text for name, text in {**programs, **modules}.items()}


def test_the_golden_programs_are_what_is_emitted(tmp_path: Path, update: bool) -> None:
    programs = golden_programs(tmp_path)
    if update:
        for name, text in programs.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    assert sorted(programs) == sorted(p.name for p in GOLDEN.glob("*.py"))
    for name, text in programs.items():
        assert text == (GOLDEN / name).read_text("utf-8"), name


def test_programs_name_no_machine_and_no_version_of_a_package(small: Emitted) -> None:
    for text in small.texts.values():
        assert str(small.folder) not in text.replace(f'DATA = Path("{small.folder}")', "")
        assert "torch==" not in text
        assert "+cpu" not in text
        assert sys.prefix not in text


def test_emitting_again_gives_the_same_bytes(small: Emitted, tmp_path: Path) -> None:
    assert emitted_by(small.path) == small.texts
    command = [sys.executable, "-m", "sailc", "emit", str(small.path), "-o"]
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([*command, str(tmp_path / seed)], env=environment, check=True)
    texts = [{p.name: p.read_bytes() for p in (tmp_path / seed).iterdir()} for seed in ("1", "2")]
    assert texts[0] == texts[1]
    assert sorted(t.decode() for t in texts[0].values()) == sorted(small.texts.values())


def test_programs_need_no_sailc(small: Emitted) -> None:
    for name, text in small.texts.items():
        found = {
            alias.name.split(".")[0] if isinstance(node, ast.Import) else str(node.module)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not [module for module in found if module.startswith("sail")], name
        other = ({"torch", "jax"} - {BACKENDS[name.rsplit("/", 1)[1]]}).pop()
        assert other not in found


@pytest.mark.parametrize(
    "software",
    ["PyTorch", "JAX"],
)
def test_programs_are_in_good_style(small: Emitted, software: str, tmp_path: Path) -> None:
    golden = {p.stem: p.read_text("utf-8") for p in GOLDEN.glob(f"*_{BACKENDS[software]}.py")}
    for name, text in [*small.texts.items(), *golden.items()]:
        if software in name or name in golden:
            (tmp_path / f"{name.replace('/', '_')}.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--output-format", "concise"]
    done = subprocess.run([*command, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_definition_is_used_and_documented(small: Emitted) -> None:
    for name, text in small.texts.items():
        tree = ast.parse(text)
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        used |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                assert node.name in used, f"{name}: {node.name}"
                assert ast.get_docstring(node), f"{name}: {node.name}"
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                assert node.targets[0].id in used, f"{name}: {node.targets[0].id}"


def test_the_authors_names_and_comments_are_kept(small: Emitted) -> None:
    text = small.texts["Digits/MLP/PyTorch"]
    for word in ("def mlp(", "image =", "digit =", "hidden ="):
        assert word in text
    assert "A multilayer perceptron: hidden layers of one width, then a linear one." in text


@pytest.mark.parametrize(
    "document",
    [
        'A """ quotation', "a backslash \\ at the end \\", "{braces} {{and}} {% tags %}", "Größe 𝔼"
    ],
)  # fmt: skip
def test_what_an_author_writes_cannot_break_a_program(document: str, tmp_path: Path) -> None:
    text = SMALL.replace("problem Fall", f"/// {document}\nproblem Fall")
    text = text.replace("problem Digits", f"/// {document}\nproblem Digits")
    for emitted in emitted_by(write_one(tmp_path, text)).values():
        ast.parse(emitted)


@pytest.mark.parametrize("name", ["train", "np", "loss", "lambda", "torch", "x", "data", "print"])
def test_names_of_an_author_do_not_hide_those_of_the_program(name: str, tmp_path: Path) -> None:
    text = program(
        f"""
        problem P {{
            let {name}s = uniform([0.0], [1.0]) |> sample(20, seed = 1)
            let {name}(t) = t[0] * 2
            train {name} in {name}s |> first(10): predict {name} as {name}[0] * 2
            test  {name} in {name}s |> last(10):  predict {name} as {name}[0] * 2
        }}

        model {name}_model {{
            input  {name}: Tensor[real, n]
            let    {name}_layer = linear(4) >> tanh
            output y: Tensor[real, m] = {name} |> {name}_layer |> linear(m)
        }}

        benchmark b {{ models {name}_model }}
        """
    ).replace("adam_standardized", "adam")
    path = write_one(tmp_path, text + SHORT)
    for emitted in emitted_by(path).values():
        assert run_here(emitted, 0, tmp_path / "out")[-1]["event"] == "result"


SHORT = """
trainer adam {
    optimizer adam(1e-2)
    epochs    1
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}
trainer adam_standardized {
    optimizer adam(1e-2)
    epochs    1
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}
software JAX { backend none }
"""


# --- the run ----------------------------------------------------------------------------

PAIRS = ["Digits/MLP", "Digits/LeNet", "Fall/MLP"]


def test_the_small_benchmark_has_the_pairs_that_are_run_here(small: Emitted) -> None:
    assert small.pairs() == sorted(PAIRS)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("software", BACKENDS)
def test_a_program_prints_what_happens(small: Emitted, pair: str, software: str) -> None:
    name = f"{pair}/{software}"
    events = small.events(name)
    kinds = [e["event"] for e in events]
    assert kinds == ["start", "compile", "epoch", "epoch", "result"]
    (scenario,) = [s for s in small.plan["scenarios"] if s["id"] == events[0]["scenario"]]
    assert (scenario["software"], scenario["model"]) == (software, pair.split("/")[1])
    result = events[-1]
    assert result["model"]["parameters"] == scenario["cost"]["parameters"]
    assert set(result["metrics"]) == set(scenario["metrics"])
    assert result["compile"]["time"] == events[1]["seconds"] > 0
    assert result["train"]["time"] >= events[3]["seconds"] > events[2]["seconds"] > 0
    assert result["train"]["epochs"] == 2
    assert all(map(math.isfinite, result["metrics"].values()))
    kept = json.loads((small.folder / name.replace("/", "-") / "0" / "result.json").read_text())
    assert kept == {k: v for k, v in result.items() if k != "event"}


@pytest.mark.parametrize("pair", PAIRS)
def test_backends_agree(small: Emitted, pair: str) -> None:
    """The same weights and the same order to begin with: the same losses and scores."""
    torch, jax = (small.events(f"{pair}/{software}") for software in BACKENDS)
    losses = [[e["loss"] for e in events if e["event"] == "epoch"] for events in (torch, jax)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    ours, theirs = (
        {k: v for k, v in e[-1]["metrics"].items() if k not in ("training_time", "throughput")}
        for e in (torch, jax)
    )
    assert ours
    assert ours == pytest.approx(theirs, rel=1e-2, abs=0.02)


def test_a_seed_decides_everything(small: Emitted) -> None:
    name = "Fall/MLP/PyTorch"
    again = run_here(small.texts[name], 0, small.folder / "again")

    def outcome(events: list[Json]) -> tuple[float, float]:
        return events[-1]["train"]["loss"], events[-1]["metrics"]["mean_error"]

    assert outcome(again) == outcome(small.events(name))
    assert outcome(small.events(name, 1)) != outcome(again)


def test_a_program_runs_apart_from_everything(small: Emitted, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(small.texts["Fall/MLP/PyTorch"], encoding="utf-8")
    done = python(script, "--seed", "1", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json_lines(done.stdout)[-1]["train"]["loss"] == pytest.approx(
        small.events("Fall/MLP/PyTorch", 1)[-1]["train"]["loss"], rel=1e-4
    )


@pytest.mark.parametrize("software", BACKENDS)
def test_a_program_explains_itself(
    small: Emitted, software: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["script.py", "--help"])
    printed = io.StringIO()
    text = small.texts[f"Fall/MLP/{software}"]
    with redirect_stdout(printed), pytest.raises(SystemExit) as ended:
        exec(compile(text, "script.py", "exec"), {"__name__": "__main__", "__doc__": "A."})
    assert ended.value.code == 0
    for option in ("--seed", "--out", "--device"):
        assert option in printed.getvalue()


@pytest.mark.parametrize("software", BACKENDS)
def test_many_questions_are_answered_in_batches(
    small: Emitted, software: str, tmp_path: Path
) -> None:
    assert "EVALUATION_BATCH" not in small.texts[f"Fall/MLP/{software}"]
    many = SMALL.replace("sample(200, seed = 1)", "sample(6000, seed = 1)")
    many = many.replace("last(50)", "last(5000)")
    text = emitted_by(write_one(tmp_path, many))[f"Fall/MLP/{software}"]
    found = run_here(text, 0, tmp_path / "batches")[-1]
    whole = text.replace("EVALUATION_BATCH = 4096", "EVALUATION_BATCH = 5000")
    assert whole != text
    assert found["test"]["count"] == 5000
    at_once = run_here(whole, 0, tmp_path / "whole")[-1]["metrics"]["mean_error"]
    assert found["metrics"]["mean_error"] == pytest.approx(at_once, rel=1e-6)


@pytest.mark.parametrize("software", BACKENDS)
def test_a_training_that_runs_away_says_so(software: str, tmp_path: Path) -> None:
    text = SMALL.replace("adam(1e-2)", "sgd(1e30)").replace("clip      1.0", "")
    emitted = emitted_by(write_one(tmp_path, text))[f"Fall/MLP/{software}"]
    with pytest.raises(FloatingPointError, match=r"the loss is .* after epoch 1"):
        run_here(emitted, 0, tmp_path)


def test_data_that_went_missing_is_named(tmp_path: Path) -> None:
    """The header is read while planning; the program then finds the file gone."""
    (tmp_path / "points.csv").write_text("".join(f"{i},{2 * i}\n" for i in range(200)))
    drawn = "let times = uniform([0.0 s], [3.0 s]) |> sample(200, seed = 1)"
    text = SMALL.replace(drawn, "let times = d.table").replace("9.81 m/s^2", "9.81")
    path = write_one(tmp_path, text + 'dataset d { file table, "points.csv" }\n')
    emitted = emitted_by(path)["Fall/MLP/PyTorch"]
    (tmp_path / "points.csv").unlink()
    with pytest.raises(OSError, match=r"points\.csv"):
        run_here(emitted, 0, tmp_path)


# --- operators --------------------------------------------------------------------------

OPERATORS = [
    "relu", "leaky_relu(0.1)", "gelu", "silu", "softplus", "softmax", "tanh", "sigmoid", "sin",
    "cos", "exp", "abs", "erf", "floor", "sign", "sort", "cumsum", "skip(tanh)",
    "(v => v ^ 2)", "(v => sqrt(abs(v) + 1))", "(v => log(abs(v) + 1))", "(v => clip(v, -1, 1))",
    "(v => max(v, 0.5))", "(v => where(v > 0, v, 2 * v))", "(v => concat(v, v))",
    "(v => v[2:5])", "(v => flat(stack(v, 2 * v)))", "(v => v - mean(v))", "(v => v / std(v))",
    "(v => v / norm(v))", "(v => v * max(v))", "(v => stack(v, v) @ v)",
    "(v => reshape(v, [2, 4]) |> transpose |> flat)",
    "(v => reshape(v, [4, 2, 1]) |> conv(3, 2) |> flat)",
    "(v => reshape(v, [4, 2, 1]) |> conv(3, 2, stride = 2, pad = valid) |> flat)",
    "(v => reshape(v, [4, 2, 1]) |> pool(2) |> flat)",
    "(v => reshape(v, [4, 2, 1]) |> pool(2, kind = mean) |> flat)",
    "(v => reshape(v, [8, 1]) |> conv(3, 3) |> flat)",
    "(v => reshape(v, [8, 1]) |> conv(3, 4, pad = wrap) |> flat)",
    "(v => reshape(v, [8, 1]) |> conv(3, 3, pad = causal, stride = 2) |> flat)",
    "(v => reshape(v, [8, 1]) |> spectral_conv(3, modes = 2) |> flat)",
    "(v => reshape(v, [2, 4, 1]) |> spectral_conv(3, modes = 1) |> flat)",
    "(v => solve_linear(stack(v[0:2], v[2:4] + 3), v[4:6]))",
    "(v => lstsq(reshape(v, [4, 2]), v[0:4]))",
    "(v => reshape(v, [4, 2]) |> (a => cholesky(transpose(a) @ a + [[1, 0], [0, 1]])) |> flat)",
    "(v => reshape(v[0:4], [2, 2]) |> (a => inverse(a + [[3, 0], [0, 3]]) * det(a)) |> flat)",
    "(v => reshape(v, [4, 2, 1]) |> upsample(2) |> flat)",
    "(v => v * parameter(0.4))",
]  # fmt: skip


# Emitted, and wrong when it is run, or not emitted at all.


@pytest.fixture(scope="module")
def operators(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Programs with a model for each operator, between two linear layers."""
    models = "".join(
        f"""
        model Op{i} {{
            input  x: Tensor[real, n]
            output y: Tensor[real, m] = x |> linear(8) |> {operator} |> linear(m)
        }}
        """
        for i, operator in enumerate(OPERATORS)
    )
    names = ", ".join(f"Op{i}" for i in range(len(OPERATORS)))
    text = SMALL[SMALL.index("problem Fall") : SMALL.index("benchmark")]
    chosen = f"benchmark b {{\n    models {names}\n    trainers short\n}}\n"
    folder = tmp_path_factory.mktemp("operators")
    return emitted_by(write_one(folder, text + program(models) + chosen))


def answers(text: str, name: str, array: Callable[[Any], Any]) -> Any:
    """What the model of a program says to five points, with its weights of seed 0."""
    functions: dict[str, Any] = {"__name__": "script", "__doc__": "A."}
    exec(compile(text, "script.py", "exec"), functions)
    weights = functions["init"](np.random.default_rng(0))
    points = np.array([-2.0, -1.0, 0.5, 1.0, 2.0])[:, None]
    found = functions[name]({k: array(v) for k, v in weights.items()}, array(points))
    return np.asarray(found.detach() if hasattr(found, "detach") else found)


@pytest.mark.parametrize(
    "i",
    [pytest.param(i, id=o) for i, o in enumerate(OPERATORS)],
)
def test_backends_agree_on_an_operator(operators: dict[str, str], i: int) -> None:
    import jax.numpy as jnp
    import torch

    ours = answers(
        operators[f"Fall/Op{i}/PyTorch"],
        f"op{i}",
        lambda v: torch.as_tensor(np.array(v), dtype=torch.float32),
    )
    theirs = answers(operators[f"Fall/Op{i}/JAX"], f"op{i}", lambda v: jnp.asarray(v, jnp.float32))
    assert ours.shape == theirs.shape == (5, 1)
    assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-5)
