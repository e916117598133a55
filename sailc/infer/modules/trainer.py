"""Trainers: phases of an optimizer, schedules, losses by type, and when to stop."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from sailc.diagnostics.kinds import WrongPropertyArgument
from sailc.infer.context import Context
from sailc.infer.measures import EVERY_EPOCH
from sailc.infer.modules.common import Choice, has, open_scope, overload, properties, show_value
from sailc.infer.modules.conditions import under
from sailc.infer.values import Made, Poison, Quantity, Scope, Sequence, Value, as_dim
from sailc.kinds.tables import KINDS
from sailc.names import Entry
from sailc.source import Span
from sailc.terms import Term, Var
from sailc.types.dims import Dim
from sailc.types.model import Type


class Phase(Struct, frozen=True):
    """Some epochs with one optimizer; `options` are its plan-time arguments."""

    optimizer: str
    options: Mapping[str, object]
    epochs: int


class Schedule(Struct, frozen=True):
    """How the rate changes from epoch to epoch: `warmup(n)`, `step(n, factor)`, …"""

    name: str
    options: Mapping[str, object]


class Stop(Struct, frozen=True):
    """`stalled` for so many epochs, or `reached` a value, of what is known after an epoch."""

    rule: str
    measure: str
    value: float


class TypedTrainer(Struct, frozen=True):
    entry: Entry
    phases: tuple[Phase, ...]
    batch: int | None
    stops: tuple[Stop, ...]
    schedules: tuple[Schedule, ...]
    clip: float | None
    standardize: bool
    center: bool


def is_phased(phases: Iterable[Phase]) -> bool:
    """Whether training needs more than one optimizer that goes from batch to batch."""
    optimizers = [p.optimizer for p in phases]
    return len(optimizers) > 1 or "lbfgs" in optimizers


class Loss(Struct, frozen=True):
    """The loss of an answer and a truth of given types, as a term over two variables."""

    answer: Var
    truth: Var
    value: Term


USUAL_BATCH = 64
"""How many points a batch has where a trainer does not say."""

OPTIMIZERS = "an optimizer, as `adam(1e-3)`, or a list of them"
SCHEDULES = "schedules, as `warmup(5), cosine()`"
STOPS = "`stalled(validate.loss, epochs = 5)` or `reached(train.loss, 0.01)`"
COUNTS = "as many whole numbers, 1 or more, as there are phases; or one for all of them"


def elaborate_trainer(ctx: Context, entry: Entry, choice: Choice) -> TypedTrainer:
    """A trainer with its knobs chosen, without the lines whose `when` does not hold. What its
    properties take wrongly is reported."""
    entry = under(ctx, entry, choice)
    scope = open_scope(ctx, entry, choice)
    optimizers = _made(ctx, entry, "optimizer", scope, OPTIMIZERS)
    phases = tuple(
        Phase(o.name, _options(o), n)
        for o, n in zip(optimizers, _epochs(ctx, entry, scope, len(optimizers)), strict=False)
    )
    batch = [as_dim(v) for v, _ in _values(ctx, entry, "batch", scope)]
    clip = next((v for v, _ in _values(ctx, entry, "clip", scope)), None)
    schedules = _made(ctx, entry, "schedule", scope, SCHEDULES)
    return TypedTrainer(
        entry,
        phases,
        batch[0].value if batch and batch[0] is not None else None,
        tuple(_stops(ctx, entry, scope)),
        tuple(Schedule(s.name, _options(s)) for s in schedules),
        float(clip) if isinstance(clip, int | float) else None,
        has(entry.declaration, "standardize"),
        has(entry.declaration, "center"),
    )


def _values(ctx: Context, entry: Entry, name: str, scope: Scope) -> list[tuple[Value, Span]]:
    """The values of a property's arguments, lists opened, and where they stand; of one that
    may stand once, those of the first line."""
    found: list[tuple[Value, Span]] = []
    repeats = KINDS["trainer"].properties[name].repeats
    for line in itertools.islice(properties(entry.declaration, name), None if repeats else 1):
        for a in line.arguments:
            value = ctx.evaluate(a.value, scope)
            items = value.items if isinstance(value, Sequence) else (value,)
            found += [(v, a.value.span) for v in items]
    return found


def _made(ctx: Context, entry: Entry, role: str, scope: Scope, expected: str) -> list[Made]:
    """What a property is made of, where it is that."""
    found: list[Made] = []
    for value, span in _values(ctx, entry, role, scope):
        if isinstance(value, Made) and value.role == role:
            found.append(value)
        elif not isinstance(value, Poison):
            ctx.report(WrongPropertyArgument(span=span, name=role, expected=expected))
    return found


def _epochs(ctx: Context, entry: Entry, scope: Scope, phases: int) -> list[int]:
    """How many epochs each phase takes."""
    values = _values(ctx, entry, "epochs", scope)
    counts = [as_dim(v) for v, _ in values]
    known = [d.value for d in counts if d is not None and d.value is not None and d.value > 0]
    wrong = len(known) < len(values) or len(known) not in (1, phases)
    if wrong and values and phases and not any(isinstance(v, Poison) for v, _ in values):
        expected = COUNTS if phases > 1 else "a whole number, 1 or more"
        span = values[0][1].to(values[-1][1])
        ctx.report(WrongPropertyArgument(span=span, name="epochs", expected=expected))
    return known * phases if len(known) == 1 else known or [1] * phases


def _options(made: Made) -> dict[str, object]:
    return {n: show_value(v) for n, v in made.attributes.items()}


def _stops(ctx: Context, entry: Entry, scope: Scope) -> Iterator[Stop]:
    """The rules by which training ends early."""
    for value, span in _values(ctx, entry, "stop", scope):
        parts = tuple(value.attributes.values()) if isinstance(value, Made) else (value,)
        if any(isinstance(v, Poison) for v in parts):
            continue
        stop = _stop(value) if isinstance(value, Made) and value.role == "stop" else None
        if stop is not None:
            yield stop
        else:
            ctx.report(WrongPropertyArgument(span=span, name="stop", expected=STOPS))


def _stop(made: Made) -> Stop | None:
    measure, limit = made.attributes.values()
    value = limit.value * limit.unit.scale if isinstance(limit, Quantity) else limit
    value = limit.value if isinstance(limit, Dim) else value
    if not isinstance(measure, Var) or measure.name not in EVERY_EPOCH:
        return None
    return Stop(made.name, measure.name, value) if isinstance(value, int | float) else None


def find_loss(ctx: Context, entry: Entry, choice: Choice, answer: Type, truth: Type) -> Loss | None:
    """The first loss of a trainer that accepts these types (CORE.md, step 12)."""
    scope = open_scope(ctx, entry, choice)
    for line in properties(entry.declaration, "loss"):
        for a in line.arguments:
            found = overload(ctx, a.value, scope, (answer, truth))
            if found is not None:
                (x, y), value = found
                return Loss(x, y, value)
    return None
