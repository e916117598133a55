"""The tree of a SAIL file: what the parser returns, spans exact, meaning none.

Types and expressions share one grammar, so `Tensor[real<eV>, n, ...s]` is an
`Index` whose items are a `WithUnit`, a `Name` and a `Spread`. Nodes are frozen;
where the text was broken, a `Missing` stands and later stages stay silent about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from msgspec import Struct

from sailc.source import Span


class Node(Struct, frozen=True, gc=False):
    span: Span


# --- expressions, types and patterns -------------------------------------------------


class Missing(Node, frozen=True):
    """What error recovery put where an expression should stand."""


class Name(Node, frozen=True):
    """A name, `_` included."""

    id: str


class Number(Node, frozen=True):
    """`1_000`, `2.5e-3`: an `int` where the text has neither point nor exponent."""

    value: int | float


class Quantity(Node, frozen=True):
    """`0.5 fs`, `2 FLOP`: a number and its unit, the unit as written."""

    value: int | float
    unit: str
    unit_span: Span


class String(Node, frozen=True):
    value: str


class Truth(Node, frozen=True):
    """`true` or `false`."""

    value: bool


class Member(Node, frozen=True):
    """`value.name`."""

    value: Expr
    name: str
    name_span: Span


class Index(Node, frozen=True):
    """`value[items]`: an element, a slice, or the arguments of a type."""

    value: Expr
    items: tuple[Expr, ...]


class Slice(Node, frozen=True):
    """`a:b` inside an index, half-open; either end may be absent."""

    start: Expr | None
    stop: Expr | None


class Range(Node, frozen=True):
    """`a..b by c`, ends included."""

    start: Expr
    stop: Expr
    step: Expr | None


class Argument(Node, frozen=True):
    """`value`, or `name = value`; the name may be a path (`set CosmoFlow.size = 32`)."""

    name: Name | Member | None
    value: Expr


class Call(Node, frozen=True):
    function: Expr
    arguments: tuple[Argument, ...]


class Parameter(Node, frozen=True):
    """`name: type = default`, the last two optional. A lambda's parameter may be a tuple
    pattern, and then `name` is empty and `pattern` holds it."""

    name: str
    type: Expr | None
    default: Expr | None
    pattern: Tuple | None = None


class Lambda(Node, frozen=True):
    parameters: tuple[Parameter, ...]
    body: Expr


class If(Node, frozen=True):
    condition: Expr
    then: Expr
    otherwise: Expr


class Arm(Node, frozen=True):
    """`pattern if guard => value`; the pattern `_` fits everything."""

    pattern: Expr
    guard: Expr | None
    value: Expr


class Match(Node, frozen=True):
    subject: Expr
    arms: tuple[Arm, ...]


class Tuple(Node, frozen=True):
    """Two or more items; `(e)` is just `e`."""

    items: tuple[Expr, ...]


class RecordField(Node, frozen=True):
    """`name: value`, or a bare `name` (constants of an enum), whose value is then None."""

    name: str
    name_span: Span
    value: Expr | None


class Record(Node, frozen=True):
    fields: tuple[RecordField, ...]


class List(Node, frozen=True):
    items: tuple[Expr, ...]


class Clause(Node, frozen=True):
    """`for target in source if condition` of a comprehension."""

    target: Expr
    source: Expr
    condition: Expr | None


class Comprehension(Node, frozen=True):
    """`[value for … in …]`; without brackets where it is the sole argument of a call."""

    value: Expr
    clauses: tuple[Clause, ...]


class Unary(Node, frozen=True):
    operator: Literal["-", "not"]
    operand: Expr


class Binary(Node, frozen=True):
    """`|> >> or and == != < <= > >= in + - * / @ ^`."""

    operator: str
    left: Expr
    right: Expr


class WithUnit(Node, frozen=True):
    """`real<eV>`; the unit is as written, without `<` and `>`."""

    value: Expr
    unit: str
    unit_span: Span


class Spread(Node, frozen=True):
    """`...s`, or elementwise arithmetic on one: `...s / k` (a run of dimensions)."""

    value: Expr


class Optional(Node, frozen=True):
    """`T?`: may be missing."""

    value: Expr


class Arrow(Node, frozen=True):
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


class Let(Node, frozen=True):
    """`let target = value`, `let name(parameters) = value`, or with a block for a body."""

    target: Expr
    parameters: tuple[Parameter, ...] | None
    type: Expr | None
    value: Expr | None
    body: tuple[Line, ...] | None
    doc: str


class Suggest(Node, frozen=True):
    """`suggest target in domain when condition`: an axis of a problem, a knob elsewhere."""

    target: Expr
    domain: Expr
    when: Expr | None
    doc: str


class Port(Node, frozen=True):
    """`input name: type`, `output name: type = value`, `output value`."""

    side: Literal["input", "output"]
    name: str
    name_span: Span
    type: Expr | None
    value: Expr | None
    doc: str


class Needs(Node, frozen=True):
    """`needs name: verb type`: a hole that the planner fills."""

    name: str
    name_span: Span
    verb: str | None
    type: Expr
    doc: str


class Require(Node, frozen=True):
    """`require condition because "…"`."""

    condition: Expr
    because: str | None


class Fit(Node, frozen=True):
    """`fit a = …, b = …`: statistics of the training points."""

    bindings: tuple[Argument, ...]


class Give(Node, frozen=True):
    value: Expr


class Fixture(Node, frozen=True):
    """`name: verb question as truth, weight = w`. The name is empty for the single
    question of a one-line data line, the verb None where none is written."""

    name: str
    name_span: Span
    verb: str | None
    question: Expr
    truth: Expr | None
    options: tuple[Argument, ...]


class Data(Node, frozen=True):
    """`train pattern in collection: …` with one fixture or a block of them."""

    split: Literal["train", "validate", "test"]
    target: Expr
    source: Expr
    fixtures: tuple[Fixture, ...]


class Stage(Node, frozen=True):
    """`stage name { … }`."""

    name: str
    name_span: Span
    body: tuple[Line, ...]


class Property(Node, frozen=True):
    """`word arguments when condition`: `epochs 10`, `scale data in […]`, `probe`."""

    name: str
    name_span: Span
    arguments: tuple[Argument, ...]
    when: Expr | None
    doc: str


Line = Let | Suggest | Port | Needs | Require | Fit | Give | Data | Stage | Property


# --- files ---------------------------------------------------------------------------


class Declaration(Node, frozen=True, dict=True, gc=True):
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

    @cached_property
    def properties(self) -> Mapping[str, Sequence[Property]]:
        """The properties of the block, by their words."""
        found: dict[str, list[Property]] = {}
        for line in self.body or ():
            if isinstance(line, Property):
                found.setdefault(line.name, []).append(line)
        return found


class Use(Node, frozen=True):
    """`use folder.file { Name, Other }`; no names means all of them."""

    path: str
    path_span: Span
    names: tuple[Name, ...]


class File(Node, frozen=True):
    uses: tuple[Use, ...]
    declarations: tuple[Declaration, ...]


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below one, in the order of the text."""
    for name in node.__struct_fields__:
        value = getattr(node, name)
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
