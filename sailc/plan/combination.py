"""From links to scenarios: what the problems of one class have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import asdict, replace

from sailc.infer.modules.common import show_value
from sailc.infer.modules.problem import TypedProblem
from sailc.infer.modules.trainer import Loss, TypedTrainer
from sailc.plan.cost import Cost, cost_of
from sailc.plan.evaluating import Evaluations
from sailc.plan.link import Link, Links, Trained, for_problem
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
from sailc.terms import Term, digest, rebuild


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
        evaluations: Evaluations,
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
        known: dict[str, object] = {
            "model": answerer(model),
            "hyperparameters": hyper,
            "trainer": f"{name} {_taught(trainer.typed)}" if name else "",
            "software": software.name,
            "hardware": machine.name,
        }
        if any(losses := [d for k in links for d in _losses(k)]):
            known["loss"] = losses
        taught = next((k for k in reversed(links) if k.line.split == "train"), judged(links))
        cost = cost_of(judged(links), taught, software.precision)
        if model.afresh:
            cost = replace(cost, evaluation_flops=evaluations.flops(judged(links)))
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


def _losses(link: Link) -> Iterator[str]:
    """What is made small of a line's answers, as short names."""
    if link.line.split == "train" and link.model.minimize is None:
        yield from (_digest(a.loss) for a in link.answered if a.loss is not None)


def _digest(loss: Loss) -> str:
    """A short name for a loss, whatever its author calls an answer and a truth."""
    given = ((loss.answer, "answer"), (loss.truth, "truth"))
    renamed: dict[int, Term] = {id(v): replace(v, name=name) for v, name in given}
    return digest(rebuild(loss.value, lambda t: t, renamed))


def _taught(trainer: TypedTrainer) -> str:
    """How a trainer teaches, whatever its name: a scenario is another where that changes."""
    return str({k: v for k, v in asdict(trainer).items() if k != "entry"})
