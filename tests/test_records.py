"""Records, what may be missing, and collections of them: planned, emitted, and run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import EXAMPLES
from test_emit import BACKENDS, Emitted

PENGUINS = (EXAMPLES / "penguins.sail").read_text("utf-8")
CHAIN = "impute impute_label standardize one_hot vector"


@pytest.fixture(scope="module")
def penguins(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("penguins"), PENGUINS)


def test_penguins_become_vectors_through_fitted_converters(penguins: Emitted) -> None:
    assert {s["model"] for s in penguins.plan["scenarios"]} == {"MLP", "Linear"}
    for s in penguins.plan["scenarios"]:
        assert " ".join(s["question"]) == CHAIN
        assert s["types"]["input"] == "Tensor[real, 9]"


@pytest.mark.parametrize("software", BACKENDS)
@pytest.mark.parametrize("model", ["MLP", "Linear"])
def test_penguins_are_told_apart(penguins: Emitted, model: str, software: str) -> None:
    result = penguins.events(f"PenguinSpecies/{model}/{software}")[-1]
    assert result["metrics"]["accuracy"] >= 0.95


def test_backends_learn_the_same_of_penguins(penguins: Emitted) -> None:
    losses = [
        [e["loss"] for e in penguins.events(f"PenguinSpecies/MLP/{s}") if e["event"] == "epoch"]
        for s in BACKENDS
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_each_field_has_statistics_of_its_own(penguins: Emitted) -> None:
    text = penguins.texts["PenguinSpecies/Linear/PyTorch"]
    for line in (
        "bill_depth_usual = np.median(bill_depth[~np.isnan(bill_depth)])",
        "mass_2 = np.where(np.isnan(mass), mass_usual, mass)",
        "sex_usual = np.bincount(sex[sex >= 0]).argmax()",
        "mass_3 = (mass_2 - mass_center) / mass_spread",
        '"sex": ["female", "male"],',
    ):
        assert line in text


def test_what_the_type_leaves_out_is_not_read(penguins: Emitted) -> None:
    text = penguins.texts["PenguinSpecies/Linear/JAX"]
    assert "year" not in text
    assert "usecols=(0, 1, 2, 3, 4, 5, 6)" in text


MASS = """
enum Sex { female, male }
type Penguin = { flipper_length_mm: real<mm>?, body_mass_g: real<g>?, sex: Sex? }

dataset palmer {
    file penguins, "package:palmerpenguins/data/penguins.csv", missing = "NA", like = List[Penguin]
}

problem Mass {
    let birds = palmer.penguins |> known |> shuffle(seed = 1)
    let seen(p) = { flipper: p.flipper_length_mm, sex: p.sex }
    train p in birds |> first(260): predict seen(p) as p.body_mass_g
    test  p in birds |> last(70):   predict seen(p) as p.body_mass_g
}

benchmark masses {
    problems Mass
    models   MLP
    trainers adam_standardized
    metrics  mean_error
}
"""


@pytest.fixture(scope="module")
def masses(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("masses"), MASS)


@pytest.mark.parametrize("software", BACKENDS)
def test_answers_with_a_unit_are_standardized_and_back(masses: Emitted, software: str) -> None:
    """Within 300 g of penguins that weigh from 2,700 to 6,300 g."""
    (scenario,) = {tuple(s["answer"]) for s in masses.plan["scenarios"]}
    assert scenario == ("squeeze", "standardize^-1")
    assert masses.events(f"Mass/MLP/{software}")[-1]["metrics"]["mean_error"] < 300


def test_what_is_known_is_chosen_once_for_all_columns(masses: Emitted) -> None:
    text = masses.texts["Mass/MLP/JAX"]
    assert "known = {name: column[complete] for name, column in penguins.items()}" in text
    assert 'penguins["sex"] >= 0,' in text


STRUCTURED = """
problem Reach {
    let far    = [1.0 nm, 1.0 nm, 1.0 nm]
    let places = uniform(-far, far) |> sample(100, seed = 1)
    let points = zip(places, uniform(0, 1) |> sample(100, seed = 2))
    let body(p, k)  = { position: p, weight: 1 + k }
    let reach(p, k) = norm(p) * (1 + k) / 1 nm
    train (p, k) in points |> first(80): predict body(p, k) as reach(p, k)
    test  (p, k) in points |> last(20):  predict body(p, k) as reach(p, k)
}

problem Sum {
    let xs = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(100, seed = 1)
    train x in xs |> first(80): predict (x, x[0]) as x[0] + x[1]
    test  x in xs |> last(20):  predict (x, x[0]) as x[0] + x[1]
}

/// A record as it is, its position in bohr.
model Radial {
    input  body: { position: Tensor[real<bohr>, 3], weight: real }
    let    r = norm(body.position) / 1 bohr
    output y: real = linear([r, body.weight], 1)[0]
}

/// Two inputs are a tuple.
model Pair {
    input  a: Tensor[real, n]
    input  b: real
    output y: real = linear(a, 1)[0] + linear([b], 1)[0]
}

trainer steps {
    optimizer adam(1e-2)
    epochs    2
    batch     20
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
}

metric waiting {
    better  lower
    measure test.latency
}

benchmark structured {
    problems Reach, Sum
    models   Radial, Pair
    trainers steps
    metrics  mean_error, waiting
}
"""


@pytest.fixture(scope="module")
def structured(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("structured"), STRUCTURED)


@pytest.mark.parametrize("software", BACKENDS)
def test_what_a_model_does_not_read_of_its_question_is_not_written(
    tmp_path: Path, software: str
) -> None:
    """Neither in its own function nor in that of what it requires."""
    asked = 'require body.weight < 9 because "it is too heavy"\n    let    r = 1'
    text = STRUCTURED.replace("let    r = norm(body.position) / 1 bohr", asked)
    texts = Emitted(tmp_path, text).texts
    own, required = (
        texts[f"Reach/Radial/{software}"].partition(f"def {name}(")[2].partition("\n\n\n")[0]
        for name in ("radial", "required")
    )
    for function in (own, required):
        assert "weight = body[" in function
        assert 'body["position"]' not in function


def test_models_take_records_and_tuples(structured: Emitted) -> None:
    assert structured.pairs() == ["Reach/Radial", "Sum/Pair"]
    text = structured.texts["Reach/Radial/PyTorch"]
    assert 'splits[split] = {"position": p, "weight": 1 + k}, reach' in text
    assert "position_in_bohr = position * 18.89726" in text


@pytest.mark.parametrize("pair", ["Reach/Radial", "Sum/Pair"])
def test_backends_agree_on_records_and_tuples(structured: Emitted, pair: str) -> None:
    results = [structured.events(f"{pair}/{s}")[-1] for s in BACKENDS]
    errors = [r["metrics"]["mean_error"] for r in results]
    np.testing.assert_allclose(errors[0], errors[1], rtol=1e-3)
    losses = [r["train"]["loss"] for r in results]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


SINE = """
problem Sine {
    let points = uniform(-3, 3) |> sample(200, seed = 1)

    train x in points |> first(150): predict x as sin(x)
    test  x in points |> last(50):   predict x as sin(x)
}

trainer quick {
    optimizer adam(0.02)
    epochs    60
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

benchmark b {
    models   MLP
    trainers quick
    metrics  mean_error
}
"""


@pytest.fixture(scope="module")
def sine(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("sine"), SINE)


@pytest.mark.parametrize("software", BACKENDS)
def test_a_question_of_one_number_reaches_models_of_vectors(sine: Emitted, software: str) -> None:
    for s in sine.plan["scenarios"]:
        assert (s["question"], s["answer"]) == (["vector"], ["squeeze"])
    result = sine.events(f"Sine/MLP/{software}")[-1]
    assert result["metrics"]["mean_error"] < 0.15
