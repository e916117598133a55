"""Units: what a conversion is worth, beside Pint; and programs that convert."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import plan_of, program, sail_json, write, write_one
from test_emit import BACKENDS, Emitted, run_here

from sailc.units import UnitError, parse_unit
from sailc.units.table import DERIVED, PREFIXES, UNPREFIXED

PINT = pint.UnitRegistry()

# What Pint has under another name, and what only computing has.
OTHER = {"u": "dalton", "au": "astronomical_unit", "C": "coulomb", "h": "hour", "count": "1"}
OTHER |= {"counts": "1", "B": "byte", "mmHg": "mmHg", "t": "metric_ton", "H": "henry"}
OTHER |= {"deg": "degree", "%": "percent", "F": "farad", "pc": "parsec", "ly": "light_year"}
OTHER |= {"rydberg": "hartree / 2"}
OWN = {"OP", "FLOP", "USD", "EUR"}
NAMES = sorted({"kg", "m", "s", "A", "K", "cd", "bit", *DERIVED} - OWN)


def in_pint(name: str) -> Any:
    """The same unit in Pint; a mole is a count here, and a base dimension there."""
    return PINT.Quantity(1.0, "") * PINT.parse_expression(OTHER.get(name, name))


def of_pint(quantity: Any) -> tuple[float, dict[str, float]]:
    """The scale and the powers of base units, a mole being a count."""
    base = quantity.to_base_units()
    powers = {str(u): float(p) for u, p in base.unit_items()}
    scale = float(base.magnitude) * 6.02214076e23 ** powers.pop("mole", 0)
    powers.pop("radian", None)
    return scale, powers


SI = {"kilogram": "kg", "meter": "m", "second": "s", "ampere": "A", "kelvin": "K"}
SI |= {"candela": "cd", "bit": "bit"}


@pytest.mark.parametrize("name", NAMES)
def test_each_unit_is_that_of_pint(name: str) -> None:
    unit = parse_unit(name)
    scale, powers = of_pint(in_pint(name))
    assert unit.scale == pytest.approx(scale, rel=1e-8)
    assert {n: float(p) for n, p in unit.dims} == {SI[n]: p for n, p in powers.items()}


factors = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["", "k", "m", "n", "M"]),
    st.sampled_from([-3, -2, -1, 1, 2, 3]),
)


@given(st.lists(factors, min_size=1, max_size=5))
def test_products_of_units_are_those_of_pint(parts: list[tuple[str, str, int]]) -> None:
    text, expected = "1", PINT.Quantity(1.0, "")
    for name, prefix, power in parts:
        prefix = "" if name in UNPREFIXED else prefix
        text += f"*{prefix}{name}^{power}"
        expected = expected * (in_pint(name) * PREFIXES.get(prefix, 1.0)) ** power
    unit, (scale, powers) = parse_unit(text), of_pint(expected)
    assert math.log(unit.scale) == pytest.approx(math.log(scale), rel=1e-6, abs=1e-6)
    assert {n: float(p) for n, p in unit.dims} == {SI[n]: p for n, p in powers.items() if p}


@given(st.lists(factors, min_size=1, max_size=1), st.sampled_from([2, 3]))
def test_a_root_undoes_a_power(parts: list[tuple[str, str, int]], n: int) -> None:
    unit = parse_unit("*".join(f"{name}^{power}" for name, _, power in parts))
    assert (unit**n) ** Fraction(1, n) == unit


@pytest.mark.parametrize("text", ["ly^99", "1/ly^99", "ly^99/pc^99", "fm^99", "1/fm^99"])
def test_a_scale_beyond_all_numbers_is_no_unit(text: str) -> None:
    with pytest.raises(UnitError):
        parse_unit(text)


@given(st.text("kgms/*^()12 -'", max_size=12))
def test_what_is_no_unit_is_said(text: str) -> None:
    try:
        parse_unit(text)
    except UnitError:
        return


def test_a_unit_is_one_however_it_is_made() -> None:
    assert parse_unit("N*m") == parse_unit("J")
    assert parse_unit("m/min*s") == parse_unit("m/min") * parse_unit("s")
    assert (parse_unit("h") / parse_unit("min")).scale == 60
    assert parse_unit("eV/hartree*hartree").factor_to(parse_unit("eV")) == 1


# --- programs ----------------------------------------------------------------------------

BOND = """
/// The energy of a stretched bond, by a physicist.
problem Bond {
    let lengths   = uniform([0.5 angstrom], [1.5 angstrom]) |> sample(240, seed = 1)
    let energy(r) = 4.5 eV * (1 - exp(-2.0 / 1 angstrom * (r - 0.74 angstrom))) ^ 2
    train r in lengths |> first(200): predict r as energy(r[0])
    test  r in lengths |> last(40):   predict r as energy(r[0])
}

/// A parabola, by a chemist: bohr in, hartree out.
model Parabola {
    input  r: Tensor[real<bohr>, 1]
    let    z = [r[0] / 1 bohr, (r[0] / 1 bohr) ^ 2]
    output energy: real<hartree> = linear(z, 1)[0] * 1 hartree
}

trainer steps {
    optimizer adam(1e-2)
    epochs    2
    batch     40
    loss      (answer: real<'u>, truth: real<'u>) => (answer - truth) ^ 2
}

metric off {
    better lower
    score  (answer: real<'u>, truth: real<'u>) => abs(answer - truth)
    reduce mean
}

benchmark bonds {
    problems Bond
    models   Parabola
    trainers steps
    metrics  off
}
"""


@pytest.fixture(scope="module")
def bonds(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return Emitted(tmp_path_factory.mktemp("bonds"), BOND)


@pytest.mark.parametrize("software", BACKENDS)
def test_a_model_in_other_units_is_joined_with_conversions(bonds: Emitted, software: str) -> None:
    text = bonds.texts[f"Bond/Parabola/{software}"]
    assert " * 1.88972612" in text
    assert "* 27.2113862459" in text
    assert bonds.plan["scenarios"][0]["types"]["output"] == "real<eV>"


def test_both_backends_convert_alike(bonds: Emitted) -> None:
    off = [bonds.events(f"Bond/Parabola/{s}")[-1]["metrics"]["off"] for s in BACKENDS]
    assert off[0] == pytest.approx(off[1], rel=1e-4)


def test_the_unit_that_a_problem_is_written_in_does_not_matter(
    bonds: Emitted, tmp_path: Path
) -> None:
    """The same problem in picometres and millielectronvolts: the error a thousand times."""
    other = program(BOND).replace("[0.5 angstrom], [1.5 angstrom]", "[50 pm], [150 pm]")
    other = other.replace("4.5 eV", "4500 meV")
    again = Emitted(tmp_path, other)
    event = run_here(again.texts["Bond/Parabola/JAX"], 0, tmp_path / "out")[-1]
    first = bonds.events("Bond/Parabola/JAX")[-1]
    assert event["metrics"]["off"] == pytest.approx(1000 * first["metrics"]["off"], rel=1e-3)
    np.testing.assert_allclose(event["train"]["loss"], first["train"]["loss"], rtol=1e-3)


def test_other_dimensions_are_refused_in_one_sentence(tmp_path: Path) -> None:
    text = program(BOND).replace("real<bohr>", "real<s>").replace("1 bohr", "1 s")
    (error,) = sail_json("plan", write_one(tmp_path, text))["errors"]
    assert error["help"].endswith(
        "joins the question `Tensor[real<angstrom>, 1]` to `Tensor[real<s>, 1]`"
    )


def test_units_of_another_file_come_along(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "sizes.sail": "unit smoot = 1.7018 m",
            "bridge.sail": """
                use sizes { smoot }

                problem Bridge {
                    let lengths = uniform([1 smoot], [9 smoot]) |> sample(20, seed = 0)
                    train l in lengths: predict l as l[0] + 1 m
                    test  l in lengths: predict l as l[0] + 1 m
                }
            """,
        },
    )
    scenario = plan_of(folder / "bridge.sail")["scenarios"][0]
    assert scenario["types"]["truth"] == "real<smoot>"
