"""Searches the cheapest edit of the text after which the automaton goes on."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from msgspec import Struct

from sailc.syntax.filter import Filter
from sailc.syntax.machine import Chain, Machine
from sailc.syntax.token import END, Token

# What may be inserted, by its price. Brackets are balanced already, so braces come in
# pairs; a newline is dear, since it makes two lines of what the author wrote as one.
INSERTIONS: dict[tuple[tuple[str, str], ...], int] = {
    (("NAME", ""),): 2,
    (("AS", "as"),): 2,
    (("COMMA", ","),): 2,
    (("COLON", ":"),): 3,
    (("EQUAL", "="),): 3,
    (("IN", "in"),): 3,
    (("THEN", "then"),): 3,
    (("ELSE", "else"),): 3,
    (("FN", "fn"),): 3,
    (("FATARROW", "=>"),): 4,
    (("STRING", '""'),): 4,
    (("LBRACE", "{"), ("RBRACE", "}")): 6,
    (("NL", "\n"),): 7,
    (("IN", "in"), ("NAME", ""), ("COLON", ":"), ("NAME", "")): 8,
    (("NAME", ""), ("IN", "in"), ("NAME", ""), ("COLON", ":"), ("NAME", "")): 9,
}
DELETION = 4
MOST_INSERTIONS = 3  # unless they come together
PROOF = 4  # tokens that must follow an edit without a further mistake
STEPS = 150  # of the search, for one mistake

_BRACES = ("BLOCK", "FIXTURES", "LBRACE")
_OPENS = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSES = frozenset({"RPAR", "RSQB", "RBRACE"})


class Budget(Struct):
    """How many steps are left for one text; beyond them mistakes are only skipped."""

    steps: int = 3_000


class Edit(NamedTuple):
    """Terminals to put in with their text, and how many tokens of the text to leave out."""

    insert: tuple[tuple[str, str], ...] = ()
    delete: int = 0


class State(NamedTuple):
    """Where the parser stands: the filter, the stack, and the next token."""

    filter: Filter
    chain: Chain
    at: int


class Search:
    """Looks for edits of one list of tokens, which end with the end of the text."""

    def __init__(self, machine: Machine, tokens: list[Token], budget: Budget) -> None:
        self.machine, self.tokens, self.budget = machine, tokens, budget

    def push(self, filter: Filter, chain: Chain, token: Token) -> Chain | None:
        """The stack after a token, or None if it is refused. The filter moves on."""
        seen = filter.push(token)
        return chain if seen is None else self.machine.advance(chain, seen.type)

    def edit(self, start: State) -> Edit | None:
        """The cheapest edit here that proves itself, or else one that gets further."""
        order = count()
        queue = [(0, next(order), start, Edit())]
        best, furthest = None, 0
        for _ in range(STEPS):
            if not queue or self.budget.steps <= 0:
                break
            self.budget.steps -= 1
            cost, _, state, edit = heappop(queue)
            reached = self.reach(state)
            if reached >= PROOF:
                return edit
            if reached > furthest and edit != Edit():
                best, furthest = edit, reached
            for price, following, next_edit in self._next(state, edit):
                heappush(queue, (cost + price, next(order), following, next_edit))
        return best

    def reach(self, state: State) -> int:
        """How many tokens go through from here; the end of a line is proof."""
        filter, chain = state.filter.copy(), state.chain
        taken = 0
        for token in self.tokens[state.at : state.at + 2 * PROOF]:
            seen = filter.push(token)
            if seen is None:
                continue
            after = self.machine.advance(chain, seen.type)
            if after is None:
                return taken
            chain, taken = after, taken + 1
            if token.type in ("NL", END):
                return PROOF
        return taken

    def takes(self, state: State, head: Token, last: int) -> bool:
        """Would the tokens up to and with the `last` go through with another at their head?"""
        filter, chain = state.filter.copy(), state.chain
        for token in (head, *self.tokens[state.at + 1 : last + 1]):
            after = self.push(filter, chain, token)
            if after is None:
                return False
            chain = after
        return True

    def _next(self, state: State, edit: Edit) -> list[tuple[int, State, Edit]]:
        found: list[tuple[int, State, Edit]] = []
        for tokens, price in INSERTIONS.items():
            if not edit.insert or len(edit.insert + tokens) <= MOST_INSERTIONS:
                after = self._insert(state, tokens)
                if after is not None:
                    found.append((price, after, Edit(edit.insert + tokens, edit.delete)))
        end = self.after(state.at) if not edit.insert else None
        if end is not None:
            after = State(state.filter, state.chain, end)
            found.append((DELETION, after, Edit((), edit.delete + end - state.at)))
        return found

    def _insert(self, state: State, tokens: tuple[tuple[str, str], ...]) -> State | None:
        first = tokens[0][0]
        seen = _BRACES if first == "LBRACE" else (first,)
        if all(self.machine.advance(state.chain, each) is None for each in seen):
            return None
        filter, chain = state.filter.copy(), state.chain
        for type, text in tokens:
            after = self.push(filter, chain, Token(type, text, 0, 0))
            if after is None or after is chain:
                return None
            chain = after
        return State(filter, chain, state.at)

    def after(self, at: int) -> int | None:
        """Behind the token or the bracketed tokens here; None for what must stay."""
        type = self.tokens[at].type
        if type in _CLOSES or type in ("NL", END):
            return None
        return self.past(at) if type in _OPENS else at + 1

    def past(self, at: int) -> int:
        """Behind the token here, or the bracket that closes it."""
        depth = 0
        while True:
            type = self.tokens[at].type
            depth += (type in _OPENS) - (type in _CLOSES)
            at += 1
            if depth <= 0 or at == len(self.tokens):
                return at
