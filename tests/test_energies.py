"""The paper's models of energy, as their programs compute them: what moves with a molecule and
what does not, and forces beside finite differences. No training: any weights will do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import numpy as np
import pytest
from support import EXAMPLES, planned_in, write_one

from sailc.build import compiled
from sailc.workspace import Workspace

PROBLEM = """
use std.chemistry { Atom, Element }

problem Molecules {
    let places = uniform(0, 4, shape = [5, 3]) |> sample(12, seed = 1)
    let frames = [Set(Atom(Element(e), r * 1 angstrom) for (e, r) in zip([0, 1, 2, 3, 0], p)) for p in places]
    let spring = 1 eV/angstrom^2

    train m in frames |> first(8) {
        energy: predict m as sum(norm(a.position) ^ 2 for a in m) * spring
        pull:   -grad(energy(m), m.position) as -2 * spring * m.position
    }
    test m in frames |> last(4) {
        energy: predict m as sum(norm(a.position) ^ 2 for a in m) * spring
        pull:   -grad(energy(m), m.position) as -2 * spring * m.position
    }
}

trainer brief {
    optimizer adam(1e-3)
    epochs    1
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) => mean((answer - truth) ^ 2)
}

benchmark models {
    problems Molecules
    models   LennardJones, DeepPotential, SumOverElements
    trainers brief
    metrics  mean_error, mean_error(pull)
}
"""  # noqa: E501
# The sum over elements reads where atoms are, and not how far from each other.
MODELS = {"LennardJones": True, "DeepPotential": True, "SumOverElements": False}
Answer = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The programs by model and backend; where a model has a hole, an MLP is in it."""
    folder = tmp_path_factory.mktemp("energies")
    shutil.copy(EXAMPLES / "paper" / "deep_sets.sail", folder)
    path = write_one(folder, PROBLEM)
    workspace = Workspace.open([path])
    return {
        f"{s.model.declaration.name}/{s.software.name}": compiled(workspace.db, s).text
        for s in planned_in(workspace, path).scenarios
        if all(h.match.model.entry.declaration.name == "MLP" for h in s.link.model.holes)
    }


@contextmanager
def answering(text: str, software: str) -> Iterator[Answer]:
    """The energies and forces of molecules (m, n) and (m, n, 3), in double precision."""
    program: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(text, "script.py", "exec"), program)
    weights = program["init"](np.random.default_rng(0))
    statistics = [0.5, 2.0, -3.0, 4.0][: len(signature(program["answer"]).parameters) - 2]
    if software == "JAX":
        import jax

        with jax.enable_x64(True):
            yield _answer(program, weights, statistics, jax.numpy.asarray)
    else:
        import torch

        def tensor(array: np.ndarray) -> torch.Tensor:
            whole = np.issubdtype(array.dtype, np.integer)
            return torch.tensor(array, dtype=torch.int64 if whole else torch.float64)

        kind = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        yield _answer(program, weights, statistics, tensor)
        torch.set_default_dtype(kind)


def _answer(
    program: dict[str, Any],
    weights: dict[str, np.ndarray],
    statistics: list[float],
    array: Callable[[np.ndarray], Any],
) -> Answer:
    w = {name: array(np.asarray(value, np.float64)) for name, value in weights.items()}
    known = [array(np.asarray(value)) for value in statistics]

    def answer(species: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        given = (w, {"species": array(species), "position": array(position)}, *known)
        found = program["answer"](*given)
        energy = program["energy"](*given) if "energy" in program else found["energy"]
        return np.asarray(energy.tolist()), np.asarray(found["pull"].tolist())

    return answer


SPECIES = np.tile([0, 1, 2, 3, 0], (3, 1))
POSITIONS = np.random.default_rng(2).normal(size=(3, 5, 3)) * 1.5


def close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.abs(a - b).max() <= 1e-5 * np.abs(b).max())


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
@pytest.mark.parametrize("model", MODELS)
def test_energies_and_forces(texts: dict[str, str], model: str, software: str) -> None:
    with answering(texts[f"{model}/{software}"], software) as answer:
        energy, force = answer(SPECIES, POSITIONS)
        order = np.random.default_rng(3).permutation(5)
        permuted = answer(SPECIES[:, order], POSITIONS[:, order])
        assert close(permuted[0], energy)
        assert close(permuted[1], force[:, order])
        if MODELS[model]:
            turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
            turned = answer(SPECIES, POSITIONS @ turn.T)
            assert close(turned[0], energy)
            assert close(turned[1], force @ turn.T)
            moved = answer(SPECIES, POSITIONS + np.array([1.0, -2.0, 3.0]))
            assert close(moved[0], energy)
            assert close(moved[1], force)
        assert close(force, -by_differences(answer, 1e-5))


def by_differences(answer: Answer, h: float) -> np.ndarray:
    """The derivatives of energies by positions, by central differences."""
    found = np.empty_like(POSITIONS)
    for at in np.ndindex(POSITIONS.shape[1:]):
        shift = np.zeros_like(POSITIONS)
        shift[:, *at] = h
        ends = [answer(SPECIES, POSITIONS + sign * shift)[0] for sign in (1, -1)]
        found[:, *at] = (ends[0] - ends[1]) / (2 * h)
    return found
