"""What a ranking's expressions say of rows: a score, a requirement, a preference."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from sailc.infer.modules.common import World
from sailc.infer.modules.ranking import Ranking, evaluated, preferred
from sailc.infer.values import Measured, Quantity, Value
from sailc.rank.rows import Row
from sailc.rank.statistics import Summary, unusable
from sailc.syntax import tree
from sailc.units import ONE, Unit


class Evaluator(Struct, frozen=True):
    """A ranking over rows whose metrics have these units."""

    world: World
    ranking: Ranking
    units: Mapping[str, Unit]

    def number(self, values: Mapping[str, float]) -> float:
        """The score of one seed. Raises `ValueError` where it is no number."""
        assert self.ranking.score is not None
        given = {name: self._with_unit(name, v) for name, v in values.items()}
        value = evaluated(self.world.context(), self.ranking, self.ranking.score, given)
        match value:
            case int() | float():
                return float(value)
            case Quantity(number, unit):
                return number * unit.scale
            case _:
                raise ValueError("the score of a ranking is no number")

    def better(self, a: Row, b: Row) -> bool:
        """Whether one row is preferred to another."""
        return preferred(self.world.context(), self.ranking, *map(self._values, (a, b))) is True

    def broken(self, row: Row) -> str:
        """Which requirement a row does not fulfil; empty if it fulfils all."""
        if row.failed:
            return ""
        for line in self.ranking.requires:
            reason = self._broken(line, row)
            if reason:
                return reason
        return ""

    def _broken(self, line: tree.Require, row: Row) -> str:
        for name in self.ranking.reads:
            trouble = unusable(row.metrics.get(name))
            if trouble:
                return f"{name} {trouble}"
        ctx = self.world.context()
        held = evaluated(ctx, self.ranking, line.condition, self._values(row))
        if held is True:
            return ""
        if held is False:
            return line.because or "a `require` of the ranking does not hold"
        found = next(iter(ctx.found.values()), None)
        return found.message if found is not None else "a `require` cannot be decided"

    def _values(self, row: Row) -> dict[str, Value]:
        return {
            name: self._with_unit(name, _measured(s))
            for name, s in row.metrics.items()
            if not unusable(s)
        }

    def _with_unit(self, name: str, value: float) -> Value:
        unit = self.units.get(name, ONE)
        return value if unit == ONE else Quantity(value, unit)


def _measured(summary: Summary) -> Measured:
    return Measured.of(summary.mean, *summary.bounds)
