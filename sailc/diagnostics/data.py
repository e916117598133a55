"""E05: data files that are missing, damaged, or not what a program needs.

What `sailc.data` finds wrong is one of these, without a place: it does not know the
program. `trouble_diagnostic` gives it one. `file` is always a bare name, so that a
message does not depend on the machine.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from sailc.diagnostics.base import Diagnostic, listing
from sailc.source import NOWHERE, Span


class DataDiagnostic(Diagnostic, frozen=True, kw_only=True):
    """The base of what can be wrong with a data file; never made itself."""

    span: Span = NOWHERE


class PathUnclear(DataDiagnostic, frozen=True, kw_only=True):
    """The text after a file's name names no place.

    It is a path relative to the program, or `package:NAME/path`, a file that an installed
    Python package ships, or `debian:NAME/path`, a file of a Debian package.

    ```sail
    dataset digits {
        file table, "package:sklearn"
    }
    ```

    Say which file of the package: `"package:sklearn/datasets/data/digits.csv.gz"`.
    """

    code = "E0501"
    title = "unclear path"
    text: str
    reason: str
    """A clause that goes on after "it"."""

    @property
    def message(self) -> str:
        return f"I cannot tell which file `{ascii(self.text)[1:-1]}` is: it {self.reason}"

    @property
    def help(self) -> str:
        return "write a path relative to the program, `package:NAME/path` or `debian:NAME/path`"


class PackageMissing(DataDiagnostic, frozen=True, kw_only=True):
    """No package of that name is installed where `sailc` runs.

    After `package:` stands the name that `import` takes, which may differ from the one
    that `pip install` takes.

    ```sail
    dataset digits {
        file table, "package:scikit-learn/datasets/data/digits.csv.gz"
    }
    ```

    scikit-learn is imported as `sklearn`: `"package:sklearn/datasets/data/digits.csv.gz"`.
    """

    code = "E0502"
    title = "package not installed"
    name: str
    kind: Literal["Python", "Debian"]
    imports: tuple[str, ...] = ()
    """The names that a Python package of this name is imported by, if it is installed."""

    @property
    def message(self) -> str:
        if self.imports:
            return f"`{self.name}` is imported by another name: {_code(self.imports)}"
        return f"the {self.kind} package `{self.name}` is not installed here"

    @property
    def help(self) -> str:
        if self.imports:
            return f"write `package:{self.imports[0]}/…`"
        command = {"Python": "pip install", "Debian": "apt install"}[self.kind]
        return f"install it (`{command} {self.name}`), or correct its name"


class FileMissing(DataDiagnostic, frozen=True, kw_only=True):
    """There is no such file.

    A path is relative to the folder of the program, wherever `sailc` is started.

    ```sail
    dataset ethanol {
        file positions, "etanol.h5", path = "/position"
    }
    ```

    Correct the name, or put the file there. A file that is not at hand while planning can
    be described instead: `like = Tensor[f64, 1_000, 9, 3]`.
    """

    code = "E0503"
    title = "file missing"
    file: str
    folder: str
    near: tuple[str, ...] = ()
    """Similar names that the folder holds."""

    @property
    def message(self) -> str:
        return f"there is no `{self.file}` in `{self.folder}`"

    @property
    def help(self) -> str:
        if self.near:
            return f"did you mean {_code(self.near, 'or')}?"
        return "correct the path, which is relative to the program, or say `like = Tensor[…]`"


class IsDirectory(DataDiagnostic, frozen=True, kw_only=True):
    """The path is a folder's, and data are read from files.

    ```sail
    dataset cells {
        file images, "cells"
    }
    ```

    Name a file in it, one `file` line each: `file images, "cells/images.npy"`.
    """

    code = "E0504"
    title = "folder instead of a file"
    file: str
    inside: tuple[str, ...] = ()
    """The first names in it."""

    @property
    def message(self) -> str:
        return f"`{self.file}` is a folder"

    @property
    def help(self) -> str:
        if not self.inside:
            return "name a file; this folder is empty"
        return f"name a file in it, which holds {_code(self.inside)}"


class NotPermitted(DataDiagnostic, frozen=True, kw_only=True):
    """The system does not let you read the file.

    ```sail
    dataset patients {
        file table, "patients.csv"
    }
    ```

    Ask who owns the file, or make it readable (`chmod u+r patients.csv`).
    """

    code = "E0505"
    title = "not permitted"
    file: str

    @property
    def message(self) -> str:
        return f"I am not permitted to read `{self.file}`"

    @property
    def help(self) -> str:
        return "make the file, and the folders above it, readable"


class NotReadable(DataDiagnostic, frozen=True, kw_only=True):
    """The file cannot be read, though it is there.

    ```sail
    dataset noise {
        file samples, "/dev/urandom"
    }
    ```

    Data are read from files that stay as they are, so that a plan can be repeated. Here,
    write the samples to a file first.
    """

    code = "E0506"
    title = "file not readable"
    file: str
    reason: str
    """A clause of its own."""
    mend: str = "check that the file opens in another program"

    @property
    def message(self) -> str:
        return f"I cannot read `{self.file}`: {self.reason}"

    @property
    def help(self) -> str:
        return self.mend


class LibraryMissing(DataDiagnostic, frozen=True, kw_only=True):
    """Reading this format takes a Python package that is not installed.

    ```sail
    dataset cells {
        file images, "cells.h5", path = "/images"
    }
    ```

    HDF5 files are read with h5py: `pip install h5py`.
    """

    code = "E0507"
    title = "library missing"
    file: str
    library: str

    @property
    def message(self) -> str:
        return f"reading `{self.file}` takes the Python package `{self.library}`"

    @property
    def help(self) -> str:
        return f"install it: `pip install {self.library}`"


class UnknownFormat(DataDiagnostic, frozen=True, kw_only=True):
    """Neither the name nor the first bytes of the file tell its format.

    ```sail
    dataset iris {
        file table, "iris.table"
    }
    ```

    Rename the file to what it is (`iris.csv`). A table is also known by an option that
    only tables have (`separator = ","`), and `read = f` names an `extern fn` that reads
    any other format.
    """

    code = "E0508"
    title = "unknown format"
    file: str
    known: tuple[str, ...]
    """Patterns of the names that tell a format."""

    @property
    def message(self) -> str:
        return f"I do not know the format of `{self.file}`"

    @property
    def help(self) -> str:
        names = listing((f"`{k}`" for k in self.known), limit=len(self.known))
        return f"name the file for what it is ({names}), or read it with `read = f`"


class EmptyFile(DataDiagnostic, frozen=True, kw_only=True):
    """The file holds no values.

    ```sail
    dataset iris {
        file table, "iris.csv", skip = 1_000
    }
    ```

    Either the file is empty, or, as here, everything in it is left out: `skip` counts
    lines before the table.
    """

    code = "E0509"
    title = "empty file"
    file: str

    @property
    def message(self) -> str:
        return f"`{self.file}` holds no values"

    @property
    def help(self) -> str:
        return "fetch the file again; of a table, check `skip` and `header`"


class Truncated(DataDiagnostic, frozen=True, kw_only=True):
    """The file is shorter than its own beginning says: most often a broken download.

    ```sail
    dataset mnist {
        file images, "train-images-idx3-ubyte"
    }
    ```

    Fetch the file again.
    """

    code = "E0510"
    title = "file cut short"
    file: str
    expected: int
    found: int

    @property
    def message(self) -> str:
        return (
            f"`{self.file}` is cut short: by its header it has {self.expected:,} bytes, "
            f"and {self.found:,} are there"
        )

    @property
    def help(self) -> str:
        return "fetch the file again"


class Corrupt(DataDiagnostic, frozen=True, kw_only=True):
    """The file is not what its name says, or it is damaged.

    ```sail
    dataset cells {
        file images, "cells.h5"
    }
    ```

    Fetch the file again, or, if it has another format, give it a name that says which.
    """

    code = "E0511"
    title = "damaged file"
    file: str
    format: str
    reason: str
    """A clause, often the library's own words."""

    @property
    def message(self) -> str:
        reason = _printable(self.reason)
        return f"`{self.file}` is no sound {self.format} file" + (f": {reason}" if reason else "")

    @property
    def help(self) -> str:
        return "fetch the file again, or name it for what it is"


class Unsupported(DataDiagnostic, frozen=True, kw_only=True):
    """The file is sound, but holds what SAIL has no type for.

    Arrays of numbers, truth values and text are read. Python objects (`dtype=object`) are
    not, for reading them would run whatever code the file names.

    ```sail
    dataset molecules {
        file graphs, "graphs.npy"
    }
    ```

    Save each kind of number as an array of its own, lists of unequal length padded, or
    read the file with an `extern fn`: `read = f`.
    """

    code = "E0512"
    title = "content without a type"
    file: str
    content: str
    """A plural."""

    @property
    def message(self) -> str:
        return f"`{self.file}` holds {self.content}, for which SAIL has no type"

    @property
    def help(self) -> str:
        return "save them as arrays of numbers or text, or read the file with `read = f`"


class PathMissing(DataDiagnostic, frozen=True, kw_only=True):
    """The file holds several arrays, and not one at this path.

    ```sail
    dataset ethanol {
        file positions, "ethanol.h5", path = "/positions"
    }
    ```

    Name one that is there: `path = "/position"`.
    """

    code = "E0513"
    title = "no such array in the file"
    file: str
    path: str | None
    """None if the author named none."""
    paths: tuple[str, ...]
    """Those there are."""

    @property
    def message(self) -> str:
        if self.path is None:
            return f"`{self.file}` holds {len(self.paths)} arrays, and I cannot tell which is meant"
        return f"`{self.file}` holds no array `{self.path}`"

    @property
    def help(self) -> str:
        if not self.paths:
            return "name another file; this one holds no arrays"
        return f"`path = …` takes one of {_code(self.paths, 'or')}"


class NotText(DataDiagnostic, frozen=True, kw_only=True):
    """A table is text, in UTF-8, and this file is not.

    ```sail
    dataset weather {
        file table, "weather.csv"
    }
    ```

    Save the table as UTF-8 (`iconv -f latin1 -t utf-8 old.csv > weather.csv`). If it is
    compressed, its name must say so: `weather.csv.gz`.
    """

    code = "E0514"
    title = "not UTF-8 text"
    file: str
    line: int

    @property
    def message(self) -> str:
        return f"line {self.line} of `{self.file}` is not UTF-8 text"

    @property
    def help(self) -> str:
        return "save it as UTF-8; if it is compressed, its name must say so (`.gz`)"


class Ragged(DataDiagnostic, frozen=True, kw_only=True):
    """A row of a table has more cells than the others, or fewer.

    ```sail
    dataset iris {
        file table, "iris.csv"
    }
    ```

    with a first line `150,4,setosa,versicolor` above rows of five cells. A line above the
    table is left out with `skip = 1`; a row that lacks a cell is mended in the file.
    """

    code = "E0515"
    title = "ragged table"
    file: str
    line: int
    expected: int
    found: int

    @property
    def message(self) -> str:
        cells = "1 cell" if self.found == 1 else f"{self.found} cells"
        return f"line {self.line} of `{self.file}` has {cells} where most have {self.expected}"

    @property
    def help(self) -> str:
        if self.line == 1:
            return "if line 1 is no part of the table, leave it out: `skip = 1`"
        return "mend that line, or say what parts the cells: `separator = …`"


class DuplicateColumn(DataDiagnostic, frozen=True, kw_only=True):
    """Two columns of a table have one name, so `row["name"]` could be either.

    ```sail
    dataset spectra {
        file table, "spectra.csv"
    }
    ```

    with a header line `energy,counts,energy,counts`. Rename one in the file, or leave the
    header line out with `skip = 1` and write `row[0]`, `row[1]`….
    """

    code = "E0516"
    title = "two columns of one name"
    file: str
    name: str

    @property
    def message(self) -> str:
        return f"two columns of `{self.file}` are named `{_printable(self.name)}`"

    @property
    def help(self) -> str:
        return "rename one of them, or leave the header line out: `skip = 1`"


Trouble = (
    PathUnclear
    | PackageMissing
    | FileMissing
    | IsDirectory
    | NotPermitted
    | NotReadable
    | LibraryMissing
    | UnknownFormat
    | EmptyFile
    | Truncated
    | Corrupt
    | Unsupported
    | PathMissing
    | NotText
    | Ragged
    | DuplicateColumn
)
"""What can be wrong with a data file."""


def trouble_diagnostic(trouble: Trouble, span: Span) -> Diagnostic:
    """The trouble, at the place in the program that named the file."""
    return replace(trouble, span=span)


def _code(names: tuple[str, ...], word: str = "and") -> str:
    """The first names in backticks; `word` stands before the last."""
    shown = listing(f"`{name}`" for name in names)
    return shown.replace(" and `", f" {word} `")


def _printable(text: str) -> str:
    """Text from a file, short and on one line: it may hold anything."""
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in words[:200])
