"""E05: a path that leads to no file."""

from __future__ import annotations

from typing import Literal

from sailc.diagnostics.data.base import DataDiagnostic, code_list


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
            return f"`{self.name}` is imported by another name: {code_list(self.imports)}"
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
            return f"did you mean {code_list(self.near, 'or')}?"
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
        return f"name a file in it, which holds {code_list(self.inside)}"
