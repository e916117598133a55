"""What is asked: without truths, in several fixtures, in stages; and what is made small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import (
    EXAMPLES,
    TESTS,
    Json,
    emitted_by,
    plan_of,
    points_of,
    sail,
    sail_json,
    write_one,
)
from test_emit import BACKENDS, run_here


class Runs:
    """The programs of a text, each run once."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.texts = emitted_by(write_one(folder, text))
        self._events: dict[str, list[Json]] = {}

    def events(self, name: str) -> list[Json]:
        if name not in self._events:
            out = self.folder / name.replace("/", "-")
            self._events[name] = run_here(self.texts[name], 0, out)
        return self._events[name]

    def metrics(self, name: str) -> Json:
        return self.events(name)[-1]["metrics"]

    def losses(self, name: str) -> list[float]:
        return [e["loss"] for e in self.events(name) if e["event"] == "epoch"]


# --- models that minimize something of their own ---------------------------------------------

STRANGE = """
/// Most points are on a line, and nobody says which are not.
problem Strange {
    let line  = uniform(-1, 1) |> sample(300, seed = 1)
    let usual = [[x, 2 * x, -x] for x in line]
    let mixed = uniform([-1, 0], [1, 1]) |> sample(100, seed = 2)
    let point(m) = if m[1] < 0.5 then [m[0], 2 * m[0], -m[0]] else [m[1], -m[0], m[0]]

    train    r in usual |> first(200): detect r
    validate r in usual |> drop(200):  detect r
    test     m in mixed: detect point(m) as Class[2](m[1] >= 0.5)
}

/// What it cannot rebuild is strange.
model Shrinking {
    for      detect
    input    x: Tensor[real, n]
    let      y = x |> linear(1) |> linear(n)
    minimize mean((y - x) ^ 2) + 1e-4 * mean(y ^ 2)
    output   strangeness: real = mean((y - x) ^ 2)
}

model Rebuilding {
    for      detect
    input    x: Tensor[real, n]
    let      y = x |> linear(1) |> linear(n)
    minimize mean((y - x) ^ 2)
    output   strangeness: real = mean((y - x) ^ 2)
}

metric roc_auc {
    for    detect
    better higher
    score  (answer: real, truth: Class[2]) => (answer, truth)
    reduce pairs => auc(pairs)
}

trainer short {
    optimizer adam(1e-2)
    epochs    40
    stop      stalled(validate.loss, epochs = 5)
}

benchmark strange { trainers short }
"""


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("strange"), STRANGE)


@pytest.mark.parametrize("software", BACKENDS)
@pytest.mark.parametrize("model", ["Shrinking", "Rebuilding"])
def test_a_model_learns_what_it_minimizes_without_truths(
    strange: Runs, model: str, software: str
) -> None:
    name = f"Strange/{model}/{software}"
    losses = strange.losses(name)
    assert losses[-1] < losses[0] / 5
    assert strange.metrics(name)["roc_auc"] > 0.8


@pytest.mark.parametrize("model", ["Shrinking", "Rebuilding"])
def test_backends_minimize_alike(strange: Runs, model: str) -> None:
    torch, jax = (strange.losses(f"Strange/{model}/{software}") for software in BACKENDS)
    assert torch == pytest.approx(jax, rel=1e-3)


def test_what_is_answered_and_made_small_is_written_once(strange: Runs) -> None:
    assert "return rebuilding(w, x).mean()" in strange.texts["Strange/Rebuilding/JAX"]


def test_a_model_with_a_loss_learns_nothing_without_truths(tmp_path: Path) -> None:
    plan = plan_of(write_one(tmp_path, STRANGE))
    (reason,) = [e for e in plan["excluded"] if "Strange / MLP" in e["modules"]]
    assert reason["code"] == "X0108"


# --- several fixtures --------------------------------------------------------------------------

BOWL = (TESTS / "golden" / "bowl.sail").read_text("utf-8")


@pytest.fixture(scope="module")
def bowl(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("bowl"), BOWL)


@pytest.mark.parametrize("software", BACKENDS)
def test_energies_and_forces_are_learned_together(bowl: Runs, software: str) -> None:
    """Forces are given through the standardized question and back to the unit of the truth."""
    name = f"Bowl/Smooth/{software}"
    assert bowl.losses(name)[-1] < bowl.losses(name)[0] / 10
    metrics = bowl.metrics(name)
    assert metrics["mean_error"] < 0.2
    assert metrics["mean_error(pull)"] < 0.6


def test_backends_agree_on_several_fixtures(bowl: Runs) -> None:
    torch, jax = (bowl.losses(f"Bowl/Smooth/{software}") for software in BACKENDS)
    assert torch == pytest.approx(jax, rel=1e-3)


def test_a_truth_that_asks_the_model_is_said(tmp_path: Path) -> None:
    """Such as that of a symmetry; as a difference it is learned and judged."""
    for asked in ("energy(-m.at) as energy(m.at)", "energy(-m.at) - energy(m.at) as 0 eV"):
        text = BOWL.replace("pull:   -grad(energy(m.at), m.at) as m.force", f"even: {asked}")
        path = write_one(tmp_path, text.replace("mean_error(pull)", "mean_error(even)"))
        if "as 0" in asked:
            assert len(sail_json("plan", path)["scenarios"]) == len(BACKENDS)
        else:
            assert "a truth that asks `energy` again" in sail("plan", path).output


def functions(text: str) -> Json:
    """The names that a program defines."""
    found: Json = {"__name__": "program"}
    exec(compile(text, "script.py", "exec"), found)
    return found


def test_a_force_is_the_slope_of_what_is_answered(bowl: Runs) -> None:
    """Central differences of the answers, in float64, through all converters."""
    import torch

    program = functions(bowl.texts["Bowl/Smooth/PyTorch"])
    points, statistics = program["data"]()
    w = {k: torch.as_tensor(v) for k, v in program["init"](np.random.default_rng(0)).items()}
    constants = [torch.as_tensor(np.asarray(s)) for s in statistics][:4]
    x = torch.as_tensor(points["test"][0][:5])
    force = program["pull"](w, x, *constants).detach()
    for axis in range(2):
        step = torch.zeros(2)
        step[axis] = 1e-4
        ends = [program["energy"](w, x + sign * step, *constants) for sign in (1, -1)]
        assert -(ends[0] - ends[1]) / 2e-4 == pytest.approx(force[:, axis], abs=1e-6)


WEIGHTS = """
/// Every second part of a truth is wrong, and weighs nothing.
problem Masked {
    let rows = uniform([-1, -1], [1, 1]) |> sample(300, seed = 1)
    train x in rows |> first(200) {
        double: predict x as [2 * x[0], 2 * x[1]], weight = [1, 0]
        swapped: [double(x)[1], double(x)[0]] as [2 * x[1], 5], weight = [x[0] > -2, x[0] > 2]
    }
    test x in rows |> drop(200) {
        double: predict x as [2 * x[0], 2 * x[1]]
        least:  min(double(x)[0] ^ 2, 0) as 0
    }
}

trainer short {
    optimizer adam(1e-2)
    epochs    120
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
                mean((answer - truth) ^ 2)
}

benchmark masked {
    models   Linear
    trainers short
    metrics  mean_error, mean_error(least)
}
"""


@pytest.mark.parametrize("software", BACKENDS)
def test_what_weighs_nothing_teaches_nothing(software: str, tmp_path: Path) -> None:
    runs = Runs(tmp_path, WEIGHTS)
    metrics = runs.metrics(f"Masked/Linear/{software}")
    assert metrics["mean_error"] < 0.1
    assert metrics["mean_error(least)"] == 0


CHECKED = """
problem Checked {
    let drawn = uniform([0.5, 0.5], [2, 2]) |> sample(60, seed = 1)
    train p in drawn |> first(40) {
        a: predict p as p[0]
        b: a(2 * p) as 2 * p[0], weight = p[1]
    }
    validate q in drawn |> drop(40) |> first(10) {
        a: predict q as q[0]
        b: a(2 * q) as 2 * q[0], weight = q[1]
    }
    test p in drawn |> last(10) { a: predict p as p[0] }
}
benchmark b {
    models   Linear
    trainers adam
    metrics  mean_error
    software PyTorch
}
"""
UNLIKE = {
    "        b: a(2 * q) as 2 * q[0], weight = q[1]\n": ("", "without the fixture `b` of `train`"),
    "2 * q[0], weight = q[1]": ("2 * q[0]", "without the weight that `b` has in `train`"),
    "a(2 * q)": ("a(3 * q)", "that computes `b` otherwise than `train`"),
    "b: a(2 * q)": ("c: a(2 * q)", "without the fixture `b` of `train`"),
}


@pytest.mark.parametrize("there", UNLIKE)
def test_validation_has_the_fixtures_of_training(there: str, tmp_path: Path) -> None:
    """The loss of training is that of validation: what it reads has to be there."""
    assert there in CHECKED
    other, what = UNLIKE[there]
    (error,) = sail_json("plan", write_one(tmp_path, CHECKED.replace(there, other)))["errors"]
    reason = f"a `validate` line {what} is not written by this version of sailc"
    assert f"{reason}: its loss is that of `train`, so give it the same fixtures" in error["help"]


def test_validation_with_the_fixtures_of_training_is_run(tmp_path: Path) -> None:
    """One number for all of a fixture is a part of the loss: validation need not repeat it."""
    whole = CHECKED.replace("2 * p[0], weight = p[1]", "2 * p[0], weight = 0.5")
    for text in (CHECKED, whole.replace(", weight = q[1]", "")):
        runs = Runs(tmp_path, text)
        assert all("mean_error" in runs.metrics(name) for name in runs.texts)


def test_a_fixture_without_a_metric_is_not_computed(tmp_path: Path) -> None:
    text = BOWL.replace("mean_error, mean_error(pull)", "mean_error")
    emitted = emitted_by(write_one(tmp_path, text))["Bowl/Smooth/JAX"]
    answer = emitted[emitted.index("def answer(") :]
    assert "pull" not in answer[: answer.index("def step(")]


def test_every_fixture_is_scored_where_no_metrics_are_named(tmp_path: Path) -> None:
    text = BOWL.replace("    metrics  mean_error, mean_error(pull)\n", "")
    (scenario, *_) = plan_of(write_one(tmp_path, text))["scenarios"]
    assert {"mean_error", "mean_error(pull)", "tail_error(pull)"} <= set(scenario["metrics"])


# --- derivatives in models ----------------------------------------------------------------------

SLOPES = """
problem Spring {
    let states  = uniform([-1, -1], [1, 1]) |> sample(300, seed = 1)
    let flow(s) = [s[1], -s[0] - s[0] ^ 3]
    train s in states |> first(200): predict s as flow(s)
    test  s in states |> drop(200):  predict s as flow(s)
}

/// Hamilton's equations of a learned energy (Greydanus et al. 2019).
model Hamiltonian {
    input  state: Tensor[real, 2]
    let    energy = (state |> linear(16) |> tanh |> linear(1))[0]
    let    slope  = grad(energy, state)
    output change: Tensor[real, 2] = [slope[1], -slope[0]]
}

/// The second derivatives of a learned function.
model Curvature {
    input  state: Tensor[real, 2]
    let    u = (state |> linear(16) |> tanh |> linear(1))[0]
    let    d(f, i) = grad(f, state[i])
    output change: Tensor[real, 2] = [d(d(u, 0), 0), d(d(u, 1), 0)]
}

trainer short {
    optimizer adam(1e-2)
    epochs    30
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
                mean((answer - truth) ^ 2)
}

benchmark slopes {
    models   Hamiltonian, Curvature
    trainers short
    metrics  mean_error
}
"""


@pytest.fixture(scope="module")
def slopes(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("slopes"), SLOPES)


@pytest.mark.parametrize("model", ["Hamiltonian", "Curvature"])
def test_derivatives_inside_a_model_are_learned_through(slopes: Runs, model: str) -> None:
    torch, jax = (slopes.losses(f"Spring/{model}/{software}") for software in BACKENDS)
    assert torch == pytest.approx(jax, rel=1e-3)
    assert torch[-1] < torch[0]


def test_a_flow_is_learned_as_that_of_an_energy(slopes: Runs) -> None:
    assert slopes.metrics("Spring/Hamiltonian/JAX")["mean_error"] < 0.2


# --- sets of atoms -----------------------------------------------------------------------------

PAPER = (EXAMPLES / "paper" / "deep_sets.sail").read_text("utf-8")

CLUSTERS = """
use std.chemistry { Atom, Element }

/// Clusters of four atoms that pull each other.
problem Clusters {
    let shifts    = normal(zeros([4, 3]) * 1 angstrom, 0.1 angstrom) |> sample(80, seed = 1)
    let corners   = [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]] * 1 angstrom
    let species   = [0, 1, 1, 2]
    let atoms(d)  = Set(Atom(Element(e), r) for (e, r) in zip(species, corners + d))
    let far(a, b) = norm(a.position - b.position)
    let pair(r)   = 0.3 eV * ((2.2 angstrom / r) ^ 4 - 2 * (2.2 angstrom / r) ^ 2)
    let slope(r)  = 1.2 eV * ((2.2 angstrom / r) ^ 2 - (2.2 angstrom / r) ^ 4) / r
    let pull(a, b) = slope(far(a, b)) * (b.position - a.position) / far(a, b)
    let energy(x) = sum(pair(far(a, b)) for a in x for b in others(x, a)) / 2
    let force(x)  = stack(sum(pull(a, b) for b in others(x, a)) for a in x)
    let frames    = [atoms(d) for d in shifts]
    let rows      = [{ atoms: x, energy: energy(x), force: force(x) } for x in frames]

    train m in rows |> first(60) {
        energy: predict m.atoms as m.energy
        pull:   -grad(energy(m.atoms), m.atoms.position) as m.force
    }
    test m in rows |> drop(60) {
        energy: predict m.atoms as m.energy
        pull:   -grad(energy(m.atoms), m.atoms.position) as m.force
    }
}

trainer short {
    optimizer adam(1e-3)
    epochs    3
    batch     30
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
                mean((answer - truth) ^ 2)
}

benchmark clusters {
    models   LennardJones, DeepPotential, SumOverElements
    trainers short
    metrics  mean_error, mean_error(pull)
}
"""
MODELS = PAPER[PAPER.index("model SumOverElements") : PAPER.index("/// The same model several")]


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("clusters"), CLUSTERS + MODELS)


@pytest.mark.parametrize("model", ["LennardJones", "DeepPotential", "SumOverElements"])
def test_models_of_sets_learn_energies_and_forces(clusters: Runs, model: str) -> None:
    torch, jax = (clusters.losses(f"Clusters/{model}/{software}") for software in BACKENDS)
    assert torch == pytest.approx(jax, rel=1e-3)
    assert torch[-1] < torch[0]


def test_energies_and_forces_are_of_one_pass(clusters: Runs) -> None:
    """XLA finds what is computed twice; PyTorch computes what stands there."""
    text = clusters.texts["Clusters/DeepPotential/PyTorch"]
    assert "values, slopes = value_and_gradient(" in text
    assert "def pull(" not in text
    assert text.count("deeppotential(w, {**atoms") == 2  # in the loss, and in the answer


@pytest.mark.parametrize("model", ["LennardJones", "DeepPotential"])
def test_energies_stay_when_atoms_are_exchanged_turned_or_moved(clusters: Runs, model: str) -> None:
    import torch

    program = functions(clusters.texts[f"Clusters/{model}/PyTorch"])
    atoms, _ = points_of(program)["test"]
    rng = np.random.default_rng(0)
    w = {k: torch.as_tensor(v) for k, v in program["init"](rng).items()}
    energy = program[model.lower()]

    def of(species: np.ndarray, position: np.ndarray) -> np.ndarray:
        given = {"species": torch.as_tensor(species), "position": torch.as_tensor(position)}
        return energy(w, given).numpy()

    species, position = atoms["species"], atoms["position"]
    before = of(species, position)
    order = rng.permutation(4)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    assert of(species[:, order], position[:, order]) == pytest.approx(before, rel=1e-5)
    assert of(species, position @ turn) == pytest.approx(before, rel=1e-5)
    assert of(species, position + rng.normal(size=3)) == pytest.approx(before, rel=1e-5)
    given = {"species": torch.as_tensor(species), "position": torch.as_tensor(position)}
    force = program["answer"](w, given)["pull"].detach().numpy()
    step = np.zeros((4, 3))
    step[1, 2] = 1e-5
    slope = (of(species, position + step) - of(species, position - step)) / 2e-5
    assert -slope == pytest.approx(force[:, 1, 2], rel=1e-5, abs=1e-7)


def test_the_truth_of_a_force_is_the_slope_of_that_of_the_energy(clusters: Runs) -> None:
    """What the library's `others` and lists in lists make of the data, in NumPy."""
    program = functions(clusters.texts["Clusters/LennardJones/JAX"])
    atoms, truth = points_of(program)["test"]

    def energy(x: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1)[:, ~np.eye(4, dtype=bool)]
        return (0.3 * ((2.2 / r) ** 4 - 2 * (2.2 / r) ** 2)).sum(axis=-1) / 2

    assert truth["energy"] == pytest.approx(energy(atoms["position"]))
    step = np.zeros((4, 3))
    step[2, 0] = 1e-5
    slope = (energy(atoms["position"] + step) - energy(atoms["position"] - step)) / 2e-5
    assert truth["pull"][:, 2, 0] == pytest.approx(-slope, rel=1e-5)
