"""Lists and sets whose length only the data know: points are batched by equal lengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import emitted_by, plan_of, points_of, write_one
from test_emit import BACKENDS, Emitted

SETS = """
problem Squares {
    let rows = normal(0, 1, shape = [6]) |> sample(300, seed = 1)
    let squares(p) = sum(x ^ 2 for x in p if x > 0)
    train p in rows |> first(250): predict Set([x for x in p if x > 0]) as squares(p)
    test  q in rows |> last(50):   predict Set([x for x in q if x > 0]) as squares(q)
}

/// Two lines to learn from, and two to be judged by.
problem Twice {
    let rows  = normal(0, 1, shape = [6]) |> sample(300, seed = 1)
    let more  = normal(1, 1, shape = [6]) |> sample(100, seed = 2)
    let up(p) = [x for x in p if x > 0]
    train p in rows |> first(250): predict Set(up(p)) as sum(up(p))
    train p in more |> first(50):  predict Set(up(p)) as sum(up(p))
    test  p in rows |> last(30):   predict Set(up(p)) as sum(up(p))
    test  p in more |> last(20):   predict Set(up(p)) as sum(up(p))
}

/// Some of a point's own elements, by their places: not some of the points.
problem Parts {
    let rows    = normal(0, 1, shape = [6]) |> sample(300, seed = 1)
    let ends(p) = sum(p |> drop(4)) + 10 * sum(p |> last(1)) + 100 * sum(p |> every(4))
    train p in rows |> first(250): predict p |> first(3) as ends(p)
    test  p in rows |> last(50):   predict p |> first(3) as ends(p)
}

/// Its answers have as many numbers as the question.
problem Doubled {
    let rows = normal(0, 1, shape = [6]) |> sample(300, seed = 1)
    let some(p)   = [x for x in p if x > mean(p)]
    let double(p) = [2 * y for y in p if y > mean(p)]
    train    p in rows |> first(200):             predict some(p) as double(p)
    validate p in rows |> drop(200) |> first(50): predict some(p) as double(p)
    test     p in rows |> last(50):               predict some(p) as double(p)
}

/// The elements that are left of those that are left; records of them.
problem Chains {
    let rows = normal(0, 1, shape = [4]) |> sample(300, seed = 2)
    let some(p) = [{ value: x, rest: p[0] } for x in p if x >= p[0]]
    let few(p)  = [y for y in [2 * x for x in p if x > 0] if y < 1]
    let both(p) = { all: some(p), few: few(p) }
    train p in rows |> first(250): predict both(p) as sum(few(p)) + len(some(p))
    test  p in rows |> last(50):   predict both(p) as sum(few(p)) + len(some(p))
}

/// phi of each element, summed, then rho (Zaheer et al. 2017).
model DeepSet {
    input  xs: Set[real, n]
    let    total = sum([x] |> linear(16) |> relu |> linear(8) for x in xs)
    output y: real = linear(relu(total), 1)[0]
}

/// The sum of `b` over `a`, in an order that a comprehension says.
problem Crossed {
    let rows       = normal(0, 1, shape = [3]) |> sample(300, seed = 1)
    let crossed(p) = [[a - 2 * b for b in p][0] for a in p]
    train p in rows |> first(250): predict p as sum(crossed(p))
    test  p in rows |> last(50):   predict p as sum(crossed(p))
}

/// An answer for each element.
model Each {
    input  xs: List[real, n]
    output ys: List[real, n] = [linear([x, mean(xs), len(xs)], 1)[0] for x in xs]
}

model Both {
    input  q: { all: List[{ value: real, rest: real }, n], few: List[real, m] }
    let    count = len(q.all) + sum(1 for a in q.all)
    output y: real = linear([sum(q.few), count, mean(a.value * a.rest for a in q.all)], 1)[0]
}

trainer steps {
    optimizer adam(1e-2)
    epochs    3
    batch     16
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
    loss      (answer: List[real, n], truth: List[real, n]) =>
                mean((a - t) ^ 2 for (a, t) in zip(answer, truth))
    stop      stalled(validate.loss, epochs = 5)
}

metric element_error {
    better lower
    score  (answer: List[real, n], truth: List[real, n]) =>
             mean(abs(a - t) for (a, t) in zip(answer, truth))
    reduce mean
}

metric answered {
    better  higher
    measure test.count
}

metric waiting {
    better  lower
    measure test.latency
}

benchmark sets {
    models   DeepSet, Each, Both, Linear
    trainers steps
    metrics  mean_error, tail_error, element_error, answered, waiting
}
"""
PAIRS = {"Squares": "DeepSet", "Twice": "DeepSet", "Doubled": "Each", "Chains": "Both"}
PLAIN = {"Parts": "Linear", "Crossed": "Linear"}


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("sets"), SETS)


def test_each_problem_has_its_model(sets: Emitted) -> None:
    assert sets.pairs() == sorted(f"{p}/{m}" for p, m in {**PAIRS, **PLAIN}.items())


@pytest.mark.parametrize("problem", PAIRS)
def test_backends_agree(sets: Emitted, problem: str) -> None:
    found = [sets.events(f"{problem}/{PAIRS[problem]}/{s}") for s in BACKENDS]
    losses = [[e["loss"] for e in events if e["event"] == "epoch"] for events in found]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    first, second = (
        {k: v for k, v in events[-1]["metrics"].items() if k != "waiting"} for events in found
    )
    assert first["answered"] == 50
    for name, value in first.items():
        np.testing.assert_allclose(value, second[name], rtol=1e-3)


# --- what the programs compute ------------------------------------------------------------


def functions(sets: Emitted, name: str) -> dict[str, Any]:
    """The functions of an emitted program."""
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(sets.texts[name], "script.py", "exec"), space)
    return space


def rows() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (300, 6))


def test_points_of_one_length_are_together(sets: Emitted) -> None:
    program = functions(sets, "Squares/DeepSet/JAX")
    points, places = program["data"]()
    for part, truths, at in zip(*points["test"], places, strict=True):
        kept = [row[row > 0] for row in rows()[-50:][at]]
        np.testing.assert_array_equal(part, kept)
        np.testing.assert_allclose(truths, [(k**2).sum() for k in kept])
    assert sorted(np.concatenate(places)) == [*range(50)]
    assert any(len(at) < program["BATCH"] for at in places)


def test_lines_of_one_split_follow_each_other(sets: Emitted) -> None:
    """A group is of one line; the points of the second come after those of the first."""
    program = functions(sets, "Twice/DeepSet/PyTorch")
    points, places = program["data"]()
    more = np.random.default_rng(2).normal(1, 1, (100, 6))
    test = [*rows()[-30:], *more[-20:]]
    assert sorted(np.concatenate(places)) == [*range(50)]
    for part, at in zip(points["test"][0], places, strict=True):
        np.testing.assert_array_equal(part, [row[row > 0] for row in (test[i] for i in at)])
    found = program["in_order"](points["test"][1], places)
    np.testing.assert_allclose(found, [row[row > 0].sum() for row in test])
    assert sum(len(part) for part in points["train"][0]) == 300


def test_scores_are_in_the_order_of_the_problem(sets: Emitted) -> None:
    program = functions(sets, "Doubled/Each/PyTorch")
    points, places = program["data"]()
    _, truths = points["test"]
    found = program["in_order"]([truth.sum(axis=1) for truth in truths], places)
    kept = [2 * row[row > row.mean()] for row in rows()[-50:]]
    np.testing.assert_allclose(found, [k.sum() for k in kept])


@pytest.mark.parametrize("sizes", [[1], [1, 40, 3], [16, 17]])
def test_every_point_is_once_in_a_batch_and_weighs_the_same(
    sets: Emitted, sizes: list[int]
) -> None:
    program = functions(sets, "Squares/DeepSet/JAX")
    found = program["batches"](sizes, np.random.default_rng(0))
    for group, n in enumerate(sizes):
        inside = [index for g, index, _ in found if g == group]
        assert sorted(np.concatenate(inside)) == [*range(n)]
    assert all(len(index) <= program["BATCH"] for _, index, _ in found)
    weights = [share / len(index) for _, index, share in found]
    np.testing.assert_allclose(weights, len(found) / sum(sizes))


def test_a_point_chooses_of_its_own_elements(sets: Emitted) -> None:
    questions, truths = points_of(functions(sets, "Parts/Linear/JAX"))["test"]
    p = rows()[-50:]
    np.testing.assert_array_equal(questions, p[:, :3])
    ends = p[:, 4:].sum(axis=1) + 10 * p[:, 5] + 100 * (p[:, 0] + p[:, 4])
    np.testing.assert_allclose(truths, ends)


def test_the_elements_of_nested_comprehensions_keep_their_places(sets: Emitted) -> None:
    p, truths = points_of(functions(sets, "Crossed/Linear/PyTorch"))["test"]
    np.testing.assert_allclose(truths, (p - 2 * p[:, :1]).sum(axis=1))


def test_elements_that_are_only_added_up_need_no_groups(tmp_path: Path) -> None:
    text = SETS.replace("Set([x for x in p if x > 0])", "p[0:2]")
    text = text.replace("Set([x for x in q if x > 0])", "q[0:2]")
    texts = emitted_by(write_one(tmp_path, text))
    space: dict[str, Any] = {"__name__": "program"}
    plain = texts["Squares/Linear/PyTorch"]
    assert "group" not in plain
    exec(compile(plain, "script.py", "exec"), space)
    _, truths = points_of(space)["test"]
    p = rows()[-50:]
    np.testing.assert_allclose(truths, np.where(p > 0, p**2, 0).sum(axis=1))


STANDARDIZED = """
problem Charges {
    let rows = normal(3 eV, 2 eV, shape = [4]) |> sample(100, seed = 1)
    let some(p) = Set([[x, 2 * x] for x in p if x > 0 eV])
    train p in rows |> first(80): predict some(p) as sum(x for x in p if x > 0 eV)
    test  p in rows |> last(20):  predict some(p) as sum(x for x in p if x > 0 eV)
}

model Sum {
    input  xs: Set[Tensor[real, d], n]
    output y: real = sum(linear(x, 1) for x in xs)[0]
}

benchmark b {
    models   Sum
    trainers adam_standardized
    metrics  mean_error
}
"""


def test_statistics_are_of_the_elements_that_any_point_holds(tmp_path: Path) -> None:
    texts = emitted_by(write_one(tmp_path, STANDARDIZED))
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(texts["Charges/Sum/JAX"], "script.py", "exec"), space)
    questions, truths = space["data"]()[0]["train"]
    elements = np.concatenate([part.reshape(-1, 2) for part in questions])
    np.testing.assert_allclose(elements.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(elements.std(axis=0), 1)
    p = np.random.default_rng(1).normal(3, 2, (100, 4))[:80]
    center, scale = space["fit_truth"](truths)
    sums = np.where(p > 0, p, 0).sum(axis=1)
    np.testing.assert_allclose([center, scale], [sums.mean(), sums.std()])


POINTWISE = """
problem Same {
    let many = normal(0, 1, shape = [6]) |> sample(100, seed = 1)
    train q in many |> first(80): predict [y for y in q if y > 0] as [2 * y for y in q if y > 0]
    test q in many |> last(20): predict [y for y in q if y > 0] as [2 * y for y in q if y > 0]
}

problem Differ {
    let many = normal(0, 1, shape = [6]) |> sample(100, seed = 1)
    train q in many |> first(80): predict [y for y in q if y > 0] as [2 * y for y in q if y < 1]
    test q in many |> last(20): predict [y for y in q if y > 0] as [2 * y for y in q if y < 1]
}

model Pointwise {
    let a = parameter(1.0)
    input xs: List[real, n]
    output ys: List[real, n] = [a * x for x in xs]
}

metric gap {
    better lower
    score (a: List[real, n], t: List[real, n]) => sum(abs(x - y) for (x, y) in zip(a, t))
    reduce mean
}

trainer listed {
    optimizer adam(0.02)
    epochs 3
    loss (a: List[real, n], t: List[real, n]) => sum(abs(x - y) for (x, y) in zip(a, t))
}
"""


def test_two_lengths_of_the_data_are_not_one(tmp_path: Path) -> None:
    """What another condition keeps is of another length, though both are `some` of six."""
    plan = plan_of(write_one(tmp_path, POINTWISE))
    linked = {s["problem"] for s in plan["scenarios"] if s["model"] == "Pointwise"}
    assert linked == {"Same"}
    reasons = [e["reason"] for e in plan["excluded"] if "Differ / Pointwise" in e["modules"]]
    assert any("`List[real, some]` to the truth `List[real, some_2]`" in r for r in reasons)


VECTORS = """
problem Sums {
    let many    = normal(0, 1, shape = [6]) |> sample(100, seed = 1)
    let some(q) = [y for y in q if y > 0]
    train q in many |> first(80): predict some(q) as sum(some(q))
    test  q in many |> last(20):  predict some(q) as sum(some(q))
}

model Sum {
    input  x: Tensor[real, n]
    output y: real = parameter(1.0) * sum(x)
}

benchmark b {
    models Sum
}
"""


@pytest.mark.parametrize("software", BACKENDS)
def test_a_list_is_a_vector_to_a_model_of_vectors(tmp_path: Path, software: str) -> None:
    program: dict[str, Any] = {"__name__": "emitted"}
    exec(emitted_by(write_one(tmp_path, VECTORS))[f"Sums/Sum/{software}"], program)
    counts = (np.random.default_rng(1).normal(0, 1, (100, 6))[-20:] > 0).sum(axis=-1)
    lengths, points = np.unique(counts, return_counts=True)
    questions, _ = points_of(program)["test"]
    assert [q.shape for q in questions] == [*zip(points, lengths, strict=True)]


RAGGED = """
problem Direct {
    let rows = normal(0, 1, shape = [5]) |> sample(60, seed = 3)
    train p in rows |> first(40): predict Set([x for x in p if x > 0]) as sum(x for x in p if x > 0)
    test  p in rows |> last(20):  predict Set([x for x in p if x > 0]) as sum(x for x in p if x > 0)
}

problem Made {
    let rows = normal(0, 1, shape = [5]) |> sample(60, seed = 3)
    let sets = [Set([x for x in p if x > 0]) for p in rows]
    train s in sets |> first(40): predict s as sum(s)
    test  s in sets |> last(20):  predict s as sum(s)
}

problem Beside {
    let rows   = normal(0, 1, shape = [5]) |> sample(60, seed = 3)
    let sets   = [Set([x for x in p if x > 0]) for p in rows]
    let totals = [sum(x for x in p if x > 0) for p in rows]
    train (s, t) in zip(sets, totals) |> first(40): predict s as t
    test  (s, t) in zip(sets, totals) |> last(20):  predict s as t
}

model Sum {
    input  xs: Set[real, n]
    output y: real = sum(linear([x], 1)[0] for x in xs)
}

trainer brief {
    optimizer adam(1e-2)
    epochs    2
    batch     16
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

benchmark ragged {
    models   Sum
    trainers brief
    metrics  mean_error
    software PyTorch
}
"""


def test_points_may_be_lists_of_different_lengths_from_the_start(tmp_path: Path) -> None:
    """What is made of each row beforehand is what the question would have made of it."""
    made = Emitted(tmp_path, RAGGED)
    results = {n: made.events(n)[-1]["metrics"]["mean_error"] for n in made.texts}
    assert set(results) == {f"{p}/Sum/PyTorch" for p in ("Direct", "Made", "Beside")}
    assert len({round(v, 9) for v in results.values()}) == 1


SERIES = """
problem Series {
    by setting
    let drawn    = uniform(0, 1, shape = [6, 3]) |> sample(50, seed = 1)
    let some(x)  = stack([row for row in x if row[0] > 0.1])
    let truth(x) = [sum(row[1] * row[2] for row in x if row[0] > 0.1), 1.0]
    train x in drawn |> first(40): predict some(x) as truth(x)
    test  x in drawn |> last(10):  predict some(x) as truth(x)
}

/// The lengths of the series are numbers that it computes with.
model Counting {
    input  xs: Tensor[real, n, d]
    let    counts = concat([0.0 + n, n / 2, 1], [sqrt(n), 2.5 * n])
    output y: Tensor[real, m] = concat(mean(xs, axis = 0), counts) |> linear(m)
}

model Pooling {
    input  xs: Tensor[real, n, d]
    output y: Tensor[real, m] =
             xs |> conv(4, 3, stride = 2, pad = wrap) |> pool(2) |> mean(axis = 0) |> linear(m)
}

trainer brief {
    optimizer adam(1e-2)
    epochs    3
    batch     16
    loss      (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
}

benchmark series {
    models   Counting, Pooling, Linear, MLP
    trainers brief
    metrics  mean_error
}
"""


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("series"), SERIES)


@pytest.mark.parametrize("model", ["Counting", "Pooling"])
def test_backends_agree_on_what_is_read_of_lengths(series: Emitted, model: str) -> None:
    """A length that is a number, or that decides how many windows there are."""
    found = [series.events(f"Series/{model}/{s}") for s in BACKENDS]
    losses = [[e["loss"] for e in events if e["event"] == "epoch"] for events in found]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


@pytest.mark.parametrize("software", BACKENDS)
def test_a_length_among_numbers_is_that_of_the_points_at_hand(
    series: Emitted, software: str
) -> None:
    program = functions(series, f"Series/Counting/{software}")
    counts = np.array([[5.0, 2, 1, 5**0.5, 12.5]])
    w = {"y.weight": np.eye(8), "y.bias": np.zeros(8)}
    xs = np.ones((2, 5, 3))
    if software == "PyTorch":
        import torch

        w, xs = {k: torch.tensor(v).float() for k, v in w.items()}, torch.tensor(xs).float()
    found = np.asarray(program["counting"](w, xs))
    np.testing.assert_allclose(found[:, 3:], counts.repeat(2, axis=0), rtol=1e-6)


def test_no_layer_learns_an_array_as_long_as_a_point(tmp_path: Path) -> None:
    plan = plan_of(write_one(tmp_path, SERIES))
    assert {s["model"] for s in plan["scenarios"]} == {"Counting", "Pooling"}
    reasons = {e["reason"]: e["modules"] for e in plan["excluded"] if e["code"] == "X0301"}
    (layer,) = (r for r, modules in reasons.items() if modules == ["Series / Linear"])
    assert layer.startswith(
        "`weight` of `linear` in `y` would be a `Tensor[real, 3 * some, 2]`, and only the data "
        "know the length `some`"
    )
    assert any(modules == ["Series / MLP"] for modules in reasons.values())
