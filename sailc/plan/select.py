"""Which modules a benchmark selects, and which values their knobs take."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

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
    together,
)
from sailc.infer.modules.metric import Use, metric_use
from sailc.infer.values import Quantity, Sequence, Value, as_dim
from sailc.names import Entry
from sailc.source import Span
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
    _choices: dict[tuple[str, bool, tuple[Span, ...]], list[list[Choice]]] = field(
        default_factory=dict[tuple[str, bool, "tuple[Span, ...]"], "list[list[Choice]]"]
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
        return list(dict.fromkeys(found))

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

    @property
    def conditional(self) -> bool:
        """Whether any line has a `when`."""
        lines = self.entry.declaration.body or () if self.entry is not None else ()
        return any(isinstance(line, tree.Property) and line.when is not None for line in lines)

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

    def choices(self, entry: Entry, axes: bool, hints: tuple[Knob, ...] = ()) -> list[list[Choice]]:
        """The values of a module's knobs: a row for each point of its axes, and in each row
        the choices to try in order until one links.

        In a problem every knob is an axis; elsewhere only those that are swept. `hints` are what
        a problem suggests for the knobs of others. The same choices come back each time, so
        that what hangs on one can be found by it.
        """
        key = (entry.declaration.name, axes, tuple(h.span for h in hints))
        if key not in self._choices:
            self._choices[key] = self.rows(entry, axes, hints)
        return self._choices[key]

    def rows(
        self,
        entry: Entry,
        axes: bool,
        hints: tuple[Knob, ...] = (),
        holds: Callable[[tree.Expr], bool] = lambda _: True,
    ) -> list[list[Choice]]:
        """As `choices`, with the lines whose `when` holds."""
        across, inner = self.parted(entry, axes, hints, holds)
        return [
            [{**row, **c, **row} for c in _defaults_first(inner)]
            for row in self.points(entry, across)
        ]

    def parted(
        self,
        entry: Entry,
        axes: bool,
        hints: tuple[Knob, ...] = (),
        holds: Callable[[tree.Expr], bool] = lambda _: True,
    ) -> tuple[list[Knob], list[Knob]]:
        """The knobs of a module that are axes, and the others."""
        swept = self.swept(entry.declaration.name)
        open_ = self.knobs(entry, hints, holds)
        across = [k for k in open_ if axes or any(n in swept for n in k.names)]
        return across, [k for k in open_ if k not in across]

    def points(self, entry: Entry, across: list[Knob]) -> Iterator[Choice]:
        """Every combination of the values of some axes, with what is `set`."""
        fixed = self.fixed(self.world.context(), entry.declaration.name)
        for values in itertools.product(*(k.values or (only(k),) for k in across)):
            yield {**fixed, **together(across, values), **fixed}

    def tuned(self) -> Value | None:
        """How knobs are tuned: `"grid"`, `random(20)`."""
        return self._value("tune")

    def knobs(
        self,
        entry: Entry,
        hints: tuple[Knob, ...] = (),
        holds: Callable[[tree.Expr], bool] = lambda _: True,
    ) -> list[Knob]:
        """The knobs of a module that `set` leaves open. Of paired knobs of which one is set,
        the pairs that agree with it stay."""
        ctx = self.world.context()
        fixed = self.fixed(ctx, entry.declaration.name)
        own = [k for k in knobs(ctx, entry, holds) if not any("." in n for n in k.names)]
        better = {k.names: k for k in hinted(entry, hints)}
        found = [_agreeing(better.get(k.names, k), fixed) for k in own]
        return [k for k in found if not all(n in fixed for n in k.names)]


def suggested(world: World, problem: Entry) -> tuple[Knob, ...]:
    """What a problem suggests for the knobs of others: `suggest trainer.rate in […]`."""
    found = knobs(world.context(), problem)
    return tuple(k for k in found if all("." in n for n in k.names))


def hinted(entry: Entry, hints: tuple[Knob, ...]) -> Iterator[Knob]:
    """The suggestions that are for a module, by its kind or its name."""
    owners = {entry.declaration.kind, entry.declaration.name}
    for hint in hints:
        parts = [n.partition(".") for n in hint.names]
        if all(owner in owners for owner, _, _ in parts):
            yield replace(hint, names=tuple(knob for _, _, knob in parts))


def _agreeing(knob: Knob, fixed: Mapping[str, Value]) -> Knob:
    if len(knob.names) == 1 or not any(n in fixed for n in knob.names):
        return knob
    values = tuple(
        v
        for v in knob.values
        if all(fixed[n] == x for n, x in choose(knob, v).items() if n in fixed)
    )
    return replace(knob, values=values or knob.values)


def only(knob: Knob) -> Value:
    """The value of a knob that lists none: the middle of its distribution."""
    return defaults((knob,))[knob.names[0]]


def _defaults_first(table: list[Knob]) -> Iterator[Choice]:
    """All combinations of the knobs' values, the first values first."""
    options = [k.values or (only(k),) for k in table]
    for values in itertools.islice(itertools.product(*options), MAX_CHOICES):
        yield together(table, values)
