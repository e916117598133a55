"""The lexer and the LALR(1) automaton that run the tables.

Both are Lark's algorithms, kept to what the language needs: tokens carry offsets only,
values go straight to the builder of the tree, and a stack can be asked what it would
take without being changed, which is what error recovery does all day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple, cast

from sailc.syntax.cache import load
from sailc.syntax.tables import Rule, Tables
from sailc.syntax.token import Token

# What `Token(…)` comes down to, without its call: there is one for each word of a program.
_new = cast(
    "Callable[[type[Token], tuple[str, str, int, int]], Token]",
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType]
)


class Chain(NamedTuple):
    """A stack of states that shares its tail with others."""

    state: int
    below: Chain | None


class Machine:
    """The tables, ready to run."""

    def __init__(self, tables: Tables) -> None:
        self.regex = re.compile(tables.pattern)
        ignored = frozenset(tables.ignored)
        self.kinds = [None, *(None if t in ignored else t for t in tables.terminals)]
        self.rules = tables.rules
        self.actions = tables.actions
        self.gotos = tables.gotos
        self.start = tables.start
        self.end = tables.end

    def tokens(self, text: str, start: int, end: int) -> list[Token]:
        """All tokens of a stretch of text; together with the blanks they cover it."""
        kinds = self.kinds
        return [
            _new(Token, (kind, match[0], *match.span()))
            for match in self.regex.finditer(text, start, end)
            if (kind := kinds[match.lastindex or 0]) is not None
        ]

    def advance(self, chain: Chain, terminal: str) -> Chain | None:
        """The stack after a terminal, or None if it may not stand there."""
        state, below = chain
        while True:
            action = self.actions[state].get(terminal)
            if action is None:
                return None
            if action >= 0:
                return Chain(action, Chain(state, below))
            rule = self.rules[~action]
            if rule.size == 0:
                below = Chain(state, below)
            for _ in range(rule.size - 1):
                assert below is not None
                below = below.below
            assert below is not None
            state = self.gotos[below.state][rule.origin]
            if state == self.end:
                return Chain(state, below)

    def expected(self, chain: Chain) -> set[str]:
        """The terminals that may stand next."""
        row = self.actions[chain.state]
        return {terminal for terminal in row if self.advance(chain, terminal) is not None}


@cache
def machine() -> Machine:
    """The one machine of the language."""
    return Machine(load())


Reduce = Callable[[list[Any]], Any]
Mark = tuple[list[int], list[Any]]


class Parse:
    """One run of the automaton: a stack of states and their values."""

    def __init__(self, machine: Machine, builder: object) -> None:
        self.states = [machine.start]
        self.values: list[Any] = []
        self.reducers = [_reducer(rule, builder) for rule in machine.rules]
        rules = [(rule.origin, rule.size, passes(rule)) for rule in machine.rules]
        self.tables = machine.actions, machine.gotos, rules, machine.end

    def chain(self) -> Chain:
        """The stack of states, to try things with."""
        chain = None
        for state in self.states:
            chain = Chain(state, chain)
        assert chain is not None
        return chain

    def take(self, tokens: Iterable[Token]) -> Token | None:
        """Take tokens; the first that may not stand where it does, the stack perhaps
        reduced before it, or None if all were taken."""
        states, values, reducers = self.states, self.values, self.reducers
        actions, gotos, rules, end = self.tables
        for token in tokens:
            terminal = token.type
            while True:
                action = actions[states[-1]].get(terminal)
                if action is None:
                    return token
                if action >= 0:
                    states.append(action)
                    values.append(token)
                    break
                origin, size, passes = rules[~action]
                if passes:  # one value that stays as it is: half of all reductions
                    states[-1] = gotos[states[-2]][origin]
                    continue
                cut = len(values) - size
                taken = values[cut:]
                del values[cut:]
                del states[cut + 1 :]
                values.append(reducers[~action](taken))
                states.append(gotos[states[-1]][origin])
                if states[-1] == end:
                    break
        return None

    def mark(self) -> Mark:
        """What `back_to` needs to undo all that comes after."""
        return self.states[:], _copied(self.values)

    def back_to(self, mark: Mark) -> None:
        """As things were at a mark."""
        states, values = mark
        self.states[:], self.values[:] = states, _copied(values)

    @property
    def result(self) -> Any:
        """What the builder made of the whole, once the end has been fed."""
        return self.values[-1]


def _copied(values: list[Any]) -> list[Any]:
    """The values, and those lists anew that grow in place."""
    return [value[:] if isinstance(value, list) else value for value in values]


def passes(rule: Rule) -> bool:
    """Does the rule hand its one value on as it is?"""
    return rule.unwrap and rule.size == 1


def _reducer(rule: Rule, builder: object) -> Reduce:
    """What makes one value of those of a rule's right-hand side."""
    if rule.origin.startswith("_") or passes(rule):
        make: Reduce = _as_list
    else:
        make = getattr(builder, rule.name)
    if any(rule.inline) or any(rule.absent):
        return _arranged(rule, make)
    return make


def _as_list(values: list[Any]) -> list[Any]:
    return values


def _arranged(rule: Rule, make: Reduce) -> Reduce:
    """Puts in lists of values in place, and None for each optional part that is absent."""
    plan = list(zip(rule.absent, rule.inline, strict=False))
    last = rule.absent[-1]

    def reduce(values: list[Any]) -> Any:
        # The first list is extended as it is: a repetition grows on its left.
        grows = bool(plan) and plan[0] == (0, True)
        items: list[Any] = values[0] if grows else []
        for (absent, inline), value in zip(plan[grows:], values[grows:], strict=True):
            items.extend([None] * absent)
            if inline:
                items.extend(value)
            else:
                items.append(value)
        items.extend([None] * last)
        return make(items)

    return reduce
