"""Motions: the same function follows the world from outside while data are made, and a model's
answers while it is judged; on both backends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support import Json, emitted_by, points_of, run_here, write_one

WELLS = """
use std.chemistry { Atom, Element }

extern fn well(atoms: Set[Atom, n]) -> f64<eV> {
    from     "wells:energy"
    gradient atoms.position, "wells:gradient"
}

problem Wells {
    let force(potential)         = x => -grad(potential(x), x.position)
    let follow(potential, start) = verlet(force(potential), start, step = 0.5 fs, steps = 20)
    let places = uniform([0.5, 0.5, 0.5], [1, 1, 1]) |> sample(12, seed = 1)
    let frames = [Set([Atom(H, r * 1 angstrom), Atom(O, r * -1 angstrom)]) for r in places]

    train m in frames |> first(8): predict m as well(m)
    test  m in frames |> last(4) {
        energy: predict m as well(m)
        path:   follow(energy, m) as follow(well, m)
    }
}

/// As stiff as the wells from the start.
model Spring {
    let    stiffness = parameter(1 eV/angstrom^2)
    input  atoms: Set[Atom, n]
    output energy: real<eV> = sum(stiffness * norm(a.position) ^ 2 for a in atoms) / 2
}

/// How far the true path of the hydrogen goes along one axis.
metric light {
    better lower
    score  (answer: Tensor[real<angstrom>, s, n, 3], truth: Tensor[real<angstrom>, s, n, 3]) =>
             truth[-1, 0, 0]
    reduce mean
}

/// And that of the oxygen.
metric heavy {
    better lower
    score  (answer: Tensor[real<angstrom>, s, n, 3], truth: Tensor[real<angstrom>, s, n, 3]) =>
             truth[-1, 1, 0]
    reduce mean
}
"""
LEARNING = """
metric worst {
    better lower
    score  (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
             max(abs(answer - truth))
    reduce max
}
trainer still {
    optimizer sgd(1e-12)
    epochs    1
    batch     8
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
                mean((answer - truth) ^ 2)
}
benchmark b {
    models   MODEL
    trainers still
    metrics  METRICS
    software SOFTWARE
}
"""
DRIVER = """
def said(what):
    open(__file__ + ".calls", "a").write(what)

def energy(atoms):
    said("e")
    return float((atoms["position"] ** 2).sum() / 2)

def gradient(atoms):
    said("g")
    return atoms["position"]
"""
PLACES = np.random.default_rng(1).uniform([0.5] * 3, [1] * 3, (12, 3))[-4:, 0]
BACKENDS = ["PyTorch", "JAX"]


def results(folder: Path, text: str, software: str, *more: str) -> Json:
    """What the one program of a benchmark finds."""
    path = write_one(folder, text.replace("SOFTWARE", software))
    (made,) = emitted_by(path).values()
    return run_here(made, 0, folder / "out", *more)[-1]


def learning(model: str, metrics: str) -> str:
    return LEARNING.replace("MODEL", model).replace("METRICS", metrics)


@pytest.mark.parametrize("software", BACKENDS)
def test_a_model_follows_the_path_of_what_it_has_learned(tmp_path: Path, software: str) -> None:
    (tmp_path / "wells.py").write_text(DRIVER, "utf-8")
    text = WELLS + learning("Spring", "worst, worst(path), light(path), heavy(path)")
    found = results(tmp_path, text, software)["metrics"]
    assert found["worst(path)"] < 1e-5
    frequency = np.sqrt(1.602176634e-19 / 1e-20 / (np.array([1.008, 15.999]) * 1.66053907e-27))
    course = PLACES.mean() * np.cos(frequency * 10e-15) * [1, -1]
    assert found["light(path)"] == pytest.approx(course[0], abs=1e-4)
    assert found["heavy(path)"] == pytest.approx(course[1], abs=1e-4)


def test_paths_of_data_are_kept(tmp_path: Path) -> None:
    (tmp_path / "wells.py").write_text(DRIVER, "utf-8")
    kept = ["--fixtures", str(tmp_path / "kept")]
    text, calls = WELLS + learning("Spring", "worst, worst(path)"), tmp_path / "wells.py.calls"
    first = results(tmp_path, text, "PyTorch", *kept)
    assert (calls.read_text().count("e"), calls.read_text().count("g")) == (12, 20 * 4)
    assert results(tmp_path, text, "JAX", *kept)["metrics"]["worst(path)"] == pytest.approx(
        first["metrics"]["worst(path)"], abs=1e-5
    )
    assert len(calls.read_text()) == 12 + 20 * 4


FALL = """
problem Fall {
    let pull  = [0.0, 0.0, -9.81] * 1 N
    let rests = [r * 1 m for r in uniform([0, 0, 1], [1, 1, 2]) |> sample(12, seed = 1)]
    train r in rests |> first(8): predict r as verlet(x => pull, r, 0.1 s, 10, mass = 2 kg)
    test  r in rests |> last(4):  predict r as verlet(x => pull, r, 0.1 s, 10, mass = 2 kg)
}
model Thrown {
    let    g = parameter(4.905 m/s^2)
    input  start: Tensor[real<m>, 3]
    let    pull = [0.0, 0.0, -1.0] * g * 1 kg
    output path: Tensor[real<m>, 10, 3] = verlet(x => pull, start, 0.1 s, 10, mass = 1 kg)
}
"""
SWING = """
problem Swing {
    let starts    = uniform([0.5, 0], [1, 1]) |> sample(12, seed = 1)
    let at(y, t)  = y[0] * cos(2 * t) + y[1] * sin(2 * t) / 2
    train y in starts |> first(8): predict y as stack([at(y, 0.1), at(y, 0.2), at(y, 0.3)])
    test  y in starts |> last(4):  predict y as stack([at(y, 0.1), at(y, 0.2), at(y, 0.3)])
}
model Pendulum {
    let    stiffness = parameter(4 s^-2)
    input  y: Tensor[real, 2]
    let    rate(y) = stack([y[1] / 1 s, -stiffness * y[0] * 1 s])
    output angle: Tensor[real, 3] = stack(z[0] for z in rk4(rate, y, 0.1 s, 3))
}
"""


@pytest.mark.parametrize("software", BACKENDS)
@pytest.mark.parametrize(("text", "model"), [(FALL, "Thrown"), (SWING, "Pendulum")])
def test_motions_inside_models(tmp_path: Path, text: str, model: str, software: str) -> None:
    found = results(tmp_path, text + learning(model, "worst"), software)
    assert found["metrics"]["worst"] < 2e-5


# --- derivatives of data ----------------------------------------------------------------

PAIRS = """
use std.chemistry { Atom, Element }

extern fn well(atoms: Set[Atom, n]) -> f64<eV> {
    from     "wells:energy"
    gradient atoms.position, "wells:gradient"
}

problem Pairs {
    let places           = uniform(0, 4, shape = [4, 3]) |> sample(12, seed = 1)
    let frames           = [Set(Atom(Element(e), r * 1 angstrom) for (e, r) in zip([0, 1, 2, 3], p)) for p in places]
    let far(a, b)        = norm(a.position - b.position) / 1 angstrom
    let energy(m)        = sum(1 eV / far(a, b) ^ 3 for a in m for b in others(m, a)) + well(m) ^ 2 / 1 keV
    let force(potential) = x => -grad(potential(x), x.position)
    train m in frames |> first(8): predict m as energy(m)
    test  m in frames |> last(4) {
        value: predict m as energy(m)
        pull:  force(value)(m) as force(energy)(m)
        path:  verlet(force(value), m, 0.1 fs, 3) as verlet(force(energy), m, 0.1 fs, 3)
    }
}

model Powers {
    let    depth   = parameter(1 eV)
    let    far(a, b) = norm(a.position - b.position) / 1 angstrom
    input  atoms: Set[Atom, n]
    let    spring  = sum(norm(a.position) ^ 2 for a in atoms) / 2 * 1 eV/angstrom^2
    output energy: real<eV> = sum(depth / far(a, b) ^ 3 for a in atoms for b in others(atoms, a)) + spring ^ 2 / 1 keV
}
"""  # noqa: E501


@pytest.mark.parametrize("software", BACKENDS)
def test_what_is_computed_of_data_has_derivatives(tmp_path: Path, software: str) -> None:
    (tmp_path / "wells.py").write_text(DRIVER, "utf-8")
    text = PAIRS + learning("Powers", "worst, worst(pull), worst(path)")
    found = results(tmp_path, text, software)["metrics"]
    assert max(found["worst(pull)"], found["worst(path)"]) < 2e-5


CUBES = """
problem Cubes {
    let rows    = uniform(-1, 1, shape = [3]) |> sample(12, seed = 1)
    let bend(x) = sum(x ^ 3)
    train x in rows |> first(8): predict x as grad(bend(x), x)
    test  x in rows |> last(4):  predict x as grad(bend(x), x)
}

model Squares {
    input  x: Tensor[real, n]
    output y: Tensor[real, n] = parameter(3.0) * x ^ 2
}
"""


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_derivatives_of_data_leave_pytorch_s_precision(
    tmp_path: Path, precision: torch.dtype
) -> None:
    text = CUBES + learning("Squares", "worst").replace("SOFTWARE", "PyTorch")
    (made,) = emitted_by(write_one(tmp_path, text)).values()
    program: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(made, "script.py", "exec"), program)
    torch.set_default_dtype(precision)
    try:
        questions, truths = points_of(program)["test"]
        assert torch.get_default_dtype() == precision
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_allclose(truths, 3 * questions**2)
