"""X: why a combination is not a scenario. Reasons are kept in groups, as data."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

TITLES: Mapping[str, str] = {
    "X0101": "no chain of converters leads from the question to the model's input",
    "X0102": "no chain of converters leads from the model's answer to the truth",
    "X0103": "the model is meant for other kinds of task",
    "X0104": "the model's body does not fit the type that reaches it",
    "X0105": "no loss of the trainer accepts the answer and the truth",
    "X0106": "a requirement does not hold",
    "X0107": "the metric does not apply",
    "X0108": "there is nothing to train on",
    "X0109": "a dimension is not known, or below 1",
    "X0201": "the backend is not installed",
    "X0202": "a package is not installed",
    "X0203": "the backend lacks an operator",
    "X0301": "not planned by this version of sailc",
    "X0302": "the problem itself is wrong",
}


class Reason(Struct, frozen=True):
    """Why one combination was left out.

    `key` groups (a pair of types, a requirement); `reached` says how far the chains got,
    one line each, for `sailc explain`.
    """

    code: str
    text: str
    reached: tuple[str, ...] = ()


class Exclusion(Struct, frozen=True):
    """All combinations that were left out for one reason."""

    code: str
    reason: str
    modules: tuple[str, ...]
    count: int
    reached: tuple[str, ...] = ()


def group(found: list[tuple[str, Reason]]) -> tuple[Exclusion, ...]:
    """Exclusions by code and reason, in the order of their codes and texts."""
    table: dict[tuple[str, str], tuple[list[str], Reason]] = {}
    for module, reason in found:
        table.setdefault((reason.code, reason.text), ([], reason))[0].append(module)
    return tuple(
        Exclusion(code, text, tuple(sorted(set(modules))), len(modules), reason.reached)
        for (code, text), (modules, reason) in sorted(table.items())
    )
