"""Data files: what their headers say, how a program reads them, and what can be wrong.

For every sound file two things hold. Its header says what NumPy or h5py says of the data,
and the program that `loading` describes reads exactly those data.
"""

import bz2
import gzip
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sailc.data import (
    READERS,
    Column,
    Header,
    Location,
    Options,
    loading,
    locate,
    read_header,
    table_loading,
)
from sailc.data import idx as idx_format
from sailc.diagnostics import data as pages
from sailc.diagnostics.base import REGISTRY
from sailc.source import Span

PLAIN = Options()
SKLEARN = "package:sklearn/datasets/data"


def header_of(path: Path, options: Options = PLAIN) -> Header:
    header = read_header(path, options)
    assert isinstance(header, Header), header.message
    return header


def load(path: Path, options: Options = PLAIN) -> Any:
    """Run what `loading` says, as an emitted program would."""
    how = loading(header_of(path, options), options)
    text = "\n".join([*how.imports, *how.helpers, f"data = {how.at('PATH')}"])
    program: dict[str, Any] = {"PATH": path}
    exec(text, program)
    return program["data"]


def expression(path: Path, options: Options = PLAIN) -> str:
    return loading(header_of(path, options), options).at("PATH")


def trouble(path: Path, options: Options = PLAIN) -> str:
    """What the author is told: the message and the help."""
    found = read_header(path, options)
    assert not isinstance(found, Header)
    return f"{found.message}; {found.help}"


def same(left: Any, right: Any) -> bool:
    """Equal in shape, type and values, NaN being equal to itself."""
    left, right = np.asarray(left), np.asarray(right)
    assert (left.shape, left.dtype) == (right.shape, right.dtype)
    return bool(np.array_equal(left, right, equal_nan=left.dtype.kind in "fc"))


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes a file of that name and text, and gives its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


# --- where a file is -------------------------------------------------------------------


def place(text: str, folder: Path = Path("folder")) -> Location:
    found = locate(text, folder)
    assert isinstance(found, Location), found
    return found


def test_a_path_is_relative_to_the_program() -> None:
    found = place("data/iris.csv", Path("/home/me"))
    assert found.path == Path("/home/me/data/iris.csv")
    assert found.expression == 'DATA / "data/iris.csv"'


def test_the_program_finds_a_packages_file_where_it_runs() -> None:
    found = place(f"{SKLEARN}/iris.csv")
    assert found.expression == 'Path(find_spec("sklearn").origin).parent / "datasets/data/iris.csv"'
    program: dict[str, Any] = {}
    exec("\n".join([*found.imports, f"path = {found.expression}"]), program)
    assert program["path"] == found.path
    assert found.path.is_file()


def test_looking_into_a_package_runs_none_of_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hostile").mkdir()
    (tmp_path / "hostile" / "__init__.py").write_text("raise SystemExit('it ran')")
    monkeypatch.syspath_prepend(tmp_path)
    assert place("package:hostile/x.csv").path == tmp_path / "hostile" / "x.csv"


def test_a_package_may_have_no_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spread_out").mkdir()
    (tmp_path / "spread_out" / "x.csv").write_text("1\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = place("package:spread_out/x.csv")
    assert found.path == tmp_path / "spread_out" / "x.csv"
    program: dict[str, Any] = {}
    exec("\n".join([*found.imports, f"path = {found.expression}"]), program)
    assert program["path"] == found.path


def test_a_debian_packages_list_says_where_its_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / "share" / "datasets" / "fashion" / "train.gz"
    images.parent.mkdir(parents=True)
    images.touch()
    (tmp_path / "dataset-fashion:all.list").write_text(f"/.\n{images.parent}\n{images}\n")
    monkeypatch.setattr("sailc.data.location.DPKG_LISTS", tmp_path)
    found = place("debian:dataset-fashion/fashion/train.gz")
    assert found.path == images
    assert found.expression == f'Path("{images}")'
    missing = locate("debian:dataset-fashion/fashion/trian.gz", Path())
    assert missing == pages.FileMissing(
        file="trian.gz", folder="dataset-fashion", near=("train.gz",)
    )


def test_without_a_list_a_debian_file_is_looked_for_below_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "minimap2" / "test").mkdir(parents=True)
    (tmp_path / "minimap2" / "test" / "x.csv").touch()
    monkeypatch.setattr("sailc.data.location.DPKG_LISTS", tmp_path / "none")
    monkeypatch.setattr("sailc.data.location.SHARE", tmp_path)
    assert place("debian:minimap2/test/x.csv").path == tmp_path / "minimap2" / "test" / "x.csv"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "I cannot tell which file `` is: it is empty"),
        ("a\0b", "I cannot tell which file `a\\x00b` is"),
        ("package:sklearn", "it is not of the form `package:NAME/path`"),
        ("package:sklearn/../../secret", "it leaves the package"),
        ("package:no_such/x.csv", "the Python package `no_such` is not installed here"),
        ("package:scikit-learn/x.csv", "`scikit-learn` is imported by another name: `sklearn`"),
        ("package:sys/x.csv", "the Python package `sys` is not installed here"),
        ("debian:no-such/x.csv", "the Debian package `no-such` is not installed here"),
        ("debian:*/x.csv", "the Debian package `*` is not installed here"),
    ],
)
def test_what_names_no_place(text: str, message: str) -> None:
    found = locate(text, Path("folder"))
    assert not isinstance(found, Location)
    assert message in found.message


# --- tables ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "shape", "text"),
    [
        ("digits.csv.gz", Options(), (1797, 65), 'np.loadtxt(PATH, delimiter=",")'),
        ("iris.csv", Options(skip=1), (150, 5), 'np.loadtxt(PATH, delimiter=",", skiprows=1)'),
        ("diabetes_data_raw.csv.gz", Options(), (442, 10), "np.loadtxt(PATH)"),
        ("diabetes_target.csv.gz", Options(), (442,), "np.loadtxt(PATH)"),
        (
            "breast_cancer.csv",
            Options(skip=1),
            (569, 31),
            'np.loadtxt(PATH, delimiter=",", skiprows=1)',
        ),
        (
            "wine_data.csv",
            Options(skip=1),
            (178, 14),
            'np.loadtxt(PATH, delimiter=",", skiprows=1)',
        ),
        ("linnerud_exercise.csv", Options(), (20, 3), "np.loadtxt(PATH, skiprows=1)"),
    ],
)
def test_tables_that_scikit_learn_ships(
    name: str, options: Options, shape: tuple[int, ...], text: str
) -> None:
    path = place(f"{SKLEARN}/{name}").path
    header = header_of(path, options)
    assert (header.shape, header.storage, header.record) == (shape, "f64", False)
    assert expression(path, options) == text
    separator = None if "diabetes" in name or "linnerud" in name else ","
    first = options.skip or ("linnerud" in name)
    assert same(load(path, options), np.loadtxt(path, delimiter=separator, skiprows=int(first)))


def test_a_header_line_is_a_first_row_with_a_word_where_numbers_follow(written: Any) -> None:
    header = header_of(written("a.csv", "x,y\n1,2\n3,4\n"))
    assert [c.name for c in header.columns] == ["x", "y"]
    assert (header.names, header.shape) == (True, (2, 2))
    assert not header_of(written("b.csv", "1,2\n3,4\n")).names
    assert not header_of(written("c.csv", "red,green\nblue,red\n")).names
    assert header_of(written("c.csv", "red,green\nblue,red\n"), Options(header=True)).names


def test_a_table_of_words_and_numbers_is_a_dict_of_columns(written: Any) -> None:
    penguins = written(
        "penguins.csv",
        "species,bill length (mm),sex\nAdelie,39.1,male\nAdelie,NA,\nGentoo,47.5,female\n",
    )
    options = Options(missing=("NA",))
    header = header_of(penguins, options)
    assert header.columns == (
        Column("species", "text", values=("Adelie", "Gentoo")),
        Column("bill length (mm)", "number", unit="mm", missing=True),
        Column("sex", "text", missing=True, values=("male", "female")),
    )
    assert (header.shape, header.storage, header.record) == ((3, 3), "text", True)
    table = load(penguins, options)
    assert list(table) == ["species", "bill length (mm)", "sex"]
    assert same(table["species"], np.array(["Adelie", "Adelie", "Gentoo"]))
    assert same(table["bill length (mm)"], np.array([39.1, np.nan, 47.5]))
    assert list(table["sex"]) == ["male", "", "female"]


def test_a_marker_may_look_like_a_number(written: Any) -> None:
    table = written("sst.csv", "t,sst\n1,20.5\n2,-999\n")
    assert not header_of(table).record
    options = Options(missing=("-999",))
    assert header_of(table, options).columns[1] == Column("sst", "number", missing=True)
    assert same(load(table, options)["sst"], np.array([20.5, np.nan]))


def test_units_stand_in_the_header_line(written: Any) -> None:
    lengths = header_of(written("a.csv", "sepal (cm),petal [cm]\n1,2\n"))
    assert (lengths.unit, lengths.record) == ("cm", False)
    mixed = header_of(written("b.csv", "mass [kg],time(s)\n1,2\n"))
    assert [c.unit for c in mixed.columns] == ["kg", "s"]
    assert (mixed.unit, mixed.record) == (None, True)
    assert same(load(written("b.csv", "mass [kg],time(s)\n1,2\n"))["mass [kg]"], np.array([1.0]))


def test_what_stands_in_brackets_is_only_a_candidate_for_a_unit(written: Any) -> None:
    header = header_of(written("a.csv", "f(x),class (0 or 1)\n1,2\n3,4\n"))
    assert header.record
    assert not header.with_units(lambda unit: unit in ("kg", "s")).record


@pytest.mark.parametrize(
    ("content", "options", "text"),
    [
        ("1,2\n3,4\n", Options(), 'np.loadtxt(PATH, delimiter=",")'),
        ("1;2\n3;4\n", Options(), 'np.loadtxt(PATH, delimiter=";")'),
        ("1\t2\n3\t4\n", Options(), r'np.loadtxt(PATH, delimiter="\t")'),
        ("  1   2\n 3 \t4 \n", Options(), "np.loadtxt(PATH)"),
        ("1|2\n3|4\n", Options(separator="|"), 'np.loadtxt(PATH, delimiter="|")'),
        ("1  2\n3 4\n", Options(separator=" "), "np.loadtxt(PATH)"),
        ("1,2\n", Options(), 'np.loadtxt(PATH, delimiter=",", ndmin=2)'),
        ("x\n1\n2\n", Options(), 'np.loadtxt(PATH, delimiter=",", skiprows=1, ndmin=2)'),
        ("# by hand\n\n1,2\n# then\n3,4\n", Options(), None),
        ("made by hand\n\na,b\n1,2\n", Options(skip=1), None),
        ('"1","2"\n3,4\n', Options(), """np.loadtxt(PATH, delimiter=",", quotechar='"')"""),
        ("\ufeff1,2\n3,4\n", Options(), 'np.loadtxt(PATH, delimiter=",", encoding="utf-8-sig")'),
        ("\ufeffa,b\n3,4\n5,6", Options(), 'np.loadtxt(PATH, delimiter=",", skiprows=1)'),
        ("1,2\r\n3,4\r\n", Options(), 'np.loadtxt(PATH, delimiter=",")'),
        ("nan,-inf\n+1e-3,.5\n", Options(), 'np.loadtxt(PATH, delimiter=",")'),
        ("5\n", Options(), "np.loadtxt(PATH, ndmin=1)"),
    ],
)
def test_how_a_table_is_cut(content: str, options: Options, text: str | None, written: Any) -> None:
    path = written("table.csv", content)
    header, values = header_of(path, options), load(path, options)
    assert values.shape == header.shape
    assert values.dtype == np.float64
    assert text is None or expression(path, options) == text


STYLE = ["format", "--check", "-"]


def test_the_helpers_are_in_good_style() -> None:
    for helper in (table_loading.HELPER, idx_format.HELPER):
        text = f"from pathlib import Path\n\nimport h5py\nimport numpy as np\n\n\n{helper}"
        for command in (["check", "--select", "E,W,I,UP,B,SIM,RUF,PL,RET", "-"], STYLE):
            ruff = [sys.executable, "-m", "ruff", *command, "--isolated"]
            subprocess.run(ruff, input=text, text=True, check=True)


def test_cells_may_be_quoted_and_hold_anything(written: Any) -> None:
    path = written("a.csv", 'name,"n"\n"C#, ""sharp""\nnext",1\nplain,2\n')
    table = load(path)
    assert list(table["name"]) == ['C#, "sharp"\nnext', "plain"]
    assert same(table["n"], np.array([1.0, 2.0]))


def test_a_column_without_a_name_is_called_by_its_place(written: Any) -> None:
    columns = header_of(written("a.csv", ",b\nx,1\ny,2\n")).columns
    assert [c.name for c in columns] == ["column_0", "b"]


SUFFIXES: dict[Any, str] = {gzip: "gz", bz2: "bz2", lzma: "xz"}


@pytest.mark.parametrize("module", SUFFIXES)
def test_a_table_may_be_compressed(module: Any, written: Any) -> None:
    path = written(f"a.csv.{SUFFIXES[module]}", module.compress(b"x,name\n1,a\n2,b\n"))
    assert header_of(path).shape == (2, 2)
    assert list(load(path)["name"]) == ["a", "b"]


cells = st.one_of(
    st.floats().map(repr),
    st.integers(-999, 999).map(str),
    st.text("ab_1.eE+-#\"',; \n", max_size=6),
    st.sampled_from(["", "NA", "1_0", "0x10", "infinity", "nan", "é", "١"]),
)


@given(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_header_promises_its_loading_keeps(tmp_path: Path, rows: list[list[str]]) -> None:
    """Any two columns, quoted where need be: all load, with the kinds that the header says."""
    path = tmp_path / "any.csv"
    lines = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    options = Options(separator=",", header=False, missing=("NA",))
    header = read_header(path, options)
    assert isinstance(header, Header)
    data = load(path, options)
    if not header.record:
        assert data.shape == header.shape
        return
    for place, column in enumerate(header.columns):
        values = data[column.name]
        assert values.shape == (len(rows),)
        assert (values.dtype.kind == "f") == (column.kind == "number")
        if column.kind == "text":
            expected = [row[place].strip() for row in rows]
            assert list(values) == ["" if cell == "NA" else cell for cell in expected]


# --- arrays ----------------------------------------------------------------------------

WIDTHS = {
    "bool": bool,
    "u8": "u1",
    "i16": "<i2",
    "i64": "<i8",
    "u32": ">u4",
    "f16": "<f2",
    "f32": "<f4",
    "f64": ">f8",
    "c64": "<c8",
    "c128": "<c16",
}
ARRAYS = {name: np.arange(6).reshape(2, 3).astype(dtype) for name, dtype in WIDTHS.items()}


def write_arrays(path: Path) -> Path:
    """A file of all of `ARRAYS`."""
    if path.suffix == ".npz":
        np.savez(path, **ARRAYS, allow_pickle=False)
    else:
        with h5py.File(path, "w") as file:
            file.update(ARRAYS)
    return path


@pytest.mark.parametrize("suffix", ["npz", "h5"])
def test_arrays_of_numbers(suffix: str, tmp_path: Path) -> None:
    path = write_arrays(tmp_path / f"a.{suffix}")
    for name, array in ARRAYS.items():
        header = header_of(path, Options(path=name))
        read = "f32" if name == "f16" else name  # half precision is too short to compute with
        assert (header.shape, header.storage) == (array.shape, read)
        native = array.astype(WIDTHS[read]).astype(np.dtype(WIDTHS[read]).newbyteorder("="))
        assert same(load(path, Options(path=name)), native)


def write_array(path: Path, array: Any) -> Path:
    match path.suffix:
        case ".npy":
            np.save(path, array)
        case ".npz":
            np.savez(path, only=array)
        case _:
            with h5py.File(path, "w") as file:
                file["only"] = array
    return path


@pytest.mark.parametrize("array", [np.array(3.5), np.zeros((0, 4)), np.asfortranarray(np.eye(3))])
@pytest.mark.parametrize("suffix", ["npy", "npz", "h5"])
def test_any_shape_and_order(suffix: str, array: Any, tmp_path: Path) -> None:
    path = write_array(tmp_path / f"a.{suffix}", array)
    assert header_of(path).shape == array.shape
    assert same(load(path), array)


@pytest.mark.parametrize("dtype", ["U", "S", ">U3"])
def test_text_in_npy(dtype: str, tmp_path: Path) -> None:
    path = write_array(tmp_path / "a.npy", np.array(["H", "He"], dtype=dtype))
    assert header_of(path).storage == "text"
    assert list(load(path)) == ["H", "He"]


def test_text_in_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["names"] = ["H", "He"]
        file["fixed"] = np.array([b"H", b"He"])
        file["one"] = "hydrogen"
    assert header_of(path, Options(path="names")).storage == "text"
    assert list(load(path, Options(path="names"))) == ["H", "He"]
    assert list(load(path, Options(path="fixed"))) == ["H", "He"]
    assert load(path, Options(path="one")) == "hydrogen"


def test_the_program_says_plainly_what_it_reads(tmp_path: Path) -> None:
    assert expression(write_array(tmp_path / "a.npy", np.eye(2))) == "np.load(PATH)"
    assert expression(write_array(tmp_path / "a.npz", np.eye(2))) == 'np.load(PATH)["only"]'
    assert expression(write_array(tmp_path / "a.h5", np.eye(2))) == 'h5py.File(PATH)["/only"][()]'
    assert (
        expression(write_array(tmp_path / "b.npy", np.eye(2).astype(">f4")))
        == "np.load(PATH).astype(np.float32)"
    )


def test_hdf5_paths_and_units(tmp_path: Path) -> None:
    path = tmp_path / "ethanol.h5"
    with h5py.File(path, "w") as file:
        file["labeled/energy"] = np.zeros(5)
        file["labeled/energy"].attrs["units"] = "kcal/mol"
        file["position"] = np.zeros((5, 9, 3), "f4")
        file["position"].attrs["units"] = np.bytes_("angstrom")
        file["linked"] = h5py.SoftLink("/labeled/energy")
    assert header_of(path, Options(path="/labeled/energy")).unit == "kcal/mol"
    assert header_of(path, Options(path="position")).unit == "angstrom"
    assert header_of(path, Options(path="linked")).shape == (5,)
    assert trouble(path, Options(path="/energy")) == (
        "`ethanol.h5` holds no array `/energy`; "
        "`path = …` takes one of `/labeled/energy`, `/linked` or `/position`"
    )
    assert "holds 3 arrays, and I cannot tell which is meant" in trouble(path)


def test_hdf5_leads_to_no_other_file(tmp_path: Path) -> None:
    write_array(tmp_path / "secret.h5", np.eye(2))
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["stolen"] = h5py.ExternalLink("secret.h5", "/only")
        file["through"] = h5py.SoftLink("/stolen")
        layout = h5py.VirtualLayout((2, 2), "f8")
        layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "only", (2, 2))
        file.create_virtual_dataset("virtual", layout)
    assert "holds no array `stolen`" in trouble(path, Options(path="stolen"))
    assert "holds no array `through`" in trouble(path, Options(path="through"))
    assert "holds values kept in other files" in trouble(path, Options(path="virtual"))


def idx(array: Any, code: int) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return (
        bytes([0, 0, code, array.ndim])
        + sizes
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


@pytest.mark.parametrize(
    ("storage", "code", "dtype"),
    [
        ("u8", 8, "u1"),
        ("i8", 9, "i1"),
        ("i16", 11, "i2"),
        ("i32", 12, "i4"),
        ("f32", 13, "f4"),
        ("f64", 14, "f8"),
    ],
)
@pytest.mark.parametrize("name", ["a-idx2-ubyte", "a.idx2-ubyte", "a.idx", "a-idx2-ubyte.gz"])
def test_idx(name: str, storage: str, code: int, dtype: str, written: Any) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    content = idx(array, code)
    path = written(name, gzip.compress(content) if name.endswith("gz") else content)
    header = header_of(path)
    assert (header.format, header.shape, header.storage) == ("idx", (2, 3), storage)
    assert same(load(path), array)
    assert load(path).flags.writeable


@pytest.mark.parametrize("suffix", ["npy", "npz", "h5"])
@pytest.mark.parametrize("module", SUFFIXES)
def test_arrays_may_be_compressed(suffix: str, module: Any, tmp_path: Path) -> None:
    plain = write_array(tmp_path / f"a.{suffix}", np.eye(3))
    path = plain.with_suffix(
        {gzip: f".{suffix}.gz", bz2: f".{suffix}.bz2", lzma: f".{suffix}.xz"}[module]
    )
    path.write_bytes(module.compress(plain.read_bytes()))
    assert header_of(path).shape == (3, 3)
    assert same(load(path), np.eye(3))


def test_the_first_bytes_tell_a_format_that_the_name_does_not(tmp_path: Path) -> None:
    for suffix in ("npy", "npz", "h5"):
        path = write_array(tmp_path / f"a.{suffix}", np.eye(2))
        nameless = path.rename(tmp_path / f"nameless-{suffix}")
        assert header_of(nameless).shape == (2, 2)
    table = tmp_path / "table"
    table.write_text("1|2\n")
    assert header_of(table, Options(separator="|")).format == "csv"


# --- what can be wrong -----------------------------------------------------------------


def test_a_missing_file_names_its_neighbours(written: Any, tmp_path: Path) -> None:
    written("ethanol.h5", "x")
    assert trouble(tmp_path / "etanol.h5") == (
        f"there is no `etanol.h5` in `{tmp_path.name}`; did you mean `ethanol.h5`?"
    )
    assert f"there is no `dat` in `{tmp_path.name}`" in trouble(tmp_path / "dat" / "x" / "a.csv")


def test_what_is_no_file(written: Any, tmp_path: Path) -> None:
    written("iris.csv", "1\n")
    assert trouble(tmp_path) == (
        f"`{tmp_path.name}` is a folder; name a file in it, which holds `iris.csv`"
    )
    os.mkfifo(tmp_path / "pipe.csv")
    assert "it is a device or a pipe, not a file" in trouble(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    assert "cannot read `loop.csv`: the system says" in trouble(tmp_path / "loop.csv")


def test_a_file_that_is_not_ours(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError

    path = written("patients.csv", "1\n")
    monkeypatch.setattr(Path, "open", refuse)
    assert "I am not permitted to read `patients.csv`" in trouble(path)


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "", Options(), "`a.csv` holds no values"),
        ("a.csv", "# nothing\n\n", Options(), "`a.csv` holds no values"),
        ("a.csv", "x,y\n", Options(header=True), "`a.csv` holds no values"),
        ("a.csv", "1\n2\n", Options(skip=9), "`a.csv` holds no values"),
        ("a.xyz", "3\n", Options(), "I do not know the format of `a.xyz`"),
        (
            "a.csv",
            "1,2\n3,4\n5\n6,7\n",
            Options(),
            "line 3 of `a.csv` has 1 cell where most have 2; mend that line",
        ),
        (
            "a.csv",
            "3,2,a,b\n1,2\n3,4\n5,6\n",
            Options(),
            "line 1 of `a.csv` has 4 cells where most have 2; "
            "if line 1 is no part of the table, leave it out: `skip = 1`",
        ),
        ("a.csv", "x,x\n1,2\n", Options(), "two columns of `a.csv` are named `x`"),
        ("a.csv", b"1\n\xb0C\n", Options(), "line 2 of `a.csv` is not UTF-8 text"),
        ("a.csv", b"1\n2\n\0", Options(), "line 3 of `a.csv` is not UTF-8 text"),
        ("a.csv", "1\n", Options(separator="::"), "a separator is one character"),
        ("a.csv", "C#,1\n# no\nD,2\n", Options(), "some of its lines are comments"),
        ("a.dat", '"a" 1 \n"b" 2\n', Options(), "blanks stand at the end of a line"),
        ("a.csv", "x" * 200_000, Options(), "`a.csv` is no sound CSV file: field larger"),
        ("a.csv.gz", "1\n", Options(), "`a.csv.gz` is no sound gzip file"),
        ("a.csv.bz2", "1\n", Options(), "`a.csv.bz2` is no sound bz2 file"),
        ("a.csv.xz", "1\n", Options(), "`a.csv.xz` is no sound lzma file"),
        ("a.npy", "numbers", Options(), "`a.npy` is no sound NPY file: it does not begin"),
        ("a.npz", "numbers", Options(), "`a.npz` is no sound NPZ file"),
        ("a.idx", "numbers", Options(), "`a.idx` is no sound IDX file: it does not begin"),
        ("a.h5", "numbers", Options(), "`a.h5` is no sound HDF5 file"),
    ],
)
def test_what_the_author_is_told(
    name: str, content: str | bytes, options: Options, message: str, written: Any
) -> None:
    assert message in trouble(written(name, content), options)


@pytest.mark.parametrize(
    ("array", "content"),
    [
        (np.array([{}, []], dtype=object), "Python objects"),
        (np.zeros(2, [("a", "f4"), ("b", "i4")]), "structured records"),
        (np.zeros(2, "M8[s]"), "dates"),
        (np.zeros(2, np.longdouble), "numbers of type"),
    ],
)
def test_content_without_a_type(array: Any, content: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    assert f"`a.npy` holds {content}" in trouble(tmp_path / "a.npy")


def test_a_broken_download(tmp_path: Path) -> None:
    for suffix in ("npy", "h5"):
        path = write_array(tmp_path / f"a.{suffix}", np.eye(9))
        path.write_bytes(path.read_bytes()[:-100])
        assert f"`a.{suffix}` is cut short: by its header it has" in trouble(path)
    path = tmp_path / "a.idx"
    path.write_bytes(idx(np.zeros((2, 3), "u1"), 8)[:-1])
    assert "it has 18 bytes, and 17 are there; fetch the file again" in trouble(path)


def test_a_small_archive_may_not_grow_without_end(
    written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sailc.data.opening.MOST_EXPANDED", 1 << 12)
    path = written("bomb.csv.gz", gzip.compress(b"1\n" * (1 << 14)))
    assert "when it is decompressed" in trouble(path)
    path = written("bomb.h5.gz", gzip.compress(b"1\n" * (1 << 14)))
    assert "when it is decompressed" in trouble(path)


def test_hdf5_that_crashes_the_library_is_only_damaged(
    written: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr("sailc.data.hdf5._PROBE", crash)
    message = "`a.h5` is no sound HDF5 file: the HDF5 library crashes on it"
    assert message in trouble(written("a.h5", "anything"))


def test_hdf5_without_h5py(written: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sailc.data.hdf5._PROBE", tmp_path / "absent.py")
    (tmp_path / "absent.py").write_text('print(\'{"library": "h5py"}\')')
    assert trouble(written("a.h5", "anything")) == (
        "reading `a.h5` takes the Python package `h5py`; install it: `pip install h5py`"
    )


SOUND = {
    "a.csv": b'name,x [m]\n"a b",1.5\nc,\n',
    "a.csv.gz": gzip.compress(b"1,2\n3,4\n"),
    "a.csv.bz2": bz2.compress(b"1,2\n3,4\n"),
    "a.csv.xz": lzma.compress(b"1,2\n3,4\n"),
    "a.idx": idx(np.zeros((2, 3)), 14),
    "a.cdf": b"CDF\x01\0\0\0\0\0\0\0\n\0\0\0\x01\0\0\0\x01n\0\0\0\0\0\0\x02"
    + bytes(8)
    + b"\0\0\0\v\0\0\0\x01\0\0\0\x01x\0\0\0\0\0\0\x01\0\0\0\0"
    + bytes(8)
    + b"\0\0\0\x06\0\0\0\x10\0\0\0\x50"
    + bytes(16),
    "a.npy": b"\x93NUMPY\x01\x00\x46\x00"
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }".ljust(69)
    + b"\n"
    + bytes(16),
}


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """The content cut short, with some bytes changed."""
    changes = st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=4)

    def damage(end: int, at: list[tuple[int, int]]) -> bytes:
        changed = bytearray(content)
        for place, byte in at:
            changed[place] = byte
        return bytes(changed[:end])

    return st.builds(damage, st.integers(0, len(content)), changes)


names_and_bytes = st.sampled_from([*SOUND, "a.npz", "a"]).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.one_of(st.binary(max_size=200), damaged(SOUND.get(name, b"PK\x03\x04"))),
    )
)


@given(names_and_bytes)
@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_make_a_reader_raise(tmp_path: Path, file: tuple[str, bytes]) -> None:
    name, content = file
    path = tmp_path / name
    path.write_bytes(content)
    found = read_header(path, Options())
    if isinstance(found, Header):
        loading(found, Options())
    else:
        assert found.message
        assert found.help


@given(st.data())
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_damage_makes_npz_raise(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.eye(2), b=np.arange(3))
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    read_header(path, Options(path="a"))


def test_no_damage_makes_hdf5_raise(tmp_path: Path) -> None:
    """The library has been seen to crash on such files; its process dies alone."""
    path = write_array(tmp_path / "a.h5", np.eye(3))
    sound, random = path.read_bytes(), np.random.default_rng(0)
    for _ in range(8):
        content = np.frombuffer(sound, np.uint8).copy()
        places = random.integers(0, len(content), 40)
        content[places] = random.integers(0, 256, 40)
        path.write_bytes(content.tobytes())
        read_header(path, Options(path="only"))


# --- diagnostics -----------------------------------------------------------------------


def test_a_trouble_becomes_a_diagnostic_where_the_file_is_named(tmp_path: Path) -> None:
    span = Span("digits.sail", 10, 20)
    found = read_header(tmp_path / "none.csv", Options())
    assert not isinstance(found, Header)
    diagnostic = pages.trouble_diagnostic(found, span)
    assert (diagnostic.code, diagnostic.span) == ("E0503", span)
    assert diagnostic.message == found.message


def test_every_trouble_has_a_page_with_an_example() -> None:
    classes = [c for c in REGISTRY.values() if c.__module__.startswith(pages.__name__)]
    assert sorted(c.code for c in classes) == [f"E05{n:02}" for n in range(1, len(classes) + 1)]
    for page in classes:
        assert page.title
        assert "```sail\ndataset " in str(page.__doc__).replace("\n    ", "\n")


def test_reading_headers_imports_nothing_heavy() -> None:
    iris = str(place(f"{SKLEARN}/iris.csv").path)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from sailc.data import Options, read_header\n"
        f"print(read_header(Path({iris!r}), Options(skip=1)).shape)\n"
        "print({'numpy', 'h5py', 'zipfile', 'subprocess'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["(150, 5)", "set()"]


def test_a_format_is_one_row() -> None:
    assert list(READERS) == ["csv", "npy", "npz", "hdf5", "netcdf", "idx"]
