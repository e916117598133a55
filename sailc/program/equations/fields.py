"""What a network is fitted to: the laws and conditions of an equation, as methods that are given a
field, of which they read values and derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.program.arrays.layout import CannotLower
from sailc.program.arrays.vectors import Lowering
from sailc.program.equations.binding import bind
from sailc.program.tree.expressions import rebuild
from sailc.program.tree.nodes import Assign, Expr, Function, Literal, Op, Ref
from sailc.source import Span
from sailc.symbolic.algebra import Symbols
from sailc.symbolic.form import TypedEquation
from sailc.symbolic.laws import Condition, Derived, Leftover, conditions, laws
from sailc.terms import Term

LINE = 80
"""How many characters of names are one statement yet."""


class Jet(Struct, frozen=True):
    """A derivative of an unknown, by the variables at `axes`, one after another; and what it is
    called."""

    name: str
    unknown: int
    axes: tuple[int, ...]


class Reading(Struct, frozen=True):
    """What a method reads of its `field` at some places: `jets`, each after the one that it is a
    derivative of, and of all of them `used` by name. `places` are the coordinates' names, and
    `unknowns` how many numbers the field gives."""

    field: str
    places: tuple[str, ...]
    unknowns: int
    jets: tuple[Jet, ...]
    used: frozenset[str]
    span: Span

    @property
    def order(self) -> int:
        return max(len(j.axes) for j in self.jets)

    def of_order(self, n: int) -> list[Jet]:
        return [j for j in self.jets if len(j.axes) == n]

    def below(self, jet: Jet) -> list[Jet]:
        """Its own derivatives."""
        n = len(jet.axes) + 1
        own = (j for j in self.of_order(n) if j.unknown == jet.unknown)
        return [j for j in own if j.axes[:-1] == jet.axes]

    @property
    def names(self) -> list[str]:
        """All that it binds or takes."""
        return [self.field, *self.places, *(j.name for j in self.jets)]

    @property
    def values(self) -> list[str]:
        """What the numbers of the field are called, `_` where nothing reads them."""
        names = {j.unknown: j.name for j in self.of_order(0)}
        return [names.get(i, "_") for i in range(self.unknowns)]


class FieldMethod(Struct, frozen=True):
    """A method of an equation that reads a field: after the `first` statements, which bind
    parameters, come the readings, as a backend writes them."""

    function: Function
    first: int
    readings: tuple[Reading, ...]


def laws_method(e: TypedEquation) -> FieldMethod:
    """What the laws leave over for a field."""
    low, field = _lowering(e)
    found = laws(e)
    reading = _reading(low, e, field, found)
    bound = _bind(low, e, found, reading, ())
    result = Op("stack", _values(low, found, reading), {"axis": -1, "alike": True})
    doc = "What the laws leave over for a field, left minus right sides."
    parameters = ("self", field, *reading.places)
    whole = Function("laws", doc, parameters, (*bound, *low.body), (result,), e.span)
    return FieldMethod(whole, len(bound), (reading,))


def conditions_methods(e: TypedEquation) -> tuple[Function, FieldMethod]:
    """Where the conditions hold; what they leave over for a field."""
    held = conditions(e)
    if not held:
        raise CannotLower(f"`mismatch` of `{e.name}`, which has no conditions", e.span)
    return _sides(e, held), _conditions(e, held)


def _conditions(e: TypedEquation, held: Sequence[Condition]) -> FieldMethod:
    low, field = _lowering(e)
    given = low.names.fresh("places")
    bound: list[Assign] = []
    readings: list[Reading] = []
    left: list[Expr] = []
    for sides in ([c.left, *([c.other] if c.other is not None else [])] for c in held):
        own: list[Expr] = []
        for found in sides:
            readings.append(_reading(low, e, field, found))
            bound += _bind(low, e, found, readings[-1], bound)
            own += _values(low, found, readings[-1])
        left.append(own[0] if len(own) == 1 else Op("subtract", tuple(own)))
    result = Op("concat", tuple(left))
    doc = "What the conditions leave over for a field, each at its places."
    taken = _taken(readings, given, e.span)
    body = (*taken, *bound, *low.body)
    whole = Function("conditions", doc, ("self", field, given), body, (result,), e.span)
    return FieldMethod(whole, len(taken) + len(bound), tuple(readings))


def _values(low: Lowering, found: Leftover, r: Reading) -> tuple[Expr, ...]:
    arrays = frozenset(r.names)
    return tuple(_of_arrays(low.leaf(t).expr, arrays) for t in found.values)


ARITHMETIC = frozenset(["add", "subtract", "multiply", "divide", "power", "negative"])
"""What Python's own numbers can do; all else a backend does with arrays."""


def _of_arrays(e: Expr, arrays: frozenset[str]) -> Expr:
    """An expression in which functions of parameters and numbers alone are given arrays."""
    match rebuild(e, lambda x: _of_arrays(x, arrays)):
        case Op(operator, arguments) as op if operator not in ARITHMETIC:
            if not all(_is_number(a, arrays) for a in arguments):
                return op
            return replace(op, arguments=tuple(Op("as_array", (a,)) for a in arguments))
        case other:
            return other


def _is_number(e: Expr, arrays: frozenset[str]) -> bool:
    """Whether an expression is a parameter, a number, or arithmetic with these."""
    match e:
        case Ref(name):
            return name not in arrays
        case Op(operator, arguments):
            return operator in ARITHMETIC and all(_is_number(a, arrays) for a in arguments)
        case _:
            return True


def _sides(e: TypedEquation, held: Sequence[Condition]) -> Function:
    """Where the conditions hold."""
    low = Lowering()
    low.names.taken.add("self")
    ends = [(c.place,) if c.there is None else (c.place, c.there) for c in held]
    body = bind(low, e.parameters, (), (), [t for own in ends for t in own])
    rows = [
        Op("pack", (Literal(c.axis), _items(low, own)), {"names": (0, 1)})
        for c, own in zip(held, ends, strict=True)
    ]
    doc = "Where each condition holds: which variable is fixed, and at what."
    result = Op("items", tuple(rows))
    return Function("sides", doc, ("self",), (*body, *low.body), (result,), e.span)


def _items(low: Lowering, terms: Iterable[Term]) -> Expr:
    return Op("items", tuple(low.leaf(t).expr for t in terms))


def _lowering(e: TypedEquation) -> tuple[Lowering, str]:
    """A method's names, and what it calls the field."""
    low = Lowering()
    low.names.taken |= {"self", "_", "slopes"}
    return low, low.names.fresh("field")


def _bind(
    low: Lowering, e: TypedEquation, found: Leftover, r: Reading, before: Sequence[Assign]
) -> list[Assign]:
    """Bind what expressions read; the statements for parameters that are new."""
    names = {(j.unknown, j.axes): j.name for j in r.jets}
    jets = [names[j.unknown, _axes(j)] for j in found.jets]
    variables = [*e.independents, *(j.variable for j in found.jets)]
    return bind(low, e.parameters, variables, [*r.places, *jets], found.values, before)


def _reading(low: Lowering, e: TypedEquation, field: str, found: Leftover) -> Reading:
    """What expressions read of a field, and the derivatives on the way there."""
    places = tuple(low.names.fresh(v.name) for v in e.independents)
    wanted = {(j.unknown, _axes(j)) for j in found.jets}
    all_of = {(u, axes[:n]) for u, axes in wanted for n in range(len(axes) + 1)}
    symbols = Symbols(e.independents, e.unknowns)
    jets = [
        Jet(low.names.fresh(symbols.jet_name(u, _orders(e, axes))), u, axes)
        for u, axes in sorted(all_of, key=lambda x: (len(x[1]), x))
    ]
    used = frozenset(j.name for j in jets if (j.unknown, j.axes) in wanted)
    return Reading(field, places, len(e.unknowns), tuple(jets), used, e.span)


def _taken(readings: Sequence[Reading], given: str, span: Span) -> list[Assign]:
    """The coordinates of all places under their names."""
    parts = [tuple_of(r.places) for r in readings]
    whole = ", ".join(parts) if len(parts) > 1 else f"({parts[0]},)"
    if len(whole) < LINE:
        return [Assign(whole, Ref(given), span)]
    parts = [part.strip("()") for part in parts]
    at = (Op("index", (Ref(given),), {"items": (i,)}) for i in range(len(parts)))
    return [Assign(part, value, span) for part, value in zip(parts, at, strict=True)]


def tuple_of(names: Sequence[str]) -> str:
    """Names as a tuple of them is written."""
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _axes(j: Derived) -> tuple[int, ...]:
    return tuple(axis for axis, n in enumerate(j.orders) for _ in range(n))


def _orders(e: TypedEquation, axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axes.count(i) for i in range(len(e.independents)))
