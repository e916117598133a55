"""E01: texts that are no programs."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic


class NestingTooDeep(Diagnostic, frozen=True, kw_only=True):
    """Brackets and operators that nest deeper than any reader, or I, can follow.

    A hundred brackets within brackets are the limit, or two hundred operators in a row. A
    list of values is no nesting and may be as long as it needs to be; a long sum is
    `sum([…])`, and a long expression takes names with `let`.
    """

    code = "E0124"
    title = "nesting too deep"

    @property
    def message(self) -> str:
        return "This is nested deeper than I can follow, and I leave out what comes here"

    @property
    def help(self) -> str:
        return "give its parts names with `let`, or write `sum([…])` for a long sum"


class TooLong(Diagnostic, frozen=True, kw_only=True):
    """A line of more than 100,000 characters is data, and so is a file of 4,000,000.

    Declare a `dataset`, and read the values from an HDF5, NPY or CSV file.
    """

    code = "E0125"
    title = "line or file too long"

    what: str
    length: int

    @property
    def message(self) -> str:
        return f"This {self.what} has {self.length:,} characters, too many for a program"

    @property
    def help(self) -> str:
        return "break it, or keep the values in a file and declare a `dataset`"


class NotUtf8(Diagnostic, frozen=True, kw_only=True):
    """A file of SAIL is UTF-8 text, and this one holds bytes that are not.

    Save it as UTF-8 in the editor, or convert it: `iconv -f latin1 -t utf8 old > new`.
    """

    code = "E0126"
    title = "not UTF-8"

    @property
    def message(self) -> str:
        return "There are bytes here that are not UTF-8 text"

    @property
    def help(self) -> str:
        return "save the file as UTF-8"


class NotText(Diagnostic, frozen=True, kw_only=True):
    """This file is no text at all: an image, an archive, a table of numbers.

    A data file is named in a `dataset`, and programs are given to `sailc`.
    """

    code = "E0127"
    title = "not a text"

    @property
    def message(self) -> str:
        return "This file is not text"

    @property
    def help(self) -> str:
        return "give me a `.sail` program; name data files in a `dataset`"
