"""`when` on the lines of a benchmark: decided while planning, from what the plan knows of a
scenario: its machine, its hyperparameters, and what it costs, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from sailc.diagnostics.exclusions import Reason
from sailc.infer.context import Context
from sailc.infer.modules.common import World, path_text, show_value
from sailc.infer.modules.hardware import enter_machine, holds
from sailc.infer.values import Fields, ModuleRef, Quantity, Scope, Value
from sailc.names import Entry
from sailc.plan.cost import Cost
from sailc.plan.scenario import Machine
from sailc.syntax import tree
from sailc.syntax.written import written
from sailc.units import parse_unit

# The lines that name the modules of a kind.
LINES: Mapping[str, tuple[str, ...]] = {
    "problem": ("problems",),
    "model": ("models", "solvers"),
    "trainer": ("trainers",),
    "software": ("software",),
    "hardware": ("hardware", "on"),
}


class Facts(Struct, frozen=True):
    """What is known of a scenario while planning. `modules` are the names of its modules by
    kind, `knobs` the values of their knobs by module."""

    modules: Mapping[str, str]
    knobs: Mapping[str, Mapping[str, Value]]
    machine: Machine
    cost: Cost

    def scope(self, ctx: Context, file: str) -> Scope:
        """The scope in which a `when` of a benchmark in a file is decided. Costs are those of
        one point: nothing has run."""
        scope = enter_machine(ctx.root(file).child(), self.machine.facts)
        for name, values in self.knobs.items():
            scope.names[name] = Fields(values)
        flops = self.cost.train_flops
        known: dict[str, Value] = {}
        if flops is not None:
            known["flops"] = Quantity(flops, parse_unit("FLOP"))
        scope.names["train"] = Fields(known)
        model: dict[str, Value] = {"parameters": self.cost.parameters}
        if self.cost.macs is not None:
            model["macs"] = self.cost.macs
        scope.names["model"] = Fields(model)
        for owner in ("test", "validate"):
            scope.names[owner] = ModuleRef(owner)
        return scope


def unmet(world: World, benchmark: Entry | None, facts: Facts) -> Reason | None:
    """The `when` that keeps a scenario out, if one does. A module is in if some line that names
    it has no `when`, or one that holds."""
    if benchmark is None:
        return None
    for kind, name in facts.modules.items():
        lines = list(_naming(benchmark, kind, name))
        if not lines or any(line.when is None for line in lines):
            continue
        ctx = world.context()
        scope = facts.scope(ctx, benchmark.file)
        values = [holds(ctx, line.when, scope) for line in lines]
        if True not in values:
            return _reason(lines, name, values, facts)
    return None


def _naming(benchmark: Entry, kind: str, name: str) -> Iterator[tree.Property]:
    for line in benchmark.declaration.body or ():
        if not isinstance(line, tree.Property) or line.name not in LINES[kind]:
            continue
        if name in {path_text(a.value) for a in line.arguments}:
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
