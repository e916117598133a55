"""Which modules a benchmark selects, and which values their knobs take."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from msgspec import Struct, field

from sailc.diagnostics.base import Diagnostic
from sailc.infer.context import Context
from sailc.infer.modules.benchmark import SELECTED, unknown_module
from sailc.infer.modules.common import (
    Choice,
    Knob,
    World,
    choose,
    defaults,
    knobs,
    path_text,
    properties,
)
from sailc.infer.modules.metric import Use, metric_use
from sailc.infer.values import Quantity, Sequence, Value, as_dim
from sailc.names import Entry
from sailc.syntax import tree

MAX_CHOICES = 256


class Selection(Struct):
    """A benchmark, read. A kind that is not mentioned is not restricted."""

    world: World
    entry: Entry | None
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    _modules: dict[tuple[str, ...], list[Entry]] = field(
        default_factory=dict[tuple[str, ...], list[Entry]]
    )
    _choices: dict[tuple[str, bool], list[list[Choice]]] = field(
        default_factory=dict[tuple[str, bool], list[list[Choice]]]
    )

    def modules(self, *words: str) -> list[Entry]:
        """The modules of a kind that take part, by name; all of them if none is named."""
        if words not in self._modules:
            self._modules[words] = self._select(*words)
        return self._modules[words]

    def _select(self, *words: str) -> list[Entry]:
        kind = SELECTED[words[0]]
        table = self.world.names.modules[kind]
        solvers = self.world.names.modules["solver"]
        named = [a for w in words for a in self._arguments(w)]
        if not named:
            return [table[n] for n in sorted(table)]
        found: list[Entry] = []
        for a in named:
            name = path_text(a.value)
            if name is not None and name in table:
                found.append(table[name])
            elif name is not None and name in solvers and kind == "model":
                found.append(solvers[name])
            elif not isinstance(a.value, tree.Missing):
                found_wrong = unknown_module(self.world.names, a.value.span, name or "", kind)
                self.diagnostics += found_wrong
        return found

    def metrics(self) -> list[tuple[Entry, Use]]:
        """The metrics that are asked for, with their fixtures and parameters."""
        table = self.world.names.modules["metric"]
        if not self.mentions("metrics"):
            return [(table[n], Use(n)) for n in sorted(table)]
        assert self.entry is not None
        found: list[tuple[Entry, Use]] = []
        for a in self._arguments("metrics"):
            ctx = self.world.context()
            use = metric_use(ctx, a.value, ctx.root(self.entry.file).child())
            if use is not None and use.name in table:
                found.append((table[use.name], use))
        return found

    def mentions(self, word: str) -> bool:
        return bool(self._arguments(word))

    def _arguments(self, word: str) -> list[tree.Argument]:
        if self.entry is None:
            return []
        return [a for line in properties(self.entry.declaration, word) for a in line.arguments]

    # --- numbers -------------------------------------------------------------------------

    def seeds(self) -> tuple[int, ...]:
        """`seeds 5` is 0 to 4, `seeds [1, 7]` these; one seed where nothing is said."""
        value = self._value("seeds")
        if isinstance(value, Sequence):
            given = [as_dim(v) for v in value.items]
            return tuple(
                dict.fromkeys(d.value for d in given if d is not None and d.value is not None)
            )
        dim = as_dim(value)
        if dim is not None and dim.value is not None and dim.value > 0:
            return tuple(range(dim.value))
        return (0,)

    def budget(self) -> float | None:
        """Wall-clock seconds."""
        match self._value("budget"):
            case Quantity(number, unit):
                return number * unit.scale
            case int() | float() as number:
                return float(number)
            case _:
                return None

    def _value(self, word: str) -> Value | None:
        for a in self._arguments(word):
            ctx = self.world.context()
            assert self.entry is not None
            return ctx.evaluate(a.value, ctx.root(self.entry.file).child())
        return None

    # --- knobs ---------------------------------------------------------------------------

    def fixed(self, ctx: Context, module: str) -> dict[str, Value]:
        """`set MODULE.knob = value`."""
        result: dict[str, Value] = {}
        for a in self._arguments("set"):
            path = path_text(a.name) if a.name is not None else None
            if path is not None and path.startswith(f"{module}."):
                assert self.entry is not None
                scope = ctx.root(self.entry.file).child()
                result[path.removeprefix(f"{module}.")] = ctx.evaluate(a.value, scope)
        return result

    def swept(self, module: str) -> frozenset[str]:
        """`sweep MODULE.knob`."""
        paths = [path_text(a.value) or "" for a in self._arguments("sweep")]
        return frozenset(p.removeprefix(f"{module}.") for p in paths if p.startswith(f"{module}."))

    def choices(self, entry: Entry, axes: bool) -> list[list[Choice]]:
        """The values of a module's knobs: a row for each point of its axes, and in each row
        the choices to try in order until one links.

        In a problem every knob is an axis; elsewhere only those that are swept. The same
        choices come back each time, so that what hangs on one can be found by it.
        """
        key = (entry.declaration.name, axes)
        if key not in self._choices:
            self._choices[key] = self._rows(entry, axes)
        return self._choices[key]

    def _rows(self, entry: Entry, axes: bool) -> list[list[Choice]]:
        ctx = self.world.context()
        table = knobs(ctx, entry)
        name = entry.declaration.name
        fixed, swept = self.fixed(ctx, name), self.swept(name)
        open_ = [k for k in table if not any(n in fixed for n in k.names)]
        across = [k for k in open_ if axes or any(n in swept for n in k.names)]
        inner = [k for k in open_ if k not in across]
        rows: list[list[Choice]] = []
        for values in itertools.product(*(k.values or (_only(k),) for k in across)):
            row: dict[str, Value] = dict(fixed)
            for k, v in zip(across, values, strict=True):
                row.update(choose(k, v))
            rows.append([{**row, **c} for c in _defaults_first(tuple(inner))])
        return rows


def _only(knob: Knob) -> Value:
    return defaults((knob,))[knob.names[0]]


def _defaults_first(table: tuple[Knob, ...]) -> Iterator[Choice]:
    """All combinations of the knobs' values, the first values first."""
    options = [k.values or (_only(k),) for k in table]
    for values in itertools.islice(itertools.product(*options), MAX_CHOICES):
        row: dict[str, Value] = {}
        for k, v in zip(table, values, strict=True):
            row.update(choose(k, v))
        yield row
