"""From links to scenarios: what the problems of one class have in common."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict, replace

from sailc.infer.modules.common import World, show_value
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import TypedTrainer
from sailc.plan.cost import Cost, cost_of
from sailc.plan.evaluating import evaluation_flops
from sailc.plan.link import Links, Trained, for_problem
from sailc.plan.scenario import (
    Machine,
    PlannedMetric,
    Scenario,
    Software,
    answerer,
    hyperparameters,
    judged,
    learns,
    scenario_id,
)


class Combination(Struct, frozen=True):
    """What the scenarios of a class's problems have in common; `known` is of their identity."""

    links: Links
    trainer: Trained
    metrics: tuple[PlannedMetric, ...]
    software: Software
    machine: Machine
    seeds: tuple[int, ...]
    hyper: Mapping[str, object]
    known: Mapping[str, object]
    cost: Cost

    @classmethod
    def of(
        cls,
        world: World,
        links: Links,
        trainer: Trained,
        metrics: tuple[PlannedMetric, ...],
        software: Software,
        machine: Machine,
        seeds: tuple[int, ...],
    ) -> Combination:
        model, name, given = judged(links).model, "", dict[str, object]()
        if learns(links):
            name = trainer.typed.entry.declaration.name
            given = {f"{name}.{k}": show_value(v) for k, v in trainer.given.items()}
        hyper = {**hyperparameters(model), **given, **software.chosen}
        known = {
            "model": answerer(model),
            "hyperparameters": hyper,
            "trainer": f"{name} {_taught(trainer.typed)}" if name else "",
            "software": software.name,
            "hardware": machine.name,
        }
        taught = next((k for k in reversed(links) if k.line.split == "train"), judged(links))
        cost = cost_of(judged(links), taught)
        if model.afresh:
            cost = replace(cost, evaluation_flops=evaluation_flops(world, judged(links)))
        return cls(links, trainer, metrics, software, machine, seeds, hyper, known, cost)

    def scenario(self, problem: TypedProblem, axes: dict[str, object]) -> Scenario:
        return Scenario(
            scenario_id({"problem": problem.name, "axes": axes, **self.known}),
            problem,
            axes,
            judged(self.links).model.entry,
            self.trainer.typed,
            self.hyper,
            for_problem(self.links, problem),
            self.metrics,
            self.software,
            self.machine.name,
            self.seeds,
            self.cost,
        )


def _taught(trainer: TypedTrainer) -> str:
    """How a trainer teaches, whatever its name: a scenario is another where that changes."""
    return str({k: v for k, v in asdict(trainer).items() if k != "entry"})
