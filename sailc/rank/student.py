"""Quantiles of Student's t distribution, without SciPy.

For a whole number of degrees of freedom ν the distribution has a closed form in θ = atan(t / √ν)
(Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
"""

from __future__ import annotations

from functools import cache
from math import cos, pi, sin, sqrt, tan


@cache
def two_sided(level: float, freedom: int) -> float:
    """The t with P(|T| ≤ t) = `level` (0 < level < 1), for `freedom` ≥ 1. Exact to about 1e-12."""
    low, high = 0.0, pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _within(middle, freedom) < level:
            low = middle
        else:
            high = middle
    return sqrt(freedom) * tan(low)


def _within(theta: float, freedom: int) -> float:
    """P(|T| ≤ √ν tan θ)."""
    odd, squared = freedom % 2, cos(theta) ** 2
    term = cos(theta) if odd else 1.0
    total = 0.0
    for k in range(freedom // 2):
        total += term
        term *= squared * (2 * k + 1 + odd) / (2 * k + 2 + odd)
    if odd:
        return (theta + sin(theta) * total) * 2 / pi
    return sin(theta) * total
