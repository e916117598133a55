"""`sail_fixtures.py`, the module that is put beside programs and keeps what takes long to find."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support import python, sail, write_one

from sailc.emit import sail_fixtures
from sailc.emit.sail_fixtures import checksum, fingerprint, folder_of, found_once, keeping, made_by

KIND = (np.float64, ())


class Squares:
    """A function from outside, and how often it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls = folder, 0
        (folder / "driver.py").write_text("# what squares\n", "utf-8")

    def compute(self, arguments: tuple[object, ...]) -> list[np.ndarray]:
        self.calls += 1
        (x,) = arguments
        return [np.square(np.asarray(x, float))]

    def keep(self, *numbers: object) -> list[float]:
        calls = [(x,) for x in numbers]
        facts = ("driver:square", KIND, ["h5py"])
        found = keeping(self.folder / "kept")(self.compute, calls, *facts)
        return [float(array) for (array,) in found]


@pytest.fixture
def squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Squares:
    module = ModuleType("driver")
    module.__file__ = str(tmp_path / "driver.py")
    monkeypatch.setitem(sys.modules, "driver", module)
    return Squares(tmp_path)


def test_what_is_kept_is_not_computed_again(squares: Squares) -> None:
    assert squares.keep(1.0, 2.0) == [1.0, 4.0]
    assert squares.keep(2.0, 3.0, 1.0) == [4.0, 9.0, 1.0]
    assert squares.calls == 3


def test_the_same_call_twice_is_computed_once(squares: Squares) -> None:
    assert squares.keep(2.0, 2.0) == [4.0, 4.0]
    assert squares.calls == 1


def test_what_was_found_is_written_before_all_is(
    squares: Squares, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is stopped has lost no more than what it found since it last wrote."""
    monkeypatch.setattr(sail_fixtures, "SECONDS", -1)
    with pytest.raises(ValueError, match="convert"):
        squares.keep(1.0, 2.0, "three")
    assert squares.calls == 3
    assert squares.keep(1.0, 2.0) == [1.0, 4.0]
    assert squares.calls == 3


def test_a_file_s_bytes_are_what_is_given(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "data.csv", tmp_path / "b" / "data.csv"
    for path in (first, second):
        path.parent.mkdir()
        path.write_text("1\n", "utf-8")
    assert fingerprint((first,)) == fingerprint((second,))
    second.write_text("2\n", "utf-8")
    assert fingerprint((first,)) != fingerprint((second,))


def test_the_type_and_the_shape_of_numbers_count() -> None:
    values = [1, 1.0, (1,), np.ones(1), np.ones(1, np.float32), np.ones((1, 1)), {"a": 1}]
    assert len({fingerprint(v) for v in values}) == len(values)


def test_what_is_kept_stays_valid(tmp_path: Path) -> None:
    """These are names of folders and files in users' stores: they must not change."""
    driver = tmp_path / "driver.py"
    driver.write_text("x = 1\n", "utf-8")
    facts = made_by("well", "driver:well", {"driver.py": driver}, {"numpy": "2.0.0"}, kind="real")
    assert folder_of(facts, tmp_path).name == "well-cbdd478970d3"
    columns = [np.arange(3.0), np.zeros((2, 2), np.uint8)]
    assert checksum(columns)[:16] == "2c104f1bf3929da3"


def test_references_are_found_once_for_a_text_and_its_data(tmp_path: Path) -> None:
    module, data = tmp_path / "references.py", tmp_path / "data.csv"
    counts: list[int] = []

    def find() -> list[np.ndarray]:
        counts.append(1)
        return [np.arange(3.0)]

    def found() -> int:
        (column,) = found_once(find, tmp_path, "Rods", str(module), [data], ["numpy"])
        assert column.tolist() == [0.0, 1.0, 2.0]
        return len(counts)

    module.write_text("# first\n", "utf-8")
    data.write_text("1\n", "utf-8")
    assert [found(), found()] == [1, 1]
    data.write_text("2\n", "utf-8")
    assert found() == 2
    module.write_text("# second\n", "utf-8")
    assert found() == 3


# --- beside programs ------------------------------------------------------------------------

PROGRAM = """
extern fn well(r: real<m>) -> real { from "driver:well" }

problem P {
    let xs = uniform([0.5], [1]) |> sample(20, seed = 1)
    train x in xs |> first(15): predict x as well(x[0] * 1 m)
    test  x in xs |> last(5):   predict x as well(x[0] * 1 m)
}
benchmark b { models   Linear
              metrics  mean_error
              software PyTorch, JAX }
"""


@pytest.fixture
def emitted(tmp_path: Path) -> Path:
    """A folder of programs that call a function from outside."""
    (tmp_path / "driver.py").write_text("def well(r):\n    return r**2\n", "utf-8")
    sail("emit", write_one(tmp_path, PROGRAM), "-o", tmp_path / "programs", exit=0)
    return tmp_path / "programs"


def test_one_keeper_is_put_beside_all_programs(emitted: Path) -> None:
    *programs, keeper = sorted(emitted.iterdir())
    assert len(programs) == 4  # with two precisions each
    assert keeper.name == "sail_fixtures.py"
    assert "sailc" not in {line.split()[1] for line in imports(keeper.read_text("utf-8"))}


def imports(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("import ", "from "))]


def test_a_program_alone_runs_without_fixtures_and_says_what_it_lacks_with_them(
    emitted: Path, tmp_path: Path
) -> None:
    script = tmp_path / "alone" / "script.py"
    script.parent.mkdir()
    script.write_text(next(emitted.glob("*torch*")).read_text("utf-8"), "utf-8")
    assert python(script, "--out", "out", cwd=tmp_path).returncode == 0
    lacking = python(script, "--out", "out", "--fixtures", "kept", cwd=tmp_path)
    assert lacking.returncode == 2
    assert f"--fixtures needs {script.with_name('sail_fixtures.py')}" in lacking.stderr
    assert "`sailc emit -o` writes" in lacking.stderr


def test_a_program_on_the_screen_says_what_it_runs(emitted: Path) -> None:
    source = emitted.parent / "program.sail"
    (first, *_) = sorted(p.stem.rpartition("_")[2] for p in emitted.glob("P_*"))
    shown = sail("emit", source, "--scenario", first, exit=0)
    assert "with --fixtures, it runs `sail_fixtures.py`" in shown.stderr
