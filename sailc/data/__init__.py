"""Data files: what their headers say, and how an emitted program reads them.

`locate` finds a file, `read_header` says what can be known without its data, `loading`
says how a program reads it. None of them raises for a mistake of the author's, or of
the file's: they return a `Trouble`, which `sailc.diagnostics.data` explains.
"""

from sailc.data.header import Column, Header, Layout, Loading, Options
from sailc.data.location import Location, locate
from sailc.data.readers import READERS, Reader, file_at, loading, read_header
from sailc.diagnostics.data import Trouble

__all__ = [
    "READERS",
    "Column",
    "Header",
    "Layout",
    "Loading",
    "Location",
    "Options",
    "Reader",
    "Trouble",
    "file_at",
    "loading",
    "locate",
    "read_header",
]
