"""Names of a program's own: an author's functions and variables hide none of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import ROOT, emitted_by, run_here, write_one

from sailc.backends import backend
from sailc.emit.text.functions import function
from sailc.program.tree.names import RESERVED, NameTable, occupied
from sailc.program.tree.nodes import Assign, Function, Op, Ref
from sailc.source import NOWHERE

TEMPLATES = sorted(p for part in ("sailc", "backends") for p in (ROOT / part).rglob("*.jinja"))
DEFINED = re.compile(r"^(?:def|class) (\w+)[(:]", re.MULTILINE)
MAIN = re.compile(r"^def main\(\):\n(.*)", re.MULTILINE | re.DOTALL)
BOUND = re.compile(r"^ +(?:for )?((?:\w+, )*\w+) (?:=|in) ", re.MULTILINE)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: p.name)
def test_what_a_template_defines_is_no_author_s_function(template: Path) -> None:
    text = template.read_text()
    (main,) = MAIN.findall(text) or [""]
    variables = {name for found in BOUND.findall(main) for name in found.split(", ")}
    names = {*DEFINED.findall(text), *variables} - {"_"}
    assert names <= occupied() | RESERVED


@pytest.mark.parametrize("name", ["numpy", "PyTorch", "JAX"])
def test_what_rows_call_is_no_author_s_function(name: str) -> None:
    found = backend(name.lower().replace("pytorch", "torch"))
    assert found is not None
    known: frozenset[str] = getattr(found, "defined", frozenset())
    assert len(known) > 20
    table = NameTable(set(occupied()))
    assert not known & {table.fresh(helper) for helper in sorted(known)}


def test_every_helper_is_known_to_its_backend() -> None:
    for name, folder in (("torch", "sail_torch"), ("jax", "sail_jax")):
        found = backend(name)
        assert not isinstance(found, type(None))
        texts = "\n".join(p.read_text() for p in (ROOT / "backends" / folder).glob("*.py"))
        helpers = re.findall(r"'''\n(?:@[^\n]*\n)?def (\w+)\(", texts)
        assert helpers
        assert set(helpers) <= getattr(found, "defined", set[str]())


# --- variables --------------------------------------------------------------------------------

ROWS = {"double": "twice(a)", "each": "[number(i) for i in a]", "sum": "a + b"}


def written(*names: str) -> str:
    """A function that calls `twice` and runs over `i`, with variables of some names."""
    first, second = names
    body = (
        Assign(first, Op("double", (Ref("x"),)), NOWHERE),
        Assign(second, Op("each", (Ref(first),)), NOWHERE),
    )
    made = Function("made", "Made.", ("x",), body, (Op("sum", (Ref(first), Ref(second))),), NOWHERE)
    return function(made, ROWS).partition('"""\n')[2]


def test_a_variable_called_like_what_a_row_calls_has_a_number() -> None:
    expected = (
        "    twice_2 = twice(x)\n    y = [number(i) for i in twice_2]\n    return twice_2 + y"
    )
    assert written("twice", "y") == expected


def test_a_variable_called_like_one_of_a_row_around_it_has_a_number() -> None:
    expected = "    i_2 = twice(x)\n    y = [number(i) for i in i_2]\n    return i_2 + y"
    assert written("i", "y") == expected


def test_other_variables_keep_their_names() -> None:
    expected = "    y = twice(x)\n    i = [number(i) for i in y]\n    return y + i"
    assert written("y", "i") == expected


# --- whole programs ---------------------------------------------------------------------------

LEARNED = """
    problem P {
        train x in [[1.0, 2.0], [0.5, 1.0]]: predict x as sum(x)
        test x in [[1.0, 2.0], [0.5, 1.0]]: predict x as sum(x)
    }
    model Slope {
        input  x: Tensor[real, 2]
        let    gradient = grad(sum(sin(x) * x), x)
        let    slope = gradient * 2
        output sum(linear(x, 1)) + sum(slope) * 0
    }
    trainer quick {
        optimizer sgd(1e-3)
        epochs    1
        loss      (answer: real, truth: real) => (answer - truth) ^ 2
    }
    benchmark B { software PyTorch, JAX
                  models   Slope
                  trainers quick
                  metrics  mean_error }
"""

ASKED = """
    problem Means {
        let drawn = uniform([1, 0.5], [3, 2]) |> sample(9, seed = 1)
        test p in drawn: solve (t => p[0] * t) as 2 * p[0]
    }
    solver Numeric {
        for    solve
        input  numeric: real -> real
        let    values = numeric([0.0, 2.0])
        output sum(values)
    }
    solver Outside {
        for    solve
        input  f: real -> real
        let    equivalent = f(1.0)
        output 2 * equivalent
    }
    metric off {
        better lower
        score  (answer: real, truth: real) => abs(answer - truth)
        reduce max
    }
    benchmark B { solvers Numeric, Outside
                  metrics off }
"""

DECOMPOSED = """
    problem P {
        let xs = uniform(0, 1, shape = [3, 3]) |> sample(20, seed = 1)
        train x in xs: predict x as eigh(x + transpose(x))[0][0]
        test x in xs: predict x as eigh(x + transpose(x))[0][0]
    }
    model L {
        input  x: Tensor[real, 3, 3]
        let    values = eigh(x + transpose(x))
        output parameter(1.0) * values[0][0]
    }
    trainer quick {
        optimizer sgd(1e-3)
        epochs    1
        loss      (answer: real, truth: real) => (answer - truth) ^ 2
    }
    benchmark B { software PyTorch, JAX
                  models   L
                  trainers quick
                  metrics  mean_error }
"""


@pytest.mark.parametrize("text", [LEARNED, ASKED, DECOMPOSED])
def test_programs_whose_authors_like_our_names_run(tmp_path: Path, text: str) -> None:
    found = emitted_by(write_one(tmp_path, text))
    assert len(found) == 2
    for script in found.values():
        (value,) = run_here(script, 0, tmp_path)[-1]["metrics"].values()
        assert value < 4 if text is LEARNED else value == pytest.approx(0, abs=1e-4)
