"""Several `test` lines that ask about equations: of other kinds, sizes and names, judged as one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Json, emitted_by, run_here, said_of, write_one

LINES = """
equation Decay(rate: real) {
    unknown a(t)
    domain  t in 0..1
    law     d(a, t) == -rate * a
    initial a(0) == 1
}

equation Ring(k: real) {
    unknown a(t), b(t)
    domain  t in 0..2
    law     d(a, t) == k * b
    law     d(b, t) == -k * a
    initial a(0) == 0
    initial b(0) == 1
}

equation Heat(nu: real) {
    unknown  u(x, t)
    domain   x in 0..1, t in 0..0.1
    law      d(u, t) == nu * d(u, x, x)
    initial  u(x, 0) == sin(pi * x)
    boundary u(0, t) == 0
    boundary u(1, t) == 0
}

problem Courses {
    test k in [1.0, 2.0] {
        course: solve Decay(k) as Field[1, 1]
        end:    course(Decay(k))(1) as [exp(-k)]
    }
    test k in [1.0, 2.0, 3.0] {
        course: solve Ring(k) as Field[1, 2]
        end:    course(Ring(k))(1) as [sin(k), cos(k)]
    }
    test nu in [0.5, 1.0] {
        flow: solve Heat(nu) as Field[2, 1]
        end:  flow(Heat(nu))(0.5, 0.1) as [exp(-0.1 * nu * pi ^ 2)]
    }
}

solver Steps {
    input  eq: Equation[d, k]
    output integrate(discretize(eq, 65), method = "radau", tolerance = 1e-8)
}

metric worst {
    better lower
    score  (answer: Tensor[real, n], truth: Tensor[real, n]) => max(abs(answer - truth))
    reduce max
}

metric wrong {
    better lower
    score  (answer: Tensor[real, n], truth: Tensor[real, n]) => norm(answer - truth)
    reduce errors => sum(errors * 0 + 1)
}

benchmark B {
    solvers  Steps
    metrics  worst, wrong, asked
    software PyTorch
}

metric asked { better higher
               measure test.count }
"""


def test_lines_of_other_kinds_are_solved_and_judged_as_one(tmp_path: Path) -> None:
    ((name, text),) = emitted_by(write_one(tmp_path, LINES)).items()
    assert name == "Courses/Steps/PyTorch"
    *events, result = run_here(text, 0, tmp_path / "out")
    assert [e["answer"] for e in events if e["event"] == "answer"] == [1, 2, 3, 4, 5, 6, 7]
    assert result["metrics"]["worst"] < 1e-3
    assert result["metrics"]["wrong"] == result["metrics"]["asked"] == 7


def test_each_line_is_in_the_worst_of_all(tmp_path: Path) -> None:
    """One truth that is off by 0.5 is found, in whichever line it is."""
    for right in ("[exp(-k)]", "[sin(k), cos(k)]", "[exp(-0.1 * nu * pi ^ 2)]"):
        text = LINES.replace(f"as {right}", f"as {right} + 0.5")
        (script,) = emitted_by(write_one(tmp_path, text)).values()
        assert run_here(script, 0, tmp_path / "out")[-1]["metrics"]["worst"] > 0.49


TWICE = """
problem Courses {
    test points in [1.0, 2.0] {
        places: solve Decay(points) as Field[1, 1]
        end:    places(Decay(points))(1) as [exp(-points)]
    }
    test points in [1.0, 2.0, 3.0] {
        outputs: solve Decay(points) as Field[1, 1]
        number:  outputs(Decay(points))(1) as [exp(-points)]
    }
}
"""


@pytest.mark.parametrize("equation", ["Decay", "Grid", "System"])
def test_authors_may_use_the_names_of_the_program(tmp_path: Path, equation: str) -> None:
    head, _, rest = LINES.partition("problem Courses")
    text = head + TWICE + rest[rest.index("solver Steps") :]
    (script,) = emitted_by(write_one(tmp_path, text.replace("Decay", equation))).values()
    *events, result = run_here(script, 0, tmp_path / "out")
    assert [e["answer"] for e in events if e["event"] == "answer"] == [1, 2, 3, 4, 5]
    assert result["metrics"]["worst"] < 1e-3


FITTED = """
solver PINN {
    needs    phi: Tensor[real, d] -> Tensor[real, k]
    require  smooth(phi, 1) because "kinks have no derivative"
    input    eq: Equation[d, k]
    minimize mean(residual(eq, phi, at = 16) ^ 2) + mean(mismatch(eq, phi, at = 1) ^ 2)
    output   phi
}

trainer quick {
    optimizer adam(1e-2)
    epochs    400
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

equation Growth {
    unknown a(t)
    domain  t in 0..1
    law     d(a, t) == a / 2
    initial a(0) == 1
}

problem Both {
    test eq in [Decay(1.0)] {
        a:   solve eq as Field[1, 1]
        end: a(eq)(1) as [exp(-1)]
    }
    test eq in [Growth] {
        b:   solve eq as Field[1, 1]
        end: b(eq)(1) as [exp(0.5)]
    }
}

benchmark B {
    problems Both
    models   MLP
    solvers  PINN
    trainers quick
    metrics  worst
    software SOFTWARE
    set      MLP.depth = 1
}
"""


def fitted(software: str) -> str:
    before = LINES.split("problem Courses")[0]
    metric = LINES[LINES.index("metric worst") : LINES.index("metric wrong")]
    return before + metric + FITTED.replace("SOFTWARE", software)


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_network_is_fitted_to_the_equations_of_each_line(tmp_path: Path, software: str) -> None:
    (script,) = emitted_by(write_one(tmp_path, fitted(software))).values()
    result: Json = run_here(script, 0, tmp_path / "out")[-1]
    assert result["metrics"]["worst"] < 0.1


def test_lines_of_other_sizes_want_networks_of_their_own(tmp_path: Path) -> None:
    text = fitted("PyTorch").replace("[Growth]", "[Ring(1.0)]")
    text = text.replace("b:   solve eq as Field[1, 1]", "b:   solve eq as Field[1, 2]")
    text = text.replace("[exp(0.5)]", "[sin(1), cos(1)]")
    (wrong,) = said_of(write_one(tmp_path, text))
    assert "two lines would need `PINN` with different parameters" in wrong["help"]
