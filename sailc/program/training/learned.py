"""What is learned, and how: the names and starts of parameters, the facts of a trainer."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.infer.modules.trainer import USUAL_BATCH, TypedTrainer
from sailc.plan.scenario import Scenario
from sailc.program.tree.programs import ParameterSpec, Training
from sailc.terms import Layer


def layer_names(layers: tuple[Layer, ...]) -> list[str]:
    """`hidden_1`, `hidden_2`, `y`: the part, and a number where it has several layers."""
    counts: dict[str, int] = {}
    for layer in layers:
        counts[layer.part or layer.operator] = counts.get(layer.part or layer.operator, 0) + 1
    seen: dict[str, int] = {}
    names: list[str] = []
    for layer in layers:
        part = layer.part or layer.operator
        seen[part] = seen.get(part, 0) + 1
        names.append(f"{part}_{seen[part]}" if counts[part] > 1 else part)
    return names


def spec_of(
    key: str, shape: tuple[int, ...], initial: object, role: tuple[str, str]
) -> ParameterSpec:
    if isinstance(initial, int | float):
        return ParameterSpec(key, shape, "value", float(initial), role)
    return ParameterSpec(key, shape, str(initial), 0.0, role)


def training(trainer: TypedTrainer) -> Training:
    t = trainer
    return Training(t.phases, t.batch or USUAL_BATCH, t.stops, t.schedules, t.clip)


def constants(s: Scenario) -> Iterator[tuple[str, object]]:
    t = training(s.trainer)
    yield "EPOCHS", sum(p.epochs for p in t.phases)
    yield "BATCH", t.batch
    if t.phased:
        counts = [(p.epochs, p.options.get("steps", 0)) for p in t.phases]
        yield "STEPS", " + ".join(f"{epochs} * [{steps}]" for epochs, steps in counts)
    rate = t.phases[0].options.get("rate")
    if rate is not None and not t.phased:
        yield "RATE", rate
