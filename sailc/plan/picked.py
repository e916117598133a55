"""What a benchmark picks by all that is known of a scenario: whether it is in, its metrics, its
seeds."""

from __future__ import annotations

from msgspec.structs import replace

from sailc.diagnostics.exclusions import Exclusions
from sailc.plan.combination import Combination
from sailc.plan.problems import Posed
from sailc.plan.scenario import Scenario, answerer, judged
from sailc.plan.select import Selection
from sailc.plan.when import Facts, decided, unmet


def picked(
    selection: Selection, made: Combination, posed: Posed, exclusions: Exclusions
) -> Scenario | None:
    """The scenario of a problem; None where a `when` keeps it out, which is told to
    `exclusions`."""
    found = made.scenario(posed.problem, posed.axes)
    benchmark, world = selection.entry, selection.world
    if benchmark is None or not selection.conditional:
        return found
    facts = _facts(made, posed)
    reason = unmet(world, benchmark, facts, facts.modules)
    if reason is not None:
        exclusions.add(reason, [posed.problem.name], [answerer(judged(made.links).model)])
        return None
    metrics = list(found.metrics)
    for m in found.metrics:
        name = m.entry.declaration.name
        out = unmet(world, benchmark, facts, {"metric": name})
        if out is not None:
            exclusions.add(out, [posed.problem.name], [name])
            metrics.remove(m)
    seeds = selection.seeds(lambda line: decided(world, benchmark, facts, line) is True)
    return replace(found, metrics=tuple(metrics), seeds=seeds)


def _facts(made: Combination, posed: Posed) -> Facts:
    model, trainer = judged(made.links).model, made.trainer
    names = (posed.problem.name, model.entry.declaration.name, trainer.typed.entry.declaration.name)
    modules = dict(zip(("problem", "model", "trainer"), names, strict=True))
    modules |= {"software": made.software.name, "hardware": made.machine.name}
    knobs = dict(zip(names, (posed.choice, model.choice, trainer.given), strict=True))
    knobs[made.software.name] = made.software.given
    return Facts(modules, knobs, (made.software, made.machine), made.cost)
