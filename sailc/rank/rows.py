"""A row of a table: one scenario, what became of each of its runs, and its metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from sailc.rank.statistics import Summary, summarize

Curve = tuple[float, ...]


class Cell(Struct, frozen=True):
    """What became of one run: `status` as in `Run`, or `not run`; `reason` if it has no result."""

    seed: int
    status: str
    reason: str = ""


class Row(Struct, frozen=True):
    """A planned scenario. `failed` says why it has no metrics; empty if it has.

    A metric that is a curve is summed up by its last value; `curves` has it whole, seed by seed.
    """

    scenario: str
    label: str
    metrics: Mapping[str, Summary]
    failed: str = ""
    cells: tuple[Cell, ...] = ()
    curves: Mapping[str, tuple[Curve, ...]] = field(default_factory=dict[str, tuple[Curve, ...]])

    def each(self, number: Callable[[Mapping[str, float]], float]) -> Summary:
        """A number computed from the metrics, seed by seed, and then summarized.

        For rankings by `score`: the interval of log(throughput) is not the log of the interval.
        Only metrics that every seed has take part. What has no answer (a division by zero,
        the log of a negative number) is an undefined value.
        """
        most = max((summary.n for summary in self.metrics.values()), default=0)
        whole = {name: s.values for name, s in self.metrics.items() if s.n == most}
        return summarize(
            _number(number, {name: values[k] for name, values in whole.items()})
            for k in range(most)
        )


def _number(number: Callable[[Mapping[str, float]], float], at: Mapping[str, float]) -> float:
    try:
        return float(number(at))
    except (ArithmeticError, ValueError, LookupError):
        return float("nan")
