"""E06: files and selections that leave nothing to do."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, listing, suggest


class FileNotFound(Diagnostic, frozen=True, kw_only=True):
    """A program that is not where the command looks for it, or cannot be read.

    ```console
    $ sailc check quickstat.sail
    ```
    """

    code = "E0601"
    title = "no such program"
    path: str
    reason: str = ""
    near: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        return f"I cannot read `{self.path}`: {self.reason or 'there is no such file'}"

    @property
    def help(self) -> str:
        near = suggest(self.path.rsplit("/", 1)[-1], self.near)
        if near:
            return f"did you mean `{near}`?"
        if self.near:
            return f"in that folder there are: {listing(sorted(self.near))}"
        return "`sailc new DIR` makes a workspace with a program that runs"


class NoPrograms(Diagnostic, frozen=True, kw_only=True):
    """A folder without any `.sail` file.

    ```console
    $ sailc check empty-folder
    ```

    `sailc new DIR` makes a workspace with one program that runs.
    """

    code = "E0602"
    title = "no programs in a folder"
    path: str

    @property
    def message(self) -> str:
        return f"there is no `.sail` file in `{self.path}`"

    @property
    def help(self) -> str:
        return "name a program, or make one: `sailc new DIR`"


class NothingToPlan(Diagnostic, frozen=True, kw_only=True):
    """A program that declares nothing that could be planned, or an empty file.

    ```sail
    // nothing yet
    ```

    A plan needs a problem: `sailc new DIR` writes one to start from.
    """

    code = "E0603"
    title = "nothing to plan"
    path: str

    @property
    def message(self) -> str:
        return f"`{self.path}` declares no problem and no benchmark, so there is nothing to plan"

    @property
    def help(self) -> str:
        return "declare a `problem`, or name the file that has one"


class SelectsNothing(Diagnostic, frozen=True, kw_only=True):
    """A benchmark whose selection leaves no scenario.

    ```sail
    problem Sum {
        test x in [1.0, 2.0]: predict x as 2 * x
    }

    benchmark none {
        problems Sum
        models   LeNet
    }
    ```

    Every combination is excluded; `sailc plan` and `sailc explain FILE PROBLEM MODEL` say
    why.
    """

    code = "E0604"
    title = "a benchmark selects nothing"
    name: str
    reasons: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        what = f"`{self.name}`" if "." in self.name else f"the benchmark `{self.name}`"
        return f"{what} leaves no combination that makes sense"

    @property
    def help(self) -> str:
        if self.reasons:
            return "because " + "; ".join(self.reasons[:3])
        return "select a problem and a model, or leave the line out to take all"


class AmbiguousBenchmark(Diagnostic, frozen=True, kw_only=True):
    """A command that needs one benchmark, where the file has several or not that one.

    ```console
    $ sailc plan cosmology.sail saih_big
    ```
    """

    code = "E0605"
    title = "which benchmark?"
    name: str
    known: tuple[str, ...] = ()
    option: str = ""
    """What a benchmark's name stands behind, if anything."""

    @property
    def message(self) -> str:
        if self.name:
            return f"there is no benchmark `{self.name}` here"
        return "there are several benchmarks here, and I need to know which"

    @property
    def help(self) -> str:
        name_one = f"name one with {self.option}" if self.option else "name one"
        return f"{name_one} of: {listing(self.known) or 'none is declared'}"


class CannotWrite(Diagnostic, frozen=True, kw_only=True):
    """A file or folder that a command was to write, and cannot.

    ```console
    $ sailc graph examples/iris.sail -o /nowhere/iris.svg
    ```

    What was there before is as it was: a file is replaced in one step, or not at all.
    """

    code = "E0610"
    title = "cannot write"
    path: str
    reason: str

    @property
    def message(self) -> str:
        return f"I cannot write `{self.path}`: {self.reason}"

    @property
    def help(self) -> str:
        return "see whether the folder is there and yours to write, and the disk has room"
