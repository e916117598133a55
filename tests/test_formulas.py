"""Functions as questions, answers and truths: what becomes of them in a run."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import sympy
from support import EXAMPLES, Json, emitted_by, run_here, sail, write_one

from sailc.emit.text.formulas import ROWS
from sailc.program.arrays.formulas import SYMBOLIC
from sailc.symbolic import formulas
from sailc.symbolic.slopes import SLOPES
from sailc.symbolic.vocabulary import NUMBERS, TENSORS
from sailc.symbolic.written.formulas import is_one, numeric, values

DECAYS = """
fn apart(f, g, t) = abs(grad(f(t), t) - grad(g(t), t))

problem Decays {
    let drawn  = uniform([1, 0.5], [3, 2]) |> sample(20, seed = 1)
    let law(p) = t => p[0] * exp(-p[1] * t)

    test p in drawn: discover [law(p)(t) for t in 0..6] as law(p)
}

solver Logarithms {
    for    discover
    input  seen: Tensor[real, 7]
    let    c = lstsq([[1.0, -i] for i in 0..6], log(seen))
    output law: real -> real = t => exp(c[0]) * exp(-c[1] * t)
}

metric found {
    for    discover
    better higher
    score  (answer: real -> real, truth: real -> real) => equivalent(answer, truth)
    reduce mean
}

metric off {
    better lower
    score  (answer: real -> real, truth: real -> real) => max(abs(answer(0..9) - truth(0..9)))
    reduce max
}

metric slope_off {
    better lower
    score  (answer: real -> real, truth: real -> real) => apart(answer, truth, 0.5)
    reduce max
}
"""


def result(path: Path) -> Json:
    """What the only program of a file gives."""
    (text,) = emitted_by(path).values()
    return run_here(text, 0, path.parent / "out")[-1]


def test_a_law_is_found_judged_and_told(tmp_path: Path) -> None:
    path = write_one(tmp_path, DECAYS)
    found = result(path)
    assert found["metrics"]["found"] == 1
    assert found["metrics"]["off"] < 1e-12
    assert found["metrics"]["slope_off"] < 1e-12
    (height, _), *_ = np.random.default_rng(1).uniform([1, 0.5], [3, 2], (20, 2))
    head, formula = found["formulas"][0]["truth"].split(" => ")
    assert head == "t"
    assert float(formula.split("*")[0]) == pytest.approx(height)
    assert "found\n    t => " in sail("run", path, exit=0).output
    assert "    where it is t => " in sail("rank", path, exit=0).output


ROUNDED = """
problem Lines {
    test k in [1.0, 2.0]: discover [k] as (x => k * x)
}

solver Rounded {
    for    discover
    input  k: Tensor[real, 1]
    output line: real -> real = x => (k[0] + SHIFT) * x
}

metric found {
    for    discover
    better higher
    score  (answer: real -> real, truth: real -> real) => equivalent(answer, truthTOLERANCE)
    reduce mean
}
"""


@pytest.mark.parametrize(
    ("shift", "tolerance", "found"),
    [
        ("1e-9", "", 1),
        ("1e-3", "", 0),
        ("1e-3", ", tolerance = 1e-2", 1),
        ("0.015", ", tolerance = 1e-2", 0.5),
    ],
)
def test_fitted_numbers_are_equal_within_a_tolerance(
    tmp_path: Path, shift: str, tolerance: str, found: float
) -> None:
    text = ROUNDED.replace("SHIFT", shift).replace("TOLERANCE", tolerance)
    assert result(write_one(tmp_path, text))["metrics"]["found"] == found


ROOTS = """
problem Roots {
    let drawn = uniform([1, 0.5], [3, 2]) |> sample(9, seed = 1)
    let area(p) = (x: real<m>) => p[0] * x ^ 2 - p[1] * 1 m^2
    test p in drawn: solve { f: area(p), start: 3 m } as (p[1] / p[0]) ^ 0.5 * 1 m
}

solver Newton {
    for    solve
    input  asked: { f: real<cm> -> real<m^2>, start: real<m> }
    let    step(x) = x - asked.f(x) / grad(asked.f(x), x)
    output repeat(9, step)(asked.start)
}

metric off {
    better lower
    score  (answer: real<m>, truth: real<m>) => abs(answer - truth)
    reduce max
}
"""
MEANS = """
problem Means {
    let drawn = uniform([1, 0.5], [3, 2]) |> sample(9, seed = 1)
    test f in [t => p[0] * sin(p[1] * t) for p in drawn]: solve f as f(0.0) + f(2.0)
}

solver Middle {
    for    solve
    input  f: real -> real
    output sum(f([0.0, 2.0]))
}

metric off {
    better lower
    score  (answer: real, truth: real) => abs(answer - truth)
    reduce max
}
"""


@pytest.mark.parametrize("text", [ROOTS, MEANS], ids=["a record with a function", "a function"])
def test_functions_are_asked_about(tmp_path: Path, text: str) -> None:
    assert result(write_one(tmp_path, text))["metrics"]["off"] < 1e-12


def test_an_example_finds_the_forces_between_atoms(tmp_path: Path) -> None:
    scripts = emitted_by(write_one(tmp_path, (EXAMPLES / "potentials.sail").read_text("utf-8")))
    few = run_here(scripts["Bonds/FewPowers/NumPy"], 0, tmp_path / "few")[-1]["metrics"]
    every = run_here(scripts["Bonds/AllPowers/NumPy"], 0, tmp_path / "all")[-1]["metrics"]
    assert few["recovered"] > every["recovered"] > 0
    assert few["force_error"] < every["force_error"]


# --- what is one ---------------------------------------------------------------------------

x, y = sympy.symbols("x y", real=True)
PAIRS = [
    ((x + 1) ** 2, x**2 + 2 * x + 1, True),
    (sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2, True),
    (sympy.sqrt(x**2), sympy.Abs(x), True),
    (sympy.log(x**2), 2 * sympy.log(x), False),  # below 0, one of them has no value
    (sympy.exp(x), sympy.exp(x) + 1e-3, False),
    (2 * x, 2.0000001 * x, True),
    (sympy.Integer(3), 3 + 0 * x, True),
    (x, sympy.Abs(x), False),
]


@pytest.mark.parametrize(("one", "other", "same"), PAIRS)
def test_what_is_one(one: sympy.Expr, other: sympy.Expr, same: bool) -> None:
    f, g = (sympy.Lambda(x, e) for e in (one, other))
    assert is_one(f, g, 1e-6, -10, 10) is same
    assert is_one(g, f, 1e-6, -10, 10) is same


def test_a_value_is_there_for_each_function_and_each_place() -> None:
    functions = np.array([sympy.Lambda(x, k * sympy.erf(x)) for k in (1, 2)], dtype=object)
    found = values(functions[:, None], np.array([0.0, 1.0, 2.0]))
    assert found == pytest.approx(np.outer([1, 2], [0, math.erf(1), math.erf(2)]))
    assert numeric(math.cos) is math.cos


def test_every_word_of_formulas_has_its_algebra_and_its_row() -> None:
    assert set(SLOPES) == NUMBERS.keys() | TENSORS
    assert set(formulas.TENSORS) == TENSORS
    assert {f"symbolic {n}" for n in SYMBOLIC} <= set(ROWS)


WORDS = (
    "abs(x) + exp(-x) + log(x) + log2(x) + log10(x) + log1p(x) + sqrt(x) + sin(x) * cos(x) + "
    "tan(x / 4) + tanh(x) + sigmoid(x) + erf(x) + sign(x) * floor(x) + max(x, 1) - min(x, 1) + "
    "relu(x - 1) + clip(x, 0.5, 1.5) + (if x < 1 then x else x ^ 2) + "
    "(if x >= 1 then 1 else k) + 1 / (1 + x) - x ^ k + k ^ x"
)
OF_TENSORS = (
    "sum([x, k] * [k, x]) + mean([x, 2 * x]) + norm([x, k]) + [x, k][0] + [x, 1] @ [k, 1] + "
    "sum(x + [k, 1]) + mean([[x, k], [1, x]] @ [x, k])"
)


def of_vectors(words: str) -> str:
    """What words make of numbers, of each of a vector."""
    return re.sub(r"\bx\b", "(x * [0.5, 1, 1.5])", words)


@pytest.mark.parametrize(
    "body", [f"{WORDS} + {OF_TENSORS}", f"sum({of_vectors(WORDS)})"], ids=["numbers", "vectors"]
)
def test_a_formula_of_every_word(tmp_path: Path, body: str) -> None:
    """What a formula gives is what its function gives."""
    text = f"fn whole(k) = x => {body}\n" + MEANS.replace(
        "test f in [t => p[0] * sin(p[1] * t) for p in drawn]: solve f as f(0.0) + f(2.0)",
        "test p in drawn: solve whole(p[0]) as whole(p[0])(0.6) + whole(p[0])(1.9)",
    ).replace("f([0.0, 2.0])", "f([0.6, 1.9])")
    assert result(write_one(tmp_path, text))["metrics"]["off"] < 1e-12


SLOPED = """
fn whole(k) = x => BODY
fn near(f, x) = (f(x + 1e-5) - f(x - 1e-5)) / 2e-5

problem Slopes {
    let drawn = uniform([1, 0.5], [3, 1.9]) |> sample(9, seed = 1)
    test p in drawn: solve p as near(whole(p[0]), p[1])
}

solver Slope {
    for    solve
    input  p: Tensor[real, 2]
    let    x = p[1] + 0.0
    output grad(whole(p[0])(x), x)
}

metric off {
    better lower
    score  (answer: real, truth: real) => abs(answer - truth) / (1 + abs(truth))
    reduce max
}
"""


@pytest.mark.parametrize(
    "body", [f"{WORDS} + {OF_TENSORS}", f"sum({of_vectors(WORDS)})"], ids=["numbers", "vectors"]
)
def test_every_word_has_its_derivative(tmp_path: Path, body: str) -> None:
    """It is that of central differences, where nothing is learned and NumPy answers."""
    path = write_one(tmp_path, SLOPED.replace("BODY", body))
    assert result(path)["metrics"]["off"] < 1e-7


LEARNING = """
problem Lines {
    train x in [0.0, 50.0]: predict x as 2 * x
    test  x in [0.0, 50.0, 1.0]: predict x as 2 * x
}

model Power {
    for    predict
    input  x: real
    let    n = parameter(2.0)
    output grad(x ^ n + sigmoid(n * x) + (if n > 0 then x ^ 2 else x), x)
}

model Deep {
    for    predict
    input  x: real
    let    a = parameter(0.5)
    output grad(repeat(30, z => z - 0.1 * sin(a * z) * z)(x), x)
}

trainer still {
    optimizer sgd(0)
    epochs    1
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

metric first {
    better lower
    score  (answer: real, truth: real) => answer
    reduce sum
}

benchmark B { software SOFTWARE
              trainers still
              metrics  first }
"""


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_model_that_learns_is_differentiated_by_its_backend(
    tmp_path: Path, software: str
) -> None:
    """Where a formula of the derivative has no value, or would be very long."""
    texts = emitted_by(write_one(tmp_path, LEARNING.replace("SOFTWARE", software)))
    found = run_here(texts[f"Lines/Power/{software}"], 0, tmp_path)[-1]["metrics"]["first"]
    at_one = 4 + 2 * math.exp(-2) / (1 + math.exp(-2)) ** 2
    assert found == pytest.approx(0.5 + 200 + at_one, rel=1e-5)
    deep = run_here(texts[f"Lines/Deep/{software}"], 0, tmp_path)[-1]["metrics"]["first"]
    assert math.isfinite(deep)


ALREADY = """
fn square_slope(x) { let y = x ^ 2
                     give grad(y, x) }

problem Lines {
    let x = 3.0
    let y = x ^ 2
    let z(k) = k * y
    test k in [1.0, 2.0]: solve k as grad(y, x) * k + grad(z(2), x) - square_slope(3.0)
}

solver Six {
    for    solve
    input  k: real
    output 6 * k + 6
}

metric off {
    better lower
    score  (answer: real, truth: real) => abs(answer - truth)
    reduce max
}
"""


def test_a_derivative_by_a_number_that_is_known_already(tmp_path: Path) -> None:
    """Also through the names that are made of it."""
    assert result(write_one(tmp_path, ALREADY))["metrics"]["off"] == 0


THEIRS = """
extern fn fit(x: Tensor[real, 1]) -> (real -> real) { from "their:fit" }
""" + ROUNDED.replace("x => (k[0] + SHIFT) * x", "fit(k)").replace("TOLERANCE", "")


def test_a_function_from_outside_is_judged_and_not_told(tmp_path: Path) -> None:
    (tmp_path / "their.py").write_text("def fit(x):\n    return lambda t: x[0] * t\n", "utf-8")
    found = result(write_one(tmp_path, THEIRS))
    assert found["metrics"]["found"] == 1
    assert not found["formulas"]


def test_a_formula_of_two_numbers_is_compared_with_any_function() -> None:
    f = sympy.Lambda((x, y), x * y)
    assert is_one(f, lambda a, b: a * b, 1e-6, 0, 1)
    assert not is_one(lambda a, b: a + b, f, 1e-6, 0, 1)


LEARNED = """
problem Decays {
    let drawn  = uniform([1, 0.5], [3, 2]) |> sample(3, seed = 1)
    let law(p) = t => p[0] * exp(-p[1] * t)
    let times  = [0, 0.5, 1, 2, 4]

    test p in drawn: discover { t: times, y: law(p)(times) } as law(p)
}

solver Curve {
    for      discover
    input    seen: { t: Tensor[real, n], y: Tensor[real, n] }
    let      a = parameter(1.0)
    let      b = parameter(1.0)
    minimize mean((a * exp(-b * seen.t) - seen.y) ^ 2)
    output   law: real -> real = t => a * exp(-b * t)
}

trainer quick {
    optimizer adam(5e-2)
    epochs    300
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

metric found {
    for    discover
    better higher
    score  (answer: real -> real, truth: real -> real) =>
        equivalent(answer, truth, tolerance = 0.02, from = 0, to = 4)
    reduce mean
}

benchmark B { software SOFTWARE
              trainers quick
              metrics  found }
"""


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_the_numbers_of_a_formula_are_learned(tmp_path: Path, software: str) -> None:
    found = result(write_one(tmp_path, LEARNED.replace("SOFTWARE", software)))
    assert found["metrics"]["found"] == 1
    assert all(pair["answer"].startswith("t => ") for pair in found["formulas"])
