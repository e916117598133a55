"""What the values of a metric over several seeds say together."""

from __future__ import annotations

from collections.abc import Iterable
from math import dist, fsum, isfinite, nan, sqrt

from msgspec import Struct

from sailc.rank.student import two_sided

LEVEL = 0.95


class Summary(Struct, frozen=True):
    """A metric over the seeds of one scenario.

    `low` and `high` are the ends of the confidence interval of the mean by `method`, `None` where
    there is none: with one value nothing is known of the spread. `std` is the sample's (n - 1), 0
    for one value. Equal values make an interval of no width.

    A value that is not a finite number is a run that went wrong, not a missing one: leaving it
    out would flatter. So if there is one, mean, median and std are NaN, there is no interval, and
    `undefined` says how many there are.
    """

    values: tuple[float, ...]
    mean: float
    median: float
    std: float
    low: float | None
    high: float | None
    method: str
    undefined: int = 0

    @property
    def n(self) -> int:
        """How many values there are, the undefined ones among them."""
        return len(self.values)

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval, or the mean twice where there is none."""
        if self.low is None or self.high is None:
            return self.mean, self.mean
        return self.low, self.high


def summarize(values: Iterable[float], level: float = LEVEL) -> Summary:
    """Mean, median, spread and confidence interval; the interval is Student's t over the values."""
    points = tuple(float(value) for value in values)
    undefined = sum(not isfinite(value) for value in points)
    if undefined or not points:
        return Summary(points, nan, nan, nan, None, None, "none: undefined values", undefined)
    mean = _mean(points)
    if len(points) == 1:
        return Summary(points, mean, mean, 0.0, None, None, "none: one seed")
    std = dist(points, [mean] * len(points)) / sqrt(len(points) - 1)
    half = two_sided(level, len(points) - 1) * std / sqrt(len(points))
    method = f"Student t over {len(points)} seeds, {level:.0%}"
    return Summary(points, mean, _median(points), std, mean - half, mean + half, method)


def _mean(points: tuple[float, ...]) -> float:
    low, high = min(points), max(points)
    try:
        mean = fsum(points) / len(points)
    except OverflowError:
        mean = fsum(point / len(points) for point in points)
    return min(max(mean, low), high)  # rounding must not make equal values differ from their mean


def _median(points: tuple[float, ...]) -> float:
    ordered, half = sorted(points), len(points) // 2
    return ordered[half] if len(points) % 2 else _mean((ordered[half - 1], ordered[half]))


def oriented(summary: Summary, higher: bool) -> tuple[float, float]:
    """The interval on an axis where more is better."""
    low, high = summary.bounds
    return (low, high) if higher else (-high, -low)


def unusable(summary: Summary | None) -> str:
    """Why a summary cannot be ranked; empty if it can."""
    if summary is None or not summary.n:
        return "has no value"
    if summary.undefined:
        return f"is not a number in {summary.undefined} of {summary.n} runs"
    return ""
