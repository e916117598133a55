"""From the compiler's diagnostics to the protocol's.

The compiler counts characters of the whole text; the protocol counts lines, and in
them the code units that editor and server agreed on (UTF-16 unless they say otherwise).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

from lsprotocol import types as lsp

from sailc.diagnostics.base import Diagnostic
from sailc.source import Span

SEVERITY = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "info": lsp.DiagnosticSeverity.Information,
}
_LINE_END = re.compile(r"\r\n|\n|\r")  # of the protocol; Python's splitlines knows more


class Places:
    """Offsets in one text as positions of the protocol; `units` measures a string."""

    def __init__(self, text: str, units: Callable[[str], int]) -> None:
        self._text = text
        self._units = units
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def position(self, offset: int) -> lsp.Position:
        """The position of a character offset; offsets outside the text are clamped."""
        offset = max(0, min(offset, len(self._text)))
        line = bisect_right(self._starts, offset) - 1
        return lsp.Position(line, self._units(self._text[self._starts[line] : offset]))

    def range(self, span: Span) -> lsp.Range:
        return lsp.Range(self.position(span.start), self.position(span.end))


class Texts:
    """The places of every file that a diagnostic may point into.

    `path` and `text` are of the open document; other files are read when a note first
    points into them, and one that cannot be read has places in an empty text.
    """

    def __init__(self, path: str, text: str, units: Callable[[str], int]) -> None:
        self._units = units
        self._places = {path: Places(text, units)}

    def places(self, path: str) -> Places:
        if path not in self._places:
            try:
                text = Path(path).read_text(encoding="utf-8", errors="replace")
            except (OSError, ValueError):
                text = ""
            self._places[path] = Places(text, self._units)
        return self._places[path]


def diagnostic(found: Diagnostic, uri: Callable[[str], str], texts: Texts) -> lsp.Diagnostic:
    """One diagnostic as the protocol has it; `uri` names the document of a path."""

    def location(span: Span) -> lsp.Location:
        return lsp.Location(uri(span.file), texts.places(span.file).range(span))

    return lsp.Diagnostic(
        range=texts.places(found.span.file).range(found.span),
        message=f"{found.message}\n{found.help}".rstrip(),
        severity=SEVERITY[found.severity],
        code=found.code,
        source="sailc",
        related_information=[
            lsp.DiagnosticRelatedInformation(location(note.span), note.message)
            for note in found.notes
        ],
    )
