"""What the compiler infers of a module, as a part of its section."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sailc.infer.context import Context, OutOfFuel
from sailc.infer.modules.common import Knob, World, defaults, knobs, show_value
from sailc.infer.modules.model import elaborate_model, ports
from sailc.infer.modules.problem import DataLine, elaborate_problem
from sailc.names import Entry
from sailc.reference.page import code, table
from sailc.source import Source
from sailc.types.model import Type, show

_VARIABLE = re.compile(r"\?\d+")


def types_of(world: World, entry: Entry, source: Source) -> str:
    """The types and knobs of a module; nothing of kinds that have none, or where its
    elaboration has no end."""
    ctx = world.context()
    try:
        match entry.declaration.kind:
            case "problem":
                parts = _problem(ctx, entry)
            case "model" | "solver":
                parts = _model(ctx, entry, source)
            case "trainer" | "software":
                parts = iter(_knobs(knobs(ctx, entry), "Knobs"))
            case _:
                return ""
        return "\n\n".join(parts)
    except OutOfFuel:
        return ""


def _problem(ctx: Context, entry: Entry) -> Iterator[str]:
    axes = knobs(ctx, entry)
    found = elaborate_problem(ctx, entry, defaults(axes))
    rows = [row for line in found.lines for row in _rows(ctx, line)]
    yield table(("points", "asked", "question", "true answer"), rows)
    yield from _knobs(axes, "Axes")


def _rows(ctx: Context, line: DataLine) -> Iterator[tuple[str, ...]]:
    for fixture in line.fixtures:
        split = f"{line.stage}: {line.split}" if line.stage else line.split
        asked = " ".join(part for part in (fixture.name, fixture.verb) if part)
        truth = fixture.truth_type or (fixture.truth.type if fixture.truth is not None else None)
        yield split, asked, _type(ctx, fixture.question.type), _type(ctx, truth)


def _model(ctx: Context, entry: Entry, source: Source) -> Iterator[str]:
    """Types as they are written, where they are."""
    suggested = knobs(ctx, entry)
    found = elaborate_model(ctx, entry, defaults(suggested), None)
    if found is not None:
        types = [*(v.type for v in found.inputs), found.output.type]
        lines = [*ports(entry, "input"), *ports(entry, "output")]
        rows = [
            (line.side, line.name, code(source.cut(line.type.span)) if line.type else _type(ctx, t))
            for line, t in zip(lines, types, strict=False)
        ]
        rows += [("needs", h.name, _type(ctx, h.type)) for h in found.holes]
        yield table(("", "name", "type"), rows)
    yield from _knobs(suggested, "Knobs")


def _knobs(found: tuple[Knob, ...], what: str) -> list[str]:
    if not found:
        return []
    return [table((what, "values"), ((code(*knob.names), _values(knob)) for knob in found))]


def _values(knob: Knob) -> str:
    values = knob.values if knob.distribution is None else (knob.distribution,)
    return code(*(str(show_value(value)) for value in values))


def _type(ctx: Context, type: Type | None) -> str:
    """A type; what only a link decides is a question mark."""
    if type is None:
        return "none"
    return code(_VARIABLE.sub("?", show(ctx.solver.resolve(type))))
