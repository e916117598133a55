"""What an expression is while planning: a number, a word, a function, a type, or a term.

Everything but a `Term` is known to the compiler; a term's value is known when the data
are, or when the program runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from msgspec import Struct, field

from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Apply, Const, Layer, Map, Term, Var
from sailc.types.dims import Dim, const
from sailc.types.model import Shape, Type
from sailc.units import Unit


class Quantity(Struct, frozen=True):
    """A number with a unit."""

    value: float
    unit: Unit


class Measured(float):
    """A metric's mean, which remembers the ends of its interval."""

    low: float
    high: float

    @classmethod
    def of(cls, mean: float, low: float, high: float) -> Measured:
        made = cls(mean)
        made.low, made.high = low, high
        return made


class Word(Struct, frozen=True):
    """A constant of an enum, or an option's word (`same`)."""

    name: str


class RunOf(Struct, frozen=True):
    """A run of dimensions (`...s`) as a value: `s / 2` is elementwise."""

    items: Shape


class Sequence(Struct, frozen=True):
    """A list that is known while planning; `brackets` is false for a tuple."""

    items: tuple[Value, ...]
    brackets: bool = True
    name: str = ""


class Fields(Struct, frozen=True):
    """A record whose fields are values."""

    items: Mapping[str, Value]


class Closure(Struct, frozen=True):
    """A template: a lambda, a `let` with parameters, or an `fn` with a body."""

    name: str
    parameters: tuple[tree.Parameter, ...]
    result: tree.Expr | None
    value: tree.Expr | None
    lines: tuple[tree.Line, ...]
    scope: Scope
    span: Span


class Primitive(Struct, frozen=True):
    """An operator: an `fn` without a body, or an `extern fn`."""

    declaration: tree.Declaration
    scope: Scope


class Awaiting(Struct, frozen=True, eq=False):
    """A call that lacks exactly its first argument; a layer is made with it."""

    function: Primitive | Closure
    positional: tuple[tuple[Value, Span], ...]
    named: Mapping[str, tuple[Value, Span]]
    layer: Layer | None


class Composed(Struct, frozen=True):
    """`first >> second`, or n functions of `repeat`."""

    functions: tuple[Value, ...]


class Constructor(Struct, frozen=True):
    """A type in the place of a function: `Class[10](x)`, `Element(i)`, `Set(xs)`."""

    type: Type
    name: str


class DatasetRef(Struct, frozen=True):
    """A dataset, whose files are its fields."""

    declaration: tree.Declaration


class ModuleRef(Struct, frozen=True):
    """A module by name (`MLP.width`, `train.time`)."""

    name: str


class Made(Struct, frozen=True):
    """What a plan-time maker gives; `role` says what it is good for: as an `optimizer`, a
    `schedule`, a `stop`, or, with none, as a distribution or a way to tune."""

    name: str
    attributes: Mapping[str, Value]
    role: str = ""


class Poison(Struct, frozen=True):
    """What is already known to be wrong; silent downstream."""


POISON = Poison()

Function = Closure | Primitive | Awaiting | Composed | Constructor
Value = (
    int
    | float
    | bool
    | str
    | Dim
    | Quantity
    | Word
    | RunOf
    | Sequence
    | Fields
    | Closure
    | Primitive
    | Awaiting
    | Composed
    | Constructor
    | DatasetRef
    | ModuleRef
    | Made
    | Poison
    | Var
    | Const
    | Apply
    | Map
)


class Lazy(Struct, eq=False):
    """A `let` not evaluated yet; `busy` finds a definition that needs itself. An input is one
    while its type is read."""

    line: tree.Let | tree.Port
    scope: Scope
    value: Value | None = None
    busy: bool = False


class Scope(Struct, eq=False):
    """Names and what they stand for. `parent` is the enclosing scope; the outermost
    holds a file's view of the workspace in `outer`."""

    names: dict[str, Value | Lazy]
    parent: Scope | None
    file: str
    types: dict[str, Type] = field(default_factory=dict[str, Type])
    units: dict[str, Unit] = field(default_factory=dict[str, Unit])

    def child(self, file: str | None = None) -> Scope:
        return Scope({}, self, file or self.file)

    def find(self, name: str) -> Value | Lazy | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def find_type(self, name: str) -> Type | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.types:
                return scope.types[name]
            scope = scope.parent
        return None

    def find_unit(self, name: str) -> Unit | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.units:
                return scope.units[name]
            scope = scope.parent
        return None

    def known(self) -> set[str]:
        names: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            names.update(scope.names)
            scope = scope.parent
        return names


def is_term(value: Value) -> TypeGuard[Term]:
    return isinstance(value, Var | Const | Apply | Map)


def as_dim(value: object) -> Dim | None:
    if isinstance(value, Dim):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return const(value)
    if isinstance(value, float) and value.is_integer():
        return const(int(value))
    return None


def as_run(value: object) -> Shape | None:
    """A run of dimensions: `...s`, or a plan-time list of integers."""
    match value:
        case RunOf(items):
            return items
        case Sequence(items):
            dims = [as_dim(i) for i in items]
            return tuple(d for d in dims if d is not None) if None not in dims else None
        case _:
            return None


Given = tuple[Value, Span]
