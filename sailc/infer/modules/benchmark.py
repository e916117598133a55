"""Benchmarks: which modules and knobs their lines name."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.diagnostics.base import Diagnostic, Note
from sailc.diagnostics.kinds import SweptDistribution, WrongPropertyArgument
from sailc.diagnostics.names import UnknownModule, UnknownName
from sailc.infer.context import Context
from sailc.infer.modules.common import knobs, path_text, properties, show_value
from sailc.infer.values import Poison, Sequence
from sailc.kinds.check import unknown_properties
from sailc.names import Entry, Names
from sailc.source import Span
from sailc.syntax import tree

# What a line of a benchmark names, by its word.
SELECTED = {
    "problems": "problem",
    "models": "model",
    "solvers": "solver",
    "trainers": "trainer",
    "metrics": "metric",
    "rankings": "ranking",
    "software": "software",
    "hardware": "hardware",
    "on": "hardware",
}
_ALSO = {"model": "solver"}
NAMED = "the names of modules (what fills a model's holes is found, and its knobs are `set`)"


def check_names(ctx: Context, entry: Entry) -> Iterator[Diagnostic]:
    """Modules and knobs that a benchmark names and that do not exist."""
    names = ctx.names
    for word, kind in SELECTED.items():
        for line in properties(entry.declaration, word):
            for a in line.arguments:
                if isinstance(a.value, tree.Call) and kind == "metric":
                    yield from unknown_module(names, a.value.function, word)
                    yield from parameters_of(names, a.value, kind)
                else:
                    yield from unknown_module(names, a.value, word)
    for line in properties(entry.declaration, "set"):
        for a in line.arguments:
            if a.name is not None:
                yield from _knob(ctx, a.name.span, path_text(a.name) or "")
    for line in properties(entry.declaration, "sweep"):
        for a in line.arguments:
            yield from _knob(ctx, a.value.span, path_text(a.value) or "")
            yield from _endless(ctx, a.value.span, path_text(a.value) or "")


SCALES = "`data in [1/4, 1/2, 1]`, shares above 0 and up to 1, or `nodes in [1, 2]`"


def axis_of(line: tree.Property) -> tuple[str, tree.Expr | None]:
    """What a line scales, `data` or `nodes`, and its values; nothing of another line."""
    match line:
        case tree.Property(name="scale", arguments=(argument,)):
            match argument.value:
                case tree.Binary(_, "in", tree.Name(_, name), values):
                    return name, values
                case _:
                    pass
        case _:
            pass
    return "", None


def shares(ctx: Context, entry: Entry) -> tuple[float, ...]:
    """The shares of the training points that a benchmark scales over; none if it does not."""
    found: list[float] = []
    for line in properties(entry.declaration, "scale"):
        axis, expr = axis_of(line)
        if expr is None or axis not in ("data", "nodes"):
            ctx.report(WrongPropertyArgument(span=line.span, name="scale", expected=SCALES))
            continue
        value = ctx.evaluate(expr, ctx.root(entry.file).child())
        items = value.items if isinstance(value, Sequence) else (value,)
        numbers = [v for v in items if isinstance(v, int | float) and v > 0]
        wrong = len(numbers) < len(items) or (axis == "data" and max(numbers, default=2) > 1)
        if wrong and not isinstance(value, Poison):
            ctx.report(WrongPropertyArgument(span=expr.span, name="scale", expected=SCALES))
        elif axis == "data":
            found += [float(v) for v in numbers]
    return tuple(dict.fromkeys(found))


def unknown_module(names: Names, named: tree.Expr, word: str) -> Iterator[Diagnostic]:
    """The diagnostic of a module that is not there, or is not named; nothing where it is."""
    kind, name = SELECTED[word], path_text(named)
    if isinstance(named, tree.Missing):
        return
    if name is None:
        yield WrongPropertyArgument(span=named.span, name=word, expected=NAMED)
        return
    tables = [names.modules[k] for k in (kind, _ALSO.get(kind, "")) if k in names.modules]
    if not any(name in table for table in tables):
        known = {known for table in tables for known in table}
        yield UnknownModule(span=named.span, name=name, kind=kind, known=tuple(sorted(known)))


def parameters_of(names: Names, call: tree.Call, kind: str) -> Iterator[Diagnostic]:
    """Parameters that a use of a metric gives and that its declaration has not."""
    module = path_text(call.function) or ""
    entry = names.module(kind, module)
    there = tuple(p.name for p in entry.declaration.parameters or ()) if entry is not None else ()
    for a in call.arguments:
        name = path_text(a.name) if a.name is not None else None
        if a.name is not None and name is not None and entry is not None and name not in there:
            where = f"of `{module}`"
            yield UnknownName(
                span=a.name.span, name=name, what="parameter", where=where, known=there
            )


def _endless(ctx: Context, span: Span, path: str) -> Iterator[Diagnostic]:
    """A distribution has no values of which each could be a row."""
    module, _, knob = path.partition(".")
    for k in (k for e in _entries(ctx, module) for k in knobs(ctx, e) if knob in k.names):
        if k.distribution is not None:
            note = Note(k.span, "it is suggested here")
            text = str(show_value(k.distribution))
            yield SweptDistribution(span=span, name=path, distribution=text, notes=(note,))
            return


def _entries(ctx: Context, module: str) -> list[Entry]:
    kinds = ("problem", "model", "solver", "trainer", "software")
    return [e for kind in kinds if (e := ctx.names.module(kind, module)) is not None]


def _knob(ctx: Context, span: Span, path: str) -> Iterator[Diagnostic]:
    module, _, knob = path.partition(".")
    if not any(module in table for table in ctx.names.modules.values()):
        known = tuple(sorted(ctx.names.module_names()))
        yield UnknownModule(span=span, name=module, kind="module", known=known)
        return
    entries = _entries(ctx, module)
    there = {n for e in entries for k in knobs(ctx, e) for n in k.names}
    unclear = any(e.broken or any(unknown_properties(e.declaration)) for e in entries)
    if knob not in there and not unclear:
        where = f"in `{module}`"
        known = tuple(sorted(there))
        yield UnknownName(span=span, name=knob, what="knob", where=where, known=known)
