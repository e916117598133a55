"""Nothing is refused for its type not being known yet: a model that says no type of what it takes,
or not how many dimensions that has, is typed anew with the type of each question."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from drawn import Call, Planned, calls, refusal, vocabulary
from support import plan_of, write_one

from sailc.types.model import REAL, Tensor, Type
from sailc.types.solver import Solver

ABOUT_FUNCTIONS = {
    "equivalent": "equivalent(x, y)",
    "fold": "fold(x, y, (a, b) => a + b)",
    "grad": "grad(sum(x ^ 2), x)",
    "known": "known(x)",
    "mismatch": "mismatch(x, y)",
    "motion": "motion(x, y, 0.1, 4, z)",
    "reference": "reference(x)",
    "residual": "residual(x, y)",
    "rk4": "rk4(x, y, 0.1, 4)",
    "scan": "scan(x, y, (a, b) => a + b)",
    "smooth": "smooth(x, 1)",
    "split": "split(x, [0.5, 0.5])",
}
"""Calls of what takes functions, equations, or parts of collections, which are not drawn."""
OF_NO_INPUT = {"d", "sample"}
"""What stands in equations alone, and what is about distributions."""


DRAWN = sorted(vocabulary().keys() - ABOUT_FUNCTIONS.keys() - OF_NO_INPUT)


@pytest.mark.parametrize("name", DRAWN)
def test_what_an_operator_takes_it_takes_without_a_type(name: str) -> None:
    for call in drawn(name):
        inputs = {v.name: of_any_type for v in call.inputs}
        assert not refusal(call.text, inputs)


@pytest.mark.parametrize("name", DRAWN)
def test_what_an_operator_takes_it_takes_without_a_rank(name: str) -> None:
    for call in drawn(name):
        inputs = {v.name: partial(of_any_rank, v.type) for v in call.inputs}
        assert not refusal(call.text, inputs)


@pytest.mark.parametrize("name", sorted(ABOUT_FUNCTIONS))
def test_so_do_operators_about_functions(name: str) -> None:
    assert not refusal(ABOUT_FUNCTIONS[name], dict.fromkeys("xyz", of_any_type))


def drawn(name: str) -> tuple[Call, ...]:
    """Some calls of an operator; none of what gives nothing but a number known while planning."""
    try:
        return calls(name, 4)
    except Planned:
        return ()


def of_any_type(solver: Solver) -> Type:
    return solver.type_var()


def of_any_rank(type: Type, solver: Solver) -> Type:
    """A type, its dimensions unsaid."""
    return Tensor(type.element, (solver.spread_var(),)) if isinstance(type, Tensor) else type


def test_a_mistake_is_one_whatever_the_type() -> None:
    """The walk above would say so if nothing were ever refused."""
    assert refusal("sort(x, axis = x)", {"x": partial(of_any_rank, REAL)})
    assert refusal("covariance(sum(x ^ 2))", {"x": partial(of_any_rank, REAL)})


MODELS = """
    problem Columns {
        let points = uniform(0, 1, shape = [4, 2]) |> sample(20, seed = 0)
        train x in points |> first(10): predict x as sum(x)
        test  x in points |> last(10):  predict x as sum(x)
    }

    model Sorted {
        input  x
        output linear(sort(x), 1)[0]
    }

    model Turned {
        input  x: Tensor[real, ...s]
        output sum(mean(transpose(x), axis = -2))
    }

    model Parted {
        input  x
        let    factors = svd(x)
        output sum(factors[1])
    }
"""


def test_models_without_types_answer(tmp_path: Path) -> None:
    plan = plan_of(write_one(tmp_path, MODELS))
    learned = {s["model"]: s["cost"]["parameters"] for s in plan["scenarios"]}
    assert learned.items() >= {"Sorted": 9, "Turned": 0, "Parted": 0}.items()
