"""Externs: typed doors to Python code beside a program, and what crosses them.

A tensor crosses as a NumPy array (a number as Python's), a record as a dict, a quantity as its
magnitude in the unit declared, a class given to an `int` as its index.
"""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from support import Json, as_a_process, emitted_by, json_lines, run_here, sail, sail_json, write_one

from sailc.store.fixtures import fixtures_in

DOORS = """
enum Element { H, C, N, O }
type Atom = { element: Element, position: Tensor[real<angstrom>, 3] }

extern fn box(a: real<cm>, size: int) -> Tensor[f32<m>, size, size] { from "driver:box" }
extern fn energy(atoms: Set[Atom, n]) -> f64<hartree>               { from "driver:energy" }
extern fn both(v: Tensor[real, n], k: Class[5]) -> { a: real<eV>, b: Tensor[int, n] } {
    from "driver:both"
}
extern fn index(k: int) -> real      { from "driver:index" }
extern fn well(r: real<m>) -> real   { from "driver:well" }
"""

DRIVER = """
import numpy as np

def box(a, size):
    assert type(a) is float and type(size) is int
    return np.full((size, size), a / 100)

def energy(atoms):
    assert atoms["element"].dtype == np.int64 and atoms["position"].dtype == np.float64
    return float((atoms["element"][:, None] * atoms["position"]).sum())

def both(v, k):
    assert type(v) is np.ndarray and k == 3
    return {"a": v.sum(), "b": np.arange(3)}

def index(k):
    assert type(k) is int
    return 10.0 * k

def well(r):
    return r**2
"""

ASKING = {
    "box": "predict x as sum(box(x[0] * 1 m, 4))",
    "atoms": (
        "predict x as energy(Set(Atom(Element(e), r) "
        "for (e, r) in zip([0, 3], [[0.1 nm * x[0], 0.0 nm, 0.0 nm], [0.0 nm, 1 nm, 0 nm]])))"
    ),
    "record": "predict x as both(x, Class[5](3)).a",
    "class": "predict x as index(Class[5](2)) * x[0]",
    "inside": "predict x as sum(well(r * 1 cm) for r in x)",
}
PROBLEM = """
problem P {
    let xs = uniform([0.5, 0.5, 0.5], [1, 1, 1]) |> sample(20, seed = 1)
    train x in xs |> first(15): QUESTION
    test  x in xs |> last(5):   QUESTION
}
metric truth_mean {
    better higher
    score (answer: real<'u>, truth: real<'u>) => truth
    reduce mean
}
trainer once_over {
    optimizer adam(1e-3)
    epochs    1
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
                mean((answer - truth) ^ 2)
}
benchmark b {
    models   Linear
    trainers once_over
    software SOFTWARE
    metrics  truth_mean
}
"""
XS = np.random.default_rng(1).uniform([0.5] * 3, [1] * 3, (20, 3))[-5:]


def program(folder: Path, question: str, doors: str = DOORS, driver: str = DRIVER) -> Path:
    (folder / "driver.py").write_text(driver, "utf-8")
    text = doors + PROBLEM.replace("QUESTION", question).replace("SOFTWARE", "PyTorch")
    return write_one(folder, text)


def results(path: Path) -> Json:
    (text,) = emitted_by(path).values()
    return run_here(text, 0, path.parent / "out")[-1]


def left_out(path: Path) -> str:
    """Why nothing is left of a benchmark."""
    (error,) = sail_json("plan", path, "b")["errors"]
    return error["help"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("box", 16 * XS[:, 0].mean()),
        ("atoms", 3 * 10.0),
        ("record", XS.sum(axis=1).mean()),
        ("class", 20 * XS[:, 0].mean()),
        ("inside", 1e-4 * (XS**2).sum(axis=1).mean()),
    ],
)
def test_what_crosses_a_door(tmp_path: Path, question: str, expected: float) -> None:
    result = results(program(tmp_path, ASKING[question]))
    assert result["metrics"]["truth_mean"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise OSError('no licence')", "raised OSError: no licence"),
        ("return np.nan", "gave NaN"),
        (
            "return np.zeros(2)",
            r"gave float64 of shape \(2,\), not float64 of shape \(\)",
        ),
        ("return 'low'", r"gave <U3 of shape \(\), not float64 of shape \(\)"),
    ],
)
def test_what_is_wrong_outside_is_said_of_the_extern(tmp_path: Path, body: str, said: str) -> None:
    driver = DRIVER.replace("return r**2", body)
    path = program(tmp_path, "predict x as well(x[0] * 1 m)", driver=driver)
    line = 1 + path.read_text("utf-8").splitlines().index(
        'extern fn well(r: real<m>) -> real   { from "driver:well" }'
    )
    with pytest.raises((RuntimeError, ValueError), match=rf"well \({path.name}:{line}\) {said}"):
        results(path)


def test_a_package_that_is_missing_excludes_without_importing_anything(tmp_path: Path) -> None:
    doors = DOORS.replace('{ from "driver:well" }', '{ from "driver:well"\n on Far }')
    doors += 'software Far { packages "far-away>=2" }\n'
    path = program(tmp_path, ASKING["inside"], doors, "raise SystemExit('imported')")
    needs = "`well` is on `Far`, which needs 'far-away>=2': `pip install 'far-away>=2'`"
    assert needs in left_out(path)


def test_a_driver_that_is_not_there_excludes(tmp_path: Path) -> None:
    path = program(tmp_path, ASKING["inside"], DOORS.replace("driver:well", "nowhere_at_all:well"))
    assert "`well` is in `nowhere_at_all`, which is no file in" in left_out(path)


def test_programs_of_externs_are_in_good_style(tmp_path: Path) -> None:
    for i, question in enumerate(ASKING.values()):
        (text,) = emitted_by(program(tmp_path, question)).values()
        (tmp_path / f"emitted{i}.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", *tmp_path.glob("emitted*.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# --- fixtures ---------------------------------------------------------------------------

COUNTING = DRIVER.replace(
    "    return r**2",
    "    open(__file__ + '.calls', 'a').write('.')\n    return r**2",
)


class Kept:
    """A program that is run with a folder for fixtures; how often its driver was called."""

    def __init__(self, folder: Path) -> None:
        self.path = program(folder, "predict x as well(x[0] * 1 m)", driver=COUNTING)
        self.fixtures = folder / "kept"
        self.script = folder / "script.py"
        sail("emit", self.path, "-o", folder / "emitted", exit=0)
        (folder / "emitted" / "sail_fixtures.py").rename(folder / "sail_fixtures.py")
        (emitted,) = (folder / "emitted").iterdir()
        emitted.rename(self.script)

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, self.script, "--fixtures", self.fixtures]
        command += ["--out", self.path.parent / "out"]
        return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)

    def run(self) -> list[Json]:
        """In this process, where the libraries are imported already."""
        given = ["--fixtures", str(self.fixtures), "--out", str(self.path.parent / "out")]
        with redirect_stdout(io.StringIO()) as printed, as_a_process(["script.py", *given]):
            code = compile(self.script.read_text("utf-8"), "script.py", "exec")
            exec(code, {"__name__": "__main__", "__doc__": "A.", "__file__": str(self.script)})
        return json_lines(printed.getvalue())

    @property
    def calls(self) -> int:
        file = self.path.parent / "driver.py.calls"
        return len(file.read_text("utf-8")) if file.exists() else 0

    @property
    def files(self) -> list[Path]:
        return sorted(self.fixtures.glob("*/*.h5"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept"))


def test_runs_at_once_compute_a_fixture_once(kept: Kept) -> None:
    runs = [kept.start() for _ in range(2)]
    metrics = [json_lines(run.communicate()[0])[-1]["metrics"] for run in runs]
    assert metrics[0] == metrics[1]
    assert kept.calls == 20


@pytest.mark.parametrize("damage", [b"", b"not what was kept", None])
def test_a_damaged_fixture_is_said_and_computed_anew(kept: Kept, damage: bytes | None) -> None:
    expected = kept.run()[-1]["metrics"]
    before, file = kept.calls, kept.files[0]
    whole = file.read_bytes()
    changed = whole[: len(whole) // 2] if damage is None else damage
    file.write_bytes(changed)
    events = kept.run()
    assert [e["file"] for e in events if e["event"] == "damaged"] == [str(file)]
    assert events[-1]["metrics"] == expected
    assert before < kept.calls <= before + 20


def test_another_driver_makes_other_fixtures(kept: Kept) -> None:
    kept.run()
    before = kept.calls
    driver = kept.path.parent / "driver.py"
    driver.write_text(driver.read_text("utf-8") + "# changed\n", "utf-8")
    kept.run()
    assert kept.calls == before + 20


def test_another_module_that_a_driver_imports_makes_other_fixtures(kept: Kept) -> None:
    """Also where it is imported through a package, and only once it is called."""
    driver, package = kept.path.parent / "driver.py", kept.path.parent / "tools"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "deep.py").write_text("from .scale import FACTOR\n", "utf-8")
    (package / "scale.py").write_text("FACTOR = 1.0\n", "utf-8")
    late = "def unused():\n    import tools.deep\n\n"
    driver.write_text(late + driver.read_text("utf-8"), "utf-8")
    kept.run()
    before = kept.calls
    kept.run()
    assert kept.calls == before
    (package / "scale.py").write_text("FACTOR = 2.0\n", "utf-8")
    kept.run()
    assert kept.calls == before + 20
    stale = [f.stale for f in fixtures_in(kept.fixtures)]
    assert "tools/scale.py has changed" in stale


def test_the_command_knows_what_is_kept(tmp_path: Path) -> None:
    path = program(tmp_path, "predict x as well(x[0] * 1 m)")
    sail("run", path, exit=0)
    (group,) = (tmp_path / ".sail" / "fixtures").iterdir()
    train, test = (str(f) for f in sorted(group.glob("*.h5")))
    listed = sail_json("fixtures", "list", tmp_path)
    assert {f["path"]: f["points"] for f in listed} in ({train: 15, test: 5}, {train: 5, test: 15})
    assert {f["function"] for f in listed} == {"driver:well"}
    assert "2 checked, 0 damaged" in sail("fixtures", "verify", tmp_path, exit=0).output
    Path(test).write_bytes(Path(test).read_bytes()[:-2000])
    assert "2 checked, 1 damaged" in sail("fixtures", "verify", tmp_path, exit=1).output
    assert sail("run", path, "--seeds", "2", exit=0).output.count("W0802") == 1
    assert "2 checked, 0 damaged" in sail("fixtures", "verify", tmp_path, exit=0).output
    (tmp_path / "driver.py").write_text(DRIVER + "# changed", "utf-8")
    assert "driver.py has changed" in sail("fixtures", "prune", tmp_path, exit=0).output
    assert sail_json("fixtures", "list", tmp_path) == []


# --- gradients --------------------------------------------------------------------------

SLOPES = """
extern fn bowl(r: Tensor[real<angstrom>, 2], deep: real) -> f64<eV> {
    from     "driver:bowl"
    gradient r, "driver:slope"
}
"""
BOWL = """
import numpy as np

def bowl(r, deep):
    return deep * float((r**2).sum())

def slope(r, deep):
    return deep * 2 * r
"""
IN_MODEL = """
problem P {
    let xs = uniform([0.5 nm, 0.5 nm], [1 nm, 1 nm]) |> sample(20, seed = 1)
    train x in xs |> first(15): predict x as bowl(x, 1) + 1 eV
    test  x in xs |> last(5):   predict x as bowl(x, 1) + 1 eV
}
/// The package's energy at a place that is learned, and a constant.
model Corrected {
    input  x: Tensor[real<angstrom>, 2]
    let    moved = x + [parameter(0.1 angstrom), parameter(0.2 angstrom)]
    output y: real<eV> = bowl(moved, 1)
}
trainer once_over {
    optimizer adam(1e-2)
    epochs    20
    batch     5
    loss      (answer: real<'u>, truth: real<'u>) => ((answer - truth) / 1 eV) ^ 2
}
metric off { better lower
             score (answer: real<eV>, truth: real<eV>) => abs(answer - truth) / 1 eV
             reduce mean }
benchmark b { models Corrected
              trainers once_over
              metrics off }
"""


def test_a_declared_gradient_is_in_the_units_of_both(tmp_path: Path) -> None:
    path = program(tmp_path, "predict x as pull([x[0], x[1]] * 1 nm)", SLOPES, BOWL)
    text = path.read_text("utf-8").replace(
        "    let xs", "    let pull(r) = sum(-grad(3 * bowl(r, 2), r)) / 1 eV/nm\n    let xs"
    )
    path.write_text(text, "utf-8")
    expected = -3 * 2 * 2 * 100 * XS[:, :2].sum(axis=1).mean()  # a nm² is 100 Å²
    assert results(path)["metrics"]["truth_mean"] == pytest.approx(expected)


def test_a_model_is_trained_through_an_extern_alike_on_both_backends(tmp_path: Path) -> None:
    (tmp_path / "driver.py").write_text(BOWL, "utf-8")
    path = write_one(tmp_path, SLOPES + IN_MODEL)
    ends: list[float] = []
    for name, text in emitted_by(path).items():
        events = run_here(text, 0, tmp_path / name.replace("/", "-"))
        losses = [e["loss"] for e in events if e["event"] == "epoch"]
        assert losses[-1] < losses[0]
        ends.append(losses[-1])
    assert len(ends) == 2
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)


@pytest.mark.parametrize(
    ("doors", "said"),
    [
        (('    gradient r, "driver:slope"\n', ""), "enters `bowl` by `r`, by which it declares no"),
        (("gradient r,", "gradient deep,"), "enters `bowl` by `r`, by which it declares no"),
        (("bowl(moved, 1)", "bowl(x, parameter(2.0))"), "enters `bowl` by `deep`, by which it"),
        (
            ("-> f64<eV> {", "-> Tensor[f64<eV>, 1] {"),
            "enters `bowl` by `r`, and its result is no single number",
        ),
    ],
)
def test_a_model_that_would_learn_without_a_gradient_is_left_out(
    tmp_path: Path, doors: tuple[str, str], said: str
) -> None:
    """On both backends alike, while planning."""
    (tmp_path / "driver.py").write_text(BOWL, "utf-8")
    text = (SLOPES + IN_MODEL).replace(*doors)
    if "Tensor[f64<eV>" in text:
        text = text.replace("bowl(x, 1)", "bowl(x, 1)[0]").replace(
            "bowl(moved, 1)", "bowl(moved, 1)[0]"
        )
    found = left_out(write_one(tmp_path, text))
    assert said in found


SLOPED = """
problem P {
    let xs = uniform([0.5 angstrom, 0.5 angstrom], [1 angstrom, 1 angstrom])
        |> sample(20, seed = 1)
    train x in xs |> first(15) {
        energy: predict x as bowl(x, 1)
        TRAINED
    }
    test x in xs |> last(5) {
        energy: predict x as bowl(x, 1)
        slope:  grad(energy(x), x) as grad(bowl(x, 1), x)
    }
}
model Corrected {
    input  x: Tensor[real<angstrom>, 2]
    let    moved = PLACE
    output y: real<eV> = parameter(0.5) * bowl(moved, 1) + bend(x)
    let    bend(x) = (x / 1 angstrom |> linear(4) |> tanh |> linear(1))[0] * 1 eV
}
trainer once_over {
    optimizer adam(1e-2)
    epochs    3
    batch     5
    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s]) =>
                mean((answer - truth) ^ 2)
}
benchmark b { models Corrected
              trainers once_over
              metrics mean_error, mean_error(slope) }
"""
TRAINED = "slope:  grad(energy(x), x) as grad(bowl(x, 1), x)"
LEARNED = "x + [parameter(0.1 angstrom), parameter(0.2 angstrom)]"


def sloped(folder: Path, trained: str, place: str) -> Path:
    """A model of which the derivative is judged, and maybe trained."""
    (folder / "driver.py").write_text(BOWL, "utf-8")
    return write_one(folder, SLOPES + SLOPED.replace("TRAINED", trained).replace("PLACE", place))


def test_a_derivative_that_would_be_taken_twice_is_left_out(tmp_path: Path) -> None:
    said = "a derivative through `bowl` is trained, which takes its second derivative"
    assert said in left_out(sloped(tmp_path, TRAINED, LEARNED))


@pytest.mark.parametrize(("trained", "place"), [("", LEARNED), (TRAINED, "x")])
def test_a_derivative_that_is_taken_once_is_judged_alike_on_both_backends(
    tmp_path: Path, trained: str, place: str
) -> None:
    """One that is only judged, and one that is trained by what stands beside the extern."""
    made = emitted_by(sloped(tmp_path, trained, place)).items()
    ends = [run_here(text, 0, tmp_path / name.replace("/", "-"))[-1] for name, text in made]
    assert len(ends) == 2
    assert ends[0]["train"]["loss"] == pytest.approx(ends[1]["train"]["loss"], rel=1e-3)
    assert ends[0]["metrics"] == pytest.approx(ends[1]["metrics"], rel=1e-3)


def test_what_enters_by_a_label_or_a_field_is_told_apart(tmp_path: Path) -> None:
    """Only the places of atoms are learned, and by these there is a gradient."""
    (tmp_path / "driver.py").write_text("", "utf-8")
    doors = DOORS.replace(
        '{ from "driver:energy" }', '{ from "driver:energy"\n gradient atoms.position, "driver:e" }'
    )
    model = IN_MODEL.replace("bowl(x, 1) + 1 eV", "1 eV").replace(
        "bowl(moved, 1)",
        "energy(Set(Atom(Element(e), [r, moved[0], moved[1]])"
        " for (e, r) in zip([0, 3], [0 angstrom, 1 angstrom])))",
    )
    assert len(sail_json("plan", write_one(tmp_path, doors + model), "b")["scenarios"]) == 2


def test_a_gradient_that_is_not_declared_is_said(tmp_path: Path) -> None:
    doors = SLOPES.replace('gradient r, "driver:slope"', "")
    path = program(tmp_path, "predict x as sum(pull(x)) / 1 eV/nm", doors, BOWL)
    text = path.read_text("utf-8").replace(
        "    let xs", "    let pull(x) = grad(bowl([x[0], x[1]] * 1 nm, 2), x)\n    let xs"
    )
    path.write_text(text, "utf-8")
    (error,) = sail_json("check", path)
    assert error["code"] == "E0314"
    assert "`bowl` declares no `gradient` by this" in error["message"]
