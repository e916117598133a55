"""Answers that are asked for again and again: films told frame by frame, and policies that are
trained through what becomes of what they steer."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Json, emitted_by, run_here, said_of, write_one

BACKENDS = ["PyTorch", "JAX"]

# A mass on wheels is brought to rest by pushes that no one knows the truth of. What is drawn
# is a place and a speed; the policy is trained by where its pushes lead to.
CART = """
problem Cart {
    let starts        = uniform([-1, -1], [1, 1]) |> sample(120, seed = 1)
    let step(s, push) = [s[0] + 0.2 * s[1], s[1] + 0.2 * push]
    let ride(push, s) = scan(1..15, s, (s, k) => step(s, push(s)[0]))
    let effort(path)  = mean(path[:, 0] ^ 2) + mean(path[:, 1] ^ 2)

    train s in starts |> first(100) {
        push: control s as Tensor[real, 1]
        cost: effort(ride(push, s)) as 0
    }

    test s in starts |> last(20) {
        push: control s as Tensor[real, 1]
        end:  ride(push, s)[14] as [0, 0]
        last: fold(1..15, s, (s, k) => step(s, push(s)[0])) as [0, 0]
        free: fold(1..15, s, (s, k) => step(s, 0)) as [0, 0]
    }
}

trainer by_trying {
    optimizer adam(0.05)
    epochs    EPOCHS
    batch     50
    loss      (answer: real, truth: real) => answer
}

benchmark cart {
    problems Cart
    models   Linear
    trainers by_trying
    metrics  mean_error(end), mean_error(last), mean_error(free)
    seeds    1
}
"""


def ran(folder: Path, text: str) -> dict[str, Json]:
    """The metrics of each program, by its software."""
    path = write_one(folder, text)
    return {
        name.rsplit("/", 1)[1]: run_here(script, 0, folder / "out")[-1]["metrics"]
        for name, script in emitted_by(path).items()
    }


@pytest.fixture(scope="module")
def cart(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    return ran(tmp_path_factory.mktemp("cart"), CART.replace("EPOCHS", "30"))


@pytest.mark.parametrize("software", BACKENDS)
def test_a_policy_learns_through_what_it_steers(cart: dict[str, Json], software: str) -> None:
    """It comes to rest, where a cart that nobody pushes rolls away."""
    found = cart[software]
    assert found["mean_error(end)"] < 0.1
    assert found["mean_error(free)"] > 1


def test_backends_agree_on_where_a_policy_leads(cart: dict[str, Json]) -> None:
    assert cart["JAX"] == pytest.approx(cart["PyTorch"], rel=2e-2)


@pytest.mark.parametrize("software", BACKENDS)
def test_a_fold_is_the_last_of_a_scan(cart: dict[str, Json], software: str) -> None:
    found = cart[software]
    assert found["mean_error(last)"] == pytest.approx(found["mean_error(end)"], rel=1e-5)


def test_what_is_judged_by_nothing_is_not_taught(tmp_path: Path) -> None:
    """With a type in place of every truth there is nothing that a model could learn from."""
    text = CART.replace("EPOCHS", "1").replace("        cost: effort(ride(push, s)) as 0\n", "")
    (error,) = said_of(write_one(tmp_path, text))
    assert error["code"] == "E0604"
    assert "neither a truth to train on nor something to minimize" in error["help"]


# Each frame of these films is the frame before, turned and shrunk.
FILM = """
problem Film {
    let starts   = normal(0, 1, shape = [2]) |> sample(60, seed = 1)
    let next(x)  = [0.8 * x[0] - 0.4 * x[1], 0.4 * x[0] + 0.8 * x[1]]
    let frame(x) = [next(x), next(next(x)), next(next(next(x)))]

    train x in starts |> first(40): predict x as next(x)

    test x in starts |> last(20) {
        soon:  predict x as frame(x)[0]
        later: repeat(3, soon)(x) as frame(x)[2]
        apart: soon(soon(soon(x))) as frame(x)[2]
    }
}

trainer frames {
    optimizer adam(0.05)
    epochs    80
    batch     20
    loss      (answer: Tensor[real, n], truth: Tensor[real, n]) => mean((answer - truth) ^ 2)
}

benchmark film {
    problems Film
    models   Linear
    trainers frames
    metrics  mean_error, mean_error(later), mean_error(apart)
    seeds    1
}
"""


def test_what_answers_is_one_function_however_often_it_is_asked(tmp_path: Path) -> None:
    found = ran(tmp_path, FILM)
    for metrics in found.values():
        assert metrics["mean_error"] < 0.02
        assert metrics["mean_error(later)"] == pytest.approx(metrics["mean_error(apart)"])
    assert found["JAX"] == pytest.approx(found["PyTorch"], rel=2e-2)
