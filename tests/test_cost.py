"""What a plan says that a point costs is what PyTorch counts while the program runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from support import Json, emitted_by, plan_of, write_one
from torch.utils.flop_counter import FlopCounterMode

import sail_stdlib
from sailc.operations import OPERATIONS

POINTS, BATCH = 6, 3

# The dimensions of a question, and a network on it.
NETWORKS = {
    "perceptron": ("12", "output y = x |> linear(7) |> tanh |> linear(2)"),
    "one that is used twice": (
        "12",
        "let embed = linear(6) >> tanh\noutput y = concat(embed(x), embed(x) * 2) |> linear(2)",
    ),
    "a skip": ("5, 8", "output y = x |> linear(8) |> skip(linear(8) >> relu) |> flat |> linear(1)"),
    "signals": ("32, 2", "output y = x |> conv(5, 3) |> relu |> conv(3, 5, stride = 2)"),
    "pictures": (
        "8, 8, 3",
        "output y = x |> conv(4, 3) |> relu |> pool(2) |> conv(6, 3) |> flat |> linear(4)",
    ),
    "volumes": (
        "4, 4, 4, 2",
        "output y = x |> conv(3, 3) |> relu |> conv_transpose(2, 2, stride = 2)",
    ),
    "a U": (
        "8, 8, 1",
        "let a = x |> conv(4, 3) |> relu\nlet b = a |> pool(2) |> conv(8, 3) |> relu\n"
        "output y = concat(a, upsample(b, 2)) |> conv(1, 1)",
    ),
    "sums over rows": (
        "5, 4",
        "output y = sum(v |> linear(6) |> relu |> linear(3) for v in x)",
    ),
    "products of rows": (
        "5, 4",
        "let codes = stack([v |> linear(6) |> tanh for v in x])\n"
        "output y = flat(codes @ transpose(codes)) |> linear(2)",
    ),
    "pairs of rows": (
        "4, 3",
        "output y = sum(sum(concat(a, b) |> linear(5) |> tanh for b in x) for a in x)",
    ),
}


def program(shape: str, body: str) -> str:
    rank = len(shape.split(","))
    return f"""
    problem P {{
        let xs = zeros([{2 * POINTS}, {shape}])
        train x in xs |> first({POINTS}): predict x as mean(x)
        test  x in xs |> last({POINTS}):  predict x as mean(x)
    }}
    model M {{
        input x: Tensor[real, {", ".join("hijk"[:rank])}]
        {body}
    }}
    trainer t {{
        optimizer sgd(0.1)
        epochs    1
        batch     {BATCH}
        loss      (a: Tensor[real, ...s], b: real) => mean((a - b) ^ 2)
    }}
    metric off {{
        better lower
        score  (a: Tensor[real, ...s], b: real) => mean((a - b) ^ 2)
        reduce mean
    }}
    benchmark B {{
        problems P
        models   M
        trainers t
        software PyTorch
        metrics  off
    }}
    """


def counted(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The operations of products and convolutions that training by one point takes."""
    script: Any = ModuleType("script")
    exec(compile(text, "script.py", "exec"), script.__dict__)
    train, found = script.train, list[int]()

    def watched(*arguments: object) -> object:
        with FlopCounterMode(display=False) as counter:
            result = train(*arguments)
        found.append(counter.get_total_flops())
        return result

    script.train = watched
    monkeypatch.setattr(sys, "argv", ["script.py", "--out", str(folder)])
    torch.manual_seed(0)
    script.main()
    (whole,) = found
    assert whole % POINTS == 0
    return whole // POINTS


FORCES = """
problem P {
    let xs = zeros([12, 5])
    let slope(f) = x => grad(f(x), x)
    train x in xs |> first(6) {
        value: predict x as mean(x)
        pull:  slope(value)(x) as x
    }
    test x in xs |> last(6) {
        value: predict x as mean(x)
        pull:  slope(value)(x) as x
    }
}
model M {
    input x: Tensor[real, h]
    output y: real = (x |> linear(7) |> tanh |> linear(9) |> tanh |> linear(1))[0]
}
trainer t {
    optimizer sgd(0.1)
    epochs    1
    batch     3
    loss      (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
}
metric off {
    better lower
    score  (a: Tensor[real, ...s], b: Tensor[real, ...s]) => mean((a - b) ^ 2)
    reduce mean
}
benchmark B {
    problems P
    models   M
    trainers t
    software PyTorch
    metrics  off, off(pull)
}
"""


def cost_of(path: Path) -> Json:
    plan = plan_of(path, "B")
    (scenario,) = plan["scenarios"] or pytest.fail(str(plan["excluded"]))
    return scenario["cost"]


@pytest.mark.parametrize("name", NETWORKS)
def test_multiply_adds_of_a_training_are_what_the_program_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = write_one(tmp_path, program(*NETWORKS[name]))
    cost = cost_of(path)
    (text,) = emitted_by(path).values()
    done = counted(text, tmp_path, monkeypatch)
    assert 2 * (cost["macs"] + cost["backward_macs"]) == done
    assert cost["forward_flops"] >= 2 * cost["macs"]
    assert cost["backward_flops"] >= 2 * cost["backward_macs"]
    assert cost["train_flops"] == 3 * cost["forward_flops"]


def test_training_on_a_derivative_counts_what_its_own_derivative_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a rule: two operations for each of the derivative's, which is right to two percent."""
    path = write_one(tmp_path, FORCES)
    plan = plan_of(path, "B")
    (scenario,) = plan["scenarios"]
    value, pull = (k["cost"] for k in scenario["links"][:2])
    assert value["macs"] == 5 * 7 + 7 * 9 + 9 == scenario["cost"]["macs"]
    assert pull["macs"] == 2 * value["macs"]  # forward, and back to the question
    (text,) = emitted_by(path).values()
    done = counted(text, tmp_path, monkeypatch) / 2
    whole = pull["macs"] + scenario["cost"]["backward_macs"]  # the value is on its way
    assert whole == pytest.approx(done, rel=0.02)


def test_what_is_written_twice_is_counted_once(tmp_path: Path) -> None:
    once = "let e = linear(6)\noutput y = concat(e(x), e(x)) |> linear(2)"
    cost = cost_of(write_one(tmp_path, program("12", once)))
    assert cost["macs"] == 12 * 6 + 12 * 2


def test_what_a_step_does_is_counted_for_every_step(tmp_path: Path) -> None:
    body = "let next = linear(4) >> tanh\noutput y = fold(x, x[0], (s, v) => next(s) + v)"
    cost = cost_of(write_one(tmp_path, program("5, 4", body)))
    assert cost["macs"] == 5 * 4 * 4
    assert cost["forward_flops"] == 5 * (2 * 4 * 4 + 4 + 4)


def test_activations_are_what_operators_give_on_the_way_of_the_gradient(tmp_path: Path) -> None:
    cost = cost_of(write_one(tmp_path, program("12", "output y = x * 2 |> linear(7) |> tanh")))
    assert cost["activation_bytes"] == 4 * (7 + 7)
    moved = (12 + 12) + (12 + 7) + (7 + 7)
    assert cost["intensity"] == pytest.approx(cost["forward_flops"] / (4 * (moved + 12 * 7 + 7)))


def test_every_row_of_the_table_is_an_operator_of_the_library() -> None:
    prelude = Path(str(sail_stdlib.ROOT)) / "prelude"
    declared = {
        name
        for p in prelude.glob("*.sail")
        for name in re.findall(r"^fn (\w+)", p.read_text(), re.M)
    }
    assert set(OPERATIONS) <= declared
