"""Equations as classes of a program: parameters, domain, start, rates, what holds at the ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest

from msgspec import Struct

from sailc.program.arrays.layout import Leaf
from sailc.program.arrays.vectors import Lowering
from sailc.program.tree.names import class_name
from sailc.program.tree.nodes import Assign, Check, Expr, Function, Literal, Op, Ref, Step, Text
from sailc.symbolic.form import TypedEquation
from sailc.symbolic.laws import Leftover, conditions, laws
from sailc.symbolic.system import End, System
from sailc.terms import Const, Term, Var, walk

NONE = "_"
_Make = Callable[[list[Expr]], Expr]


class EquationCode(Struct, frozen=True):
    """A class: `fields` are the parameters, `facts` are constants of the class as Python text."""

    name: str
    doc: str
    fields: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    methods: tuple[Function, ...]
    own: tuple[Function, ...] = ()
    """Methods on arrays of the backend."""
    derivatives: tuple[tuple[int, ...], ...] = ()
    """Those that its laws read: how many by each variable."""

    @property
    def branches(self) -> bool:
        """Whether a derivative of the laws is differentiated further by several variables."""
        places = [[axis for axis, n in enumerate(by) for _ in range(n)] for by in self.derivatives]
        further = [set(axes) for axes in zip_longest(*places)]
        return any(len(axes - {None}) > 1 for axes in further[1:])


class Wanted(Struct, frozen=True):
    """What a program does with equations. Explicit methods need no Jacobian without space; a
    field is `judged` by the laws, a network is `fitted` to laws and conditions; parameters may
    have to meet what is `required`."""

    implicit: bool
    judged: bool
    fitted: bool
    required: bool


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
    own: list[Function] = []
    derivatives: tuple[tuple[int, ...], ...] = ()
    if wanted.judged or wanted.fitted:
        found = laws(e)
        own.append(writer.laws(found))
        facts.append(("law_jets", jets_of(found)))
        derivatives = tuple(j.orders for j in found.jets)
    if wanted.fitted:
        own += writer.conditions()
    elif own:
        methods, own = [*methods, *own], []
    fields = tuple(v.name for v in e.parameters)
    if s is not None and s.space:
        methods += writer.carried() if s.fluxes else []
        methods += [writer.values(), writer.slopes()]
        facts += [
            ("states", str(len(s.states))),
            ("jets", str(tuple((j.state, j.orders) for j in s.jets))),
            ("periodic", str(s.periodic)),
            ("time_axis", str(s.time)),
        ]
    parts = (fields, tuple(facts), tuple(methods), tuple(own), derivatives)
    return EquationCode(class_name(e.name), describe(e), *parts)


def jets_of(found: Leftover) -> str:
    """The derivatives that are read, as (unknown, how many by each variable)."""
    return str(tuple((j.unknown, j.orders) for j in found.jets))


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

    def conditions(self) -> list[Function]:
        """A method that lists the conditions, and one for each that needs statements."""
        made: list[Function] = []
        rows: list[Expr] = []
        places: list[Term] = []
        for i, c in enumerate(conditions(self.e), 1):
            sides = [c.left, *([c.other] if c.other is not None else [])]
            left = self._condition(f"condition_{i}", sides)
            made += [left] if left.body else []
            own = (
                Text(f"self.{left.name}") if left.body else Step(left.parameters[1:], *left.results)
            )
            places += [c.place, *([c.there] if c.there is not None else [])]
            jets = Text(f"({', '.join(jets_of(x) for x in sides)},)")
            parts = (Literal(c.axis), Literal(len(sides)), jets, own)
            rows.append(Op("pack", parts, {"names": (0, 1, 2, 3)}))
        whole = self._method("conditions", _CONDITIONS, (), places, lambda v: _rows(rows, v))
        return [*made, whole]

    def _condition(self, name: str, sides: list[Leftover]) -> Function:
        """What a condition leaves over: of a periodic one, here minus there."""
        low = Lowering()
        low.names.taken |= {"self", NONE}
        names = [low.names.fresh(v.name) for v in self.e.independents]
        parameters = ["self", *names]
        values: list[Expr] = []
        for x in sides:
            own = [low.names.fresh(j.variable.name) for j in x.jets]
            parameters += own
            variables = [*self.e.independents, *(j.variable for j in x.jets)]
            low.body += bind(low, self.e.parameters, variables, [*names, *own], x.values)
            values.append(low.leaf(x.values[0]).expr)
        result = values[0] if len(values) == 1 else Op("subtract", tuple(values))
        doc = "What a condition leaves over."
        return Function(name, doc, tuple(parameters), tuple(low.body), (result,), self.e.span)

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


_CONDITIONS = "Each condition: its variable, its places, the jets that it reads, itself."


def _rows(rows: list[Expr], places: list[Expr]) -> Expr:
    """The conditions, each with its own of all places."""
    made: list[Expr] = []
    rest = list(places)
    for row in rows:
        assert isinstance(row, Op)
        axis, count, jets, left = row.arguments
        assert isinstance(count, Literal)
        own = tuple(rest.pop(0) for _ in range(int(str(count.value))))
        made.append(Op("pack", (axis, Op("items", own), jets, left), {"names": (0, 1, 2, 3)}))
    return Op("items", tuple(made))


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


def bind(
    low: Lowering,
    parameters: Iterable[Var],
    variables: Sequence[Var],
    names: Sequence[str],
    terms: Sequence[Term],
) -> list[Assign]:
    """Bind a method's variables by name; parameters that the terms read are the object's."""
    table: Mapping[str, str] = {v.name: n for v, n in zip(variables, names, strict=True)}
    own = {v.name: v for v in parameters}
    body: list[Assign] = []
    for t in walk(*terms):
        if isinstance(t, Const) and t.name == "pi":
            low.bind(t, Leaf(Text("math.pi"), (), 0))
        elif isinstance(t, Var) and t.name in table:
            low.bind(t, Leaf(Ref(table[t.name]), (), 0))
        elif isinstance(t, Var) and t.name in own:
            if not any(a.name == t.name for a in body):
                low.names.taken.add(t.name)
                body.append(Assign(t.name, Text(f"self.{t.name}"), t.span))
            low.bind(t, Leaf(Ref(t.name), (), 0))
    return body
