"""Forward from the type of a question, backward from the type of a truth.

Both are breadth-first over ground types, so they end; every choice is by a total order on
length, cost, how early the fitted ones come, and names, so they are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

from msgspec import Struct

from sailc.infer.modules.converter import Converter, built_in
from sailc.routes.index import Index
from sailc.types.dims import Dim, DimVar, FloorDiv
from sailc.types.meet import may_meet
from sailc.types.model import (
    Element,
    EquationType,
    FieldType,
    FunctionType,
    Label,
    ListType,
    MaybeType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
    TypeVar,
)

MAX_LENGTH = 6
MAX_TYPES = 2_000
MAX_SELF = 2
MIN_RANK = 6


class Step(Struct, frozen=True):
    """One converter on a chain. `lift` says where in the type it is applied: `()` to the
    whole, then `each` (of a list or set), a number (of a tuple), `fields` (of a record).
    `inverse` is a fitted converter used backwards, on answers."""

    converter: Converter
    source: Type
    target: Type
    lift: tuple[str | int, ...] = ()
    inverse: bool = False

    @property
    def name(self) -> str:
        return self.converter.name + ("^-1" if self.inverse else "")


Route = tuple[Step, ...]


class Reached(Struct, frozen=True):
    """A type, and the best chain that leads to it (or from it, backwards)."""

    type: Type
    route: Route


def _order(route: Route) -> tuple[object, ...]:
    fitted = tuple(0 if s.converter.fitted else 1 for s in route)
    cost = sum(s.converter.cost for s in route)
    return (len(route), cost, fitted, tuple(s.name for s in route))


Expand = Callable[[Type], Iterator[Step]]


def _search(start: Reached, expand: Expand, grow: Callable[[Route, Step], Route]) -> list[Reached]:
    """Breadth-first over types; of chains to one type the least is kept."""
    found: dict[Type, Reached] = {start.type: start}
    order: list[Reached] = [start]
    level = [start]
    while level and len(found) < MAX_TYPES:
        candidates: dict[Type, Reached] = {}
        for here in level:
            if len(here.route) >= len(start.route) + MAX_LENGTH:
                continue
            for step in expand(here.type):
                end = step.target if grow is _append else step.source
                if end in found or not _allowed(here.route, step, start.type, end):
                    continue
                reached = Reached(end, grow(here.route, step))
                best = candidates.get(end)
                if best is None or _order(reached.route) < _order(best.route):
                    candidates[end] = reached
        level = sorted(candidates.values(), key=lambda r: _order(r.route))
        found.update((r.type, r) for r in level)
        order += level
    return order


def _append(route: Route, step: Step) -> Route:
    return (*route, step)


def _prepend(route: Route, step: Step) -> Route:
    return (step, *route)


def _allowed(route: Route, step: Step, start: Type, end: Type) -> bool:
    """No converter twice on a chain, two at most that lead to what they take, ranks bounded."""
    if any(s.converter.name == step.converter.name for s in route):
        return False
    repeating = sum(_self_feeding(s.source, s.target) for s in (*route, step))
    if repeating > MAX_SELF:
        return False
    ranks = [_rank(t) for t in (start, *(s.target for s in route), end)]
    if ranks[-1] > max(MIN_RANK, ranks[0] + 1):
        return False
    fell = any(b < a for a, b in pairwise(ranks))
    rose_after = ranks[-1] > ranks[-2] and any(b < a for a, b in pairwise(ranks[:-1]))
    return not (fell and rose_after)


def _self_feeding(source: Type, target: Type) -> bool:
    if not isinstance(source, Tensor) or not isinstance(target, Tensor):
        return False
    return type(source.element) is type(target.element)


def _rank(type: Type) -> int:
    match type:
        case Tensor(_, shape):
            return len(shape)
        case ListType(item, _) | SetType(item, _):
            return 1 + _rank(item)
        case TupleType(items):
            return max((_rank(i) for i in items), default=0)
        case RecordType(fields):
            return max((_rank(t) for _, t in fields), default=0)
        case _:
            return 0


# --- forward ---------------------------------------------------------------------------------


def forward(converters: Index, question: Type) -> list[Reached]:
    """Every type that chains reach from a question's, in order; the question's is first."""

    def expand(type: Type) -> Iterator[Step]:
        for c in converters.within(type):
            for target, lift in _lifted(type, partial(convert, c)):
                yield Step(c, type, target, lift)

    return _search(Reached(question, ()), expand, _append)


Lift = tuple[str | int, ...]
Other = Callable[[Type], Type | None]


def _lifted(type: Type, other: Other) -> Iterator[tuple[Type, Lift]]:
    """The types at the other end of a step, and where in a type it is taken: of the whole, of
    a collection's element, of one component of a tuple, of all fields of a record at once."""
    whole = other(type)
    if whole is not None:
        yield whole, ()
    match type:
        case ListType(item, n):
            yield from ((ListType(t, n), ("each", *lift)) for t, lift in _lifted(item, other))
        case SetType(item, n):
            yield from ((SetType(t, n), ("each", *lift)) for t, lift in _lifted(item, other))
        case TupleType(items):
            for i, item in enumerate(items):
                for t, lift in _lifted(item, other):
                    yield TupleType((*items[:i], t, *items[i + 1 :])), (i, *lift)
        case RecordType(fields):
            changed = [(n, t, other(t)) for n, t in fields]
            if any(t is not None for _, _, t in changed):
                yield RecordType(tuple((n, t or before) for n, before, t in changed)), ("fields",)
        case _:
            pass


def convert(c: Converter, type: Type) -> Type | None:
    """What a converter makes of a ground type; None where it does not take it."""
    if c.rule:
        made = built_in(c, type)
        return made.target if made is not None else None
    if not may_meet(c.source, type):
        return None
    solver = c.solver.fork()
    if solver.unify(c.source, type, c.entry.declaration.span) or solver.settle():
        return None
    result = solver.resolve(c.target)
    return result if is_ground(result) and not solver.residuals else None


# --- backward ---------------------------------------------------------------------------------


def backward(converters: Index, truth: Type) -> list[Reached]:
    """Every type from which chains lead to a truth's, in order; the truth's is first.

    A fitted converter used backwards is the last on its chain: its statistics are of the
    truths, so it leads to their very type."""

    def expand(type: Type) -> Iterator[Step]:
        for c in converters.within(type):
            if not c.fitted or type == truth:
                for source, lift in _lifted(type, partial(_before, c)):
                    yield Step(c, source, type, lift, inverse=c.fitted)

    return _search(Reached(truth, ()), expand, _prepend)


def _before(c: Converter, type: Type) -> Type | None:
    """What a converter leads to a ground type from: a fitted one, used backwards, from what it
    makes of that type, another from its parameter, where the result says what that was."""
    near, far = (c.source, c.target) if c.fitted else (c.target, c.source)
    if c.fitted and not c.invertible:
        return None
    if not c.fitted and (isinstance(near, TypeVar) or not _determined(far, near)):
        return None
    if not may_meet(near, type):
        return None
    solver = c.solver.fork()
    if solver.unify(near, type, c.entry.declaration.span):
        return None
    before = solver.resolve(far)
    return before if is_ground(before) and not solver.residuals else None


def _determined(source: Type, target: Type) -> bool:
    """Whether all variables of the parameter occur un-multiplied in the result."""
    return set(_variables(source)) <= set(_bare_variables(target))


def _variables(type: Type) -> Iterator[object]:
    match type:
        case Tensor(element, shape):
            yield from _element_variables(element)
            for item in shape:
                if isinstance(item, Dim):
                    yield from (a for a in item.atoms() if isinstance(a, DimVar))
                else:
                    yield item
        case ListType(item, n) | SetType(item, n):
            yield from _variables(item)
            yield from (a for a in n.atoms() if isinstance(a, DimVar))
        case TypeVar():
            yield type
        case RecordType(fields):
            for _, t in fields:
                yield from _variables(t)
        case TupleType(items):
            for t in items:
                yield from _variables(t)
        case FunctionType(parameters, result):
            for t in (*parameters, result):
                yield from _variables(t)
        case MaybeType(item):
            yield from _variables(item)
        case EquationType(d, k) | FieldType(d, k):
            yield from (a for x in (d, k) for a in x.atoms() if isinstance(a, DimVar))
        case _:
            pass


def _element_variables(element: Element) -> Iterator[object]:
    match element:
        case TypeVar():
            yield element
        case Num(unit):
            yield from (name for name, _ in unit.variables)
        case Label(size):
            yield from (a for a in size.atoms() if isinstance(a, DimVar))
        case _:
            pass


def _bare_variables(type: Type) -> Iterator[object]:
    match type:
        case Tensor(element, shape):
            yield from _element_variables(element)
            for item in shape:
                if not isinstance(item, Dim):
                    yield item
                elif item.variable is not None:
                    yield item.variable
        case _:
            yield from _variables(type)


def is_ground(type: Type) -> bool:
    """No variable is left, and no dimension below 1."""
    return is_decided(type) and _positive(type)


def is_decided(type: Type) -> bool:
    """No variable is left."""
    return not any(True for _ in _variables(type))


def _positive(type: Type) -> bool:
    match type:
        case Tensor(_, shape):
            return all(isinstance(i, Dim) and _at_least_one(i) for i in shape)
        case ListType(item, n) | SetType(item, n):
            return _at_least_one(n) and _positive(item)
        case TupleType(items):
            return all(_positive(i) for i in items)
        case RecordType(fields):
            return all(_positive(t) for _, t in fields)
        case FunctionType(parameters, result):
            return all(_positive(t) for t in (*parameters, result))
        case MaybeType(item):
            return _positive(item)
        case _:
            return True


def _at_least_one(d: Dim) -> bool:
    known = d.value
    return known >= 1 if known is not None else not any(isinstance(a, FloorDiv) for a in d.atoms())


# --- fitted converters that a trainer asks for ----------------------------------------------


def is_plain(type: Type) -> bool:
    """Whether a type is that of numbers without a unit."""
    return isinstance(type, Tensor) and type.element == Num()


def self_map(converters: tuple[Converter, ...], type: Type) -> Step | None:
    """The fitted converter with an inverse that leads a tensor of numbers to its own type:
    what a trainer that says `standardize` or `center` asks for."""
    if not isinstance(type, Tensor) or not isinstance(type.element, Num):
        return None
    options = [c for c in converters if c.fitted and c.invertible and convert(c, type) == type]
    if not options:
        return None
    best = min(options, key=lambda c: (c.cost, c.name))
    return Step(best, type, type)
