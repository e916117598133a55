"""What holds of all types: they agree with NumPy's, and do not depend on names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices, mutually_broadcastable_shapes
from support import sail, sail_json, write_one

SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Shape = tuple[int, ...]
shapes = array_shapes(min_dims=1, max_dims=4, max_side=5)


def tensor(shape: Shape) -> str:
    """An expression for a tensor of a shape."""
    n = int(np.prod(shape))
    drawn = f"(uniform(0, 1) |> sample({n}, seed = 0))"
    return f"({drawn} |> reshape([{', '.join(map(str, shape))}]))" if shape else f"{drawn}[0]"


def shown(shape: Shape) -> str:
    return f"Tensor[real, {', '.join(map(str, shape))}]" if shape else "real"


def type_of(folder: Path, expression: str) -> str | None:
    """The type of an expression; None where the compiler refuses it."""
    path = write_one(folder, f"problem P {{\n    test x in [0]: predict x as {expression}\n}}\n")
    if sail_json("check", path):
        return None
    return sail("show", "types", path, exit=0).stdout.strip().split(" as ")[1]


@given(mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=4, max_side=5))
@SETTINGS
def test_shapes_broadcast_as_in_numpy(tmp_path: Path, shapes: Any) -> None:
    a, b = shapes.input_shapes
    assert type_of(tmp_path, f"{tensor(a)} + {tensor(b)}") == shown(shapes.result_shape)


@given(shapes, shapes)
@SETTINGS
def test_shapes_that_numpy_refuses_are_refused(tmp_path: Path, a: Shape, b: Shape) -> None:
    try:
        expected = shown(np.broadcast_shapes(a, b))
    except ValueError:
        expected = None
    assert type_of(tmp_path, f"{tensor(a)} * {tensor(b)}") == expected


@given(st.data())
@SETTINGS
def test_parts_are_those_of_numpy(tmp_path: Path, data: st.DataObject) -> None:
    shape = data.draw(shapes)
    items = data.draw(basic_indices(shape, allow_ellipsis=False))
    items = items if isinstance(items, tuple) else (items,)
    if not items or any(isinstance(i, slice) and i.step not in (None, 1) for i in items):
        return
    part = np.zeros(shape)[items].shape
    texts = [str(i) if isinstance(i, int) else _bounds(i) for i in items]
    found = type_of(tmp_path, f"{tensor(shape)}[{', '.join(texts)}]")
    # NumPy cuts a slice to what there is; here it must be there, and not be empty.
    whole = all(_within(i, n) for i, n in zip(items, shape, strict=False))
    assert found == (shown(part) if whole and 0 not in part else None)


def _bounds(s: slice) -> str:
    return f"{'' if s.start is None else s.start}:{'' if s.stop is None else s.stop}"


def _within(item: int | slice, n: int) -> bool:
    if isinstance(item, int):
        return True
    return all(e is None or -n <= e <= n for e in (item.start, item.stop))


@given(st.data(), st.sampled_from(["sum", "mean", "max", "std", "median"]))
@SETTINGS
def test_reductions_leave_the_axes_that_numpy_leaves(
    tmp_path: Path, data: st.DataObject, name: str
) -> None:
    shape = data.draw(shapes)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    rest = np.zeros(shape).sum(axis=axis).shape
    assert type_of(tmp_path, f"{name}({tensor(shape)}, axis = {axis})") == shown(rest)


# --- names ------------------------------------------------------------------------------

NAMED = """
fn half(x: Tensor[real<'u>, n]) -> Tensor[real<'u>, n] = x / 2

problem P {
    let points = uniform([0.0 eV], [1.0 eV]) |> sample(12, seed = 0)
    let shifted(p) = half(p) + points[0]
    test q in points |> first(7): predict shifted(q) as [q[0], q[0]]
    test q in points |> last(5):  predict q[1] as q
}
"""
OWN = ["half", "n", "'u", "x", "points", "shifted", "p", "q"]


@pytest.mark.parametrize("name", OWN)
def test_types_and_mistakes_do_not_depend_on_names(tmp_path: Path, name: str) -> None:
    new = "'energy" if name.startswith("'") else "renamed"
    renamed = re.sub(rf"(?<![\w']){name}\b", new, NAMED)
    assert renamed != NAMED
    assert facts(tmp_path, renamed) == facts(tmp_path, NAMED)


def facts(folder: Path, text: str) -> list[tuple[str, int]]:
    path = write_one(folder, text)
    return [(d["code"], d["start"]["line"]) for d in sail_json("check", path)]


@given(names=st.permutations(["alpha", "beta", "gamma", "delta", "epsilon"]))
@SETTINGS
def test_types_do_not_depend_on_the_order_of_names(tmp_path: Path, names: list[str]) -> None:
    a, b, c, d, e = names
    text = f"""
    problem P {{
        let {a} = uniform(0, 1) |> sample(12, seed = 0)
        let {b} = {a} |> reshape([3, 4])
        let {c}({d}) = {b} @ {d}
        test {e} in {b}: predict {e} as {c}({e})
    }}
    """
    path = write_one(tmp_path, text)
    assert sail("show", "types", path).stdout == "P test: Tensor[real, 4] as Tensor[real, 3]\n"
