"""E05: data files that are missing, damaged, or not what a program needs.

What `sailc.data` finds wrong is one of these, without a place: it does not know the
program. `trouble_diagnostic` gives it one. `file` is always a bare name, so that a
message does not depend on the machine.
"""

from __future__ import annotations

from msgspec.structs import replace

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.data.base import DataDiagnostic
from sailc.diagnostics.data.headers import Corrupt, EmptyFile, PathMissing, Truncated, Unsupported
from sailc.diagnostics.data.paths import FileMissing, IsDirectory, PackageMissing, PathUnclear
from sailc.diagnostics.data.reading import (
    LibraryMissing,
    NotPermitted,
    NotReadable,
    NotReader,
    UnknownFormat,
)
from sailc.diagnostics.data.tables import DuplicateColumn, NotAlike, NotText, Ragged
from sailc.source import Span

__all__ = [
    "Corrupt",
    "DataDiagnostic",
    "DuplicateColumn",
    "EmptyFile",
    "FileMissing",
    "IsDirectory",
    "LibraryMissing",
    "NotAlike",
    "NotPermitted",
    "NotReadable",
    "NotReader",
    "NotText",
    "PackageMissing",
    "PathMissing",
    "PathUnclear",
    "Ragged",
    "Trouble",
    "Truncated",
    "UnknownFormat",
    "Unsupported",
    "trouble_diagnostic",
]

Trouble = (
    PathUnclear
    | PackageMissing
    | FileMissing
    | IsDirectory
    | NotPermitted
    | NotReadable
    | LibraryMissing
    | UnknownFormat
    | EmptyFile
    | Truncated
    | Corrupt
    | Unsupported
    | PathMissing
    | NotText
    | Ragged
    | DuplicateColumn
)
"""What can be wrong with a data file."""


def trouble_diagnostic(trouble: Trouble, span: Span) -> Diagnostic:
    """The trouble, at the place in the program that named the file."""
    return replace(trouble, span=span)
