"""Layers of a partial order: first those that nothing beats, then those beaten by these alone…

Within a layer nothing beats anything, and what beats another is in an earlier layer. That makes a
weak order of any relation: transitive, so it can be shown as a list, and the same whatever
the order of the rows. "Intervals overlap" alone is not transitive: A may overlap B and B overlap
C while A is better than C beyond doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Beats = Callable[[int, int], bool]


def by_interval(bounds: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Layers where one beats another if its interval lies above it; more is better. O(n log n).

    A layer is all that reach up to the greatest lower end among what is left. So, sorted by the
    upper end, it is always a prefix.
    """
    ordered = sorted(range(len(bounds)), key=lambda i: (-bounds[i][1], -bounds[i][0]))
    floor = [bounds[i][0] for i in ordered]
    for k in range(len(floor) - 2, -1, -1):
        floor[k] = max(floor[k], floor[k + 1])
    layers: list[list[int]] = []
    threshold = float("inf")
    for k, i in enumerate(ordered):
        if bounds[i][1] < threshold or not layers:
            layers.append([])
            threshold = floor[k]
        layers[-1].append(i)
    return layers


def by_relation(count: int, beats: Beats) -> tuple[list[list[int]], list[list[int]]]:
    """Layers of 0 … count - 1 under any relation, and its circles. O(n²) calls.

    A circle (A over B over C over A) is no order: its members share a layer and are returned.
    """
    above = {b: {a for a in range(count) if a != b and beats(a, b)} for b in range(count)}
    layers: list[list[int]] = []
    circles: list[list[int]] = []
    while above:
        layer = [b for b, over in above.items() if not over]
        if not layer:
            found = _first_circles(above)
            circles += found
            layer = sorted(i for circle in found for i in circle)
        layers.append(layer)
        gone = set(layer)
        above = {b: over - gone for b, over in above.items() if b not in gone}
    return layers, circles


def _first_circles(above: dict[int, set[int]]) -> list[list[int]]:
    """Circles that nothing outside them beats; there is one where everything is beaten."""
    reach = {i: _ancestors(i, above) for i in above}
    first = {tuple(sorted(reach[i])) for i in above if all(i in reach[j] for j in reach[i])}
    return [list(circle) for circle in sorted(first)]


def _ancestors(start: int, above: dict[int, set[int]]) -> set[int]:
    seen: set[int] = set()
    todo = [start]
    while todo:
        new = above[todo.pop()] - seen
        seen |= new
        todo += new
    return seen
