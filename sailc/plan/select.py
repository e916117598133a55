"""Which modules a benchmark selects, and which values their knobs take."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.diagnostics.base import Diagnostic
from sailc.infer.context import Context
from sailc.infer.modules.benchmark import SELECTED, shares, unknown_module
from sailc.infer.modules.common import (
    Choice,
    Knob,
    World,
    choose,
    knobs,
    middle,
    open_scope,
    path_text,
    properties,
)
from sailc.infer.modules.conditions import deciding, holds, paths
from sailc.infer.modules.metric import Use, metric_use
from sailc.infer.values import Quantity, Sequence, Value, as_dim
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree

MAX_CHOICES = 256


def unconditional(line: tree.Property) -> bool:
    """Whether a line counts whatever the scenario."""
    return line.when is None


def every(knob: Knob) -> tuple[Value, ...]:
    """The values that a knob lists; of a distribution, its middle."""
    return knob.values or (middle(knob),)


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
            else:
                self.diagnostics += unknown_module(self.world.names, a.value, words[0])
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

    def seeds(self, counts: Callable[[tree.Property], bool] = unconditional) -> tuple[int, ...]:
        """`seeds 5` is 0 to 4, `seeds [1, 7]` these; one seed where nothing is said. `counts`
        tells whether a line's `when` holds."""
        value = self._value("seeds", counts)
        if isinstance(value, Sequence):
            given = [as_dim(v) for v in value.items]
            return tuple(
                dict.fromkeys(d.value for d in given if d is not None and d.value is not None)
            )
        dim = as_dim(value)
        if dim is not None and dim.value is not None and dim.value > 0:
            return tuple(range(dim.value))
        return (0,)

    def shares(self) -> tuple[float, ...]:
        """The shares of the training points that are rows, by `scale data`."""
        return shares(self.world.context(), self.entry) if self.entry is not None else ()

    def budget(self) -> float | None:
        """Wall-clock seconds."""
        match self._value("budget"):
            case Quantity(number, unit):
                return number * unit.scale
            case int() | float() as number:
                return float(number)
            case _:
                return None

    def _value(
        self, word: str, counts: Callable[[tree.Property], bool] = unconditional
    ) -> Value | None:
        if self.entry is None:
            return None
        for line in properties(self.entry.declaration, word):
            if line.arguments and counts(line):
                ctx = self.world.context()
                scope = ctx.root(self.entry.file).child()
                return ctx.evaluate(line.arguments[0].value, scope)
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
            across, inner = self.parted(entry, axes, hints)
            self._choices[key] = [
                list(itertools.islice(self.assigned(entry, inner, row), MAX_CHOICES))
                for row in self.points(entry, across)
            ]
        return self._choices[key]

    def parted(
        self, entry: Entry, axes: bool, hints: tuple[Knob, ...] = ()
    ) -> tuple[list[Knob], list[Knob]]:
        """The knobs of a module that are axes, and the others. What the `when` of an axis
        reads stands with the axes, with its first value."""
        swept = self.swept(entry.declaration.name)
        open_ = self.knobs(entry, hints)
        axis = {k.names for k in open_ if axes or any(n in swept for n in k.names)}
        whens = [k.when for k in open_ if k.names in axis and k.when is not None]
        read = {path for when in whens for _, path in paths(when)}
        across: list[Knob] = []
        inner: list[Knob] = []
        for k in open_:
            if k.names in axis:
                across.append(k)
            elif read & set(k.names):
                across.append(replace(k, values=(middle(k),), distribution=None))
            else:
                inner.append(k)
        return across, inner

    def points(self, entry: Entry, across: list[Knob]) -> Iterator[Choice]:
        """Every combination of the values of some axes, with what is `set`."""
        fixed = self.fixed(self.world.context(), entry.declaration.name)
        return self.assigned(entry, across, fixed)

    def assigned(
        self,
        entry: Entry,
        table: Iterable[Knob],
        given: Choice,
        values: Callable[[Knob], Iterable[Value]] = every,
    ) -> Iterator[Choice]:
        """Every combination of some knobs' values, the first values first, beside what is given.
        Of several lines that suggest the same, that one counts whose `when` holds, under what the
        knobs before have; where none does, nothing is suggested."""
        groups: dict[tuple[str, ...], list[Knob]] = {}
        for k in table:
            groups.setdefault(k.names, []).append(k)
        waiting = list(groups.values())

        def rest(at: int, choice: Choice) -> Iterator[Choice]:
            if at == len(waiting):
                yield choice
                return
            knob = next((k for k in waiting[at] if self._counts(entry, k, choice)), None)
            if knob is None:
                yield from rest(at + 1, choice)
                return
            for value in values(knob):
                yield from rest(at + 1, {**choice, **choose(knob, value), **given})

        return rest(0, {**given})

    def _counts(self, entry: Entry, knob: Knob, choice: Choice) -> bool:
        if knob.when is None:
            return True
        ctx = self.world.context()
        scope = deciding(ctx, open_scope(ctx, entry, choice))
        return holds(ctx, knob.when, scope) is not False

    def tuned(self) -> Value | None:
        """How knobs are tuned: `"grid"`, `random(20)`."""
        return self._value("tune")

    def knobs(self, entry: Entry, hints: tuple[Knob, ...] = ()) -> list[Knob]:
        """The knobs of a module that `set` leaves open. Of paired knobs of which one is set,
        the pairs that agree with it stay."""
        ctx = self.world.context()
        fixed = self.fixed(ctx, entry.declaration.name)
        own = [k for k in knobs(ctx, entry) if not any("." in n for n in k.names)]
        better: dict[tuple[str, ...], list[Knob]] = {}
        for k in hinted(entry, hints):
            better.setdefault(k.names, []).append(k)
        table = {
            k.names: better.get(k.names) or [o for o in own if o.names == k.names] for k in own
        }
        found = [_agreeing(k, fixed) for same in table.values() for k in same]
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
