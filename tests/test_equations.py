"""Equations that solvers answer by themselves: programs, run, against exact solutions.

Each case is an equation, where its solution is asked for, and what that is in closed form.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import plan_of, planned_in, program, python, sail, sail_json, write_one

from sailc.build import compiled
from sailc.workspace import Workspace

SOLVER = """
solver Lines {
    input  eq: Equation[d, k]
    output integrate(discretize(eq, 65), method = "radau", tolerance = 1e-8)
}

metric error {
    better lower
    score  (answer: Tensor[real, n], truth: Tensor[real, n]) => max(abs(answer - truth))
    reduce max
}
"""


ONE = "benchmark B { software PyTorch }\n"


def heat(start: str, *boundary: str) -> str:
    """Heat in a rod until t = 0.1; where it is looked at and what is there are still open."""
    conditions = "".join(f"    boundary {b}\n" for b in boundary)
    return f"""
equation Heat {{
    unknown  u(x, t)
    domain   x in 0..1, t in 0..0.1
    law      d(u, t) == d(u, x, x)
    initial  u(x, 0) == {start}
{conditions}}}

problem Rod {{
    test eq in [Heat] {{
        u:  solve eq as Field[2, 1]
        at: u(eq)(%s, 0.1) as [%s]
    }}
}}
"""


# name: the program, and how far the answer may be off.
CASES = {
    "values at both ends": (
        heat("sin(pi * x)", "u(0, t) == 0", "u(1, t) == 0") % ("0.5", "exp(-pi ^ 2 / 10)"),
        1e-3,
    ),
    "slopes at both ends": (
        heat("cos(pi * x)", "d(u, x)(0, t) == 0", "d(u, x)(1, t) == 0")
        % ("0", "exp(-pi ^ 2 / 10)"),
        1e-3,
    ),
    "slopes that hang on the value": (
        heat("exp(x)", "d(u, x)(0, t) == u(0, t)", "d(u, x)(1, t) == u(1, t)")
        % ("0.5", "exp(0.6)"),
        1e-3,
    ),
    "periodic": (
        heat("sin(2 * pi * x)", "u(0, t) == u(1, t)") % ("0.25", "exp(-4 * pi ^ 2 / 10)"),
        1e-3,
    ),
    "values that change with time": (
        heat("exp(x)", "u(0, t) == exp(t)", "u(1, t) == exp(1 + t)") % ("0.5", "exp(0.6)"),
        1e-4,
    ),
    "a wave": (
        """
        equation Wave {
            unknown  u(x, t)
            domain   x in 0..1, t in 0..0.5
            law      d(u, t, t) == d(u, x, x)
            initial  u(x, 0) == sin(pi * x)
            initial  d(u, t)(x, 0) == 0
            boundary u(0, t) == 0
            boundary u(1, t) == 0
        }

        problem String {
            test eq in [Wave] {
                u:  solve eq as Field[2, 1]
                at: u(eq)(0.5, 0.25) as [cos(pi / 4)]
            }
        }
        """,
        1e-3,
    ),
    "transport in a circle": (
        """
        equation Transport(speed: real) {
            unknown  u(t, x)
            domain   x in 0..1, t in 0..1
            law      d(u, t) + speed * d(u, x) == 0
            initial  u(0, x) == sin(2 * pi * x)
            boundary u(t, 0) == u(t, 1)
        }

        problem Circle {
            test eq in [Transport(1), Transport(-1)] {
                u:  solve eq as Field[2, 1]
                at: u(eq)(1, 0.25) as [1]
            }
        }
        """,
        1e-2,
    ),
    "transport that is faster further on": (
        """
        equation Stretched {
            unknown  u(x, t)
            domain   x in 1..2, t in 0..0.5
            law      d(u, t) + x * d(u, x) == 0
            initial  u(x, 0) == sin(x)
            boundary u(1, t) == sin(exp(-t))
        }

        problem Line {
            test eq in [Stretched] {
                u:  solve eq as Field[2, 1]
                at: u(eq)(2, 0.5) as [sin(2 * exp(-0.5))]
            }
        }
        """,
        1e-4,
    ),
    "sound, as two equations of first order": (
        """
        equation Sound {
            unknown  p(x, t), v(x, t)
            domain   x in 0..1, t in 0..0.5
            law      d(p, t) == -d(v, x)
            law      d(v, t) == -d(p, x)
            initial  p(x, 0) == sin(2 * pi * x)
            initial  v(x, 0) == 0
            boundary p(0, t) == p(1, t)
            boundary v(0, t) == v(1, t)
        }

        problem Ring {
            test eq in [Sound] {
                w:  solve eq as Field[2, 2]
                at: w(eq)(0.25, 0.5) as [-1, 0]
            }
        }
        """,
        1e-3,
    ),
    # Its speed is the mean of the values beside it, whatever the grid (Hou and LeFloch 1994).
    "a shock thinner than the grid": (
        """
        equation Burgers(nu: real) {
            unknown  u(x, t)
            domain   x in -1..1, t in 0..0.5
            law      d(u, t) + u * d(u, x) == nu * d(u, x, x)
            initial  u(x, 0) == 1 - tanh(x / (2 * nu))
            boundary u(-1, t) == 2
            boundary u(1, t) == 0
        }

        problem Wall {
            test eq in [Burgers(0.005)] {
                u:      solve eq as Field[2, 1]
                before: u(eq)(0.4, 0.5) as [1 + tanh(10)]
                behind: u(eq)(0.6, 0.5) as [1 - tanh(10)]
            }
        }
        """,
        1e-1,
    ),
    "carried and spread, until it is steady": (
        """
        equation Layer {
            unknown  u(x)
            domain   x in 0..1
            law      d(u, x) == 0.1 * d(u, x, x)
            boundary u(0) == 0
            boundary u(1) == 1
        }

        problem Rod {
            test eq in [Layer] {
                u:  solve eq as Field[1, 1]
                at: u(eq)(0.9) as [(exp(9) - 1) / (exp(10) - 1)]
            }
        }
        """,
        1e-3,
    ),
    "a swing, of second order": (
        """
        equation Swing(length: real<m>) {
            unknown a(t)
            domain  t in 0 s..2 s
            law     d(a, t, t) == -9.81 m/s^2 / length * a
            initial a(0 s) == 0.1
            initial d(a, t)(0 s) == 0 s^-1
        }

        problem Pendulum {
            test eq in [Swing(981 mm)] {
                a:  solve eq as Field[1, 1]
                at: a(eq)(2) as [0.1 * cos(2 * sqrt(10))]
            }
        }
        """,
        1e-6,
    ),
    "a steady temperature": (
        """
        equation Steady {
            unknown  u(x)
            domain   x in 0..1
            law      d(u, x, x) == -pi ^ 2 * sin(pi * x)
            boundary u(0) == 0
            boundary u(1) == 0
        }

        problem Rod {
            test eq in [Steady] {
                u:  solve eq as Field[1, 1]
                at: u(eq)(0.5) as [1]
            }
        }
        """,
        1e-3,
    ),
    "a steady one that is not linear": (
        # u = log(1 + x) has u'' = -exp(-2 u).
        """
        equation Bratu {
            unknown  u(x)
            domain   x in 0..1
            law      d(u, x, x) == -exp(-2 * u)
            boundary u(0) == 0
            boundary u(1) == log(2)
        }

        problem Rod {
            test eq in [Bratu] {
                u:  solve eq as Field[1, 1]
                at: u(eq)(0.5) as [log(1.5)]
            }
        }
        """,
        1e-4,
    ),
}  # fmt: skip


def results(path: Path, folder: Path) -> dict[str, dict[str, float]]:
    """The metrics that each program of a plan finds, by its scenario."""
    workspace = Workspace.open([path])
    found: dict[str, dict[str, float]] = {}
    for s in planned_in(workspace, path).scenarios:
        script, made = folder / f"{s.id}.py", compiled(workspace.db, s)
        for name, text in {s.id: made.text, **made.beside}.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        ran = python(script.name, "--out", "out", cwd=folder)
        assert ran.returncode == 0, ran.stderr
        found[s.id] = json.loads(ran.stdout.splitlines()[-1])["metrics"]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.replace(" ", "_"))
def test_a_solution_is_what_it_is_in_closed_form(case: str, tmp_path: Path) -> None:
    text, far = CASES[case]
    path = write_one(tmp_path, program(text) + SOLVER + ONE)
    (found,) = results(path, tmp_path).values()
    assert max(v for name, v in found.items() if name.startswith("error")) < far


def test_two_dimensions_of_space(tmp_path: Path) -> None:
    text = """
    equation Plate {
        unknown  u(x, y)
        domain   x in 0..1, y in 0..1
        law      d(u, x, x) + d(u, y, y) == -2 * pi ^ 2 * sin(pi * x) * sin(pi * y)
        boundary u(0, y) == 0
        boundary u(1, y) == 0
        boundary u(x, 0) == 0
        boundary u(x, 1) == 0
    }

    problem Steady {
        test eq in [Plate] {
            u:  solve eq as Field[2, 1]
            at: u(eq)([0.5, 0.5]) as [1]
        }
    }
    """
    path = write_one(
        tmp_path, program(text) + SOLVER.replace("65", "33") + "benchmark B { software JAX }"
    )
    (found,) = results(path, tmp_path).values()
    assert found["error"] < 2e-3


ROBER = """
equation Robertson {
    unknown a(t), b(t), c(t)
    domain  t in 0..1e11
    law     d(a, t) == -0.04 * a + 1e4 * b * c
    law     d(b, t) == 0.04 * a - 1e4 * b * c - 3e7 * b ^ 2
    law     d(c, t) == 3e7 * b ^ 2
    initial a(0) == 1
    initial b(0) == 0
    initial c(0) == 0
}

problem ROBER {
    test eq in [Robertson] {
        course: solve eq as Field[1, 3]
        end:    course(eq)(1e11) as [0.208334014970e-7, 0.833336077033e-13, 0.99999997916650]
    }
}

metric scd {
    better higher
    score  (answer: Tensor[real, n], truth: Tensor[real, n]) => -log10(max(abs(answer / truth - 1)))
    reduce min
}

solver MethodOfLines {
    suggest method in ["radau", "rk45"]
    input   eq: Equation[d, k]
    output  integrate(eq, method = method, tolerance = 1e-8)
}

ranking stiff { order scd, throughput }
benchmark B { metrics scd, throughput }
"""


def test_robertson_is_solved_and_ranked_on_both_stacks(tmp_path: Path) -> None:
    path = write_one(tmp_path, ROBER)
    ran = sail("run", path, "--format", "json", exit=0)
    rows = json.loads(ran.stdout)["rankings"][0]["rows"]
    assert [r["rank"] for r in rows] == [1, 2] or [r["rank"] for r in rows] == [1, 1]
    assert all(r["metrics"]["scd"]["mean"] > 7 for r in rows)


def test_a_solver_that_learns_nothing_has_no_trainer(tmp_path: Path) -> None:
    plan = plan_of(write_one(tmp_path, ROBER), "B")
    assert [s["trainer"] for s in plan["scenarios"]] == ["", ""]
    assert plan["diagnostics"] == []


FAMILY = """
equation Burgers(nu: real) {
    unknown  u(x, t)
    domain   x in -1..1, t in 0..1
    law      d(u, t) + u * d(u, x) == nu * d(u, x, x)
    initial  u(x, 0) == -sin(pi * x)
    boundary u(-1, t) == 0
    boundary u(1, t) == 0
}

problem Family {
    by class
    test eq in [Burgers(nu) for nu in log_uniform(0.05, 0.1) |> sample(2, seed = 7)] {
        solution: solve eq as reference(eq, x = 9, t = 5)
        law:      residual(eq, solution(eq)) as 0
    }
}

solver Lines {
    suggest points in [33, 129]
    input  eq: Equation[d, k]
    output integrate(discretize(eq, points), method = "bdf", tolerance = 1e-6)
}

metric worst {
    better lower
    score  (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => max(abs(answer - truth))
    reduce max
}

benchmark B {
    sweep    Lines.points
    metrics  worst, worst(law)
    software JAX
}
"""


def test_a_finer_grid_is_nearer_to_the_reference(tmp_path: Path) -> None:
    coarse, fine = results(write_one(tmp_path, FAMILY), tmp_path).values()
    assert fine["worst"] < coarse["worst"] / 8  # a quarter of the step, a sixteenth of the error
    assert fine["worst(law)"] < coarse["worst(law)"]


def test_what_cannot_be_discretized_is_left_out_with_the_reason(tmp_path: Path) -> None:
    text = """
    equation Beam {
        unknown  u(x, t)
        domain   x in 0..1, t in 0..1
        law      d(u, t) == -d(u, x, x, x, x)
        initial  u(x, 0) == 0
        boundary u(0, t) == 0
        boundary u(1, t) == 0
        boundary d(u, x)(0, t) == 0
        boundary d(u, x)(1, t) == 0
    }

    problem Bending {
        test eq in [Beam] {
            u:  solve eq as Field[2, 1]
            at: u(eq)(0.5, 0.5) as [0]
        }
    }
    """
    path = write_one(tmp_path, program(text) + SOLVER)
    said = sail("plan", path).output
    assert "more than two derivatives by x" in said


def test_checking_a_program_without_equations_imports_no_algebra(tmp_path: Path) -> None:
    path = write_one(tmp_path, "problem P {\n    test x in [1.0]: predict x as x\n}\n")
    text = (
        f"import sys, sailc.cli.main as m; m.cli(['check', {str(path)!r}], standalone_mode=False)"
    )
    ran = python("-c", f"{text}; sys.exit('sympy' in sys.modules)", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


REQUIRING = heat("sin(pi * x)", "u(0, t) == 0", "u(1, t) == 0") % ("0.5", "0.4")
REQUIRING = (
    REQUIRING.replace("Heat {", "Heat(nu: real) {")
    .replace("== d(u, x, x)", '== nu * d(u, x, x)\n    require nu > 0 because "heat spreads"')
    .replace("[Heat]", "[Heat(nu) for nu in GIVEN]")
)


def test_an_equation_is_left_out_for_parameters_that_it_does_not_take(tmp_path: Path) -> None:
    text = program(REQUIRING.replace("GIVEN", "[0.1, -0.1]")) + SOLVER
    assert "heat spreads (`Heat`)" in sail("plan", write_one(tmp_path, text)).output


def test_a_run_fails_on_parameters_that_their_equation_does_not_take(tmp_path: Path) -> None:
    drawn = "uniform(-1, 1) |> sample(8, seed = 0)"
    text = program(REQUIRING.replace("GIVEN", drawn)) + SOLVER + ONE
    found = sail_json("run", write_one(tmp_path, text), exit=1)
    assert [r["reason"] for r in found["runs"]] == ["Heat: heat spreads"]


def test_what_an_equation_requires_is_a_condition_on_its_parameters(tmp_path: Path) -> None:
    for wrong, code in [("nu", "E0301"), ("x > 0", "E0201")]:
        text = REQUIRING.replace("require nu > 0", f"require {wrong}").replace("GIVEN", "[0.1]")
        assert code in sail("check", write_one(tmp_path, program(text))).output


def test_a_fixture_is_judged_once_by_each_metric(tmp_path: Path) -> None:
    """The first fixture here has no truth, so what has no name is of the second."""
    s, *_ = plan_of(write_one(tmp_path, ROBER.replace("{ metrics scd, throughput }", "{}")))[
        "scenarios"
    ]
    assert "scd" in s["metrics"]
    assert "scd(end)" not in s["metrics"]


# --- networks that are fitted to an equation ------------------------------------------------

PINN = """
equation Decay(rate: real) {
    unknown a(t)
    domain  t in 0..1
    law     d(a, t) == -rate * a
    initial a(0) == 1
}

problem Decays {
    test eq in [Decay(1.0), Decay(2.0)] {
        a:   solve eq as Field[1, 1]
        at:  a(eq)(0.5) as [0.5]
        law: residual(eq, a(eq), at = 50) as 0
    }
}

/// A network that is fitted to the equation itself.
solver PINN {
    needs   phi: Tensor[real, d] -> Tensor[real, k]
    require smooth(phi, 2) because "kinks have no second derivative"

    input    eq: Equation[d, k]
    minimize mean(residual(eq, phi, at = 32) ^ 2) + mean(mismatch(eq, phi, at = 1) ^ 2)
    output   phi
}

metric off {
    better lower
    score  (answer: Tensor[real, n], truth: Tensor[real, n]) => max(abs(answer - truth))
    score  (answer: Tensor[real, n, m], truth: Tensor[real, n, m]) => sqrt(mean(answer ^ 2))
    reduce max
}

trainer quick {
    optimizer adam(2e-2)
    epochs    150
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}

benchmark B {
    trainers quick
    metrics  off, off(law)
}
"""


def test_a_network_is_fitted_to_each_equation_afresh(tmp_path: Path) -> None:
    found = results(write_one(tmp_path, PINN), tmp_path)
    assert len(found) == 2  # one for each backend
    for metrics in found.values():
        assert metrics["off"] < 0.2  # exp(-1 / 2) and exp(-1) are not 0.5
        assert metrics["off"] > 0.1
        assert metrics["off(law)"] < 0.4  # a flat line would leave 2 over


def test_what_fills_a_hole_is_as_smooth_as_is_required(tmp_path: Path) -> None:
    """`relu` has one derivative, so the knob's next value is taken; a linear model has none
    that would do."""
    plan = plan_of(write_one(tmp_path, PINN), "B")
    (hole,) = {h["model"] for s in plan["scenarios"] for h in s["holes"]}
    assert hole == "MLP"
    knobs = plan["scenarios"][0]["hyperparameters"]
    assert knobs["phi.MLP.activation"] == "tanh"


def test_a_training_that_diverges_fails_with_the_epoch(tmp_path: Path) -> None:
    path = write_one(tmp_path, PINN.replace("adam(2e-2)", "sgd(1e6)"))
    workspace = Workspace.open([path])
    scenario = planned_in(workspace, path).scenarios[0]
    (tmp_path / "one.py").write_text(compiled(workspace.db, scenario).text, encoding="utf-8")
    ran = python("one.py", cwd=tmp_path)
    assert ran.returncode == 1
    assert "FloatingPointError: the loss is" in ran.stderr


def test_a_solver_that_does_not_converge_fails(tmp_path: Path) -> None:
    """u' = u ^ 2 has no solution beyond t = 1."""
    text = """
    equation Explosion {
        unknown u(t)
        domain  t in 0..2
        law     d(u, t) == u ^ 2
        initial u(0) == 1
    }

    problem Beyond {
        test eq in [Explosion] {
            u:  solve eq as Field[1, 1]
            at: u(eq)(2) as [0]
        }
    }
    """
    path = write_one(tmp_path, program(text) + SOLVER + ONE)
    said = sail("run", path, "B", exit=1).output
    assert "the solver does not converge at t = 1" in said


def test_a_steady_state_that_is_not_there_fails(tmp_path: Path) -> None:
    """u'' = exp(u) + 100 with so steep an end has no solution that Newton's method reaches."""
    text = """
    equation Never {
        unknown  u(x)
        domain   x in 0..1
        law      d(u, x, x) == exp(u) + 100
        boundary u(0) == 0
        boundary d(u, x)(1) == 1e9
    }

    problem Nowhere {
        test eq in [Never] {
            u:  solve eq as Field[1, 1]
            at: u(eq)(1) as [0]
        }
    }
    """
    path = write_one(tmp_path, program(text) + SOLVER + ONE)
    assert "the solver does not converge" in sail("run", path, "B", exit=1).output


def test_functions_are_compared_by_algebra(tmp_path: Path) -> None:
    text = """
    fn square(x) = (x + 1) ^ 2

    problem Same {
        require equivalent(square, x => x ^ 2 + 2 * x + 1)
        require equivalent(x => sin(x) ^ 2, x => 1 - cos(x) ^ 2)
        train x in [1.0, 2.0]: predict [x] as x
        test x in [1.0, 2.0]: predict [x] as x
    }

    problem Other {
        require equivalent(x => x, x => 2 * x) because "they are not one"
        train x in [1.0, 2.0]: predict [x] as x
        test x in [1.0, 2.0]: predict [x] as x
    }
    """
    plan = plan_of(write_one(tmp_path, text))
    assert {s["problem"] for s in plan["scenarios"]} == {"Same"}
    reasons = {e["reason"] for e in plan["excluded"] if "Other" in e["modules"]}
    assert reasons == {"they are not one"}
