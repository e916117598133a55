"""E05: a file whose header is not what it should be."""

from __future__ import annotations

from sailc.diagnostics.data.base import DataDiagnostic, code_list, printable


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
        reason = printable(self.reason)
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
        return f"`path = …` takes one of {code_list(self.paths, 'or')}"
