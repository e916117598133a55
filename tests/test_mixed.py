"""Mixed precision: models compute in bfloat16, all else of training is in single precision.

Each program is emitted in both precisions and trained: it learns as in single precision, and
its losses are not the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from support import EXAMPLES, plan_of, planned_in, run_here, write, write_one

from sailc.build import compiled
from sailc.workspace import Workspace

BACKENDS = ("PyTorch", "JAX")
BOTH = pytest.mark.parametrize("software", BACKENDS)

STACKS = "".join(
    f"""
    software {name} {{
        backend  {backend}
        suggest  precision in [f32, bf16, f16, f64]
    }}
    """
    for name, backend in (("PyTorch", "torch"), ("JAX", "jax"))
)

WAVES = """
    problem Waves {
        let rows    = normal(0, 1, shape = [8, 2]) |> sample(96, seed = 0)
        let size(p) = [mean(p[:, 0] * p[:, 1]), mean(p)]
        train x in rows |> first(64): predict x as size(x)
        test  x in rows |> last(32):  predict x as size(x)
    }
"""

SETS = """
    problem Sets {
        let rows    = normal(0, 1, shape = [6]) |> sample(96, seed = 0)
        let some(p) = Set([x for x in p if x > 0])
        let size(p) = [sum(x ^ 2 for x in p if x > 0), 0.5]
        train p in rows |> first(64): predict some(p) as size(p)
        test  p in rows |> last(32):  predict some(p) as size(p)
    }
"""

STAGES = """
    problem Stages {
        let rows = normal(0, 1, shape = [8, 2]) |> sample(96, seed = 0)
        stage first { train x in rows |> first(64): predict x as [mean(x), mean(x ^ 2)] }
        stage last {
            carry hidden
            train x in rows |> last(64): predict x as [mean(x[:, 0] * x[:, 1]), mean(x)]
        }
        test x in rows |> last(32): predict x as [mean(x[:, 0] * x[:, 1]), mean(x)]
    }
"""

SEVERAL = """
    problem Several {
        let rows = normal(0, 1, shape = [8, 2]) |> sample(96, seed = 0)
        train x in rows |> first(64) {
            size:  predict x as [mean(x), mean(x ^ 2)]
            twice: 2 * size(x) as 2 * [mean(x), mean(x ^ 2)]
        }
        test x in rows |> last(32) {
            size:  predict x as [mean(x), mean(x ^ 2)]
            twice: 2 * size(x) as 2 * [mean(x), mean(x ^ 2)]
        }
    }
"""

MODEL = """
    model Network {
        input  x: Tensor[real, 8, 2]
        let    hidden = LAYERS
        output y: Tensor[real, 2] = hidden |> flat |> linear(2)
    }
"""

DEEP_SET = """
    model Network {
        input  xs: Set[real, n]
        let    total = sum([x] |> linear(16) |> relu |> linear(8) for x in xs)
        output y: Tensor[real, 2] = total |> relu |> linear(2)
    }
"""

MINIMIZES = """
    model Network {
        input    x: Tensor[real, 8, 2]
        let      code = x |> flat |> linear(6) |> tanh
        let      back = code |> linear(16)
        output   y: Tensor[real, 2] = code |> linear(2)
        minimize mean((back - flat(x)) ^ 2) + mean((linear(code, 1) - 1) ^ 2)
    }
"""

TRAINER = """
    trainer steps {
        optimizer OPTIMIZER
        epochs    EPOCHS
        batch     16
        loss      (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
    }

    benchmark B {
        models   Network
        trainers steps
        software PyTorch, JAX
        sweep    PyTorch.precision, JAX.precision
        metrics  mean_error
    }
"""


def text_of(problem: str, model: str, optimizer: str = "adam(5e-3)", epochs: str = "3") -> str:
    trainer = TRAINER.replace("OPTIMIZER", optimizer).replace("EPOCHS", epochs)
    return STACKS + problem + model + trainer


def layers(written: str) -> str:
    return MODEL.replace("LAYERS", f"x |> {written.replace('>>', '|>')}")


@lru_cache
def emitted(text: str, folder: Path) -> Mapping[tuple[str, str], str]:
    """The programs of a text, by software and precision."""
    path = write_one(folder, text)
    workspace = Workspace.open([path])
    plan = planned_in(workspace, path)
    stacks = [s.software for s in plan.scenarios]
    texts = [compiled(workspace.db, s).text for s in plan.scenarios]
    return {(s.name, s.precision): text for s, text in zip(stacks, texts, strict=True)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mixed")


def losses(text: str, folder: Path) -> list[float]:
    """The mean loss of every epoch."""
    return [e["loss"] for e in run_here(text, 0, folder / "out") if e["event"] == "epoch"]


def module_of(text: str) -> dict[str, Any]:
    """What a program defines."""
    defined: dict[str, Any] = {"__name__": "script"}
    exec(compile(text, "script.py", "exec"), defined)
    return defined


PROGRAMS = {
    "dense": text_of(WAVES, layers("flat >> linear(16) >> relu >> softmax >> dropout(0.1)")),
    "convolution": text_of(
        WAVES, layers("conv(8, 3) >> batch_norm >> relu >> pool(2) >> conv_transpose(4, 3)")
    ),
    "attention": text_of(WAVES, layers("linear(8) >> attention(heads = 2) >> layer_norm")),
    "recurrent": text_of(WAVES, layers("lstm(8) >> gru(4)")),
    "spectral": text_of(WAVES, layers("linear(4) >> spectral_conv(4, modes = 2) >> gelu")),
    "sets": text_of(SETS, DEEP_SET),
    "minimizes": text_of(WAVES, MINIMIZES),
    "stages": text_of(STAGES, layers("flat >> linear(16) >> batch_norm >> relu")),
    "several fixtures, in phases": text_of(
        SEVERAL, layers("flat >> linear(16) >> relu"), "[sgd(0.05), adam(5e-3)]", "2, 2"
    ),
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_learns_as_in_single_precision(folder: Path, software: str, name: str) -> None:
    programs = emitted(PROGRAMS[name], folder)
    there, here = (losses(programs[software, p], folder) for p in ("f32", "bf16"))
    assert here == pytest.approx(there, rel=0.1)
    assert here != pytest.approx(there, rel=1e-6)
    assert here[-1] < here[0]


@BOTH
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_in_single_precision_says_nothing_of_it(
    folder: Path, software: str, name: str
) -> None:
    programs = emitted(PROGRAMS[name], folder)
    assert "bfloat16" not in programs[software, "f32"]
    assert "def mixed" not in programs[software, "f32"]
    assert "@mixed\ndef" in programs[software, "bf16"]


def test_pytorch_keeps_weights_and_gradients_in_single_precision(folder: Path) -> None:
    made = module_of(emitted(PROGRAMS["dense"], folder)["PyTorch", "bf16"])
    start = made["init"](np.random.default_rng(0))
    w = {
        n: torch.tensor(a.copy(), dtype=torch.float32, requires_grad=True) for n, a in start.items()
    }
    x = torch.randn(5, 8, 2)
    answer = made["network"](w, x)
    assert answer.dtype == torch.float32
    assert (answer.bfloat16().float() == answer).all(), "it is not computed in bfloat16"
    answer.square().mean().backward()
    assert {value.grad.dtype for value in w.values() if value.grad is not None} == {torch.float32}


def test_jax_keeps_weights_and_gradients_in_single_precision(folder: Path) -> None:
    made = module_of(emitted(PROGRAMS["attention"], folder)["JAX", "bf16"])
    start = made["init"](np.random.default_rng(0))
    w = {n: jnp.asarray(a, jnp.float32) for n, a in start.items()}
    x = jnp.ones((5, 8, 2))
    assert made["network"](w, x).dtype == jnp.float32
    told = str(jax.make_jaxpr(made["network"])(w, x))
    products = [line for line in told.splitlines() if "dot_general" in line]
    assert products
    assert all("bf16[" in line for line in products)
    found = jax.grad(lambda w: (made["network"](w, x) ** 2).mean())(w)
    assert {a.dtype for a in found.values()} == {jnp.dtype(jnp.float32)}


def test_jax_normalizes_and_weighs_in_single_precision(folder: Path) -> None:
    """As PyTorch's autocast does by itself."""
    text = emitted(PROGRAMS["attention"], folder)["JAX", "bf16"]
    assert "jax.nn.softmax(scores.astype(jnp.float32), axis=-1).astype(x.dtype)" in text
    model = text.partition("@mixed")[2].partition("\n\n\n")[0]
    assert "layer_norm(" in model
    assert model.count(".astype(jnp.float32)") == model.count(".astype(jnp.bfloat16)") == 1


# --- what is left out -------------------------------------------------------------------------

DIFFERENTIATED = """
    problem Slopes {
        let rows = normal(0, 1, shape = [8, 2]) |> sample(96, seed = 0)
        train x in rows |> first(64) {
            energy: predict x as mean(x ^ 2)
            force:  -grad(energy(x), x) as -x / 8
        }
        test x in rows |> last(32) { energy: predict x as mean(x ^ 2) }
    }

    model Network {
        input  x: Tensor[real, 8, 2]
        output y: real = (x |> flat |> linear(8) |> tanh |> linear(1))[0]
    }
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (text_of(DIFFERENTIATED, ""), "an answer is differentiated by what it is of"),
        (text_of(WAVES, layers("flat"), "lbfgs()"), "L-BFGS compares losses"),
    ],
)
def test_what_takes_more_digits_is_left_out(tmp_path: Path, text: str, reason: str) -> None:
    plan = plan_of(write_one(tmp_path, text))
    chosen = [s["hyperparameters"][f"{s['software']}.precision"] for s in plan["scenarios"]]
    assert sorted(chosen) == ["f32", "f32", "f64", "f64"]
    (said,) = [x for x in plan["excluded"] if "mixed precision" in x["reason"]]
    assert said["code"] == "X0203"
    assert reason in said["reason"]


def test_half_precision_is_left_out(tmp_path: Path) -> None:
    plan = plan_of(write_one(tmp_path, PROGRAMS["dense"]))
    said = [x["reason"] for x in plan["excluded"] if "`f16`" in x["reason"]]
    assert len(said) == len(BACKENDS)
    assert all("unless the loss is scaled; `bf16` needs no such care" in text for text in said)


# --- what is planned ----------------------------------------------------------------------------


def test_narrow_numbers_take_half_the_room(tmp_path: Path) -> None:
    plan = plan_of(write_one(tmp_path, PROGRAMS["dense"]))
    costs = {s["hyperparameters"].get("JAX.precision"): s["cost"] for s in plan["scenarios"]}
    single, mixed, double = (costs[p] for p in ("f32", "bf16", "f64"))
    assert single["bytes"] == mixed["bytes"] == 4 * single["parameters"]
    assert single["activation_bytes"] == 2 * mixed["activation_bytes"]
    assert single["intensity"] < mixed["intensity"] < 2 * single["intensity"]
    assert double["bytes"] == 2 * single["bytes"]
    assert double["activation_bytes"] == 2 * single["activation_bytes"]


def test_the_paper_s_software_offers_both_where_there_is_an_accelerator(tmp_path: Path) -> None:
    """Its `software.sail`, on the node with one that it declares."""
    files = {"software.sail": (EXAMPLES / "paper/software.sail").read_text("utf-8")}
    benchmark = """
        use software { PyTorch, gpu_node }
        PROBLEM
        benchmark B {
            software PyTorch
            on       gpu_node
            models   Network
            trainers steps
            sweep    PyTorch.precision
        }
    """
    text = benchmark.replace("PROBLEM", WAVES + layers("flat") + TRAINER.partition("benchmark")[0])
    text = text.replace("OPTIMIZER", "adam(1e-3)").replace("EPOCHS", "2")
    plan = plan_of(write(tmp_path, {**files, "program.sail": text}) / "program.sail")
    chosen = [s["hyperparameters"]["PyTorch.precision"] for s in plan["scenarios"]]
    assert chosen == ["f32", "bf16"]
