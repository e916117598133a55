"""What programs read of a field: its values and derivatives in laws and conditions, beside those of
a function whose derivatives are known."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from away import NAME as AWAY
from away import accelerator
from support import emitted_by, run_here, sail, write_one

BOTH = pytest.mark.parametrize("software", ["PyTorch", "JAX"])

REST = """
problem Asked {
    test eq in [EQUATION] {
        whole: solve eq as Field[D, K]
        law:   residual(eq, whole(eq), at = 10) as 0
    }
}

solver Network {
    needs    phi: Tensor[real, d] -> Tensor[real, k]
    require  smooth(phi, 3) because "an equation takes derivatives"
    input    eq: Equation[d, k]
    minimize mean(residual(eq, phi, at = 8) ^ 2) + mean(mismatch(eq, phi, at = 8) ^ 2)
    output   phi
}

trainer falling {
    optimizer adam(1e-2)
    epochs    1
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark B {
    trainers falling
    software SOFTWARE
    set      MLP.depth = 1, MLP.activation = tanh
    metrics  mean_error(law)
}
"""

# Of one variable and one unknown, with a parameter that is called like a program's function.
SWING = """
equation Swing(slopes: real) {
    unknown a(t)
    domain  t in 0..1
    law     d(a, t, t) == -slopes * a
    initial a(0) == 1
    initial d(a, t)(0) == 0
}
"""

# The third derivative, and conditions that compare two ends.
WAVE = """
equation Wave(c: real) {
    unknown  u(x, t)
    domain   x in -1..1, t in 0..1
    law      d(u, t) + u * d(u, x) + c * d(u, x, x, x) == 0
    initial  u(x, 0) == cos(pi * x)
    boundary u(-1, t) == u(1, t)
    boundary d(u, x)(-1, t) == d(u, x)(1, t)
}
"""

# Second derivatives by several variables, one of them mixed.
PLATE = """
equation Plate {
    unknown  u(x, y)
    domain   x in 0..1, y in 0..1
    law      d(u, x, x) + d(u, y, y) + 2 * d(u, x, y) == 1
    boundary u(0, y) == 0
    boundary u(1, y) == 0
    boundary d(u, y)(x, 0) == 1
    boundary d(u, y)(x, 1) == 0
}
"""

# Two unknowns of three variables, and a parameter that is called like what a method is given.
FLOW = """
equation Flow(field: real) {
    unknown  u(x, y, t), v(x, y, t)
    domain   x in 0..1, y in 0..1, t in 0..1
    law      d(u, t) + u * d(u, x) + v * d(u, y) == field * (d(u, x, x) + d(u, y, y))
    law      d(v, x) + d(u, y) == 0
    initial  u(x, y, 0) == x * y
    initial  v(x, y, 0) == 0
    boundary u(0, y, t) == 0
    boundary u(1, y, t) == 0
    boundary u(x, 0, t) == 0
    boundary u(x, 1, t) == 0
    boundary v(0, y, t) == 0
}
"""

# Three unknowns of one variable.
CHAIN = """
equation Chain {
    unknown a(t), b(t), c(t)
    domain  t in 0..1
    law     d(a, t) == -a * b
    law     d(b, t) == a - c
    law     d(c, t) == b
    initial a(0) == 1
    initial b(0) == 0
    initial c(0) == 0
}
"""


def module_of(monkeypatch: pytest.MonkeyPatch, script: str) -> ModuleType:
    """A program as a module."""
    module = ModuleType("emitted")
    monkeypatch.setitem(sys.modules, "emitted", module)
    exec(compile(script, "emitted.py", "exec"), module.__dict__)
    return module


def tensors(software: str, arrays: list[np.ndarray]) -> list[Any]:
    """Coordinates as a program has them."""
    if software == "JAX":
        return [jnp.asarray(x) for x in arrays]
    return [torch.tensor(x, dtype=torch.float32).requires_grad_() for x in arrays]


class Case(NamedTuple):
    """An equation with a field of d variables and k unknowns (`m` is the library that sines are
    of), and what its laws and each of its conditions leave over for that, by hand."""

    equation: str
    asked: str
    d: int
    k: int
    field: Any
    laws: Any
    conditions: list[Any]


CASES = {
    "Swing": Case(
        SWING,
        "Swing(3)",
        1,
        1,
        field=lambda m, t: [m.sin(2 * t)],
        laws=lambda t: [-4 * np.sin(2 * t) + 3 * np.sin(2 * t)],
        conditions=[lambda t: np.sin(2 * t) - 1, lambda t: 2 * np.cos(2 * t)],
    ),
    "Wave": Case(
        WAVE,
        "Wave(0.5)",
        2,
        1,
        field=lambda m, x, t: [m.sin(x) * m.exp(2 * t)],
        laws=lambda x, t: [
            np.sin(x) * np.exp(2 * t) * (2 + np.cos(x) * np.exp(2 * t))
            - 0.5 * np.cos(x) * np.exp(2 * t)
        ],
        conditions=[
            lambda x, t: np.sin(x) * np.exp(2 * t) - np.cos(np.pi * x),
            lambda x, t: -2 * np.sin(1) * np.exp(2 * t),
            lambda x, t: 0 * x,
        ],
    ),
    "Plate": Case(
        PLATE,
        "Plate",
        2,
        1,
        field=lambda m, x, y: [m.sin(x) * m.exp(3 * y)],
        laws=lambda x, y: [(8 * np.sin(x) + 6 * np.cos(x)) * np.exp(3 * y) - 1],
        conditions=[
            lambda x, y: np.sin(x) * np.exp(3 * y),
            lambda x, y: np.sin(x) * np.exp(3 * y),
            lambda x, y: 3 * np.sin(x) * np.exp(3 * y) - 1,
            lambda x, y: 3 * np.sin(x) * np.exp(3 * y),
        ],
    ),
    "Flow": Case(
        FLOW,
        "Flow(0.1)",
        3,
        2,
        field=lambda m, x, y, t: [x**2 * y + t, m.sin(x) * y],
        laws=lambda x, y, t: [
            1 + (x**2 * y + t) * 2 * x * y + np.sin(x) * y * x**2 - 0.2 * y,
            np.cos(x) * y + x**2,
        ],
        conditions=[
            lambda x, y, t: x**2 * y + t - x * y,
            lambda x, y, t: np.sin(x) * y,
            *(4 * [lambda x, y, t: x**2 * y + t]),
            lambda x, y, t: np.sin(x) * y,
        ],
    ),
    "Chain": Case(
        CHAIN,
        "Chain",
        1,
        3,
        field=lambda m, t: [t**2, m.sin(t), m.exp(t)],
        laws=lambda t: [
            2 * t + t**2 * np.sin(t),
            np.cos(t) - t**2 + np.exp(t),
            np.exp(t) - np.sin(t),
        ],
        conditions=[lambda t: t**2 - 1, np.sin, np.exp],
    ),
}


def problem(case: Case, software: str) -> str:
    rest = REST.replace("EQUATION", case.asked).replace("[D, K]", f"[{case.d}, {case.k}]")
    return case.equation + rest.replace("SOFTWARE", software)


@BOTH
@pytest.mark.parametrize("name", CASES)
def test_laws_and_conditions_are_what_calculus_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, software: str
) -> None:
    case = CASES[name]
    (script,) = emitted_by(write_one(tmp_path, problem(case, software))).values()
    program = module_of(monkeypatch, script)
    m: Any = jnp if software == "JAX" else torch

    def asked(points: Any) -> Any:
        return m.stack(case.field(m, *(points[:, i] for i in range(case.d))), -1)

    (eq,) = program.load()
    rng = np.random.default_rng(0)
    places = [rng.uniform(0, 1, 20) for _ in range(case.d)]
    found = eq.laws(asked, *tensors(software, places))
    assert np.allclose(_array(found), np.stack(case.laws(*places), -1), atol=1e-4)

    border = program.borders(eq, 40, rng)
    left = _array(eq.conditions(asked, [tensors(software, at) for at in border]))
    sides = [i for i, (_, ends) in enumerate(eq.sides()) for _ in ends]
    first = [border[sides.index(i)] for i in range(len(case.conditions))]
    each = [condition(*at) for condition, at in zip(case.conditions, first, strict=True)]
    assert np.allclose(left, np.concatenate(each), atol=1e-4)


def _array(value: Any) -> np.ndarray:
    return np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)


SHADOWS = {
    "an unknown and a variable that are called like a helper": """
        equation E {
            unknown  slopes(x, along)
            domain   x in 0..1, along in 0..1
            law      d(slopes, along) == d(slopes, x, x)
            initial  slopes(x, 0) == x
            boundary slopes(0, along) == 0
            boundary d(slopes, x)(1, along) == 0
        }
        """,
    "parameters that are called like methods, and a word of Python": """
        equation E(sides: real, laws: real, lambda: real) {
            unknown u(x)
            domain  x in 0..laws
            law     d(u, x) == sides * u * lambda
            initial u(0) == sides
        }
        """,
    "functions of parameters alone": """
        equation E(a: real) {
            unknown u(t)
            domain  t in 0..1
            law     d(u, t) == -sqrt(a) * u + max(a, 0.5)
            initial u(0) == exp(a)
        }
        """,
    "no conditions": """
        equation E {
            unknown u(x)
            domain  x in 0..1
            law     u == 3
        }
        """,
}


@pytest.mark.parametrize("case", SHADOWS)
def test_both_backends_lose_alike_and_on_an_accelerator(tmp_path: Path, case: str) -> None:
    text = SHADOWS[case]
    asked = {"lambda": "E(1, 2, 3)", "(a:": "E(2)"}
    call = next((own for part, own in asked.items() if part in text), "E")
    program = problem(Case(text, call, 2 if "along" in text else 1, 1, None, None, []), "SOFTWARE")
    if "initial" not in text:
        program = program.replace(" + mean(mismatch(eq, phi, at = 8) ^ 2)", "")
    first: list[float] = []
    for software in ("PyTorch", "JAX"):
        (script,) = emitted_by(write_one(tmp_path, program.replace("SOFTWARE", software))).values()
        assert ("def borders" in script) == ("initial" in text)
        events = run_here(script, 0, tmp_path / "out")
        first.append(next(e["loss"] for e in events if e["event"] == "epoch"))
        if software == "PyTorch":
            with accelerator():
                events = run_here(script, 0, tmp_path / "out", "--device", AWAY)
            first.append(next(e["loss"] for e in events if e["event"] == "epoch"))
    assert first == pytest.approx([first[0]] * 3, rel=1e-5)


def test_what_no_condition_leaves_over_cannot_be_made_small(tmp_path: Path) -> None:
    case = Case(SHADOWS["no conditions"], "E", 1, 1, None, None, [])
    ran = sail("emit", write_one(tmp_path, problem(case, "JAX")), exit=1)
    assert "`mismatch` of `E`, which has no conditions" in ran.output
