"""E09: mistakes of the compiler itself."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic

UNEXPECTED = (
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
"""What is raised where the compiler is mistaken."""


class InternalError(Diagnostic, frozen=True, kw_only=True):
    """The compiler met something that it should have expected. The rest of the program is
    checked as if this declaration were not there.

    Please report it with the declaration that the message points at: it is a mistake of
    sailc, not of yours.
    """

    code = "E0901"
    title = "a mistake of the compiler"
    error: str

    @property
    def message(self) -> str:
        return f"this made me fail: {self.error}"

    @property
    def help(self) -> str:
        return "it is a mistake of sailc: please report it, with this declaration"
