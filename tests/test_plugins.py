"""Backends of somebody else's: the example in `examples/backend`, installed and run; and plug-ins
that are broken, which are named with what to do."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from support import EXAMPLES, Json, plan_of, program, sail, sail_json, write_one

from sailc import backends

EXAMPLE = EXAMPLES / "backend"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source)
    (wheel,) = WheelBuilder(str(source)).build(directory=str(folder), versions=["standard"])
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", str(folder / "site"), wheel], check=True)
    return folder / "site"


@pytest.fixture
def on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Makes what is installed in a folder known, for a test."""

    def known(folder: Path) -> None:
        monkeypatch.syspath_prepend(folder)
        forget()

    yield known
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Look anew for what is installed."""
    importlib.invalidate_caches()
    for cached in (backends._points, backends.backend):  # pyright: ignore[reportPrivateUsage]
        cached.cache_clear()
    for name in [n for n in sys.modules if n.split(".")[0] in ("sail_ndarray", "broken")]:
        del sys.modules[name]


@pytest.fixture
def installed(site: Path, on_path: Callable[[Path], None]) -> None:
    on_path(site)


@pytest.fixture
def plug_in(tmp_path: Path, on_path: Callable[[Path], None]) -> Callable[[str], None]:
    """Installs a module as the backend `broken`."""

    def install(text: str) -> None:
        folder = tmp_path / "site"
        facts = folder / "sail_broken-1.0.dist-info"
        facts.mkdir(parents=True)
        (folder / "broken.py").write_text(program(text), encoding="utf-8")
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: sail-broken\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text("[sailc.backends]\nbroken = broken:backend\n")
        on_path(folder)

    return install


# --- the example ------------------------------------------------------------------------------


def test_the_example_runs_from_its_wheel_to_a_table(installed: None, tmp_path: Path) -> None:
    path = tmp_path / "arrays.sail"
    shutil.copy(EXAMPLE / "arrays.sail", path)
    (tmp_path / "sail.toml").touch()
    runs = sail_json("run", path, exit=0)["runs"]
    assert {r["title"]: r["status"] for r in runs} == {
        "Plane / LeastSquares / Arrays": "ran",
        "Plane / LeastSquares / NumPy": "ran",
        "Plane / Furthest / Arrays": "ran",
        "Plane / Furthest / NumPy": "ran",
    }
    errors = {
        r["title"].removeprefix("Plane / "): r["result"]["metrics"]["mean_error"] for r in runs
    }
    assert errors["LeastSquares / Arrays"] < 1e-12
    assert errors["Furthest / Arrays"] == pytest.approx(errors["Furthest / NumPy"], rel=1e-12)


def test_what_learns_is_left_out_with_that_reason(installed: None) -> None:
    (out,) = excluded(EXAMPLE / "arrays.sail", "X0203")
    assert out["reason"] == (
        "the backend `ndarray` has no training: it answers with what learns nothing"
    )
    assert out["modules"] == ["Plane / Network"]


def test_an_operator_without_a_row_is_named_with_its_place(installed: None, tmp_path: Path) -> None:
    text = (EXAMPLE / "arrays.sail").read_text("utf-8").replace("abs(x)", "abs(fft(x))")
    path = write_one(tmp_path, text)
    (out,) = [e for e in excluded(path, "X0203") if "training" not in e["reason"]]
    assert out["reason"] == "the backend `ndarray` has no row for `fft`"
    assert out["place"]["start"]["line"] == 1 + text[: text.index("fft(x)")].count("\n")


def test_a_solver_of_equations_runs_on_it(installed: None, tmp_path: Path) -> None:
    path = write_one(tmp_path, DECAY)
    (run,) = sail_json("run", path, exit=0)["runs"]
    assert run["title"] == "Decays / Steps / Arrays"
    assert run["result"]["metrics"]["mean_error"] < 1e-5


def test_without_it_the_program_says_what_it_needs() -> None:
    (out,) = excluded(EXAMPLE / "arrays.sail", "X0201")
    assert out["reason"] == (
        "no backend `ndarray` is installed: `Arrays` needs the package that brings it, "
        "by an entry point `sailc.backends`"
    )


DECAY = """
    software Arrays {
        backend  ndarray
        packages "numpy>=2"
    }

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

    solver Steps {
        input  eq: Equation[d, k]
        output integrate(eq, "rk45")
    }

    benchmark B {
        models   Steps
        software Arrays
        metrics  mean_error
    }
"""


# --- broken plug-ins --------------------------------------------------------------------------

PROGRAM = """
    software Theirs { backend broken }

    problem Sums {
        test x in [[1.0, 2.0], [3.0, 4.0]]: predict x as sum(x)
    }

    model Mean {
        input  x: Tensor[real, n]
        output mean(x)
    }

    benchmark B {
        problems Sums
        models   Mean
        software Theirs
        metrics  mean_error
    }
"""
WHAT_TO_DO = "install another version of it, or tell those who publish it"


def test_one_that_cannot_be_imported(plug_in: Callable[[str], None], tmp_path: Path) -> None:
    plug_in("import a_library_that_is_not_there\n")
    (out,) = excluded(write_one(tmp_path, PROGRAM), "X0201")
    assert out["reason"] == (
        "the backend `broken` of `sail-broken 1.0` cannot be loaded: ModuleNotFoundError: "
        f"No module named 'a_library_that_is_not_there'; {WHAT_TO_DO}"
    )


def test_one_that_lacks_members(plug_in: Callable[[str], None], tmp_path: Path) -> None:
    plug_in("""
        class Backend:
            name, title, packages = "broken", "Broken", ()

        backend = Backend()
    """)
    (out,) = excluded(write_one(tmp_path, PROGRAM), "X0201")
    assert out["reason"] == (
        "the backend `broken` of `sail-broken 1.0` cannot be loaded: "
        f"it has no `lacks` and no `emit`; {WHAT_TO_DO}"
    )


ROWS = """
    from sailc.emit.fitting import Plain
    from sailc.emit.numpy_rows import NUMPY
    from sailc.emit.target import Target

    def mean(op):
        return f"np.mean(a, axis={op.attributes['axs']})"

    backend = Plain(Target("broken", "Broken", (), {**NUMPY, "mean": mean}))
"""


def test_one_whose_row_raises(plug_in: Callable[[str], None], tmp_path: Path) -> None:
    """The others run; this one stays in the table, with what it raised and where."""
    plug_in(ROWS)
    path = write_one(tmp_path, PROGRAM)
    emitted = sail("emit", path, "-o", tmp_path / "out", exit=1)
    assert (
        "error[E0702]: the backend `broken` failed at a program for Sums / Mean / Theirs: "
        "KeyError: 'axs'"
    ) in emitted.stderr
    where = tmp_path / "site" / "broken.py"
    assert f"tell those who publish `sail-broken 1.0` ({where}:6), or run on" in emitted.stderr
    runs = sail_json("run", path, exit=1)["runs"]
    assert {r["title"]: r["status"] for r in runs} == {
        "Sums / Mean / NumPy": "ran",
        "Sums / Mean / Theirs": "not run",
    }


def test_one_that_fails_to_say_what_it_lacks(
    plug_in: Callable[[str], None], tmp_path: Path
) -> None:
    plug_in(ROWS.replace("backend = ", "made = ") + LACKS)
    (out,) = excluded(write_one(tmp_path, PROGRAM), "X0203")
    where = tmp_path / "site" / "broken.py"
    line = 1 + where.read_text("utf-8").split("raise")[0].count("\n")
    assert out["reason"] == (
        "the backend `broken` of `sail-broken 1.0` fails to say what it lacks: "
        f"RuntimeError: no table ({where}:{line})"
    )


LACKS = """
    class Backend(Plain):
        def lacks(self, model, data):
            raise RuntimeError("no table")

    backend = Backend(made.target)
"""


def excluded(path: Path, code: str) -> list[Json]:
    """What a plan leaves out for a reason."""
    return [e for e in plan_of(path)["excluded"] if e["code"] == code]
