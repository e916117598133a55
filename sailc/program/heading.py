"""What a program says of itself at its head."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.plan.scenario import Scenario


def title(s: Scenario) -> str:
    """Who answers what."""
    return f"{s.problem.name}, answered by {s.model.declaration.name}"


def about(s: Scenario, model: bool = True) -> Iterator[str]:
    """What the authors say of the problem and (unless its function does) of the model, and the
    values of axes and knobs."""
    for d in (s.problem.entry.declaration, *([s.model.declaration] if model else [])):
        if d.doc:
            yield f"{d.name}: {d.doc}"
    chosen = {**s.axes, **s.hyperparameters}
    if chosen:
        yield ", ".join(f"{name} = {value}" for name, value in chosen.items())
