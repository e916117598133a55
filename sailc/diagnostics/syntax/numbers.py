"""E01: numbers that are none, or none that can be held."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, Fix


class BadNumber(Diagnostic, frozen=True, kw_only=True):
    """Something that starts as a number and is none.

    ```sail
    fn step(x) = x * 5fs
    ```

    A unit stands apart from its number; digits are grouped by single underscores, and
    both sides of the decimal point have digits:

    ```sail
    fn step(x) = x * 5 fs
    ```
    """

    code = "E0108"
    title = "malformed number"

    text: str
    number: str
    rest: str

    @property
    def message(self) -> str:
        return f"`{self.text}` is neither a number nor a name"

    @property
    def help(self) -> str:
        if self.rest:
            return f"write `{self.number} {self.rest}` if `{self.rest}` is its unit"
        return "write a number such as `1_000`, `2.5` or `1e-3`"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, f"{self.number} {self.rest}") if self.rest else None


class NumberTooLarge(Diagnostic, frozen=True, kw_only=True):
    """A number beyond what a 64-bit float can hold.

    ```sail
    fn far(x) = x + 1e999
    ```

    The largest is about `1.8e308`:

    ```sail
    fn far(x) = x + 1e300
    ```
    """

    code = "E0109"
    title = "number too large"

    @property
    def message(self) -> str:
        return "This number is larger than any that I can compute with"

    @property
    def help(self) -> str:
        return "write a number below 1.8e308, perhaps in another unit"
