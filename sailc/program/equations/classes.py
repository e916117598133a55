"""Equations as classes of a program: parameters, domain, start, rates, what holds at the ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from sailc.program.arrays.vectors import Lowering
from sailc.program.equations.binding import bind, fields
from sailc.program.equations.fields import FieldMethod, conditions_methods, laws_method
from sailc.program.tree.names import class_name
from sailc.program.tree.nodes import Check, Expr, Function, Op
from sailc.symbolic.form import TypedEquation
from sailc.symbolic.laws import Leftover, laws
from sailc.symbolic.system import End, System
from sailc.terms import Const, Term, Var

NONE = "_"
_Make = Callable[[list[Expr]], Expr]


class EquationCode(Struct, frozen=True):
    """A class: `fields` are the parameters, `facts` are constants of the class as Python text."""

    name: str
    doc: str
    fields: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    methods: tuple[Function, ...]
    own: tuple[FieldMethod, ...] = ()
    """Methods on arrays of the backend."""

    @property
    def order(self) -> int:
        """Of the derivatives that these read."""
        return max((r.order for m in self.own for r in m.readings), default=0)


class Wanted(Struct, frozen=True):
    """What a program does with equations. Explicit methods need no Jacobian without space; a
    field is `judged` by the laws, a network is `fitted` to laws and, if it is `bounded`, to
    conditions; parameters may have to meet what is `required`."""

    implicit: bool
    judged: bool
    fitted: bool
    required: bool
    bounded: bool = False


def equation_code(e: TypedEquation, s: System | None, wanted: Wanted) -> EquationCode:
    """The class of an equation; without a system nothing is solved on a grid."""
    writer = _Writer(e, s or System(None, *[()] * 9))
    methods = [writer.domain()]
    methods += [writer.required()] if wanted.required else []
    facts: list[tuple[str, str]] = []
    if s is not None:
        methods += [writer.start(), writer.rates()]
        methods += [writer.jacobian()] if wanted.implicit or s.space else []
        facts.append(("unknowns", str(s.unknowns)))
    own: tuple[FieldMethod, ...] = ()
    if wanted.fitted:
        own = (laws_method(e),)
        if wanted.bounded:
            sides, conditions = conditions_methods(e)
            methods, own = [*methods, sides], (*own, conditions)
    elif wanted.judged:
        found = laws(e)
        methods.append(writer.laws(found))
        facts.append(("law_jets", str(tuple((j.unknown, j.orders) for j in found.jets))))
    own_fields = tuple(fields(e.parameters).values())
    if s is not None and s.space:
        methods += writer.carried() if s.fluxes else []
        methods += [writer.values(), writer.slopes()]
        facts += [
            ("states", str(len(s.states))),
            ("jets", str(tuple((j.state, j.orders) for j in s.jets))),
            ("periodic", str(s.periodic)),
            ("time_axis", str(s.time)),
        ]
    parts = (own_fields, tuple(facts), tuple(methods), own)
    return EquationCode(class_name(e.name), describe(e), *parts)


def describe(e: TypedEquation) -> str:
    """What an equation is of, in a line; its own documentation if it has one."""
    if e.doc:
        return e.doc
    variables = ", ".join(v.name for v in e.independents)
    unknowns = ", ".join(f"{u.name}({variables})" for u in e.unknowns)
    return f"The equation {e.name}, of {unknowns}."


class _Writer(Struct):
    e: TypedEquation
    s: System

    @property
    def _space(self) -> list[Var]:
        return [self.e.independents[i] for i in self.s.space]

    @property
    def _time(self) -> list[Var]:
        return [self.e.independents[self.s.time]] if self.s.time is not None else []

    @property
    def _jets(self) -> list[Var]:
        return [j.variable for j in self.s.jets]

    def _method(
        self, name: str, doc: str, variables: Sequence[Var], terms: Sequence[Term], make: _Make
    ) -> Function:
        """A method of the class over some variables; `make` puts its values together."""
        low = Lowering()
        low.names.taken |= {"self", NONE}
        names = [low.names.fresh(v.name) for v in variables]
        body = bind(low, self.e.parameters, variables, names, terms)
        low.body += body
        values = [low.leaf(t).expr for t in terms]
        parameters = ("self", *(names or ()))
        if self.s.space and not self._time and name != "domain":
            at = 1 + len(self._space)
            parameters = (*parameters[:at], NONE, *parameters[at:])
        return Function(name, doc, parameters, tuple(low.body), (make(values),), self.e.span)

    def domain(self) -> Function:
        ends = [t for pair in self.e.domain for t in pair]

        def pairs(values: list[Expr]) -> Expr:
            both = zip(values[::2], values[1::2], strict=True)
            return Op("items", tuple(Op("pack", p, {"names": (0, 1)}) for p in both))

        doc = f"The ends of {', '.join(v.name for v in self.e.independents)}."
        return self._method("domain", doc, (), ends, pairs)

    def required(self) -> Function:
        """What the equation requires of its parameters, as far as that has to be asked."""
        asked = [(r, r.holds) for r in self.e.required if not isinstance(r.holds, bool)]
        low = Lowering()
        low.names.taken.add("self")
        low.body += bind(low, self.e.parameters, (), (), [t for _, t in asked])
        checks = tuple(
            Check(low.leaf(t).expr, f"{self.e.name}: {r.because}", r.span) for r, t in asked
        )
        doc = "What is required of the parameters." if asked else "It requires nothing."
        return Function("required", doc, ("self",), tuple(low.body), (), self.e.span, checks)

    def start(self) -> Function:
        states = ", ".join(v.name for v in self.s.states)
        if self.s.time is None:
            zeros = [Const(v.type, self.e.span, 0.0) for v in self.s.states]
            doc = f"A first guess of {states}."
            return self._plain("start", doc, self._space, zeros)
        doc = f"{states} at the start."
        return self._plain("start", doc, self._space, self.s.start)

    def _plain(
        self,
        name: str,
        doc: str,
        variables: Sequence[Var],
        terms: Sequence[Term],
        make: _Make | None = None,
    ) -> Function:
        made = self._method(name, doc, variables, terms, make or _items)
        parameters = tuple(p for p in made.parameters if p != NONE)
        return Function(name, doc, parameters, made.body, made.results, made.span)

    def rates(self) -> Function:
        states = ", ".join(v.name for v in self.s.states)
        doc = "What the laws leave over."
        if self._time:
            doc = f"The derivatives of {states} by {self._time[0].name}, from the laws."
        return self._method("rates", doc, self._arguments, self.s.rates, _items)

    @property
    def _arguments(self) -> list[Var]:
        return [*self._space, *self._time, *self._jets]

    def jacobian(self) -> Function:
        doc = f"How these change with {', '.join(v.name for v in self._jets)}."
        flat = [t for row in self.s.slopes for t in row]
        n = len(self.s.jets)
        return self._method("jacobian", doc, self._arguments, flat, lambda v: _nested(v, n))

    def carried(self) -> list[Function]:
        """The fluxes, and how they change with the states."""
        states = ", ".join(v.name for v in self.s.states)
        along = ", ".join(v.name for v in self._space)
        n = len(self.s.states)
        fluxes = [t for row in self.s.fluxes for t in row]
        speeds = [t for table in self.s.speeds for row in table for t in row]
        what = f"What is carried along {along}: their rates are lowered by its slopes."
        return [
            self._plain("fluxes", what, self.s.states, fluxes, lambda v: _nested(v, n)),
            self._plain(
                "speeds",
                f"How the fluxes change with {states}.",
                self.s.states,
                speeds,
                lambda v: _nested(v, n, n),
            ),
        ]

    def laws(self, found: Leftover) -> Function:
        doc = "What the laws leave over, left minus right sides."
        variables = [*self.e.independents, *(j.variable for j in found.jets)]
        return self._plain("laws", doc, variables, found.values)

    def values(self) -> Function:
        ends = [x for x in self.s.ends if x.kind == "value"]
        doc = "What the boundary gives: a value for (state, axis, end)."
        if not ends:
            doc = "The boundary gives no values."
        given = [x.value for x in ends]
        return self._method("values", doc, [*self._space, *self._time], given, _table(ends))

    def slopes(self) -> Function:
        ends = [x for x in self.s.ends if x.kind == "slope"]
        zero = Const(self.s.states[0].type, self.e.span, 0.0)
        flat = [t for x in ends for t in (x.value, x.factor or zero)]
        doc = "What it gives of slopes: value + factor * state for (state, axis, end)."
        if not ends:
            doc = "It gives no slopes."

        def table(values: list[Expr]) -> Expr:
            both = zip(values[::2], values[1::2], strict=True)
            return _table(ends)([Op("pack", p, {"names": (0, 1)}) for p in both])

        return self._method("slopes", doc, [*self._space, *self._time], flat, table)


def _items(values: list[Expr]) -> Expr:
    return Op("items", tuple(values))


def _nested(values: Sequence[Expr], *sizes: int) -> Expr:
    """Values as rows of a size; with several sizes, rows of rows, the innermost last."""
    rows: list[Expr] = list(values)
    for n in reversed(sizes):
        rows = [Op("items", tuple(rows[i : i + n])) for i in range(0, len(rows), n)]
    return Op("items", tuple(rows))


def _table(ends: Sequence[End]) -> _Make:
    keys = tuple((x.state, x.axis, -1 if x.last else 0) for x in ends)
    return lambda values: Op("table", tuple(values), {"keys": keys})
