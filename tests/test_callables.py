"""Functions that are given to externs: `root(x => x ^ 2 - 2, 0, 2)`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import Json, emitted_by, sail, sail_json, write_one
from test_emit import run_here
from test_externs import PROBLEM, XS, left_out

DOORS = """
extern fn root(f: real -> real, a: real, b: real) -> real { from "their:root" }
extern fn along(f: real<m> -> real<cm^2>, x: real<m>) -> real<m^2> { from "their:along" }
extern fn both(f: (Tensor[real, n], real) -> Tensor[real, n], x: Tensor[real, n]) -> real {
    from "their:both"
}
"""
INNER = """
fn inner(y: real) -> real {
    let square = y * y
    give square * square - 2 * square
}
"""
DRIVER = """
import numpy as np

def root(f, a, b):
    while b - a > 1e-12:
        middle = (a + b) / 2
        a, b = (a, middle) if f(a) * f(middle) <= 0 else (middle, b)
    return a

def along(f, x):
    return f(x) / 1e4

def both(f, x):
    assert f(x, 2.0).shape == x.shape
    return f(x, 2.0).sum()
"""
MEAN = XS[:, 0].mean()
CASES = {
    "a root": ("x[0] * root(y => y ^ 2 - 2, 0, 2)", 2**0.5 * MEAN),
    "a function with statements": ("x[0] * root(inner, 1, 2)", 2**0.5 * MEAN),
    "one of the language": ("x[0] * root(cos, 0, 2)", np.pi / 2 * MEAN),
    "units": ("along(y => y * y, x[0] * 1 m) / 1 m^2", (XS[:, 0] ** 2).mean()),
    "a tensor, and two arguments": ("both((v, k) => k * v, x)", 2 * XS.sum(axis=1).mean()),
}


def program(folder: Path, truth: str) -> Path:
    (folder / "their.py").write_text(DRIVER, "utf-8")
    problem = PROBLEM.replace("QUESTION", f"predict x as {truth}").replace("SOFTWARE", "PyTorch")
    return write_one(folder, DOORS + INNER + problem)


def metrics(path: Path) -> Json:
    """What the one scenario of a program finds."""
    (text,) = emitted_by(path).values()
    return run_here(text, 0, path.parent / "out")[-1]["metrics"]


@pytest.mark.parametrize("case", CASES)
def test_what_an_extern_makes_of_a_function(tmp_path: Path, case: str) -> None:
    truth, expected = CASES[case]
    assert metrics(program(tmp_path, truth))["truth_mean"] == pytest.approx(expected)


def test_what_is_made_of_a_function_is_not_kept(tmp_path: Path) -> None:
    """Nobody can tell whether a function is the same as before."""
    sail("run", program(tmp_path, CASES["a root"][0]), exit=0)
    assert sail_json("fixtures", "list", tmp_path) == []


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        ("along(y => y, x[0] * 1 m) / 1 m^2", "E0303"),
        ("root((a, b) => a, 0, 2)", "E0305"),
        ("root(3, 0, 2)", "E0306"),
    ],
)
def test_a_function_of_another_type_is_told(tmp_path: Path, truth: str, code: str) -> None:
    assert {d["code"] for d in sail_json("check", program(tmp_path, truth))} == {code}


def test_a_function_that_reads_a_point_is_not_written(tmp_path: Path) -> None:
    path = program(tmp_path, "root(y => y - x[0], 0, 2)")
    assert "a function of each point by itself, given to an extern" in left_out(path)


def with_model(folder: Path, output: str) -> Path:
    """A problem that is answered by a model of the program's own."""
    path = program(folder, "x[0] * root(y => y ^ 2 - 2, 0, 2)")
    text = path.read_text("utf-8").replace("models   Linear", "models   Rooted")
    model = f"""
model Rooted {{
    input  x: Tensor[real, 3]
    output y: real = {output}
}}
metric off {{
    better lower
    score (answer: real, truth: real) => abs(answer - truth)
    reduce mean
}}
"""
    path.write_text(text.replace("metrics  truth_mean", "metrics  off") + model, "utf-8")
    return path


def test_a_model_that_learns_cannot_give_a_function(tmp_path: Path) -> None:
    path = with_model(tmp_path, "parameter(1.0) * x[0] * root(y => y ^ 2 - 2, 0, 2)")
    assert "`callable`" in left_out(path)


def test_a_model_that_learns_nothing_gives_one(tmp_path: Path) -> None:
    path = with_model(tmp_path, "x[0] * root(y => y ^ 2 - 2, 0, 2)")
    assert metrics(path)["off"] == pytest.approx(0)


def test_a_deep_check_tries_it_with_the_functions_of_problems(tmp_path: Path) -> None:
    path = program(tmp_path, CASES["a root"][0])
    whole = path.read_text("utf-8")
    one = whole[: whole.index("extern fn along")] + whole[whole.index("problem P") :]
    path.write_text(one, "utf-8")
    assert sail_json("check", path, "--deep") == []
    path.write_text(one[: one.index("problem P")], "utf-8")
    (found,) = sail_json("check", path, "--deep")
    assert found["code"] == "W0803"
    assert "no problem calls it, and what it takes cannot be made up" in found["message"]
