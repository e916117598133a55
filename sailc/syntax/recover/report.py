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

    @property
    def full(self) -> bool:
        return len(self.problems) >= MOST

    def add(self, problem: Diagnostic) -> None:
        line = self.source.position(problem.span.start).line
        if not self.full and line not in self._lines:
            self.problems.append(problem)
            self._lines.add(line)
