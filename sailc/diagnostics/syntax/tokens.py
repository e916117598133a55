"""E01: tokens that do not fit, or that are not there."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, Fix, listing
from sailc.source import Span


class Unexpected(Diagnostic, frozen=True, kw_only=True):
    """Something stands where the language has no use for it.

    ```sail
    model Line {
        input  x: Tensor[real, n]
        output y real = sum(x)
    }
    ```

    A type follows a colon:

    ```sail
    model Line {
        input  x: Tensor[real, n]
        output y: real = sum(x)
    }
    ```
    """

    code = "E0101"
    title = "something unexpected"

    found: str
    expected: tuple[str, ...]
    insert: str = ""
    where: Span | None = None

    @property
    def message(self) -> str:
        if self.insert:
            return f"I expected `{self.insert}` before {self.found}"
        return f"I did not expect {self.found} here"

    @property
    def help(self) -> str:
        if self.insert:
            return f"write `{self.insert}` here"
        if not self.expected:
            return "remove it"
        return f"here could stand {listing(self.expected, 6)}"

    @property
    def fix(self) -> Fix | None:
        if self.where is None:
            return None
        if self.insert in (":", ","):
            return Fix(self.where, self.insert)
        return Fix(self.where, f" {self.insert}")


class SomethingMissing(Diagnostic, frozen=True, kw_only=True):
    """A line stops before it has said what it began to say.

    ```sail
    fn twice(x) = 2 *
    ```

    Write what is missing:

    ```sail
    fn twice(x) = 2 * x
    ```
    """

    code = "E0102"
    title = "something is missing"

    what: str
    after: str
    bare: str = ""
    """The word that begins an expression which would have to stand in parentheses here."""

    @property
    def message(self) -> str:
        return (
            f"I expected {self.what} after {self.after}"
            if self.after
            else (f"I expected {self.what} here")
        )

    @property
    def help(self) -> str:
        if self.bare:
            return f"put it in parentheses: `({self.bare} …)`"
        return f"write {self.what} here"
