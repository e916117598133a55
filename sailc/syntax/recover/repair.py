"""Drives the automaton through text that it refuses."""

from __future__ import annotations

from msgspec.structs import replace

from sailc.syntax import tree
from sailc.syntax.build import Builder
from sailc.syntax.filter import Filter
from sailc.syntax.machine import Machine, Mark, Parse
from sailc.syntax.recover import special
from sailc.syntax.recover.explain import explain
from sailc.syntax.recover.report import Report
from sailc.syntax.recover.search import Budget, Edit, Search, State
from sailc.syntax.token import END, Token

# A piece of text that has lost more lines than these is no program.
MOST_LOSSES = 500


class Repair:
    """One reading of a piece of text, whose tokens end with the end of the text."""

    def __init__(
        self,
        machine: Machine,
        builder: Builder,
        filter: Filter,
        tokens: list[Token],
        report: Report,
        budget: Budget,
    ) -> None:
        self.machine, self.tokens, self.report = machine, tokens, report
        self.search = Search(machine, tokens, budget)
        self.parse = Parse(machine, builder)
        self.state = State(filter, self.parse.chain(), 0)
        self.previous: Token | None = None
        self.foreign: set[int] = set()  # where declarations of unknown kinds start
        self.lost = False  # the line before was left out
        self.losses = 0
        self.line = self.declaration = self._here()

    def run(self) -> tree.File:
        """Take all tokens, whatever it takes."""
        while self.state.at < len(self.tokens):
            self._remember_line()
            self._step(self.tokens[self.state.at])
        file: tree.File = self.parse.result
        known = tuple(d for d in file.declarations if d.span.start not in self.foreign)
        return replace(file, declarations=known)

    def _step(self, token: Token) -> None:
        if special.verb(self, token) or self.accept(token):
            return
        if any(mend(self, token) for mend in special.MENDERS):
            return
        edit = self.search.edit(self.state)
        self._explain(token, edit or Edit())
        if edit is None:
            self.skip_line()
        else:
            self.apply(edit)

    def accept(self, token: Token) -> bool:
        """Take a token, of the text or in the place of one, if it may stand here."""
        filter = self.state.filter.copy()
        seen = filter.push(token)
        chain = self.state.chain
        if seen is not None:
            after = self.machine.advance(chain, seen.type)
            if after is None:
                return False
            self.parse.take((seen,))
            self.previous, chain = seen, after
        self.state = State(filter, chain, self.state.at + 1)
        return True

    def apply(self, edit: Edit) -> None:
        """Leave out and put in."""
        where = self.previous.end if self.previous else self.tokens[self.state.at].start
        at = self.state.at + edit.delete
        for type, text in edit.insert:
            self.accept(Token(type, text, where, where))
        self.state = self.state._replace(at=at)

    def rewind(self) -> None:
        """Back to the start of the line."""
        state, mark = self.line
        self.parse.back_to(mark)
        self.state = state._replace(filter=state.filter.copy())
        self.line = self._here()

    def skip_line(self) -> None:
        """Leave out the line that the parser is lost in, or else the token."""
        self.lost = True
        self.losses += 1
        state, mark = self.line
        end = self._line_end(state.at)
        if self.tokens[self.state.at].type == END or self.losses > MOST_LOSSES:
            state, mark = self.declaration
            end = len(self.tokens) - 1
        elif end < self.state.at or end == state.at:
            # The line closes a block that began before it: leave out the token alone.
            self.state = self.state._replace(at=self.search.past(self.state.at))
            return
        self.parse.back_to(mark)
        self.state = State(state.filter.copy(), state.chain, end)

    def _line_end(self, at: int) -> int:
        """Behind the newline of a line, brackets and what is in them taken as one."""
        while (after := self.search.after(at)) is not None:
            at = after
        while self.tokens[at].type == "NL":
            at += 1
        return at

    def _explain(self, token: Token, edit: Edit) -> None:
        seen = self.state.filter.copy().push(token) or token
        expected = self.machine.expected(self.state.chain)
        path, filter = self.report.source.path, self.state.filter
        self.report.add(explain(path, self.previous, seen, expected, edit, filter))

    def _remember_line(self) -> None:
        """Keep the state before each line, to come back to."""
        level = self.state.filter.level
        if not level.head and level.kind in ("file", "block", "fixtures"):
            self.line = self._here()
            if level.kind == "file":
                self.declaration = self.line

    def _here(self) -> tuple[State, Mark]:
        return self.state._replace(filter=self.state.filter.copy()), self.parse.mark()
