"""Draws that are known while planning: `suggest k in uniform(a, b) |> sample(5, seed = 1)`."""

from __future__ import annotations

from sailc.infer.values import Quantity, Value, as_dim
from sailc.terms import Apply, Const
from sailc.types.model import Num, Tensor
from sailc.units import ONE, Unit


def drawn(term: Apply) -> tuple[Value, ...]:
    """The numbers that a `sample` of a distribution of numbers draws, as a program would draw
    them; none where its bounds are not known while planning."""
    n, seed = as_dim(term.attributes.get("n")), as_dim(term.attributes.get("seed"))
    ends = [end for a in term.arguments if (end := _end(a)) is not None]
    if n is None or n.value is None or seed is None or len(ends) != 2:
        return ()
    (a, unit), (b, other) = ends
    distribution, b = str(term.attributes["distribution"]), b * other.scale / unit.scale
    numbers = _numbers(distribution, a, b, n.value, seed.value)
    return tuple(x if unit == ONE else Quantity(x, unit) for x in numbers)


def _end(term: object) -> tuple[float, Unit] | None:
    match term:
        case Const(Tensor(Num(unit), ()), _, int() | float() as value):
            return float(value), unit
        case _:
            return None


def _numbers(distribution: str, a: float, b: float, n: int, seed: int | None) -> list[float]:
    import numpy as np

    random = np.random.default_rng(seed)
    match distribution:
        case "log_uniform":
            found = np.exp(random.uniform(np.log(a), np.log(b), n))
        case "normal":
            found = random.normal(a, b, n)
        case _:
            found = random.uniform(a, b, n)
    return [float(x) for x in found]
