"""The house around the code: what is installed, what start-up imports, where torch is pinned."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", ".hypothesis", ".ruff_cache"}
HEAVY = {"torch", "jax", "sympy", "h5py", "numpy", "networkx", "lark", "pygls"}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return zipfile.ZipFile(path).namelist()


def texts() -> dict[str, str]:
    """The project's text files, by path from the root."""
    found: dict[str, str] = {}
    for path in ROOT.rglob("*"):
        name = path.relative_to(ROOT)
        if path.is_file() and NOT_OURS.isdisjoint(name.parts):
            found[name.as_posix()] = path.read_bytes().decode("utf-8", errors="ignore")
    return found


def test_torch_is_pinned_in_one_place() -> None:
    pin = re.compile(r"torch\s*==\s*\d[\w.+]*")
    found = {name: pin.findall(text) for name, text in texts().items() if pin.search(text)}
    assert list(found) == ["Makefile"]
    assert len(found["Makefile"]) == 1


def test_every_shelf_holds_only_packages_of_ours(wheel: list[str]) -> None:
    top = {name.split("/")[0] for name in wheel}
    assert {name for name in top if not name.startswith("sail")} == set()
    assert {"sailc", "sail_grammar", "sail_stdlib", "sail_torch", "sail_jax", "sail_lsp"} <= top


def test_the_wheel_holds_every_file_of_the_shelves(
    wheel: list[str], pyproject: dict[str, Any]
) -> None:
    shelves = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    expected = {
        path.relative_to(ROOT / shelf).as_posix()
        for package in shelves
        for shelf in [Path(package).parent]
        for suffix in ("py", "sail", "lark", "md", "jinja", "css", "js")
        for path in (ROOT / package).rglob(f"*.{suffix}")
    }
    assert expected - set(wheel) == set()


def test_what_an_editable_install_sees_is_what_a_wheel_holds(pyproject: dict[str, Any]) -> None:
    build = pyproject["tool"]["hatch"]["build"]
    shelves = {str(Path(name).parent) for name in build["targets"]["wheel"]["packages"]}
    assert shelves == set(build["dev-mode-dirs"])


def test_version_is_printed_without_importing_what_it_does_not_need() -> None:
    code = (
        "import json, sys\n"
        "from sailc.__main__ import main\n"
        "sys.argv = ['sailc', '--version']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert re.search(r"\d+\.\d+\.\d+", version)
    assert HEAVY & set(json.loads(modules)) == set()


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ("9.9.1, 9.9.0+cpu, 9.9.0", None),
        ("9.9.1, 9.9.0", "would bring CUDA libraries"),
        ("9.9.1", "would bring CUDA libraries"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's wheels bring CUDA")
def test_torch_is_looked_at_before_it_is_installed(
    versions: str, message: str | None, tmp_path: Path
) -> None:
    """With a stand-in for pip that lists the versions given."""
    script = ROOT / ".ci" / "torch_check.py"
    code = (
        "import runpy, subprocess, sys, types\n"
        f"answer = types.SimpleNamespace(stdout={f'Available versions: {versions}'!r}, stderr='')\n"
        "subprocess.run = lambda *_, **__: answer\n"
        f"sys.argv = [{str(script)!r}, 'torch' + '==9.9.0']\n"
        f"runpy.run_path({str(script)!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (message is None)
    assert (message or "") in done.stderr
