"""`when`: what a line hangs on.

What a `when` may read depends on the line: only what is known where the line is decided. The
table below says it, for the check and for the planner alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.kinds import ConditionNotKnown
from sailc.diagnostics.types import TypeMismatch
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.modules.common import (
    Choice,
    defaults,
    knobs,
    open_scope,
    path_text,
    suggested_names,
    words,
)
from sailc.infer.values import POISON, Fields, Poison, Quantity, Scope, Value, Word
from sailc.kinds.check import line_word
from sailc.kinds.tables import KINDS
from sailc.names import Entry, Names
from sailc.syntax import tree
from sailc.syntax.written import written
from sailc.types.model import BOOLEAN, show
from sailc.units import parse_unit

ACCELERATORS = ("cuda", "rocm", "none")

_MACHINE, _SETTING = "hardware", "hardware software"
_CHOSEN, _ALL = "hardware software knobs", "hardware software knobs costs"

# What a `when` may read, by the kind of module and the word of its line.
_LINES: Mapping[str, Mapping[str, str]] = {
    "benchmark": {
        **dict.fromkeys(("problems", "models", "solvers", "trainers", "metrics", "seeds"), _ALL),
        **dict.fromkeys(("software", "hardware", "on"), _ALL),
        **dict.fromkeys(("set", "sweep", "tune"), _SETTING),
        "budget": _MACHINE,
    },
    "problem": {"suggest": _CHOSEN, "": _SETTING},
    "model": {"suggest": _CHOSEN, "": _SETTING},
    "solver": {"suggest": _CHOSEN, "": _SETTING},
    "trainer": {
        **dict.fromkeys(("suggest", "optimizer", "epochs", "batch"), _CHOSEN),
        **dict.fromkeys(("schedule", "clip", "stop"), _CHOSEN),
        "": _SETTING,
    },
    "software": {"suggest": "hardware knobs", "": _MACHINE},
}


def readable(kind: str, word: str) -> frozenset[str]:
    """What a `when` of a line may read: `hardware`, `software`, `knobs`, `costs`."""
    table = _LINES.get(kind, {})
    return frozenset(table.get(word, table.get("", "")).split())


def condition(line: tree.Line) -> tree.Expr | None:
    """The `when` of a line, if it has one."""
    return line.when if isinstance(line, tree.Property | tree.Suggest) else None


def holds(ctx: Context, when: tree.Expr | None, scope: Scope) -> bool | None:
    """Whether a `when` holds; None where that cannot be told."""
    if when is None:
        return True
    value = ctx.evaluate(when, scope)
    return value if isinstance(value, bool) else None


def deciding(ctx: Context, scope: Scope) -> Scope:
    """A scope in which a `when` is decided: accelerators and backends are words."""
    inner = scope.child()
    for word in (*ACCELERATORS, *backends(ctx.names)):
        if scope.find(word) is None:
            inner.names[word] = Word(word)
    return inner


def backends(names: Names) -> Iterator[str]:
    """The backends that some software is of."""
    for entry in names.modules["software"].values():
        yield from words(entry.declaration, "backend")


def under(ctx: Context, entry: Entry, choice: Choice) -> Entry:
    """A module without the lines whose `when` does not hold. Of lines that may stand once, the
    first that holds is left; a `when` that cannot be told yet stays, with its line."""
    d = entry.declaration
    if all(condition(line) is None for line in d.body or ()):
        return entry
    ctx = replace(ctx, found={}, layers=[])  # what is wrong in a `when` is said when it is checked
    scope = deciding(ctx, open_scope(ctx, entry, choice))
    rows = KINDS[d.kind].properties
    lines: list[tree.Line] = []
    settled: set[str] = set()
    for line in d.body or ():
        value = holds(ctx, condition(line), scope)
        once = isinstance(line, tree.Property) and line.name in rows and not rows[line.name].repeats
        if value is False or (once and line_word_of(line) in settled):
            continue
        if once and value is True:
            settled.add(line_word_of(line))
        lines.append(_freed(line) if value is True else line)
    return replace(entry, declaration=replace(d, body=tuple(lines)))


def line_word_of(line: tree.Line) -> str:
    """The word that a line begins with, properties included."""
    return line.name if isinstance(line, tree.Property) else line_word(line)


def _freed(line: tree.Line) -> tree.Line:
    return replace(line, when=None) if isinstance(line, tree.Property | tree.Suggest) else line


# --- checking ----------------------------------------------------------------------------


def check_conditions(ctx: Context, entry: Entry) -> None:
    """Report what a `when` reads and that is not known there, and one that is no condition."""
    above: set[str] = set()
    for line in entry.declaration.body or ():
        when = condition(line)
        if when is not None:
            wrong = next(_unknown(ctx.names, entry, line, when, above), None)
            if wrong is not None:
                ctx.report(wrong)
            else:
                _evaluated(ctx, entry, line, when)
        if isinstance(line, tree.Suggest):
            above |= set(suggested_names(line))


def _unknown(
    names: Names, entry: Entry, line: tree.Line, when: tree.Expr, above: set[str]
) -> Iterator[Diagnostic]:
    """What a `when` reads and that is not known where its line is decided."""
    kind, word = entry.declaration.kind, line_word_of(line)
    may = readable(kind, word)
    if not may:
        yield ConditionNotKnown(span=when.span, name="", line=word, kind=kind)
        return
    for node, path in paths(when):
        needed = _fact(names, entry, path)
        later = needed == "knobs" and word == "suggest" and path not in above
        if needed and (needed not in may or later):
            yield ConditionNotKnown(
                span=node.span, name=path, line=word, kind=kind, allowed=tuple(sorted(may)),
                dimension=needed == "dimension", later=later and needed in may,
            )  # fmt: skip


def paths(when: tree.Expr) -> Iterator[tuple[tree.Expr, str]]:
    """The names and dotted paths that an expression reads, each as a whole."""
    inside: set[int] = set()
    for node in tree.walk(when):
        text = path_text(node) if isinstance(node, tree.Name | tree.Member) else None
        if text is not None and id(node) not in inside:
            assert isinstance(node, tree.Name | tree.Member)
            inside |= {id(n) for n in tree.walk(node)}
            yield node, text


_COSTS = ("train.flops", "model.parameters", "model.macs")


def _fact(names: Names, entry: Entry, path: str) -> str:
    """The kind of fact that a path stands for; nothing of what is known anyway."""
    root, _, rest = path.partition(".")
    d = entry.declaration
    if root in ("hardware", "software") and rest:
        return root
    if path in _COSTS:
        return "costs"
    if root in ("train", "validate", "test", "compile", "model") and rest:
        return "run"
    if d.kind == "benchmark":
        return "knobs" if rest and any(root in table for table in names.modules.values()) else ""
    suggested = {n for k in d.body or () if isinstance(k, tree.Suggest) for n in suggested_names(k)}
    return "knobs" if path in suggested else "dimension" if path in _dimensions(d) else ""


def _dimensions(d: tree.Declaration) -> set[str]:
    """The dimensions and types that the input and output of a model name."""
    types = [line.type for line in d.body or () if isinstance(line, tree.Port)]
    lets = {n.id for k in d.body or () if isinstance(k, tree.Let) for n in tree.walk(k.target)
            if isinstance(n, tree.Name)}  # fmt: skip
    found = {n.id for t in types if t is not None for n in tree.walk(t) if isinstance(n, tree.Name)}
    return found - lets


def _evaluated(ctx: Context, entry: Entry, line: tree.Line, when: tree.Expr) -> None:
    """Evaluate a `when` on facts of some machine; what it reads may be misspelt."""
    scope = deciding(ctx, open_scope(ctx, entry, defaults(knobs(ctx, entry))))
    scope.names |= {"hardware": Fields(_HARDWARE), "software": Fields(_software(ctx))}
    flops = Quantity(1.0, parse_unit("FLOP"))
    scope.names |= {"train": Fields({"flops": flops})}
    scope.names |= {"model": Fields({"parameters": 1, "macs": 1})}
    if entry.declaration.kind == "benchmark":
        scope.names |= {path.partition(".")[0]: POISON for _, path in paths(when)
                        if _fact(ctx.names, entry, path) == "knobs"}  # fmt: skip
    value = ctx.evaluate(when, scope)
    if isinstance(value, bool | Poison):
        return
    type = ctx.type_of(lift(ctx, value, when.span))
    if show(type) != show(BOOLEAN):
        ctx.report(TypeMismatch(span=when.span, found=show(type), expected=show(BOOLEAN)))
        return
    kind, word = entry.declaration.kind, line_word_of(line)
    may = tuple(sorted(readable(kind, word)))
    wrong = ConditionNotKnown(span=when.span, name=written(when), line=word, kind=kind, allowed=may)
    ctx.report(wrong)


# A machine to check conditions against: the names are those of `machine_facts`.
_HARDWARE: Mapping[str, Value] = {
    "arch": "x86_64",
    "cores": 1,
    "memory": Quantity(1.0, parse_unit("B")),
    "accelerator": Word("none"),
    "driver": 1,
    "devices": 0,
    "device_memory": Quantity(1.0, parse_unit("B")),
    "bandwidth": Quantity(1.0, parse_unit("B/s")),
    "nodes": 1,
    "peak": POISON,
    "price": POISON,
}


def _software(ctx: Context) -> dict[str, Value]:
    """What may be read of a software: its name, its backend and its knobs."""
    found: dict[str, Value] = {"name": "", "backend": Word("")}
    for entry in ctx.names.modules["software"].values():
        found |= {n: POISON for k in knobs(ctx, entry) for n in k.names}
    return found
