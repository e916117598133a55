"""Unification that remembers why (CORE.md, step 4).

A `Solver` holds the only mutable state of inference: what each variable stands for, and
which place in the text said so. Units are solved in the abelian group, dimensions by
polynomial normal form, a shape's spread by matching prefix and suffix. An equation
between dimensions that is neither solved nor false is kept as a residual.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from msgspec import Struct, field

from sailc.source import NOWHERE, Span
from sailc.types.dims import (
    HOLE,
    Atom,
    Dim,
    DimName,
    DimVar,
    FloorDiv,
    RankOf,
    SizeOf,
    SpreadMap,
    SpreadVar,
    atom,
    const,
)
from sailc.types.model import (
    Bool,
    Complex,
    Element,
    EquationType,
    FieldType,
    FunctionType,
    Item,
    Label,
    ListType,
    MaybeType,
    Num,
    RecordType,
    SetType,
    Shape,
    Tensor,
    TupleType,
    Type,
    TypeVar,
    Unknown,
)
from sailc.units import Unit


class Mismatch(Struct, frozen=True):
    """The innermost disagreement of a failed unification.

    `left` and `right` are a dimension, a unit or a type each; `because` is the place
    that fixed what the left side stands for, where a variable did.
    """

    kind: str
    left: object
    right: object
    because: Span = NOWHERE


class Residual(Struct, frozen=True):
    """An equation that is neither solved nor false so far."""

    left: Dim | Shape
    right: Dim | Shape
    span: Span


class Solver(Struct):
    """What is known of each variable. `names` are the rigid dimensions that go by another
    name from here on."""

    types: dict[int, Type] = field(default_factory=dict[int, Type])
    dims: dict[int, Dim] = field(default_factory=dict[int, Dim])
    spreads: dict[int, Shape] = field(default_factory=dict[int, Shape])
    units: dict[str, Unit] = field(default_factory=dict[str, Unit])
    origins: dict[int, Span] = field(default_factory=dict[int, Span])
    residuals: list[Residual] = field(default_factory=list[Residual])
    names: dict[DimName, Dim] = field(default_factory=dict[DimName, Dim])
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    def fork(self) -> Solver:
        """A solver that knows the same and goes its own way from here."""
        return Solver(
            dict(self.types),
            dict(self.dims),
            dict(self.spreads),
            dict(self.units),
            dict(self.origins),
            list(self.residuals),
            dict(self.names),
            self._ids,
        )

    # --- fresh variables -------------------------------------------------------------

    def type_var(self, name: str = "") -> TypeVar:
        return TypeVar(next(self._ids), name)

    def dim_var(self, name: str = "") -> Dim:
        return atom(DimVar(next(self._ids), name))

    def spread_var(self, name: str = "") -> SpreadVar:
        return SpreadVar(next(self._ids), name)

    def unit_var(self, name: str = "'u") -> Unit:
        fresh = f"{name}.{next(self._ids)}"
        variable = ((fresh, Fraction(1)),)
        return Unit((), variable, 1.0, variable)

    # --- what variables stand for ------------------------------------------------------

    def dim(self, d: Dim) -> Dim:
        """A dimension with all that is known of it put in."""
        single = d.atom
        if isinstance(single, DimVar) and single.id not in self.dims:
            return d
        return d.replace(self._atom)

    def _atom(self, a: Atom) -> Dim:
        match a:
            case DimVar(id) if id in self.dims:
                self.dims[id] = self.dim(self.dims[id])
                return self.dims[id]
            case DimName():
                return self.names.get(a, atom(a))
            case FloorDiv(numerator, divisor):
                return self.dim(numerator) // self.dim(divisor)
            case SizeOf(spread):
                return size(self.items((spread,)))
            case RankOf(spread):
                return rank(self.items((spread,)))
            case _:
                return atom(a)

    def items(self, shape: Shape) -> Shape:
        """A shape with all that is known of it put in."""
        result: list[Item] = []
        for item in shape:
            if isinstance(item, Dim):
                result.append(item if item.value is not None else self.dim(item))
                continue
            match item:
                case SpreadVar(id) if id in self.spreads:
                    result.extend(self.items(self.spreads[id]))
                case SpreadMap(base, each) if base.id in self.spreads:
                    result.extend(map_items(self.items(self.spreads[base.id]), self.dim(each)))
                case SpreadMap(base, each):
                    result.append(SpreadMap(base, self.dim(each)))
                case _:
                    result.append(item)
        return tuple(result)

    def unit(self, u: Unit) -> Unit:
        for name, power in u.variables:
            if name in self.units:
                bound = self.unit(self.units[name]) ** power
                return self.unit(bound * u.without(name))
        return u

    def element(self, e: Element) -> Element:
        match e:
            case Num(unit) if unit.variables:
                return Num(self.unit(unit))
            case Complex(unit) if unit.variables:
                return Complex(self.unit(unit))
            case Label(size, enum, name):
                return Label(self.dim(size), enum, name)
            case TypeVar(id) if id in self.types:
                match self.resolve(self.types[id]):
                    case Tensor(element, ()):
                        return element
                    case TypeVar() as v:
                        return v
                    case _:
                        return e
            case _:
                return e

    def resolve(self, type: Type) -> Type:
        """A type with all that is known of it put in."""
        match type:
            case Tensor(element, shape, storage, columns):
                return Tensor(self.element(element), self.items(shape), storage, columns)
            case TypeVar(id):
                return self.resolve(self.types[id]) if id in self.types else type
            case ListType(item, n):
                return ListType(self.resolve(item), self.dim(n))
            case SetType(item, n):
                return SetType(self.resolve(item), self.dim(n))
            case RecordType(fields, name):
                return RecordType(tuple((f, self.resolve(t)) for f, t in fields), name)
            case TupleType(items):
                return TupleType(tuple(self.resolve(t) for t in items))
            case MaybeType(item):
                return MaybeType(self.resolve(item))
            case FunctionType(parameters, result):
                return FunctionType(
                    tuple(self.resolve(t) for t in parameters), self.resolve(result)
                )
            case EquationType(d, k, variables):
                return EquationType(self.dim(d), self.dim(k), variables)
            case FieldType(d, k):
                return FieldType(self.dim(d), self.dim(k))
            case _:
                return type

    # --- unification -------------------------------------------------------------------

    def unify(self, a: Type, b: Type, span: Span) -> Mismatch | None:
        """Make two types one. Returns the innermost disagreement, or None."""
        a, b = self.resolve(a), self.resolve(b)
        if a == b:
            return None
        match a, b:
            case (Unknown(), _) | (_, Unknown()):
                return None
            case TypeVar(), _:
                return self._bind_type(a, b, span)
            case _, TypeVar():
                return self._bind_type(b, a, span)
            case Tensor(e, s), Tensor(f, t):
                wrong = self.unify_elements(e, f, span)
                return wrong or self.unify_shapes(s, t, span)
            case (ListType(x, n), ListType(y, m)) | (SetType(x, n), SetType(y, m)):
                return self.unify(x, y, span) or self.unify_dims(n, m, span)
            case RecordType(), RecordType():
                return self._records(a, b, span)
            case TupleType(xs), TupleType(ys) if len(xs) == len(ys):
                return self._all(list(zip(xs, ys, strict=True)), span)
            case MaybeType(x), MaybeType(y):
                return self.unify(x, y, span)
            case FunctionType(ps, r), FunctionType(qs, s) if len(ps) == len(qs):
                return self._all([*zip(ps, qs, strict=True), (r, s)], span)
            case (EquationType(d, k), EquationType(e, j)) | (FieldType(d, k), FieldType(e, j)):
                return self.unify_dims(d, e, span) or self.unify_dims(k, j, span)
            case _:
                return Mismatch("type", a, b)

    def join(self, a: Type, b: Type, span: Span) -> Mismatch | None:
        """Unify what meets at an edge between modules. Lengths that only the data know are
        equal there if they are one; inside of a module it is left to the data."""
        before = len(self.residuals)
        wrong = self.unify(a, b, span)
        for r in self.residuals[before:] if wrong is None else ():
            if isinstance(r.left, Dim) and isinstance(r.right, Dim) and self._apart(r):
                return Mismatch("dimension", r.left, r.right)
        return wrong

    def _apart(self, r: Residual) -> bool:
        assert isinstance(r.left, Dim)
        assert isinstance(r.right, Dim)
        difference = self.dim(r.left - r.right)
        return bool(difference.terms) and all(isinstance(a, DimName) for a in difference.atoms())

    def _all(self, pairs: list[tuple[Type, Type]], span: Span) -> Mismatch | None:
        for x, y in pairs:
            wrong = self.unify(x, y, span)
            if wrong:
                return wrong
        return None

    def _records(self, a: RecordType, b: RecordType, span: Span) -> Mismatch | None:
        left, right = dict(a.fields), dict(b.fields)
        if left.keys() != right.keys():
            return Mismatch("fields", a, b)
        return self._all([(left[f], right[f]) for f in left], span)

    def _bind_type(self, v: TypeVar, type: Type, span: Span) -> Mismatch | None:
        if _mentions(type, v):
            return Mismatch("occurs", v, type)
        if isinstance(type, TypeVar) and v.name and not type.name:
            v, type = type, v
        self.types[v.id] = type
        self.origins[v.id] = span
        return None

    def unify_elements(self, a: Element, b: Element, span: Span) -> Mismatch | None:
        a, b = self.element(a), self.element(b)
        match a, b:
            case _ if a == b:
                return None
            case TypeVar(), _:
                return self._bind_type(a, Tensor(b), span)
            case _, TypeVar():
                return self._bind_type(b, Tensor(a), span)
            case (Num(u), Num(v)) | (Complex(u), Complex(v)):
                return self.unify_units(u, v, span)
            case Label(n, x, _), Label(m, y, _):
                if x and y and x != y:
                    return Mismatch("type", Tensor(a), Tensor(b))
                return self.unify_dims(n, m, span)
            case Bool(), Bool():
                return None
            case _:
                return Mismatch("type", Tensor(a), Tensor(b))

    def unify_units(self, a: Unit, b: Unit, span: Span) -> Mismatch | None:
        a, b = self.unit(a), self.unit(b)
        if a == b:
            return None
        quotient = a / b
        if not quotient.variables:
            return Mismatch("unit", a, b) if quotient.dims else None
        name, power = min(quotient.variables, key=lambda v: (abs(v[1]), v[0]))
        self.units[name] = quotient.without(name) ** (-1 / power)
        return None

    def unify_dims(self, a: Dim, b: Dim, span: Span) -> Mismatch | None:
        a, b = self.dim(a), self.dim(b)
        if a == b:
            return None
        difference = a - b
        if difference.value is not None:
            return Mismatch("dimension", a, b)
        for x, y in ((a, b), (b, a)):
            v = x.variable
            if v is not None and v not in y.atoms():
                if y.variable is not None and v.name and not y.variable.name:
                    v, y = y.variable, x
                self.dims[v.id] = y
                self.origins[v.id] = span
                return None
        self.residuals.append(Residual(a, b, span))
        return None

    def unify_shapes(self, a: Shape, b: Shape, span: Span) -> Mismatch | None:
        a, b = self.items(a), self.items(b)
        front, a, b = _pairs(a, b)
        back, ra, rb = _pairs(a[::-1], b[::-1])
        a, b = ra[::-1], rb[::-1]
        for x, y in [*front, *back]:
            wrong = self.unify_dims(x, y, span)
            if wrong:
                return wrong
        return self._middle(self.items(a), self.items(b), span)

    def _middle(self, a: Shape, b: Shape, span: Span) -> Mismatch | None:
        """What is left once prefix and suffix are matched: at most one side starts or
        ends with a dimension, unless there is no spread at all."""
        if a == b:
            return None
        for x, y in ((a, b), (b, a)):
            if len(x) == 1 and isinstance(x[0], SpreadVar) and x[0] not in y:
                self.spreads[x[0].id] = y
                self.origins[x[0].id] = span
                return None
        if not _has_spread(a) and not _has_spread(b):
            return Mismatch("rank", a, b)
        for x, y in ((a, b), (b, a)):
            if not _has_spread(x) and len(y) - 1 > len(x):
                return Mismatch("rank", a, b)
        self.residuals.append(Residual(a, b, span))
        return None

    # --- residual equations --------------------------------------------------------------

    def settle(self) -> Mismatch | None:
        """Try the residual equations again until none moves (CORE.md, step 15)."""
        while True:
            pending, self.residuals = self.residuals, []
            before = (len(self.dims), len(self.spreads))
            for r in pending:
                wrong = self._again(r)
                if wrong:
                    return wrong
            if before == (len(self.dims), len(self.spreads)):
                return None

    def _again(self, r: Residual) -> Mismatch | None:
        if isinstance(r.left, Dim) and isinstance(r.right, Dim):
            if self._linear(self.dim(r.left - r.right), r.span):
                return None
            return self.unify_dims(r.left, r.right, r.span)
        assert isinstance(r.left, tuple)
        assert isinstance(r.right, tuple)
        return self.unify_shapes(r.left, r.right, r.span)

    def _linear(self, equation: Dim, span: Span) -> bool:
        """Solve `c * x + d == 0` where c divides d exactly; whether it was."""
        variables = {a for a in equation.atoms() if isinstance(a, DimVar)}
        if len(variables) != 1 or any(not isinstance(a, DimVar) for a in equation.atoms()):
            return False
        (v,) = variables
        c = sum(k for m, k in equation.terms if m == ((v, 1),))
        d = sum(k for m, k in equation.terms if m == ())
        if len(equation.terms) > 2 or not c or d % c:
            return False
        self.dims[v.id] = const(-d // c)
        self.origins[v.id] = span
        return True


def _pairs(a: Shape, b: Shape) -> tuple[list[tuple[Dim, Dim]], Shape, Shape]:
    pairs: list[tuple[Dim, Dim]] = []
    while a and b:
        x, y = a[0], b[0]
        if not isinstance(x, Dim) or not isinstance(y, Dim):
            break
        pairs.append((x, y))
        a, b = a[1:], b[1:]
    return pairs, a, b


def _has_spread(shape: Shape) -> bool:
    return any(not isinstance(i, Dim) for i in shape)


def _mentions(type: Type, v: TypeVar) -> bool:
    match type:
        case TypeVar():
            return type == v
        case Tensor(element):
            return element == v
        case ListType(item) | SetType(item) | MaybeType(item):
            return _mentions(item, v)
        case RecordType(fields):
            return any(_mentions(t, v) for _, t in fields)
        case TupleType(items):
            return any(_mentions(t, v) for t in items)
        case FunctionType(parameters, result):
            return any(_mentions(t, v) for t in (*parameters, result))
        case _:
            return False


def map_items(items: Shape, each: Dim) -> Shape:
    """Elementwise arithmetic on a run of dimensions."""
    (hole,) = HOLE.atoms()
    result: list[Item] = []
    for item in items:
        match item:
            case Dim():
                result.append(_substitute(each, hole, item))
            case SpreadVar():
                result.append(SpreadMap(item, each))
            case SpreadMap(base, inner):
                result.append(SpreadMap(base, _substitute(each, hole, inner)))
    return tuple(result)


def _substitute(d: Dim, hole: Atom, value: Dim) -> Dim:
    def replace(a: Atom) -> Dim:
        if a == hole:
            return value
        if isinstance(a, FloorDiv):
            return a.numerator.replace(replace) // a.divisor.replace(replace)
        return atom(a)

    return d.replace(replace)


def size(items: Shape) -> Dim:
    """The product of a shape's dimensions."""
    total = const(1)
    for item in items:
        total = total * (item if isinstance(item, Dim) else atom(SizeOf(item)))
    return total


def rank(items: Shape) -> Dim:
    total = const(0)
    for item in items:
        match item:
            case Dim():
                total = total + const(1)
            case SpreadVar():
                total = total + atom(RankOf(item))
            case SpreadMap(base):
                total = total + atom(RankOf(base))
    return total
