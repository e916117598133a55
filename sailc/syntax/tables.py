"""The tables of the lexer and the LALR(1) parser, made by Lark from `sail.lark`.

Only this module knows Lark. What it returns is plain data, which `sailc.syntax.cache`
keeps, so a command that finds it there never imports Lark at all.
"""

# Lark's tables carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any, NamedTuple

import sail_grammar

# What the lexer makes of broken text: no rule uses it, and Lark must not drop it.
BROKEN = ("BAD_NUMBER", "UNTERMINATED", "QUOTED", "UNKNOWN")


class Rule(NamedTuple):
    """`size` values make one of `origin`, by the method `name` of the builder.

    `unwrap` passes a single value on as it is. `inline` marks the values that are lists of
    values to be put in place, and `absent` counts, before each value and after the last,
    the optional parts of the rule that are not there.
    """

    origin: str
    size: int
    name: str
    unwrap: bool
    inline: list[bool]
    absent: list[int]


class Tables(NamedTuple):
    """`actions[state][terminal]` is the next state after a shift, or `~rule` to reduce."""

    pattern: str
    terminals: list[str]
    ignored: list[str]
    rules: list[Rule]
    actions: list[dict[str, int]]
    gotos: list[dict[str, int]]
    start: int
    end: int


class KeepAll:
    """Lark's view of a filter: any terminal may be produced anywhere."""

    always_accept = (*BROKEN, "NAME", "LBRACE", "NL")

    def process(self, stream: Any) -> Any:
        return stream


def lark(**options: Any) -> Any:
    """Lark's own parser of the grammar."""
    from lark import Lark

    defaults: dict[str, Any] = {
        "parser": "lalr",
        "lexer": "basic",
        "start": "file",
        "keep_all_tokens": True,
        "maybe_placeholders": True,
        "postlex": KeepAll(),
    }
    return Lark(sail_grammar.text(), **(defaults | options))


def build() -> Tables:
    """Compile the grammar."""
    parser = lark()
    lexer = parser.parser.lexer.lexer
    table = parser.parser.parser._parse_table
    numbers = {rule: i for i, rule in enumerate(parser.rules)}
    return Tables(
        pattern="|".join(f"({t.pattern.to_regexp()})" for t in lexer.terminals),
        terminals=[t.name for t in lexer.terminals],
        ignored=sorted(lexer.ignore_types),
        rules=[_rule(rule) for rule in parser.rules],
        actions=[_actions(table.states[i], numbers) for i in range(len(table.states))],
        gotos=[_gotos(table.states[i]) for i in range(len(table.states))],
        start=table.start_states["file"],
        end=table.end_states["file"],
    )


def _rule(rule: Any) -> Rule:
    name = str(rule.alias or rule.origin.name)
    symbols = rule.expansion
    bits = "".join(str(int(absent)) for absent in rule.options.empty_indices)
    return Rule(
        str(rule.origin.name),
        len(symbols),
        name,
        bool(rule.options.expand1 and not rule.alias),
        [not s.is_term and s.name.startswith("_") for s in symbols],
        [len(run) for run in bits.split("0")] if bits else [0] * (len(symbols) + 1),
    )


def _actions(row: dict[str, Any], numbers: dict[Any, int]) -> dict[str, int]:
    return {
        symbol: ~numbers[argument] if argument in numbers else argument
        for symbol, (_, argument) in row.items()
        if symbol.isupper()
    }


def _gotos(row: dict[str, Any]) -> dict[str, int]:
    return {symbol: state for symbol, (_, state) in row.items() if not symbol.isupper()}
