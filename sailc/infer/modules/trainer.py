"""Trainers: phases of an optimizer, losses by type, and when to stop."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.context import Context
from sailc.infer.modules.common import Choice, has, open_scope, overload, properties, show_value
from sailc.infer.modules.conditions import under
from sailc.infer.values import Made, Poison, Scope, Sequence, Value, as_dim
from sailc.names import Entry
from sailc.terms import Term, Var
from sailc.types.model import Type


class Phase(Struct, frozen=True):
    """Some epochs with one optimizer; `options` are its plan-time arguments."""

    optimizer: str
    options: tuple[tuple[str, object], ...]
    epochs: int


class Stop(Struct, frozen=True):
    """`stop stalled(measure, epochs)` or `reached(measure, value)`."""

    rule: str
    measure: str
    options: tuple[tuple[str, object], ...]


class TypedTrainer(Struct, frozen=True):
    entry: Entry
    phases: tuple[Phase, ...]
    batch: int | None
    stops: tuple[Stop, ...]
    clip: float | None
    standardize: bool


class Loss(Struct, frozen=True):
    """The loss of an answer and a truth of given types, as a term over two variables."""

    answer: Var
    truth: Var
    value: Term


def elaborate_trainer(ctx: Context, entry: Entry, choice: Choice) -> TypedTrainer:
    """A trainer with its knobs chosen, without the lines whose `when` does not hold."""
    entry = under(ctx, entry, choice)
    scope = open_scope(ctx, entry, choice)
    optimizers = _made(_first(ctx, entry, "optimizer", scope))
    counts = [as_dim(v) for v in _values(ctx, entry, "epochs", scope)]
    epochs = [d.value for d in counts if d is not None and d.value is not None]
    phases = tuple(
        Phase(o.name, _options(o), epochs[min(i, len(epochs) - 1)] if epochs else 1)
        for i, o in enumerate(optimizers)
    )
    batch = as_dim(_first(ctx, entry, "batch", scope))
    clip = _first(ctx, entry, "clip", scope)
    stops = tuple(_stop(s) for v in _values(ctx, entry, "stop", scope) for s in _made(v))
    return TypedTrainer(
        entry,
        phases,
        batch.value if batch is not None else None,
        stops,
        float(clip) if isinstance(clip, int | float) else None,
        has(entry.declaration, "standardize"),
    )


def _values(ctx: Context, entry: Entry, name: str, scope: Scope) -> list[Value]:
    return [
        ctx.evaluate(a.value, scope)
        for line in properties(entry.declaration, name)
        for a in line.arguments
    ]


def _first(ctx: Context, entry: Entry, name: str, scope: Scope) -> Value:
    values = _values(ctx, entry, name, scope)
    return values[0] if values else Poison()


def _made(value: Value) -> list[Made]:
    match value:
        case Made():
            return [value]
        case Sequence(items):
            return [i for i in items if isinstance(i, Made)]
        case _:
            return []


def _options(made: Made) -> tuple[tuple[str, object], ...]:
    return tuple((n, show_value(v)) for n, v in made.attributes.items())


def _stop(made: Made) -> Stop:
    measure = next((v.name for v in made.attributes.values() if isinstance(v, Var)), "")
    options = tuple(
        (n, show_value(v)) for n, v in made.attributes.items() if not isinstance(v, Var)
    )
    return Stop(made.name, measure, options)


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
