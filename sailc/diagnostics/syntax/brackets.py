"""E01: brackets and strings that are left open, or closed too often."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, Fix
from sailc.source import Span


class UnclosedBracket(Diagnostic, frozen=True, kw_only=True):
    """A bracket that is opened and never closed.

    ```sail
    fn mean_square(x) = mean((x ^ 2)
    ```

    Close it:

    ```sail
    fn mean_square(x) = mean((x ^ 2))
    ```
    """

    code = "E0103"
    title = "unclosed bracket"

    opened: str
    closes: str
    end: Span

    @property
    def message(self) -> str:
        return f"This `{self.opened}` is never closed"

    @property
    def help(self) -> str:
        return f"write `{self.closes}` where it should end"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.end, self.closes) if self.closes != "}" else None


class UnopenedBracket(Diagnostic, frozen=True, kw_only=True):
    """A bracket that closes what was never opened.

    ```sail
    fn half(x) = x / 2)
    ```

    Remove it, or write the bracket that it should close:

    ```sail
    fn half(x) = (x / 2)
    ```
    """

    code = "E0104"
    title = "unopened bracket"

    closes: str
    opened: str

    @property
    def message(self) -> str:
        return f"This `{self.closes}` closes nothing"

    @property
    def help(self) -> str:
        return f"remove it, or write the `{self.opened}` that it should close"


class UnterminatedString(Diagnostic, frozen=True, kw_only=True):
    """A string that its line ends before a quote does. A string stays on one line.

    ```sail
    dataset digits {
        title "Handwritten digits
    }
    ```

    Close it with a quote; within a string, a newline is `\\n` and a quote is `\\"`:

    ```sail
    dataset digits {
        title "Handwritten digits"
    }
    ```
    """

    code = "E0105"
    title = "unterminated string"

    @property
    def message(self) -> str:
        return "This string has no closing quote on its line"

    @property
    def help(self) -> str:
        return 'write `"` where the string ends'
