"""Problems: their data lines, as typed terms."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from sailc.diagnostics.names import UnknownModule
from sailc.diagnostics.types import TypeMismatch
from sailc.infer.context import Context
from sailc.infer.lift import elements, held, term
from sailc.infer.modules.common import (
    Choice,
    Requirement,
    defaults,
    knobs,
    open_scope,
    path_text,
    requirements,
)
from sailc.infer.read import read_type
from sailc.infer.rules.arithmetic import broadcast
from sailc.infer.scopes import bind, pattern_name
from sailc.infer.values import Scope
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import ANSWERS, Term, Var
from sailc.types.model import REAL, Bool, FunctionType, Tensor, Type, show


class Question(Struct, frozen=True):
    """One fixture of a data line. `truth` is None where none is given, or where a type
    stands in its place (then `truth_type` has it)."""

    name: str
    verb: str | None
    question: Term
    truth: Term | None
    truth_type: Type | None
    weight: Term | None
    span: Span


class DataLine(Struct, frozen=True):
    """`split variable in source: …`, with the length of the source. `answering` is the function
    that answers, as the fixtures after the first call it."""

    split: str
    stage: str
    names: tuple[str, ...]
    variable: Var
    source: Term
    count: object
    fixtures: tuple[Question, ...]
    span: Span
    answering: Var | None = None


class Carried(Struct, frozen=True):
    """A part whose weights a stage takes along: from the stage before, or from a problem."""

    stage: str
    part: str
    problem: str
    span: Span


class Condition(Struct, frozen=True):
    """A `require` that the data decide."""

    holds: Term
    because: str
    span: Span


class TypedProblem(Struct, frozen=True):
    """`stages` are in the order of training; lines outside of them follow the last.
    `conditions` are the requirements that only the data can tell."""

    name: str
    entry: Entry
    lines: tuple[DataLine, ...]
    requirements: tuple[Requirement, ...]
    stages: tuple[str, ...]
    carried: tuple[Carried, ...]
    conditions: tuple[Condition, ...] = ()

    def carries(self, stage: str) -> tuple[str, ...]:
        """The parts that a stage takes over."""
        return tuple(c.part for c in self.carried if c.stage == stage)

    def of(self, split: str) -> tuple[DataLine, ...]:
        return tuple(line for line in self.lines if line.split == split)

    @property
    def verb(self) -> str | None:
        """What is asked first in the first test line."""
        for line in (*self.of("test"), *self.of("train")):
            return line.fixtures[0].verb if line.fixtures else None
        return None


def elaborate_problem(ctx: Context, entry: Entry, choice: Choice) -> TypedProblem:
    """The data lines of a problem whose axes have these values, after those that train what it
    carries from other problems."""
    own = _alone(ctx, entry, choice)
    for name in dict.fromkeys(c.problem for c in own.carried if c.problem):
        own = _after(ctx, name, own)
    return own


def _after(ctx: Context, name: str, own: TypedProblem) -> TypedProblem:
    """A problem after the stages of another, which is trained first; its axes have their first
    values."""
    span = next(c.span for c in own.carried if c.problem == name)
    other = ctx.names.module("problem", name)
    if other is None:
        known = tuple(sorted(ctx.names.modules["problem"]))
        ctx.report(UnknownModule(span=span, name=name, kind="problem", known=known))
        return own
    before = _alone(ctx, other, defaults(knobs(ctx, other)))
    taught = (line for line in before.lines if line.split != "test")
    lines = tuple(replace(line, stage=_within(name, line.stage)) for line in taught)
    carried = (replace(c, stage=_within(name, c.stage)) for c in before.carried)
    stages = tuple(_within(name, s) for s in before.stages or ("",))
    return replace(
        own,
        lines=(*lines, *own.lines),
        stages=(*stages, *(own.stages or ("",))),
        carried=(*carried, *own.carried),
    )


def _within(problem: str, stage: str) -> str:
    return f"{problem}_{stage}" if stage else problem


def _alone(ctx: Context, entry: Entry, choice: Choice) -> TypedProblem:
    scope = open_scope(ctx, entry, choice)
    lines: list[DataLine] = []
    stages: list[str] = []
    carried: list[Carried] = []
    for line in entry.declaration.body or ():
        match line:
            case tree.Data():
                lines.append(_data(ctx, line, "", scope))
            case tree.Stage(_, name, _, body):
                stages.append(name)
                lines.extend(_data(ctx, i, name, scope) for i in body if isinstance(i, tree.Data))
                carried += (c for i in body for c in _carried(i, name))
            case _:
                carried += _carried(line, "")
    found = tuple(requirements(ctx, entry, scope))
    return TypedProblem(
        entry.declaration.name, entry, tuple(lines), found, tuple(stages), tuple(carried)
    )


def _carried(line: tree.Line, stage: str) -> Iterator[Carried]:
    """`carry encoder`, `carry encoder, from = PROBLEM`."""
    if not isinstance(line, tree.Property) or line.name != "carry":
        return
    source = next((path_text(a.value) or "" for a in line.arguments if a.name is not None), "")
    for a in line.arguments:
        part = path_text(a.value)
        if a.name is None and part is not None:
            yield Carried(stage, part, source, line.span)


def _data(ctx: Context, line: tree.Data, stage: str, scope: Scope) -> DataLine:
    source = term(ctx, line.source, scope)
    item, count = elements(ctx, source, line.source.span)
    variable = Var(item, line.target.span, pattern_name(line.target), "point")
    inner = scope.child()
    bind(ctx, line.target, variable, inner)
    fixtures: list[Question] = []
    answering: Var | None = None
    for i, f in enumerate(line.fixtures):
        question = _fixture(ctx, f, inner)
        fixtures.append(question)
        if i == 0 and f.name:
            inner.names[f.name] = answering = _answering(ctx, question, f)
    return DataLine(
        line.split,
        stage,
        _names(line.target),
        variable,
        source,
        count,
        tuple(fixtures),
        line.span,
        answering,
    )


def _names(target: tree.Expr) -> tuple[str, ...]:
    """The names that a pattern binds at its top."""
    items = target.items if isinstance(target, tree.Tuple) else (target,)
    return tuple(pattern_name(i) for i in items)


def _answering(ctx: Context, question: Question, fixture: tree.Fixture) -> Var:
    """The name of the first fixture is the function that answers."""
    result: Type = question.truth_type or (
        question.truth.type if question.truth is not None else ctx.solver.type_var()
    )
    type = FunctionType((question.question.type,), result)
    return Var(type, fixture.name_span, fixture.name, ANSWERS)


def _fixture(ctx: Context, fixture: tree.Fixture, scope: Scope) -> Question:
    question = held(ctx, ctx.evaluate(fixture.question, scope), fixture.question.span)
    truth, truth_type = _truth(ctx, fixture.truth, scope)
    weight = None
    for option in fixture.options:
        value = term(ctx, option.value, scope)
        if isinstance(option.name, tree.Name) and option.name.id == "weight":
            _weighs(ctx, value, question if truth is None else truth, option.value.span)
            weight = value
    return Question(fixture.name, fixture.verb, question, truth, truth_type, weight, fixture.span)


def _weighs(ctx: Context, weight: Term, truth: Term, span: Span) -> None:
    """A weight is a number without a unit, or so many of them as broadcast to the truth."""
    found, there = ctx.type_of(weight), ctx.type_of(truth)
    shape = there.shape if isinstance(there, Tensor) and isinstance(found, Tensor) else ()
    own = found.shape if isinstance(found, Tensor) else ()
    if isinstance(found, Tensor) and not isinstance(found.element, Bool):
        if not ctx.unify(Tensor(found.element), REAL, span, "a weight"):
            return
    elif not isinstance(found, Tensor):
        ctx.unify(found, REAL, span, "a weight")
    joined = broadcast(ctx, own, shape, span)
    if joined is not None and len(joined) > len(shape):
        expected = f"what broadcasts to `{show(there)}`"
        ctx.report(
            TypeMismatch(span=span, found=show(found), expected=expected, context="a weight")
        )


_TYPE_HEADS = frozenset({"Tensor", "Class", "List", "Set", "Field", "Equation", "real", "int"})


def _truth(ctx: Context, expr: tree.Expr | None, scope: Scope) -> tuple[Term | None, Type | None]:
    if expr is None:
        return None, None
    match expr:
        case tree.Index(_, tree.Name(_, head)) if head in _TYPE_HEADS:
            return None, read_type(ctx, expr, scope)
        case tree.Name(_, head) if head in _TYPE_HEADS:
            return None, read_type(ctx, expr, scope)
        case tree.Arrow():
            return None, read_type(ctx, expr, scope)
        case _:
            return held(ctx, ctx.evaluate(expr, scope), expr.span), None
