"""An equation as a system for solvers: rates of change, a start, and what holds at the ends.

Unknowns with several derivatives by time become several states (u and u_t). What is left
of the equation are expressions in the states and their derivatives by space.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from sailc.source import Span
from sailc.symbolic.algebra import Expression, NoSymbol, Orders, Symbols, sympy
from sailc.symbolic.fluxes import Fluxes, fluxes
from sailc.symbolic.form import Law, Side, TypedEquation, same
from sailc.terms import Term, Var


class Refused(Exception):
    """An equation that no solver here can take, and why, in an author's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Jet(Struct, frozen=True):
    """A state or a derivative of it by space, as a variable of the rates."""

    state: int
    orders: Orders
    variable: Var


class End(Struct, frozen=True):
    """What holds of a state at an end of an axis of space: a value, or a slope, which is
    `value + factor * state`."""

    state: int
    axis: int
    last: bool
    kind: Literal["value", "slope"]
    value: Term
    factor: Term | None
    span: Span


class System(Struct, frozen=True, eq=False):
    """`rates` are the derivatives of the states by time, or, of an equation without a start,
    what its laws leave over; `slopes` are their derivatives by each jet."""

    time: int | None
    space: tuple[int, ...]
    states: tuple[Var, ...]
    unknowns: tuple[int, ...]
    jets: tuple[Jet, ...]
    rates: tuple[Term, ...]
    slopes: tuple[tuple[Term, ...], ...]
    start: tuple[Term, ...]
    ends: tuple[End, ...]
    periodic: tuple[bool, ...]
    fluxes: tuple[tuple[Term, ...], ...] = ()
    """For each axis of space, what is carried along it of each state: the rates lack the slopes of
    that. Empty where the rates hold all first derivatives themselves."""
    speeds: tuple[tuple[tuple[Term, ...], ...], ...] = ()
    """How each flux changes with each state."""

    @property
    def carries(self) -> bool:
        """Whether rates read first derivatives by space."""
        return bool(self.fluxes) or any(sum(j.orders) == 1 for j in self.jets)


def system(e: TypedEquation, *, conserving: bool = True) -> System:
    """The system of an equation; `conserving` where first derivatives by space may be slopes of
    fluxes. Raises `Refused` where it has none."""
    try:
        return _Deriving.of(e, conserving).system()
    except NoSymbol as error:
        raise Refused(f"`{error.operator}` has no derivative that I know") from error


Table = tuple[tuple[Expression, ...], ...]
State = tuple[int, int]
"""An unknown, and how many derivatives by time."""


class _Deriving(Struct):
    e: TypedEquation
    symbols: Symbols
    time: int | None
    depths: tuple[int, ...]
    conserving: bool

    @classmethod
    def of(cls, e: TypedEquation, conserving: bool) -> _Deriving:
        axes = list(dict.fromkeys(s.axis for s in e.initial))
        if len(axes) > 1:
            raise Refused("its initial conditions are at the start of several variables")
        time = axes[0] if axes else None
        depths = tuple(e.order(u, time) if time is not None else 0 for u in e.unknowns)
        for u, depth in zip(e.unknowns, depths, strict=True):
            if time is not None and depth < 1:
                name = e.independents[time].name
                raise Refused(f"no law has a derivative of `{u.name}` by {name}")
        return cls(e, Symbols(e.independents, e.unknowns), time, depths, conserving)

    @property
    def space(self) -> tuple[int, ...]:
        return tuple(i for i in range(len(self.e.independents)) if i != self.time)

    @property
    def states(self) -> list[State]:
        return [(u, j) for u, depth in enumerate(self.depths) for j in range(max(1, depth))]

    def orders(self, time: int = 0) -> Orders:
        """No derivative but some by time."""
        return tuple(time if i == self.time else 0 for i in range(len(self.e.independents)))

    def state(self, s: State) -> Expression:
        return self.symbols.jet(s[0], self.orders(s[1]))

    def system(self) -> System:
        rates = self._rates() if self.time is not None else self._balances()
        jets = list(self._jets(rates))
        span = self.e.laws[0].span
        self._within(jets)
        carried = self._fluxes(rates, jets)
        if carried is not None:
            rates = list(carried.rest)
            jets = list(self._jets(rates))
        at = [self.symbols.symbol(j.variable) for j in jets]
        return System(
            self.time,
            self.space,
            tuple(self._variable(self.state(s), span) for s in self.states),
            tuple(self.states.index((u, 0)) for u in range(len(self.depths))),
            tuple(jets),
            tuple(self.symbols.term(r, span) for r in rates),
            tuple(tuple(self.symbols.term(sympy.diff(r, a), span) for a in at) for r in rates),
            tuple(self._start()) if self.time is not None else (),
            tuple(self._ends()),
            tuple(self._periodic(axis) for axis in self.space),
            self._terms(carried.fluxes, span) if carried is not None else (),
            tuple(self._terms(t, span) for t in carried.speeds) if carried is not None else (),
        )

    def _terms(self, table: Table, span: Span) -> tuple[tuple[Term, ...], ...]:
        return tuple(tuple(self.symbols.term(x, span) for x in row) for row in table)

    # --- laws --------------------------------------------------------------------------------

    def _left(self, law: Law | Side) -> Expression:
        return self.symbols.expression(law.left) - self.symbols.expression(law.right)

    def _rates(self) -> list[Expression]:
        """The laws, solved for the highest derivatives by time."""
        highest = [self.symbols.jet(u, self.orders(m)) for u, m in enumerate(self.depths)]
        left = [self._left(w) for w in self.e.laws]
        if len(left) != len(highest):
            raise Refused(f"{len(highest)} unknowns have {len(left)} laws")
        found = _solved(left, highest)
        if found is None:
            raise Refused("its laws cannot be solved for the highest derivatives by time")
        rates: list[Expression] = []
        for u, j in self.states:
            last = j == self.depths[u] - 1
            rates.append(found[u] if last else self.state((u, j + 1)))
        return rates

    def _balances(self) -> list[Expression]:
        """What the laws of a steady state leave over, of the sign that rates would have: what
        diffuses spreads."""
        return [-x if self._thickens(x) else x for x in map(self._left, self.e.laws)]

    def _thickens(self, left: Expression) -> bool:
        """Whether second derivatives are taken away."""
        factors = [
            sympy.diff(left, s) for (_, n), s in self.symbols.derivatives().items() if 2 in n
        ]
        return any(f.could_extract_minus_sign() for f in factors if f != 0)

    def _jets(self, rates: list[Expression]) -> Iterator[Jet]:
        """The states, then their derivatives by space that the rates read."""
        read = {s.name for r in rates for s in r.free_symbols}
        span = self.e.laws[0].span
        for i, s in enumerate(self.states):
            yield Jet(i, (0,) * len(self.space), self._variable(self.state(s), span))
        most = max((self.e.order(u, a) for u in self.e.unknowns for a in self.space), default=0)
        for i, (u, j) in enumerate(self.states):
            for orders in _indices(len(self.space), most):
                full = list(self.orders(j))
                for axis, n in zip(self.space, orders, strict=True):
                    full[axis] = n
                name = self.symbols.jet_name(u, tuple(full))
                if any(orders) and name in read:
                    yield Jet(i, orders, self._variable(self.symbols.jet(u, tuple(full)), span))

    def _fluxes(self, rates: list[Expression], jets: list[Jet]) -> Fluxes | None:
        """What first derivatives by space are slopes of."""
        if not self.conserving:
            return None
        symbol = self.symbols.symbol
        slopes = [
            {j.state: symbol(j.variable) for j in jets if sum(j.orders) == j.orders[axis] == 1}
            for axis in range(len(self.space))
        ]
        changing = [symbol(j.variable) for j in jets if any(j.orders)]
        changing += [symbol(v) for v in self.e.independents]
        return fluxes(rates, [self.state(s) for s in self.states], slopes, changing)

    def _within(self, jets: list[Jet]) -> None:
        for j in jets:
            for axis, n in zip(self.space, j.orders, strict=True):
                if n < 3 or self._periodic(axis):
                    continue
                name = self.e.independents[axis].name
                raise Refused(f"it has more than two derivatives by {name}, which is not periodic")

    def _variable(self, symbol: Expression, span: Span) -> Var:
        found = self.symbols.term(symbol, span)
        assert isinstance(found, Var)
        return found

    # --- conditions --------------------------------------------------------------------------

    def _start(self) -> Iterator[Term]:
        left = [self._left(s) for s in self.e.initial]
        states = [self.state(s) for s in self.states]
        found = _solved(left, states) if len(left) == len(states) else None
        if found is None:
            raise Refused("its initial conditions do not give each unknown a value")
        for value in found:
            yield self.symbols.term(value, self.e.initial[0].span)

    def _periodic(self, axis: int) -> bool:
        return any(s.periodic and s.axis == axis for s in self.e.boundary)

    def _ends(self) -> Iterator[End]:
        for side in self.e.boundary:
            if side.periodic:
                continue
            axis = self.space.index(side.axis)
            if self._periodic(side.axis):
                name = self.e.independents[side.axis].name
                raise Refused(f"{name} is periodic, and has a condition at one end")
            yield from self._end(side, axis, self._last(side))

    def _last(self, side: Side) -> bool:
        low, high = self.e.domain[side.axis]
        place = side.places[0]
        if same(place, low):
            return False
        if same(place, high):
            return True
        exact = [self.symbols.expression(t) for t in (place, low, high)]
        if sympy.simplify(exact[0] - exact[1]) == 0:
            return False
        if sympy.simplify(exact[0] - exact[2]) == 0:
            return True
        raise Refused("a condition is at no end of the domain")

    def _end(self, side: Side, axis: int, last: bool) -> Iterator[End]:
        """A value, or a slope that may depend on the value (Robin's condition)."""
        left = self._left(side)
        for u in range(len(self.e.unknowns)):
            across = self.symbols.jet(u, _unit(len(self.e.independents), side.axis))
            own = self.symbols.jet(u, self.orders())
            if left.has(across):
                slope = _one(left, across)
                factor = sympy.diff(slope, own)
                if factor.has(own):
                    raise Refused("a condition is not linear in what it is about")
                yield self._made(u, 0, axis, last, "slope", slope - factor * own, side, factor)
            elif left.has(own):
                value = _one(left, own)
                for j in range(max(1, self.depths[u])):
                    yield self._made(u, j, axis, last, "value", self._later(value, j), side, None)
            else:
                continue
            return
        raise Refused("a condition is on no unknown and no slope across its boundary")

    def _later(self, value: Expression, times: int) -> Expression:
        """The derivative by time of a value at an end."""
        if not times or self.time is None:
            return value
        return sympy.diff(value, self.symbols.symbol(self.e.independents[self.time]), times)

    def _made(
        self,
        u: int,
        j: int,
        axis: int,
        last: bool,
        kind: Literal["value", "slope"],
        value: Expression,
        side: Side,
        factor: Expression | None,
    ) -> End:
        names = {self.symbols.jet_name(v, self.orders()) for v in range(len(self.e.unknowns))}
        if any(s.name in names for s in value.free_symbols):
            raise Refused("a condition joins several unknowns")
        span = side.span
        times = None if factor is None or factor == 0 else self.symbols.term(factor, span)
        written = self.symbols.term(value, span)
        return End(self.states.index((u, j)), axis, last, kind, written, times, span)


def _solved(left: list[Expression], wanted: list[Expression]) -> list[Expression] | None:
    """What makes some expressions vanish, if they are linear in what is wanted."""
    matrix = sympy.Matrix([[sympy.diff(e, w) for w in wanted] for e in left])
    if any(matrix.has(w) for w in wanted):
        return None
    rest = [e.xreplace(dict.fromkeys(wanted, sympy.Integer(0))) for e in left]
    if matrix.is_diagonal():
        if any(matrix[i, i] == 0 for i in range(len(wanted))):
            return None
        return [-r / matrix[i, i] for i, r in enumerate(rest)]
    if sympy.simplify(matrix.det()) == 0:
        return None
    return [-x for x in matrix.LUsolve(sympy.Matrix(rest))]


def _one(left: Expression, wanted: Expression) -> Expression:
    found = _solved([left], [wanted])
    if found is None:
        raise Refused("a condition is not linear in what it is about")
    return found[0]


def _unit(n: int, axis: int) -> Orders:
    return tuple(int(i == axis) for i in range(n))


def _indices(n: int, most: int) -> Iterator[Orders]:
    """All numbers of derivatives by n variables, few first."""
    whole: list[Orders] = [()]
    for _ in range(n):
        whole = [(*w, k) for w in whole for k in range(most + 1)]
    yield from sorted(whole, key=lambda w: (sum(w), [-x for x in w]))
