"""E01: characters that mean nothing where they stand."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, Fix

# What people write who come from other languages, and what SAIL writes for it.
FOREIGN = {
    "&&": "and",
    "||": "or",
    "!": "not",
    "→": "->",
    "⇒": "=>",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "×": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "…": "...",
}


_ADVICE = {
    ";": "remove it: a line ends where it ends",
    "#": "a comment begins with `//`",
    "'": 'a string stands between double quotes: `"…"`',
    "“": 'a string stands between straight quotes: `"…"`',
    "”": 'a string stands between straight quotes: `"…"`',
    "%": "write a share as a number: `0.05`; the unit is `percent`",
    "|": "write `or`, or `|>` to pass a value on",
    "&": "write `and`",
}


class UnknownCharacter(Diagnostic, frozen=True, kw_only=True):
    """A character that means nothing outside of strings and comments.

    ```sail
    fn inside(x) = x > 0 && x < 1
    ```

    SAIL has words where other languages have signs:

    ```sail
    fn inside(x) = x > 0 and x < 1
    ```
    """

    code = "E0106"
    title = "unknown character"

    text: str

    @property
    def message(self) -> str:
        return f"I do not know what to do with {_shown(self.text)}"

    @property
    def help(self) -> str:
        if self.text in FOREIGN:
            return f"write `{FOREIGN[self.text]}`"
        return _ADVICE.get(self.text[:1], "remove it, or put it in a string or a comment")

    @property
    def fix(self) -> Fix | None:
        if self.text in FOREIGN:
            return Fix(self.span, FOREIGN[self.text])
        if self.text[0] == self.text[-1] == "'" and len(self.text) > 1 and '"' not in self.text:
            return Fix(self.span, f'"{self.text[1:-1]}"')
        return Fix(self.span, "") if self.text == ";" else None


def _shown(text: str) -> str:
    """A few characters, those that cannot be seen by their number."""
    short = text if len(text) <= 12 else text[:12] + "…"
    if short.isprintable():
        return f"`{short}`"
    return "the character " + " ".join(f"U+{ord(c):04X}" for c in text[:4])


class UnknownEscape(Diagnostic, frozen=True, kw_only=True):
    """A backslash in a string begins `\\n`, `\\t`, `\\r`, `\\"`, `\\\\` or `\\u{1F600}`.

    ```sail
    dataset waves {
        title "The \\alpha waves"
    }
    ```

    A backslash itself is written twice:

    ```sail
    dataset waves {
        title "The \\\\alpha waves"
    }
    ```
    """

    code = "E0107"
    title = "unknown escape in a string"

    text: str

    @property
    def message(self) -> str:
        return f"`{self.text}` stands for no character"

    @property
    def help(self) -> str:
        return f"write `\\{self.text}` if you mean the backslash itself"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, "\\" + self.text)
