"""Data lines of several fixtures: the loss of the first is that of all that are learned from or
that validate."""

from __future__ import annotations

from sailc.infer.modules.problem import DataLine, Question
from sailc.plan.link import Link, Links
from sailc.terms import Const, digest, rooted


def unlike_fixtures(links: Links) -> str:
    """Which line of a stage has other fixtures than its first to learn from; empty if none."""
    first = next((k for k in links if k.line.split == "train"), None)
    if first is None:
        return ""
    others = (k for k in links if k.line.split != "test" and k is not first)
    found = ((k.line.split, _unlike(first, k)) for k in others)
    said = (f"a `{split}` line {what}" for split, what in found if what)
    return next(said, "")


def _unlike(first: Link, other: Link) -> str:
    """In what the fixtures of a line are not those of the first; empty if they are alike."""
    wanted, there = _learned(first), _learned(other)
    if lacking := [n for n in wanted if n not in there]:
        return f"without the fixture `{lacking[0]}` of `train`"
    if more := [n for n in there if n not in wanted]:
        return f"with a fixture `{more[0]}`, which `train` lacks,"
    if weights := [n for n, f in wanted.items() if not _weighs_alike(f, there[n])]:
        return f"without the weight that `{weights[0]}` has in `train`"
    asked, *computed = wanted
    if asked != next(iter(there)) or _handed(first.line) != _handed(other.line):
        return "that asks otherwise than `train`"
    if unlike := [n for n in computed if _does(wanted[n]) != _does(there[n])]:
        return f"that computes `{unlike[0]}` otherwise than `train`"
    return ""


def _does(f: Question) -> str:
    return digest(f.question)


def _learned(link: Link) -> dict[str, Question]:
    """The fixtures with a loss, by their names."""
    pairs = zip(link.line.fixtures, link.answered, strict=True)
    return {f.name: f for f, a in pairs if f.truth is not None and a.loss is not None}


def _weighs_alike(wanted: Question, there: Question) -> bool:
    """Whether a loss finds the weights that it reads: one number is its own, and goes for all."""
    mine, other = _factor(wanted), _factor(there)
    if mine is not None:
        return there.weight is None or other == mine
    assert wanted.weight is not None
    return there.weight is not None and other is None and there.weight.type == wanted.weight.type


def _factor(f: Question) -> int | float | None:
    """The weight of a whole fixture, where that is one number; None where points, or parts of a
    truth, have their own."""
    if f.weight is None:
        return 1
    value = f.weight.value if isinstance(f.weight, Const) else None
    return value if isinstance(value, int | float) else None


def _handed(line: DataLine) -> tuple[object, ...]:
    """What decides how a point is handed to the functions of a program: as the part of it that is
    asked, or beside a question that is computed; and the names that parts have."""
    root, path = rooted(line.fixtures[0].question)
    if root is not line.variable:
        return ("computed", *line.names)
    return (path, *(line.names if len(line.names) > 1 else ()))
