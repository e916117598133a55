"""Parsing what is broken: every declaration keeps a tree, one mistake makes one diagnostic.

The text is cut at the words that begin a declaration in column 0, and each piece is
parsed by itself. In one that does not parse, characters and strings are mended, then
brackets with the help of the indentation, and what the automaton still refuses is
repaired by the cheapest insertion or deletion after which it goes on.
"""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic
from sailc.source import Source
from sailc.syntax import tree
from sailc.syntax.build import Builder
from sailc.syntax.filter import Filter
from sailc.syntax.machine import Machine, Parse
from sailc.syntax.nesting import bounded
from sailc.syntax.recover.brackets import balanced
from sailc.syntax.recover.chunks import chunks
from sailc.syntax.recover.layout import LayoutFilter
from sailc.syntax.recover.lexical import mended
from sailc.syntax.recover.repair import Budget, Repair
from sailc.syntax.recover.report import Report
from sailc.syntax.token import END, Token

Outcome = tuple[tree.File, list[Diagnostic]]


def recover(
    source: Source, text: str, docs: dict[int, str], machine: Machine
) -> tuple[tree.File, list[Diagnostic]]:
    """The tree of a text that does not parse, and its mistakes."""
    recovery = Recovery(source, text, docs, machine)
    outcomes = [recovery.chunk(start, end) for start, end in chunks(text)]
    uses = tuple(use for file, _ in outcomes for use in file.uses)
    declarations = tuple(d for file, _ in outcomes for d in file.declarations)
    problems = [problem for _, found in outcomes for problem in found]
    span = tree.Span(source.path, 0, len(text))
    return tree.File(span, uses, declarations), problems


class Recovery:
    """Parses pieces of one text."""

    def __init__(self, source: Source, text: str, docs: dict[int, str], machine: Machine) -> None:
        self.source, self.text, self.docs, self.machine = source, text, docs, machine
        self.budget = Budget()

    def chunk(self, start: int, end: int) -> Outcome:
        """One piece: as it stands if it parses, or repaired."""
        raw, deep = bounded(self.machine.tokens(self.text, start, end), self.source.path)
        raw.append(Token(END, "", end, end))
        file, problems = self._strictly(raw) or self._repaired(raw)
        return file, [*([deep] if deep else []), *problems]

    def _strictly(self, raw: list[Token]) -> Outcome | None:
        builder = self._builder()
        parse = Parse(self.machine, builder)
        push = Filter().push
        tokens = [token for r in raw if (token := push(r)) is not None]
        if parse.take(tokens) is not None:
            return None
        return parse.result, builder.problems

    def _repaired(self, raw: list[Token]) -> Outcome:
        """The better of two readings: newlines as the language has them, or a line that
        stops short ended by a next one that is not indented."""
        report = Report(self.source)
        raw = balanced(mended(raw, report, self.machine), report)
        by_layout = self._repair(raw, report, LayoutFilter())
        if len(by_layout[1]) < 2:
            return by_layout
        as_written = self._repair(raw, report, Filter())
        # Text that nobody has indented shows far more mistakes than there are.
        return as_written if len(by_layout[1]) > 2 * len(as_written[1]) + 1 else by_layout

    def _repair(self, raw: list[Token], report: Report, filter: Filter) -> Outcome:
        builder, report = self._builder(), report.copy()
        file = Repair(self.machine, builder, filter, raw, report, self.budget).run()
        for problem in builder.problems:
            report.add(problem)
        return file, report.problems

    def _builder(self) -> Builder:
        return Builder(self.source.path, self.text, self.docs)
