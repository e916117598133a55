"""Equations on grids: what programs on a line say in fewer words is the same to rounding."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

# They come without types.
grids: Any = import_module("sailc.emit.written.grids")
lines: Any = import_module("sailc.emit.written.lines")


class Waves:
    """Two states that carry each other, the first of which spreads: a'' and a cubic."""

    unknowns = (1, 0)
    states = 2
    jets = ((0, (0,)), (1, (0,)), (0, (1,)), (1, (1,)), (0, (2,)))
    time_axis: int | None = 1

    def __init__(self, periodic: bool) -> None:
        self.periodic = (periodic,)

    def domain(self) -> list[tuple[float, float]]:
        return [(-1, 2), (0, 0.5)]

    def start(self, x: Any) -> list[Any]:
        return [np.sin(2 * np.pi * x / 3) + 2, np.cos(2 * np.pi * x / 3)]

    def rates(self, x: Any, _t: Any, a: Any, b: Any, a_x: Any, b_x: Any, a_xx: Any) -> list[Any]:
        return [0.1 * a_xx - b * a_x + 0.2 * x, -a_x - b**3 - a * b_x]

    def jacobian(self, _x: Any, _t: Any, a: Any, b: Any, a_x: Any, b_x: Any, *_: Any) -> list[Any]:
        return [[0, -a_x, -b, 0, 0.1], [-b_x, -3 * b**2, -1, -a, 0]]

    def fluxes(self, a: Any, b: Any) -> list[Any]:
        return [[a * b, a + b**2 / 2]]

    def speeds(self, a: Any, b: Any) -> list[Any]:
        return [[[b, a], [1, b]]]

    def values(self, x: Any, t: Any) -> dict[tuple[int, int, int], Any]:
        return {} if self.periodic[0] else {(0, 0, 0): 2 - t, (0, 0, -1): x, (1, 0, 0): 1}

    def slopes(self, _x: Any, _t: Any) -> dict[tuple[int, int, int], Any]:
        return {}


class Steady(Waves):
    """The same, that has come to rest."""

    time_axis = None

    def domain(self) -> list[tuple[float, float]]:
        return [(-1, 2)]


@pytest.mark.parametrize("part", [None, "fluxes", "upwind"])
@pytest.mark.parametrize("accuracy", [2, 4])
@pytest.mark.parametrize("eq", [Waves(True), Waves(False), Steady(False)])
def test_a_line_is_a_grid_of_one_dimension(eq: Waves, accuracy: int, part: str | None) -> None:
    first, second = (
        module.discretize(eq, 25, accuracy, [getattr(module, part)] if part else [])
        for module in (lines, grids)
    )
    assert first.span == second.span
    np.testing.assert_array_equal(first.start, second.start)
    y = first.start + np.random.default_rng(0).normal(0, 0.1, first.start.shape)
    np.testing.assert_allclose(first.rate(0.1, y), second.rate(0.1, y), rtol=1e-9, atol=1e-9)
    slopes = [x.jacobian(0.1, y).toarray() for x in (first, second)]
    np.testing.assert_allclose(*slopes, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("eq", [Waves(True), Waves(False), Steady(False)])
def test_a_field_on_a_line_is_one_on_a_grid(eq: Waves) -> None:
    x, t = np.random.default_rng(1).uniform(0, 0.5, (2, 3, 7))
    places = (x, np.round(t, 1)) if eq.time_axis is not None else (x,)
    values: list[Any] = []
    for module in (lines, grids):
        posed = module.discretize(eq, 25)
        field = posed.field(lambda t, start=posed.start: (1 + t) * start)
        values.append(field(*places))
    assert values[0].shape == (3, 7, 2)
    np.testing.assert_allclose(*values, rtol=1e-12)
