"""E05: what can be wrong with the text of a table."""

from __future__ import annotations

from sailc.diagnostics.data.base import DataDiagnostic, printable


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
        return f"two columns of `{self.file}` are named `{printable(self.name)}`"

    @property
    def help(self) -> str:
        return "rename one of them, or leave the header line out: `skip = 1`"


class NotAlike(DataDiagnostic, frozen=True, kw_only=True):
    """A file is not what `like` says of it.

    `like` gives the units of numbers and the enums of texts, which no header has; what the
    header has is checked against it.

    ```sail
    dataset penguins {
        file table, "package:palmerpenguins/data/penguins.csv", missing = "NA", like = List[Penguin]
    }

    enum Sex { male, female }
    type Penguin = { body_mass_g: real<g>, sex: Sex }
    ```

    Some penguins were not weighed: write `body_mass_g: real<g>?`, and `sex: Sex?`.
    """

    code = "E0517"
    title = "a file is not like its type"
    file: str
    problem: str
    """A clause that goes on after the file's name."""
    mend: str

    @property
    def message(self) -> str:
        return f"`{self.file}` {printable(self.problem)}"

    @property
    def help(self) -> str:
        return self.mend
