"""Rankings: total orders by keys or a score, and partial ones by a front or a relation.

All four make *layers* (`layers.py`) of the rows and read ranks off them:

- One row beats another on a metric if their intervals do not touch; a metric of one seed has no
  interval and counts as the point it is. On one metric, any two rows of a layer overlap: they
  are ties.
- `order` makes layers by the first key, splits each by the second key, and so on. A row is
  above every row that it beats on the first key, always. Two that overlap there may still stand
  in two layers, because a third beats one of them and not the other: then the first key has
  told them apart, and the next is not asked.
- A rank is 1 and the number of rows in earlier groups, as in sport: 1, 2, 2, 4. Rows of one group
  have equal ranks and `tied` set; among them, the mean of the keys and then the scenario's name
  decide which is shown first, and mean nothing.
- A row without a usable value (failed, no such metric, not a number) has no rank, stands last,
  and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.diagnostics.base import listing
from sailc.rank.layers import by_interval, by_relation
from sailc.rank.rows import Row
from sailc.rank.statistics import Summary, oriented, unusable


class Key(Struct, frozen=True):
    """A metric and which way is better."""

    metric: str
    higher: bool


class Ranked(Struct, frozen=True):
    """A row in its place. `reason`: with whom it is tied, or why it has no rank."""

    row: Row
    rank: int | None
    tied: bool = False
    reason: str = ""


def order(rows: Iterable[Row], keys: Sequence[Key]) -> list[Ranked]:
    """By the first key; of those that overlap on it, by the next."""
    usable, rest = _sorted(rows, keys)
    groups = [usable]
    for key in keys:
        groups = [part for group in groups for part in _split(group, key)]
    return [*_ranks(groups, "the intervals overlap"), *rest]


def pareto(rows: Iterable[Row], keys: Sequence[Key]) -> list[Ranked]:
    """Rank 1 is the front: beaten by none that is better, beyond doubt, on every key.

    The next ranks are the fronts of what is left. O(n²) comparisons.
    """
    usable, rest = _sorted(rows, keys)
    ends = [[oriented(row.metrics[key.metric], key.higher) for key in keys] for row in usable]

    def beats(a: int, b: int) -> bool:
        return all(x[0] > y[1] for x, y in zip(ends[a], ends[b], strict=True))

    layers, _ = by_relation(len(usable), beats)
    groups = [[usable[i] for i in layer] for layer in layers]
    return [*_ranks(groups, "none is better on every key"), *rest]


def score(rows: Iterable[Row], number: Callable[[Row], Summary], higher: bool) -> list[Ranked]:
    """By one number, such as `row.each(…)` computes; runs whose intervals overlap are ties."""
    pairs = [(row, _scored(row, number)) for row in rows]
    original = {id(scored): row for row, scored in pairs}
    ranked = order((scored for _, scored in pairs), [Key("score", higher)])
    return [replace(r, row=original[id(r.row)]) for r in ranked]


def prefer(
    rows: Iterable[Row], better: Callable[[Row, Row], bool], needs: Sequence[str] = ()
) -> list[Ranked]:
    """By a relation: `better(a, b)` says that a is above b. Ranks are layers.

    `needs` are the metrics it reads: rows without one are not asked about. Rows that are preferred
    in a circle share a rank and say so.
    """
    usable, rest = _sorted(rows, [Key(metric, True) for metric in needs], by_name=True)
    layers, circles = by_relation(len(usable), lambda a, b: better(usable[a], usable[b]))
    groups = [[usable[i] for i in layer] for layer in layers]
    ranked = _ranks(groups, "neither is preferred")
    for circle in circles:
        members = [usable[i] for i in circle]
        ranked = [_in_circle(r, members) for r in ranked]
    return [*ranked, *rest]


def _sorted(
    rows: Iterable[Row], keys: Sequence[Key], by_name: bool = False
) -> tuple[list[Row], list[Ranked]]:
    """Rows that can be ranked, in the order that ties are shown in, and those that cannot."""
    rows = sorted(rows, key=lambda row: row.scenario)
    reasons = {id(row): _unranked(row, keys) for row in rows}
    rest = [Ranked(row, None, False, reasons[id(row)]) for row in rows if reasons[id(row)]]
    usable = [row for row in rows if not reasons[id(row)]]
    if not by_name:
        usable.sort(key=lambda row: [_towards(row, key) for key in keys])
    return usable, rest


def _towards(row: Row, key: Key) -> float:
    mean = row.metrics[key.metric].mean
    return -mean if key.higher else mean


def _unranked(row: Row, keys: Sequence[Key]) -> str:
    if row.failed:
        return row.failed
    troubles = ((key.metric, unusable(row.metrics.get(key.metric))) for key in keys)
    return next((f"{metric} {trouble}" for metric, trouble in troubles if trouble), "")


def _split(group: list[Row], key: Key) -> list[list[Row]]:
    layers = by_interval([oriented(row.metrics[key.metric], key.higher) for row in group])
    return [[group[i] for i in sorted(layer)] for layer in layers]


def _ranks(groups: Iterable[list[Row]], why: str) -> list[Ranked]:
    ranked: list[Ranked] = []
    for group in groups:
        rank = 1 + len(ranked)
        ranked += [Ranked(row, rank, len(group) > 1, _tie(row, group, why)) for row in group]
    return ranked


def _tie(row: Row, group: list[Row], why: str) -> str:
    others = [other.label for other in group if other is not row]
    return f"tied with {listing(others, 3)}: {why}" if others else ""


def _in_circle(ranked: Ranked, members: list[Row]) -> Ranked:
    if not any(ranked.row is row for row in members):
        return ranked
    names = listing(row.label for row in members)
    return replace(ranked, reason=f"preferred in a circle: {names}")


def _scored(row: Row, number: Callable[[Row], Summary]) -> Row:
    return row if row.failed else replace(row, metrics={"score": number(row)})
