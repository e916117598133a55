"""E05: a file that is there and cannot be read."""

from __future__ import annotations

from sailc.diagnostics.base import listing
from sailc.diagnostics.data.base import DataDiagnostic


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


class NotReader(DataDiagnostic, frozen=True, kw_only=True):
    """What `read` names beside a file cannot read it.

    A reader is an `extern fn` that takes the file's path and gives what is in it. Nothing is opened
    while a program is checked, so the lengths are written: in the reader's result, or in
    `like` beside each file.

    ```sail
    dataset ethanol {
        file frames, "run.xyz", read = frames_of
    }

    extern fn frames_of(path: Text) -> Tensor[f64<angstrom>, n, 9, 3] { from "reader:frames" }
    ```

    Say how many frames this file has: `like = Tensor[real<angstrom>, 2_000, 9, 3]`.
    """

    code = "E0518"
    title = "not a reader"
    name: str
    problem: str
    """A clause that goes on after the name."""
    mend: str = "name an `extern fn` with one parameter, `path: Text`"

    @property
    def message(self) -> str:
        return f"`{self.name}` {self.problem}"

    @property
    def help(self) -> str:
        return self.mend
