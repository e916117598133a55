"""Copies of a model within another are written as one function of their number."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import planned_in, run_here, write_one

from sailc.build import compiled
from sailc.workspace import Workspace

PROGRAM = """
problem Sums {
    let xs = normal(0, 1, shape = [5]) |> sample(96, seed = 1)
    train x in xs |> first(64): predict x as sum(x)
    test  x in xs |> last(32):  predict x as sum(x)
}

model Net {
    input  x: Tensor[real, n]
    let    hidden = linear(8) >> tanh
    output y: real = linear(hidden(x), 1)[0]
}

model Votes {
    needs  f: predict Q -> real<'u>
    input  q: Q
    let    votes = [g(q) for g in copies(COUNT, f)]
    output y: real<'u> = RESULT
}

model Heads {
    input  x: Tensor[real, n]
    let    heads = repeat(COUNT, linear(4) >> tanh >> linear(4) >> tanh)
    output y: real = linear(heads(x), 1)[0]
}

trainer steps {
    optimizer adam(1e-2)
    epochs    2
    batch     32
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
}

benchmark sums {
    problems Sums
    models   Votes, Heads
    trainers steps
    metrics  mean_error
}
"""


def programs(
    folder: Path, count: int, result: str = "mean(votes)", source: str = PROGRAM
) -> dict[str, str]:
    """The programs whose votes are a Net's, and those without any, by model and software."""
    text = source.replace("COUNT", str(count)).replace("RESULT", result)
    path = write_one(folder, text)
    workspace = Workspace.open([path])
    return {
        f"{s.model.declaration.name}/{s.software.name}": compiled(workspace.db, s).text
        for s in planned_in(workspace, path).scenarios
        if all(h.match.model.entry.declaration.name == "Net" for h in s.link.model.holes)
    }


def called(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if "votes = " in line]


def test_what_differs_in_keys_alone_is_a_function_of_a_number(tmp_path: Path) -> None:
    made = programs(tmp_path, 12)
    lines = made["Votes/PyTorch"].splitlines()
    start = lines.index("    def f(i):")
    assert [line.strip() for line in lines[start + 1 : start + 4]] == [
        'hidden = F.linear(q, w[f"f_{i}_hidden.weight"], w[f"f_{i}_hidden.bias"])',
        'y = F.linear(torch.tanh(hidden), w[f"f_{i}_y.weight"], w[f"f_{i}_y.bias"])',
        "return y[:, 0]",
    ]
    assert called(made["Votes/PyTorch"]) == [
        "votes = torch.stack([f(i) for i in range(1, 13)], dim=-1)"
    ]
    assert called(made["Votes/JAX"]) == ["votes = jnp.stack([f(i) for i in range(1, 13)], axis=-1)"]


def test_what_they_start_as_is_said_once(tmp_path: Path) -> None:
    made = programs(tmp_path, 3)["Votes/PyTorch"]
    assert '    one = {"hidden": (5, 8), "y": (8, 1)}\n' in made
    assert (
        'shapes = {f"f_{i}_{name}": shape for i in range(1, 4) for name, shape in one.items()}'
        in made
    )


def test_both_backends_train_them_alike(tmp_path: Path) -> None:
    made = programs(tmp_path, 3)
    ours, theirs = (
        run_here(made[f"Votes/{software}"], 0, tmp_path / "out")[-1]
        for software in ("PyTorch", "JAX")
    )
    assert ours["train"]["loss"] == pytest.approx(theirs["train"]["loss"], rel=1e-5)
    assert ours["model"]["parameters"] == 3 * (5 * 8 + 8 + 8 + 1)


@pytest.mark.parametrize("optimizer", ["adam(1e-2)", "lbfgs(steps = 2)"])
def test_layers_that_are_told_their_names_are_told_which_copy_they_are_of(
    tmp_path: Path, optimizer: str
) -> None:
    """Convolutions and what has running statistics, also where a step calls it several times."""
    layers = "reshape(x, [5, 1]) |> conv(2, 3) |> conv(2, 3) |> batch_norm |> flat"
    source = PROGRAM.replace("linear(8) >> tanh", layers, 1).replace("hidden(x)", "hidden", 1)
    source = source.replace("adam(1e-2)", optimizer)
    made = programs(tmp_path, 3, source=source)
    ours, theirs = (made[f"Votes/{software}"] for software in ("PyTorch", "JAX"))
    assert "    def f(i):" in ours
    assert "    def f(i):" in theirs
    runs = [run_here(text, 0, tmp_path / "out") for text in (ours, theirs)]
    first, other = (next(e["loss"] for e in run if e["event"] == "epoch") for run in runs)
    assert first == pytest.approx(other, rel=1e-3)


def test_two_are_written_out(tmp_path: Path) -> None:
    made = programs(tmp_path, 2)["Votes/PyTorch"]
    assert "def f(i):" not in made


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_those_of_which_one_is_read_by_itself_are_written_out(
    tmp_path: Path, software: str
) -> None:
    text = programs(tmp_path, 3, "mean(votes) + votes[0]")[f"Votes/{software}"]
    assert "f_2_hidden.weight" in text
    run_here(text, 0, tmp_path / "out")


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_layers_one_after_another_are_no_copies(tmp_path: Path, software: str) -> None:
    assert "range(1," not in programs(tmp_path, 4)[f"Heads/{software}"].replace(
        "range(1, EPOCHS", ""
    )
