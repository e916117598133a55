"""Collects what is wrong, one problem a line: what follows is most often its echo."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic
from sailc.source import Source

# Beyond this a text is no program, and nobody reads on.
MOST = 100


class Report:
    """The problems of one piece of text, at most one for each line."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Diagnostic] = []
        self._lines: set[int] = set()

    def copy(self) -> Report:
        other = Report(self.source)
        other.problems = self.problems[:]
        other._lines = set(self._lines)
        return other

    def line(self, offset: int) -> int:
        return self.source.position(offset).line

    def silence(self, offset: int) -> None:
        """Nothing more is said about this line."""
        self._lines.add(self.line(offset))

    def silent(self, offset: int) -> bool:
        return len(self.problems) >= MOST or self.line(offset) in self._lines

    def add(self, problem: Diagnostic) -> None:
        start = problem.span.start
        if not self.silent(start):
            self.problems.append(problem)
            self.silence(start)
