"""`sailc check --deep`: externs are called, their gradients compared with differences."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Json, sail, sail_json, write_one

DOORS = """
enum Element { H, C, N, O }
type Atom = { element: Element, position: Tensor[real<angstrom>, 3] }

extern fn bowl(r: Tensor[real<angstrom>, 2], deep: real) -> f64<eV> {
    from     "driver:bowl"
    gradient r,    "driver:slope"
    gradient deep, "driver:deeper"
}
extern fn energy(atoms: Set[Atom, n]) -> f64<hartree> {
    from     "driver:energy"
    gradient atoms.position, "driver:energy_slope"
}
"""
DRIVER = """
import numpy as np

def bowl(r, deep):
    return deep * float((r**2).sum())

def slope(r, deep):
    return deep * 2 * r

def deeper(r, deep):
    return float((r**2).sum())

def energy(atoms):
    assert atoms["element"].dtype == np.int64
    return float(np.cos(atoms["position"]).sum())

def energy_slope(atoms):
    return -np.sin(atoms["position"])
"""
PROBLEM = """
problem P {
    let xs = uniform([2 angstrom, 3 angstrom], [4 angstrom, 4 angstrom]) |> sample(20, seed = 1)
    train x in xs |> first(15): predict x as bowl(x, 2)
    test  x in xs |> last(5):   predict x as bowl(x, 2)
}
"""


def deep(folder: Path, driver: str, text: str = DOORS) -> list[Json]:
    (folder / "driver.py").write_text(driver, "utf-8")
    return sail_json("check", write_one(folder, text), "--deep")


def at(found: Json, text: str = DOORS) -> str:
    """The text of the line that a diagnostic is of."""
    return text.lstrip("\n").splitlines()[found["start"]["line"] - 1].strip()


def test_gradients_that_agree_are_not_told(tmp_path: Path) -> None:
    assert deep(tmp_path, DRIVER) == []


@pytest.mark.parametrize(
    ("change", "line", "said", "help"),
    [
        (
            ("return deep * 2 * r", "return -deep * 2 * r"),
            'gradient r,    "driver:slope"',
            "the gradient of `bowl` by `r` disagrees",
            "wrong sign",
        ),
        (
            ("return deep * 2 * r", "return 0.529177 * deep * 2 * r"),
            'gradient r,    "driver:slope"',
            "disagrees",
            "per bohr",
        ),
        (
            ("return float((r**2).sum())\n\ndef energy", "return 3.0\n\ndef energy"),
            'gradient deep, "driver:deeper"',
            "the gradient of `bowl` by `deep` disagrees",
            "",
        ),
        (
            ("return -np.sin", "return np.array([1, 1, 0]) * -np.sin"),
            'gradient atoms.position, "driver:energy_slope"',
            "0 is declared at [",
            "mend the function",
        ),
    ],
)
def test_a_gradient_that_disagrees_is_told_with_numbers(
    tmp_path: Path, change: tuple[str, str], line: str, said: str, help: str
) -> None:
    assert change[0] in DRIVER
    (found,) = deep(tmp_path, DRIVER.replace(*change))
    assert (found["code"], at(found)) == ("E0808", line)
    assert said in found["message"]
    assert help in found["help"]


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (
            ("return deep * float((r**2).sum())", "raise OSError('no licence')"),
            "extern fn bowl(r: Tensor[real<angstrom>, 2], deep: real) -> f64<eV> {",
            "`bowl` raised OSError: no licence, called with values that were drawn",
        ),
        (
            ("return float(np.cos", "return float(np.nan * np.cos"),
            "extern fn energy(atoms: Set[Atom, n]) -> f64<hartree> {",
            "`energy` gave NaN",
        ),
        (
            ("return deep * 2 * r", "return (deep * 2 * r).sum()"),
            'gradient r,    "driver:slope"',
            "the gradient of `bowl` gave an array of shape (), where (2,) is declared",
        ),
    ],
)
def test_a_driver_that_fails_is_told(
    tmp_path: Path, change: tuple[str, str], line: str, said: str
) -> None:
    assert change[0] in DRIVER
    (found,) = deep(tmp_path, DRIVER.replace(*change))
    assert (found["code"], at(found)) == ("E0809", line)
    assert said in found["message"]


def test_points_of_a_problem_are_tried_first(tmp_path: Path) -> None:
    """Its points lie between 2 Å and 4 Å; what is drawn by the types does not."""
    far = DRIVER.replace("def bowl(r, deep):", "def bowl(r, deep):\n    assert r.min() > 1.9")
    assert deep(tmp_path, far, DOORS + PROBLEM) == []
    near = far.replace("> 1.9", "< 1.9")
    (found,) = deep(tmp_path, near, DOORS + PROBLEM)
    assert "`bowl` raised AssertionError" in found["message"]
    assert "drawn" not in found["message"]


def test_what_cannot_be_called_is_said(tmp_path: Path) -> None:
    far = DOORS.replace('from     "driver:energy"', 'from     "driver:energy"\n    on Far')
    (found,) = deep(tmp_path, DRIVER, far + 'software Far { packages "far-away>=2" }\n')
    assert (found["code"], found["severity"]) == ("W0803", "warning")
    assert "`energy` was not tried: `Far` needs 'far-away>=2'" in found["message"]
    (found,) = deep(tmp_path, "import os\nos._exit(3)\n")
    assert "ended with 3" in found["message"]


def test_without_deep_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "driver.py").write_text("raise SystemExit('imported')", "utf-8")
    assert sail_json("check", write_one(tmp_path, DOORS), exit=0) == []
    assert "runs code" in " ".join(sail("check", "--help").output.split())
