"""`when`: decided while planning, as soon as what it reads is known.

Hardware and software are known first: what hangs on them alone is settled before anything is
linked, once for all machines and stacks that agree in what is read (`settings`). Knobs are
chosen next, each under those before it (`Selection.assigned`). Of a scenario all is known, its
exact costs included: that is what a benchmark picks by (`unmet`, `counted`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sailc.diagnostics.exclusions import Reason
from sailc.infer.context import Context
from sailc.infer.modules.common import World, path_text, show_value
from sailc.infer.modules.conditions import (
    condition,
    deciding,
    holds,
    line_word_of,
    paths,
    readable,
    under,
)
from sailc.infer.values import Fields, Quantity, Scope, Value, Word
from sailc.names import Entry
from sailc.plan.cost import Cost
from sailc.plan.scenario import Machine, Software
from sailc.syntax import tree
from sailc.syntax.written import written
from sailc.units import parse_unit

Cell = tuple[Software, Machine]
"""A stack on a machine."""

# The lines that name the modules of a kind.
LINES: Mapping[str, tuple[str, ...]] = {
    "problem": ("problems",),
    "model": ("models", "solvers"),
    "trainer": ("trainers",),
    "metric": ("metrics",),
    "software": ("software",),
    "hardware": ("hardware", "on"),
}

# The kinds of module that may hang on hardware and software.
KINDS = ("problem", "model", "solver", "trainer")


# --- settings ----------------------------------------------------------------------------


class Setting(Struct, frozen=True):
    """A workspace and a benchmark as they are on some machines with some stacks."""

    world: World
    benchmark: Entry | None
    cells: tuple[Cell, ...]


def settings(world: World, benchmark: Entry | None, cells: tuple[Cell, ...]) -> list[Setting]:
    """A setting for all machines and stacks that agree in what any `when` reads of them."""
    read = sorted(_read(world, benchmark))
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        facts = known(*cell)
        groups.setdefault(tuple(_fact(facts, path) for path in read), []).append(cell)
    if not read or not cells:
        return [Setting(world, benchmark, cells)]
    return [
        Setting(*under_facts(world, benchmark, known(*group[0])), tuple(group))
        for group in groups.values()
    ]


def _read(world: World, benchmark: Entry | None) -> set[str]:
    """What of hardware and software the `when`s read that are settled before linking."""
    entries = [e for kind in KINDS for e in world.names.modules[kind].values()]
    lines = [line for e in entries for line in e.declaration.body or ()]
    lines += _early(benchmark) if benchmark is not None else ()
    whens = [w for line in lines if (w := condition(line)) is not None]
    every = {path for when in whens for _, path in paths(when)}
    return {path for path in every if path.startswith(("hardware.", "software."))}


def _early(benchmark: Entry) -> Iterator[tree.Line]:
    """The lines of a benchmark that are decided before linking: `set`, `sweep`, `tune`."""
    for line in benchmark.declaration.body or ():
        if "costs" not in readable("benchmark", line_word_of(line)):
            yield line


def _fact(facts: Mapping[str, Value], path: str) -> str:
    root, name, *_ = path.split(".")
    owner = facts[root]
    return str(owner.items.get(name)) if isinstance(owner, Fields) else ""


def machine_known(machine: Machine) -> dict[str, Value]:
    """What is known as `hardware` on a machine."""
    return {"hardware": Fields(machine.facts)}


def known(software: Software, machine: Machine) -> dict[str, Value]:
    """What is known as `hardware` and `software` where a stack runs on a machine."""
    stack = {"name": software.name, "backend": Word(software.backend), **software.given}
    return {**machine_known(machine), "software": Fields(stack)}


def under_facts(
    world: World, benchmark: Entry | None, facts: Mapping[str, Value]
) -> tuple[World, Entry | None]:
    """A workspace and a benchmark without the lines whose `when` does not hold under facts."""
    ctx = replace(world, facts=facts).context()
    modules = dict(world.names.modules)
    for kind in (*KINDS, "software"):
        table = modules[kind]
        settled = {n: under(ctx, e, {}) for n, e in table.items() if _hangs(e)}
        modules[kind] = {**table, **settled} if settled else table
    there = replace(world, names=replace(world.names, modules=modules), facts=facts)
    if benchmark is None or not _hangs(benchmark):
        return there, benchmark
    early = set(map(id, _early(benchmark)))
    lines = under(ctx, benchmark, {}).declaration.body or ()
    spans = {line.span: line for line in lines}
    d = benchmark.declaration
    kept = [spans.get(line.span) if id(line) in early else line for line in d.body or ()]
    body = tuple(line for line in kept if line is not None)
    return there, replace(benchmark, declaration=replace(d, body=body))


def _hangs(entry: Entry) -> bool:
    return any(condition(line) is not None for line in entry.declaration.body or ())


# --- scenarios ---------------------------------------------------------------------------


class Facts(Struct, frozen=True):
    """What is known of a scenario while planning. `modules` are the names of its modules by
    kind, `knobs` the values of their knobs by module."""

    modules: Mapping[str, str]
    knobs: Mapping[str, Mapping[str, Value]]
    cell: Cell
    cost: Cost

    def scope(self, ctx: Context, file: str) -> Scope:
        """The scope in which a `when` of a benchmark in a file is decided. Costs are those of
        one point: nothing has run."""
        scope = deciding(ctx, ctx.root(file).child())
        scope.names.update(known(*self.cell))
        for name, values in self.knobs.items():
            scope.names[name] = Fields(values)
        flops, macs = self.cost.train_flops, self.cost.macs
        counted: dict[str, Value] = {"parameters": self.cost.parameters}
        scope.names["model"] = Fields(counted if macs is None else {**counted, "macs": macs})
        none: dict[str, Value] = {}
        spent = none if flops is None else {"flops": Quantity(flops, parse_unit("FLOP"))}
        scope.names["train"] = Fields(spent)
        return scope


def decided(world: World, benchmark: Entry, facts: Facts, line: tree.Property) -> bool | None:
    """Whether a line of a benchmark counts for a scenario; None where that cannot be told."""
    ctx = world.context()
    return holds(ctx, line.when, facts.scope(ctx, benchmark.file))


def unmet(
    world: World, benchmark: Entry | None, facts: Facts, modules: Mapping[str, str]
) -> Reason | None:
    """The `when` that keeps some modules (names by kind) out, if one does. A module is in if
    some line that names it has no `when`, or one that holds."""
    if benchmark is None:
        return None
    for kind, name in modules.items():
        lines = list(_naming(benchmark, kind, name))
        values = [decided(world, benchmark, facts, line) for line in lines]
        if lines and True not in values:
            return _reason(lines, name, values, facts)
    return None


def _naming(benchmark: Entry, kind: str, name: str) -> Iterator[tree.Property]:
    for line in benchmark.declaration.body or ():
        if not isinstance(line, tree.Property) or line.name not in LINES[kind]:
            continue
        uses = (a.value for a in line.arguments)
        if name in {path_text(u.function if isinstance(u, tree.Call) else u) for u in uses}:
            yield line


def _reason(
    lines: list[tree.Property], name: str, values: list[bool | None], facts: Facts
) -> Reason:
    conditions = " or ".join(written(line.when) for line in lines if line.when is not None)
    if None in values:
        return Reason("X0113", f"while planning, nothing tells whether {conditions}")
    flops = facts.cost.train_flops
    known = (
        f"train.flops is {flops:,} FLOP a point" if flops is not None else "train.flops unknown",
        f"model.parameters is {facts.cost.parameters:,}",
        *(
            f"{module}.{k} is {show_value(v)}"
            for module, values in facts.knobs.items()
            for k, v in values.items()
        ),
    )
    return Reason("X0113", f"`{name}` is taken when {conditions}, and that does not hold", known)
