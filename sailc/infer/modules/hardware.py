"""Hardware: what is known of a machine while planning, declared or probed."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.infer.context import Context
from sailc.infer.modules.common import has, open_scope, path_text, properties
from sailc.infer.values import Fields, Poison, Quantity, Value, Word
from sailc.names import Entry
from sailc.units import parse_unit

_EVALUATED = ("arch", "cores", "memory", "driver", "devices", "device_memory", "bandwidth",
              "price", "nodes")  # fmt: skip


def machine_facts(ctx: Context, entry: Entry, probed: Mapping[str, object]) -> dict[str, Value]:
    """What a `when`, a `require` or an `image` may read of a machine, by name."""
    d = entry.declaration
    facts: dict[str, Value] = {"accelerator": Word("none"), "devices": 0, "nodes": 1}
    if has(d, "probe"):
        facts.update(_probed(probed))
    scope = open_scope(ctx, entry, {})
    for name in _EVALUATED:
        for line in properties(d, name):
            for a in line.arguments:
                value = ctx.evaluate(a.value, scope)
                if not isinstance(value, Poison):
                    facts[name] = value
    for line in properties(d, "accelerator"):
        for a in line.arguments:
            facts["accelerator"] = Word(path_text(a.value) or "none")
    peaks = {
        path_text(a.name) or "": ctx.evaluate(a.value, scope)
        for line in properties(d, "peak")
        for a in line.arguments
        if a.name is not None
    }
    return {**facts, "peak": Fields(peaks)} if peaks else facts


def _probed(found: Mapping[str, object]) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for name in ("arch", "cores", "driver", "devices"):
        value = found.get(name)
        if isinstance(value, str | int | float):
            facts[name] = value
    for name in ("memory", "device_memory"):
        value = found.get(name)
        if isinstance(value, int):
            facts[name] = Quantity(value, parse_unit("B"))
    accelerator = found.get("accelerator")
    return {**facts, "accelerator": Word(accelerator if isinstance(accelerator, str) else "none")}
