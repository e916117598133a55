"""E07: programs that cannot be written."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic


class NotWritten(Diagnostic, frozen=True, kw_only=True):
    """The plan has a scenario whose program this version of sailc cannot write.

    ```text
    no program can be written for Totals / Linear / adam / JAX: `scan of a tuple`
    ```

    The place is what has no translation into arrays yet. The other scenarios run, and this one
    stays in the table as a row with this reason.
    """

    code = "E0701"
    title = "a program cannot be written"
    subject: str
    what: str

    @property
    def message(self) -> str:
        return f"no program can be written for {self.subject}: `{self.what}`"

    @property
    def help(self) -> str:
        return "say it in another way, or leave out what asks for it; the rest of the plan runs"
