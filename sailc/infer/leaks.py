"""Leaking splits: data lines of a problem that certainly take some of the same points.

A collection is followed down to what it is a part of: the positions that `first`, `last`,
`drop`, `every` and slices take are ranges, a shuffle is a new order of the same points, and
of what a condition keeps nothing is certain. Two parts overlap if their positions in one
order do, or if together they are more than there is (two shuffles with two seeds).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import gcd
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from sailc.terms import Apply, Attribute, Const, Map, Term
from sailc.types.dims import Dim
from sailc.types.model import ListType, SetType, Tensor, Unknown

ENDLESS = 1 << 62
"""Stands for a length that is not known while planning."""


class Part(Struct, frozen=True):
    """Some of the positions of a collection, at least `least` of `within`; all of them are
    known where the two agree. `parent` is what the collection is another order of."""

    base: Hashable
    within: range
    least: int
    parent: Part | None = None

    @property
    def exact(self) -> bool:
        return self.least == len(self.within)


def shared(a: Term, b: Term) -> int:
    """How many points two collections certainly share; 0 where that cannot be known."""
    p, q = part_of(a), part_of(b)
    if p is None or q is None:
        return 0
    pairs = ((x, y) for x in _lineage(p) for y in _lineage(q) if x.base == y.base)
    return max((_common(x, y) for x, y in pairs), default=0)


def _common(p: Part, q: Part) -> int:
    both = len(_meet(p.within, q.within))
    inside = [max(0, x.least - (len(x.within) - both)) for x in (p, q)]
    return max(0, sum(inside) - both)


def _lineage(part: Part) -> Iterator[Part]:
    """A part, and what it is of the orders that its own comes from."""
    yield part
    above = part.parent
    if above is not None:
        whole = part.exact and part.within == range(len(above.within))
        least = above.least if whole else part.least
        yield from _lineage(replace(above, least=least))


def part_of(term: Term) -> Part | None:
    """What a collection takes of which other; None where it cannot be known."""
    match term:
        case Apply(operator="first" | "last" | "drop" | "every", arguments=(xs,)):
            n = _number(term.attributes["n"])
            inner = part_of(xs)
            return None if n is None or inner is None else _taken(inner, term.operator, n)
        case Apply(operator="index", arguments=(xs,)):
            inner = part_of(xs)
            return _whole(term) if inner is None else _sliced(inner, term)
        case Apply(operator="shuffle", arguments=(xs,), attributes=attributes):
            inner = part_of(xs)
            if inner is None or not inner.exact:
                return inner
            base = ("shuffle", _key(attributes.get("seed")), inner.base, inner.within)
            return Part(base, range(len(inner.within)), len(inner.within), inner)
        case Apply(operator="zip", arguments=arguments):
            return _zipped([part_of(a) for a in arguments])
        case Apply(operator="known", arguments=(xs,)):
            inner = part_of(xs)
            return inner and replace(inner, least=0)
        case Map(source=source, condition=condition):
            inner = part_of(source)
            return inner if inner is None or condition is None else replace(inner, least=0)
        case _:
            return None if isinstance(term.type, Unknown) else _whole(term)


def _whole(term: Term) -> Part:
    n = _length(term)
    n = ENDLESS if n is None else n
    return Part(_key(term), range(n), n)


def _length(term: Term) -> int | None:
    match term.type:
        case ListType(_, n) | SetType(_, n) | Tensor(_, (Dim() as n, *_)):
            return n.value
        case _:
            return None


def _taken(part: Part, operator: str, n: int) -> Part | None:
    positions = part.within
    if not part.exact or (operator == "last" and positions.stop >= ENDLESS):
        kept = {"first": n, "last": n, "drop": max(0, part.least - n)}.get(operator, 0)
        return replace(part, least=min(kept, part.least))
    match operator:
        case "first":
            positions = positions[:n]
        case "last":
            positions = positions[max(0, len(positions) - n) :]
        case "drop":
            positions = positions[n:]
        case _:
            positions = positions[:: max(1, n)]
    return replace(part, within=positions, least=len(positions))


def _sliced(part: Part, term: Apply) -> Part:
    """`xs[a:b]`, with every column or some: anything else is a collection of its own."""
    items = term.attributes.get("items")
    first = items[0] if isinstance(items, tuple) and items else None
    if not isinstance(first, tuple) or len(first) != 2 or not part.exact:
        return _whole(term)
    a, b = (None if end is None else _number(end) for end in first)
    if (a, b).count(None) != first.count(None):
        return _whole(term)
    positions = part.within[a:b]
    return replace(part, within=positions, least=len(positions))


def _zipped(parts: list[Part | None]) -> Part | None:
    """Collections side by side, if they take the same positions."""
    known = [p for p in parts if p is not None]
    if not known or len(known) < len(parts) or any(not p.exact for p in known):
        return None
    if any(p.within != known[0].within for p in known):
        return None
    return replace(known[0], base=("zip", *(p.base for p in known)), parent=None)


def _meet(a: range, b: range) -> range:
    """The positions that are in both (by the Chinese remainder theorem)."""
    shared = gcd(a.step, b.step)
    ahead, rest = divmod(b.start - a.start, shared)
    if rest:
        return range(0)
    turns = ahead * pow(a.step // shared, -1, b.step // shared) % (b.step // shared)
    step = a.step // shared * b.step
    first = a.start + a.step * turns
    low = max(a.start, b.start)
    first += -(-(low - first) // step) * step if first < low else 0
    return range(first, max(first, min(a.stop, b.stop)), step)


def _number(value: Attribute) -> int | None:
    if isinstance(value, Dim):
        return value.value
    return value if isinstance(value, int) else None


def _key(value: object) -> Hashable:
    """What makes two terms the same values: the same operators on the same, all the way."""
    match value:
        case Apply(operator=operator, arguments=arguments, attributes=attributes, layer=None):
            options = tuple((k, _key(v)) for k, v in sorted(attributes.items()))
            return (operator, options, tuple(_key(a) for a in arguments))
        case Const(value=inner):
            return ("const", _key(inner))
        case tuple():
            return tuple(_key(v) for v in cast("tuple[object, ...]", value))
        case int() | float() | str() | bool() | Dim() | None:
            return (type(value).__name__, value)
        case _:
            return id(value)
