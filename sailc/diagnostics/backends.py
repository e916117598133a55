"""E07: programs that cannot be written."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic


class NotWritten(Diagnostic, frozen=True, kw_only=True):
    """A backend has no row for something that a program computes, and did not say so in time.

    ```text
    no program can be written for Rows / Linear / adam / Other: it has no row for `as_column`
    ```

    A plan leaves out what a backend says that it lacks (X0203), and what no backend's program
    can hold yet (X0301), each with its place. A backend that somebody else publishes may lack
    the row of something that an operator is made of: it shows here, when the program is
    written. The other scenarios run, and this one stays in the table as a row with this reason.
    """

    code = "E0701"
    title = "a program cannot be written"
    subject: str
    what: str

    @property
    def message(self) -> str:
        return f"no program can be written for {self.subject}: it has no row for `{self.what}`"

    @property
    def help(self) -> str:
        return "add the row to the backend's table, or run on other software; the rest runs"


class WritingFailed(Diagnostic, frozen=True, kw_only=True):
    """A backend raised an exception when it was asked for a program.

    ```text
    the backend `ndarray` failed at a program for Rows / Mean / Arrays: KeyError: 'axis'
    ```

    Backends are packages of their own, and anybody may publish one. What one of them raises is a
    mistake of that package, which is named with its version and the place. The other scenarios
    run, and this one stays in the table as a row with this reason.
    """

    code = "E0702"
    title = "a backend fails"
    subject: str
    backend: str
    package: str
    error: str
    place: str

    @property
    def message(self) -> str:
        return f"the backend `{self.backend}` failed at a program for {self.subject}: {self.error}"

    @property
    def help(self) -> str:
        whose = f"`{self.package}`" if self.package else "the backend"
        return f"tell those who publish {whose} ({self.place}), or run on other software"
