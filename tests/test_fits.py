"""Networks that are fitted to an equation: what their trainer says, and a shock that they find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import emitted_by, json_lines, python, run_here, sail, write_one

BURGERS = Path(__file__).parents[1] / "benchmarks" / "burgers.sail"
BOTH = pytest.mark.parametrize("software", ["PyTorch", "JAX"])

DECAY = """
equation Decay {
    unknown a(t)
    domain  t in 0..1
    law     d(a, t) == -a
    initial a(0) == 1
}

problem Decays {
    test eq in [Decay] {
        a:  solve eq as Field[1, 1]
        at: a(eq)(1) as [exp(-1)]
    }
}

solver PINN {
    needs    phi: Tensor[real, d] -> Tensor[real, k]
    require  smooth(phi, 1) because "kinks have no derivative"
    input    eq: Equation[d, k]
    minimize mean(residual(eq, phi, at = 16) ^ 2) + mean(mismatch(eq, phi, at = 1) ^ 2)
    output   phi
}

trainer falling {
    optimizer adam(1e-2)
    epochs    50
    schedule  step(4, 0)
    stop      stalled(train.loss, epochs = 3)
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark B {
    trainers falling
    software SOFTWARE
    set      MLP.depth = 1
}
"""


@BOTH
def test_a_fit_keeps_to_the_schedule_and_the_stops_of_its_trainer(
    tmp_path: Path, software: str
) -> None:
    (script,) = emitted_by(write_one(tmp_path, DECAY.replace("SOFTWARE", software))).values()
    (tmp_path / "one.py").write_text(script, encoding="utf-8")
    ran = python("one.py", cwd=tmp_path)
    losses = [e["loss"] for e in json_lines(ran.stdout) if e["event"] == "epoch"]
    assert losses[3] < losses[2] < losses[1] < losses[0]
    assert losses[4:] == 4 * [losses[4]]  # it moves no more, and stops after three epochs of that


def test_compiling_is_in_no_time_of_a_fit(tmp_path: Path) -> None:
    """And what is compiled has moved nothing: PyTorch, which starts from the same, loses alike."""
    first: dict[str, float] = {}
    for software in ("JAX", "PyTorch"):
        made = emitted_by(write_one(tmp_path, DECAY.replace("SOFTWARE", software)))
        (script,) = made.values()
        events = run_here(script, 0, tmp_path / "out")
        first[software] = next(e["loss"] for e in events if e["event"] == "epoch")
        if software == "JAX":
            assert [e["event"] for e in events[:3]] == ["start", "compile", "epoch"]
            assert events[-1]["compile"]["time"] == events[1]["seconds"]
            assert events[-1]["test"]["time"] < events[1]["seconds"]
    assert first["JAX"] == pytest.approx(first["PyTorch"], rel=1e-5)


@BOTH
def test_a_network_finds_a_shock(tmp_path: Path, software: str) -> None:
    """The benchmark's program, smaller: fewer layers, places and steps, and a gentler shock."""
    text = BURGERS.read_text(encoding="utf-8")
    for old, new in [
        ("0.01 / pi", "0.1 / pi"),
        ("model Deep", "model MLP"),
        ("repeat(8", "repeat(3"),
        ("at = 10_000", "at = 500"),
        ("steps = 500", "steps = 40"),
        ("set      MLP.depth = 1", f"software {software}"),
    ]:
        assert old in text
        text = text.replace(old, new)
    sail("emit", write_one(tmp_path, text), "-o", tmp_path, exit=0)
    (script,) = tmp_path.glob("Shock_*.py")
    ran = python(script.name, "--out", "out", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "out" / "result.json").read_text())
    assert found["metrics"]["relative_error"] < 6e-2  # one, if it were flat


STRAIGHT = """
equation Straight {
    unknown  a(x)
    domain   x in 0..1
    law      d(a, x, x) == 0
    boundary a(0) == 1
    boundary a(1) == 3
}

problem Lines {
    test eq in [Straight] {
        a:  solve eq as Field[1, 1]
        at: a(eq)(0.5) as [2]
    }
}

solver PINN {
    needs    phi: Tensor[real, d] -> Tensor[real, k]
    input    eq: Equation[d, k]
    minimize mean(residual(eq, phi, at = 16) ^ 2) + mean(mismatch(eq, phi, at = 2) ^ 2)
    output   phi
}

trainer falling {
    optimizer adam(5e-2)
    epochs    400
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark B {
    trainers falling
    metrics  mean_error(at)
    software SOFTWARE
}
"""


@BOTH
def test_a_network_without_a_second_derivative_has_zero(tmp_path: Path, software: str) -> None:
    text = STRAIGHT.replace("SOFTWARE", software)
    sail("emit", write_one(tmp_path, text), "-o", tmp_path, exit=0)
    (script,) = (p for p in tmp_path.glob("Lines_*.py") if "MLP" not in p.read_text("utf-8"))
    ran = python(script.name, "--out", "out", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "out" / "result.json").read_text())
    assert found["metrics"]["mean_error(at)"] < 1e-2
