"""Programs that must be refused, each with what the compiler says of it.

A program in `programs/bad` begins with the codes and places that are expected, one a line
(`//! E0401 at 4:5`); `pytest --update` writes them anew. Nothing else may be said of it.
"""

from __future__ import annotations

import inspect
import re
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from support import BAD, SAIL_BLOCK, Json, place, said_of, sail_json, write, write_one

from sailc.diagnostics.base import REGISTRY
from sailc.diagnostics.pages import load_all, page

load_all()

EXPECTED = re.compile(r"//! (.*)\n")
PROGRAMS = sorted(BAD.glob("*.sail"))
FOLDERS = sorted(p for p in BAD.iterdir() if p.is_dir())

# Codes that no file alone can show, and where they are tested.
BY_COMMAND = {
    "E0601": "test_command.py",
    "E0602": "test_command.py",
    "E0605": "test_command.py",
    "E0610": "test_format.py, test_reference.py, test_graph.py",
    "E0701": "test_unwritten.py",
    "E0702": "test_plugins.py",
    "E0801": "test_runs.py, test_command.py",
    "E0802": "test_runs.py",
    "E0803": "test_runs.py",
    "E0804": "test_runs.py",
    "E0805": "test_runs.py",
    "E0806": "test_runs.py",
    "E0807": "test_failures.py",
    "E0808": "test_deep.py",
    "E0809": "test_deep.py",
    "E0901": "test_robust.py",
    "W0801": "test_runs.py",
    "W0802": "test_externs.py",
    "W0803": "test_deep.py",
}

# What sailc does not do as this folder says, and why.
WRONG_PROGRAMS: dict[str, str] = {}
WRONG_PAGES = {
    "E0901": "a mistake of the compiler has no example",
}


# --- data files beside the programs of E05 ----------------------------------------------

Maker = Callable[[Path, pytest.MonkeyPatch], None]


def text(name: str, content: str | bytes) -> Maker:
    data = content.encode() if isinstance(content, str) else content

    def write(folder: Path, _: pytest.MonkeyPatch) -> None:
        (folder / name).write_bytes(data)

    return write


def ethanol(folder: Path, _: pytest.MonkeyPatch) -> None:
    with h5py.File(folder / "ethanol.h5", "w") as file:
        file["position"] = np.zeros((2, 9, 3))
        file["energy"] = np.zeros(2)


def cells(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "cells").mkdir()
    np.save(folder / "cells" / "images.npy", np.zeros((2, 4, 4)))


def graphs(folder: Path, _: pytest.MonkeyPatch) -> None:
    np.save(folder / "graphs.npy", np.array([{}, []], dtype=object), allow_pickle=True)


def forbidden(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the system does not let one open (as root, nothing is forbidden)."""
    (folder / "patients.csv").write_text("1,2\n")
    really = Path.open

    def refuse(self: Path, *arguments: object, **options: object) -> object:
        if self.name == "patients.csv":
            raise PermissionError
        return really(self, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)


def without_h5py(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cells.h5").write_bytes(b"anything")
    (folder / "probe.py").write_text('print(\'{"library": "h5py"}\')')
    monkeypatch.setattr("sailc.data.hdf5._PROBE", folder / "probe.py")


DATA: dict[str, Maker] = {
    "E0503": ethanol,
    "E0504": cells,
    "E0505": forbidden,
    "E0507": without_h5py,
    "E0508": text("iris.table", "1,2\n3,4\n"),
    "E0509": text("iris.csv", "1,2\n3,4\n"),
    "E0510": text("train-images-idx3-ubyte", struct.pack(">BBBBIII", 0, 0, 8, 3, 9, 28, 28)),
    "E0511": text("cells.h5", "no HDF5 at all"),
    "E0512": graphs,
    "E0513": ethanol,
    "E0514": text("weather.csv", "21,\xb0C\n".encode("latin-1")),
    "E0515": text("iris.csv", "150,4,setosa,versicolor\n" + "5.1,3.5,1.4,0.2,0\n" * 3),
    "E0516": text("spectra.csv", "energy,counts,energy,counts\n1,2,3,4\n"),
}


def data_for(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if code in DATA:
        DATA[code](folder, monkeypatch)


# --- the programs -----------------------------------------------------------------------


def code_of(path: Path) -> str:
    return path.stem.split("_")[0]


def body(content: str) -> str:
    return EXPECTED.sub("", content)


def said(content: str, folder: Path) -> list[Json]:
    return said_of(write_one(folder, content))


def rewritten(content: str, folder: Path) -> str:
    """The program under the right expectations; they are lines, and so move what follows."""
    plain, places = body(content), [""]
    for _ in range(3):
        found = said("//!\n" * len(places) + plain, folder)
        places = [place(d) for d in found] or [""]
    return "".join(f"//! {p}\n" for p in places) + plain


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_a_bad_program_is_told_what_is_wrong_and_nothing_else(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: bool,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    if path.stem in WRONG_PROGRAMS:
        request.applymarker(pytest.mark.xfail(reason=WRONG_PROGRAMS[path.stem]))
    data_for(code_of(path), tmp_path, monkeypatch)
    content = path.read_text(encoding="utf-8")
    if update and path.stem not in WRONG_PROGRAMS:
        content = rewritten(content, tmp_path)
        path.write_text(content, encoding="utf-8")
    found = said(content, tmp_path)

    assert [place(d) for d in found] == EXPECTED.findall(content)
    assert code_of(path) in {d["code"] for d in found}
    for d in found:
        assert d["message"]
        assert d["help"]
        assert d["help"] not in d["message"]
        assert d["message"] not in d["help"]


def in_files(found: list[Json], name: str) -> list[str]:
    return [place(d) for d in found if Path(str(d["file"])).name == name]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_a_bad_workspace_is_told_what_is_wrong_and_nothing_else(
    folder: Path, tmp_path: Path, update: bool
) -> None:
    """Files that are wrong together, each with what is said of it."""
    texts = {p.name: p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.sail"))}
    found: list[Json] = []
    for _ in range(3 if update else 1):
        found = sail_json("check", write(tmp_path, texts))
        if update:
            texts = {n: _marked(body(t), in_files(found, n)) for n, t in texts.items()}
    for name, text in texts.items():
        if update:
            (folder / name).write_text(text, encoding="utf-8")
        assert in_files(found, name) == EXPECTED.findall(text)
    assert {d["code"] for d in found} == {code_of(folder)}


def _marked(text: str, places: list[str]) -> str:
    return "".join(f"//! {p}\n" for p in places) + text


def test_there_are_many_bad_programs() -> None:
    assert len(PROGRAMS) + len(FOLDERS) >= 150


def test_every_code_has_a_bad_program_or_needs_a_command() -> None:
    shown = {code_of(p) for p in PROGRAMS}
    assert set(REGISTRY) - shown == set(BY_COMMAND)


# --- the pages --------------------------------------------------------------------------

# (Those of E01 show a second block with the mistake mended: see test_syntax.py.)
PAGES = [
    (code, block)
    for code in sorted(REGISTRY)
    if not code.startswith("E01")
    for block in SAIL_BLOCK.findall(inspect.getdoc(REGISTRY[code]) or "")
]


@pytest.mark.parametrize(("code", "block"), PAGES, ids=[c for c, _ in PAGES])
def test_the_example_of_a_page_shows_its_code(
    code: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    if code in WRONG_PAGES:
        request.applymarker(pytest.mark.xfail(reason=WRONG_PAGES[code]))
    data_for(code, tmp_path, monkeypatch)
    assert {d["code"] for d in said(block, tmp_path)} == {code}


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_every_code_has_a_page(code: str) -> None:
    text = page(code) or ""
    assert text.startswith(f"# {code}: {REGISTRY[code].title}\n")
    assert len(text.splitlines()) > 2
