"""The tree of a SAIL file: what the parser returns, spans exact, meaning none.

Types and expressions share one grammar, so `Tensor[real<eV>, n, ...s]` is an
`Index` whose items are a `WithUnit`, a `Name` and a `Spread`. Nodes are frozen;
where the text was broken, a `Missing` stands and later stages stay silent about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from sailc.source import Span


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """Comparing and showing are written once here: generating them for every class is most
    of what starting the compiler would cost."""

    span: Span

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and values(self) == values(other)

    def __hash__(self) -> int:
        return hash((type(self).__name__, *values(self)))

    def __repr__(self) -> str:
        names = [f.name for f in fields(self)]
        pairs = zip(names, values(self), strict=True)
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in pairs)})"


def values(node: object) -> tuple[object, ...]:
    """The fields of a dataclass, in order."""
    return tuple(getattr(node, f.name) for f in fields(node))  # type: ignore[arg-type]


# --- expressions, types and patterns -------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Missing(Node):
    """What error recovery put where an expression should stand."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Name(Node):
    """A name, `_` included."""

    id: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Number(Node):
    """`1_000`, `2.5e-3`: an `int` where the text has neither point nor exponent."""

    value: int | float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Quantity(Node):
    """`0.5 fs`, `2 FLOP`: a number and its unit, the unit as written."""

    value: int | float
    unit: str
    unit_span: Span


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class String(Node):
    value: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Truth(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Member(Node):
    """`value.name`."""

    value: Expr
    name: str
    name_span: Span


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Index(Node):
    """`value[items]`: an element, a slice, or the arguments of a type."""

    value: Expr
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slice(Node):
    """`a:b` inside an index, half-open; either end may be absent."""

    start: Expr | None
    stop: Expr | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Range(Node):
    """`a..b by c`, ends included."""

    start: Expr
    stop: Expr
    step: Expr | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Argument(Node):
    """`value`, or `name = value`; the name may be a path (`set CosmoFlow.size = 32`)."""

    name: Name | Member | None
    value: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call(Node):
    function: Expr
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parameter(Node):
    """`name: type = default`, the last two optional. A lambda's parameter may be a tuple
    pattern, and then `name` is empty and `pattern` holds it."""

    name: str
    type: Expr | None
    default: Expr | None
    pattern: Tuple | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Lambda(Node):
    parameters: tuple[Parameter, ...]
    body: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class If(Node):
    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Arm(Node):
    """`pattern if guard => value`; the pattern `_` fits everything."""

    pattern: Expr
    guard: Expr | None
    value: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Match(Node):
    subject: Expr
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tuple(Node):
    """Two or more items; `(e)` is just `e`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RecordField(Node):
    """`name: value`, or a bare `name` (constants of an enum), whose value is then None."""

    name: str
    name_span: Span
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Record(Node):
    fields: tuple[RecordField, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class List(Node):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Clause(Node):
    """`for target in source if condition` of a comprehension."""

    target: Expr
    source: Expr
    condition: Expr | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comprehension(Node):
    """`[value for … in …]`; without brackets where it is the sole argument of a call."""

    value: Expr
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Unary(Node):
    operator: Literal["-", "not"]
    operand: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Binary(Node):
    """`|> >> or and == != < <= > >= in + - * / @ ^`."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WithUnit(Node):
    """`real<eV>`; the unit is as written, without `<` and `>`."""

    value: Expr
    unit: str
    unit_span: Span


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Spread(Node):
    """`...s`, or elementwise arithmetic on one: `...s / k` (a run of dimensions)."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Optional(Node):
    """`T?`: may be missing."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Arrow(Node):
    """`A -> B`."""

    parameter: Expr
    result: Expr


Expr = (
    Missing
    | Name
    | Number
    | Quantity
    | String
    | Truth
    | Member
    | Index
    | Slice
    | Range
    | Call
    | Lambda
    | If
    | Match
    | Tuple
    | Record
    | List
    | Comprehension
    | Unary
    | Binary
    | WithUnit
    | Spread
    | Optional
    | Arrow
)


# --- lines of a block ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Let(Node):
    """`let target = value`, `let name(parameters) = value`, or with a block for a body."""

    target: Expr
    parameters: tuple[Parameter, ...] | None
    type: Expr | None
    value: Expr | None
    body: tuple[Line, ...] | None
    doc: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Suggest(Node):
    """`suggest target in domain when condition`: an axis of a problem, a knob elsewhere."""

    target: Expr
    domain: Expr
    when: Expr | None
    doc: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Port(Node):
    """`input name: type`, `output name: type = value`, `output value`."""

    side: Literal["input", "output"]
    name: str
    name_span: Span
    type: Expr | None
    value: Expr | None
    doc: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Needs(Node):
    """`needs name: verb type`: a hole that the planner fills."""

    name: str
    name_span: Span
    verb: str | None
    type: Expr
    doc: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Require(Node):
    """`require condition because "…"`."""

    condition: Expr
    because: str | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fit(Node):
    """`fit a = …, b = …`: statistics of the training points."""

    bindings: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Give(Node):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fixture(Node):
    """`name: verb question as truth, weight = w`. The name is empty for the single
    question of a one-line data line, the verb None where none is written."""

    name: str
    name_span: Span
    verb: str | None
    question: Expr
    truth: Expr | None
    options: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Data(Node):
    """`train pattern in collection: …` with one fixture or a block of them."""

    split: Literal["train", "validate", "test"]
    target: Expr
    source: Expr
    fixtures: tuple[Fixture, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Stage(Node):
    """`stage name { … }`."""

    name: str
    name_span: Span
    body: tuple[Line, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Property(Node):
    """`word arguments when condition`: `epochs 10`, `scale data in […]`, `probe`."""

    name: str
    name_span: Span
    arguments: tuple[Argument, ...]
    when: Expr | None
    doc: str


Line = Let | Suggest | Port | Needs | Require | Fit | Give | Data | Stage | Property


# --- files ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Declaration(Node):
    """`kind name(parameters) -> result { body }` or `… = value`.

    `kind` is the keyword (`extern` for `extern fn`). `parameters` is None without
    parentheses, `body` None without a block; `enum E { A, B }` has a `Record` of bare
    names as `value`. `field a.b` has the dotted path as its name.
    """

    kind: str
    name: str
    name_span: Span
    parameters: tuple[Parameter, ...] | None
    result: Expr | None
    value: Expr | None
    body: tuple[Line, ...] | None
    doc: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Use(Node):
    """`use folder.file { Name, Other }`; no names means all of them."""

    path: str
    path_span: Span
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class File(Node):
    uses: tuple[Use, ...]
    declarations: tuple[Declaration, ...]


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below one, in the order of the text."""
    for f in fields(node):
        value = getattr(node, f.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:  # pyright: ignore[reportUnknownVariableType]
                if isinstance(item, Node):
                    yield item


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)
