"""Runs that fail: what is said of them stands at the `.sail` line that they came from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support import Json, sail_json, write_one

from sail_torch.watch import NotFinite, Watch
from sailc.build import Compiled, planned, traced, written
from sailc.workspace import Workspace

LOGS = """
problem Logs {
    let xs = uniform([-1.0, 0.0], [1.0, 1.0]) |> sample(40, seed = 1)
    train x in xs |> first(30): predict x as x[0]
    test  x in xs |> last(10):  predict x as x[0]
}
problem Holes {
    let xs = uniform([-1.0, 0.5], [1.0, 1.0]) |> sample(40, seed = 1)
    train x in xs |> first(30): predict [log(x[0]), x[1]] as x[0]
    test  x in xs |> last(10):  predict [log(x[0]), x[1]] as x[0]
}
/// The logarithm of what may be below 0.
model Loggy {
    input  x: Tensor[real, 2]
    let hidden = x |> linear(8) |> tanh
    let rising = log(hidden)
    output y: real = sum(rising |> linear(3))
}
model Plain {
    input  x: Tensor[real, 2]
    let hidden = x |> linear(8) |> tanh
    output y: real = sum(hidden |> linear(3))
}
trainer quick {
    optimizer adam(1e-2)
    epochs    3
    batch     10
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
}
trainer wild {
    optimizer sgd(3.0)
    epochs    99
    batch     10
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
}
metric off {
    better lower
    score (answer: real, truth: real) => abs(answer - truth)
    reduce mean
}
benchmark undefined { problems Logs
                      models   Loggy
                      trainers quick
                      metrics  off }
benchmark holes { problems Holes
                  models   Plain
                  trainers quick
                  software PyTorch
                  metrics  off }
benchmark steep { problems Logs
                  models   Plain
                  trainers wild
                  software PyTorch
                  metrics  off }
"""


def line_of(text: str) -> int:
    """The line of a program that holds a text."""
    return next(i for i, line in enumerate(LOGS.splitlines()) if text in line)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return write_one(tmp_path, LOGS)


def failures(path: Path, benchmark: str, *options: str) -> list[Json]:
    return sail_json("run", path, benchmark, *options, exit=1)["failures"]


def test_a_value_that_is_undefined_is_told_at_its_line_on_both_backends(logs: Path) -> None:
    found = failures(logs, "undefined")
    assert len(found) == 2
    for f in found:
        assert (f["code"], f["start"]["line"]) == ("E0807", line_of("log(hidden)"))
        assert "the loss is nan after epoch 1" in f["message"]
        assert "`rising` (Tensor[real, 8])" in f["message"]
        assert "guard" in f["help"]
    assert "of 80 numbers, shape (10, 8)" in " ".join(f["message"] for f in found)


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_shape_is_told_as_sail_has_it(tmp_path: Path, software: str) -> None:
    """PyTorch's pictures have their channels second."""
    old = LOGS[LOGS.index("/// The logarithm") : LOGS.index("model Plain")]
    new = """
model Loggy {
    input  x: Tensor[real, 2]
    let seen   = reshape([x[0], x[1], x[0], x[1], x[0], x[1]], [2, 3, 1]) |> conv(5, 1)
    let rising = log(seen)
    output y: real = sum(rising |> conv(4, 1))
}
"""
    path = write_one(
        tmp_path, LOGS.replace(old, new).replace("Loggy\n", f"Loggy\n    software {software}\n")
    )
    (found,) = failures(path, "undefined")
    assert "`rising` (Tensor[real, 2, 3, 5])" in found["message"]
    if software == "PyTorch":
        assert "of 300 numbers, shape (10, 2, 3, 5)" in found["message"]


@pytest.mark.parametrize("axis", [0, 1])
def test_channels_are_followed_by_what_is_done_to_each_number(axis: int) -> None:
    with Watch() as watch:
        x = torch.ones(7, 2, 3, 4).movedim(-1, 1)
        y = torch.cat([torch.relu(x) - 1, x], dim=1)
        _ = torch.log((y if axis else y.movedim(1, -1)) - 1)
    assert "shape (7, 2, 3, 8)" in str(watch.suspects[0])


def test_points_that_are_not_finite_are_told_at_their_line(logs: Path) -> None:
    (found,) = failures(logs, "holes")
    assert (found["code"], found["start"]["line"]) == ("E0807", line_of("train x in xs") + 5)


def test_steps_that_are_too_long_are_told_by_what_the_loss_had_grown_to(logs: Path) -> None:
    """Without a second look the place is the trainer's."""
    (found,) = failures(logs, "steep", "--no-look")
    assert (found["code"], found["start"]["line"]) == ("E0807", line_of("sgd(3.0)"))
    assert "first numbers" not in found["message"]
    assert "grown" in found["help"]
    assert "lower the rate" in found["help"]


def test_a_driver_that_raises_is_told_at_its_extern(tmp_path: Path) -> None:
    (tmp_path / "driver.py").write_text("def well(r):\n    raise OSError('no licence')\n")
    extern = 'extern fn well(r: real) -> real { from "driver:well" }'
    path = write_one(tmp_path, LOGS.replace("as x[0]", "as well(x[0])") + extern)
    (found,) = failures(path, "steep")
    assert found["code"] == "E0801"
    assert found["start"]["line"] == path.read_text("utf-8").splitlines().index(extern) + 1
    assert "raised OSError: no licence" in found["message"]


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ("    let hidden = x |> linear(8) |> tanh\n    output", "max(abs(x))"),  # of `Plain`
        ("    train x in xs |> first(30): predict x as", "max(xs[:, 0])"),
        ("}\nbenchmark undefined", "value"),
    ],
    ids=["model", "problem", "metric"],
)
def test_what_is_required_is_told_at_its_line(tmp_path: Path, before: str, value: str) -> None:
    """A program that ends with a message has no stack that would tell where."""
    asked = f'    require {value} < 9\n    require {value} < 0 because "it is too large"\n'
    text = LOGS.replace(before, asked + before).replace("sgd(3.0)", "sgd(0.01)")
    (found,) = failures(write_one(tmp_path, text), "steep")
    line = next(i for i, line in enumerate(text.splitlines()) if "too large" in line)
    assert (found["code"], found["start"]["line"]) == ("E0801", line)
    assert "it is too large" in found["message"]


def test_every_statement_of_a_model_knows_its_source(logs: Path) -> None:
    workspace = Workspace.open([logs])
    scenario = planned(workspace.db, str(logs), "steep").scenarios[0]
    made = written(workspace.db, scenario)
    assert isinstance(made, Compiled)
    lines = made.text.splitlines()
    origins = {
        text.strip(): found
        for number, text in enumerate(lines, 1)
        if (found := traced(scenario, made, number)) is not None
    }
    source = workspace.source(str(logs))
    (hidden,) = (o for text, o in origins.items() if text.startswith("hidden_2 ="))
    assert (hidden.name, source.cut(hidden.span)) == ("hidden", "x |> linear(8) |> tanh")
    optimizer = next(o for text, o in origins.items() if text.startswith("optimizer ="))
    assert source.position(optimizer.span.start).line == line_of("sgd(3.0)")
    assert traced(scenario, made, 1) is None


BLOCKS = """
dataset digits { file table, "package:sklearn/datasets/data/digits.csv.gz" }
problem Digits {
    let image(row) = reshape(row[0:64], [8, 8, 1]) / 16
    train row in digits.table |> first(60): predict image(row) as row[64]
    test  row in digits.table |> last(10):  predict image(row) as row[64]
}
model Blocks {
    input  picture: Tensor[real, h, w, c]
    let    background = picture |> conv(16, 3) |> relu |> pool(2) |> conv(4, 3)
    let    total = sum(background |> tanh)
    output y: real = total / 100
}
benchmark b { models Blocks
              software JAX
              metrics mean_error }
"""


def test_what_a_statement_is_handed_belongs_to_it(tmp_path: Path) -> None:
    """An argument that has a line of its own is of the binding whose statement it would not fit."""
    path = write_one(tmp_path, BLOCKS)
    workspace = Workspace.open([path])
    scenario = planned(workspace.db, str(path), "b").scenarios[0]
    made = written(workspace.db, scenario)
    assert isinstance(made, Compiled)
    lines = made.text.splitlines()
    (handed,) = (i for i, line in enumerate(lines, 1) if line.startswith("    x = "))
    found = [traced(scenario, made, i) for i in (handed, handed + 1, handed + 2)]
    assert [o.name for o in found if o is not None] == [*2 * ["background"], "total"]


# --- what PyTorch's operations are watched for --------------------------------------------


def test_a_gradient_that_is_not_finite_is_told() -> None:
    x = torch.zeros(3, requires_grad=True)
    with Watch(), pytest.raises(NotFinite) as found:
        torch.sqrt(2 * x).sum().backward()
    assert found.value.gradient
    assert "3 of 3 numbers" in str(found.value)


def test_what_is_masked_on_the_way_is_no_fault() -> None:
    x = torch.full((3,), -1.0, requires_grad=True)
    with Watch():
        torch.sqrt(torch.relu(x)).sum().backward()
    assert x.grad is not None
    assert not x.grad.any()
