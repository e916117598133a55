"""`sailc plan`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sailc.cli import terminal as t

if TYPE_CHECKING:
    from sailc.plan.cost import Cost
    from sailc.plan.link import Link
    from sailc.plan.matches import Filling
    from sailc.plan.scenario import Plan, Scenario, Tuning
    from sailc.plan.schedule import Estimate, Schedule
    from sailc.workspace import Workspace

VERSION = 1


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("benchmark", required=False)
@t.format_option
def plan(file: Path, benchmark: str | None, form: str) -> None:
    """Show the scenarios of FILE's BENCHMARK, their links and costs, and what was left out."""
    from sailc.cli.open import find_plan, open_program
    from sailc.cli.run import store_of
    from sailc.plan.schedule import schedule

    workspace = open_program(file, form)
    found = find_plan(workspace, file, benchmark, form)
    times = schedule(found, store_of(workspace, file).taken())
    if form == "json":
        t.print_json(plan_json(found, workspace, times))
    else:
        t.print_diagnostics(found.diagnostics, workspace.source)
        show_plan(found, times, workspace)


def plan_json(plan: Plan, workspace: Workspace, times: Schedule) -> dict[str, Any]:
    """A plan as `--format json` has it (docs/json.md)."""
    return {
        "version": VERSION,
        "scenarios": [scenario_json(s, workspace, times.estimates[s.id]) for s in plan.scenarios],
        "excluded": [
            {
                "code": e.code,
                "reason": e.reason,
                "modules": list(e.modules),
                "count": e.count,
                "place": t.place_json(workspace.source, e.span) if e.span is not None else None,
            }
            for e in plan.excluded
        ],
        "pruned": [
            {"scenario": id, "seed": seed, "reason": why} for (id, seed), why in unneeded(plan)
        ],
        "schedule": schedule_json(plan, times),
        "diagnostics": [t.diagnostic_json(d, workspace.source) for d in plan.diagnostics],
    }


def schedule_json(plan: Plan, times: Schedule) -> dict[str, Any]:
    """When runs begin, and what the budget does not hold."""
    return {
        "budgets": dict(plan.budgets),
        "runs": [
            {
                "scenario": slot.cell[0],
                "seed": slot.cell[1],
                "hardware": slot.hardware,
                "begins": slot.begins,
                "seconds": slot.seconds,
            }
            for slot in times.slots
        ],
        "left": [
            {"scenario": id, "seed": seed, "reason": why} for (id, seed), why in times.left.items()
        ],
    }


def unneeded(plan: Plan) -> list[tuple[tuple[str, int], str]]:
    """The cells that would measure nothing new."""
    from sailc.plan.prune import pruned

    return list(pruned(plan).items())


def scenario_json(s: Scenario, workspace: Workspace, estimate: Estimate) -> dict[str, Any]:
    links = [j for k in s.links for j in link_json(k, workspace)]
    first = next(link_json(s.link, workspace))
    return {
        "id": s.id,
        "problem": s.problem.name,
        "model": s.model.declaration.name,
        "trainer": s.trainer_name,
        "axes": dict(s.axes),
        "hyperparameters": dict(s.hyperparameters),
        "question": first["question"],
        "loss": next((j["loss"] for j in links if j["loss"]), None),
        "answer": first["answer"],
        "types": first["types"],
        "dimensions": dimensions(s.link),
        "metrics": [m.info.name for m in s.metrics],
        "software": s.software.name,
        "hardware": s.hardware,
        "seeds": len(s.seeds),
        "tuning": tuning_json(s.tuning),
        "cost": {
            "parameters": s.cost.parameters,
            "macs": s.cost.macs,
            "forward_flops": s.cost.forward_flops,
            "backward_macs": s.cost.backward_macs,
            "backward_flops": s.cost.backward_flops,
            "train_flops": s.cost.train_flops,
            "bytes": s.cost.bytes,
            "activation_bytes": s.cost.activation_bytes,
            "intensity": s.cost.intensity,
            "seconds": estimate.seconds,
            "basis": estimate.basis,
        },
        "links": links,
        "holes": [hole_json(h) for h in s.link.model.holes],
    }


def link_json(link: Link, workspace: Workspace) -> Iterator[dict[str, Any]]:
    """A data line's fixtures; what is computed from the answer has no question chain."""
    from sailc.plan.cost import work_of
    from sailc.plan.link import truth_type
    from sailc.types.model import show

    for i, (f, a) in enumerate(zip(link.line.fixtures, link.answered, strict=True)):
        truth, work = truth_type(f), work_of(link, f)
        yield {
            "stage": link.line.stage or None,
            "line": workspace.source(f.span.file).position(link.line.span.start).line,
            "fixture": f.name or None,
            "question": [] if i else [c.name for c in link.question],
            "loss": a.loss and workspace.source(a.loss.value.span.file).cut(a.loss.value.span),
            "answer": [c.name for c in a.answer],
            "types": {
                "question": show(f.question.type),
                "input": None if i else show(link.model.input.type),
                "output": show(f.question.type if i else link.output),
                "truth": show(truth) if truth is not None else None,
            },
            "cost": work
            and {
                "macs": work.macs,
                "forward_flops": work.forward,
                "backward_flops": work.backward,
            },
        }


def hole_json(filling: Filling) -> dict[str, Any]:
    """A hole, what fills it, and the chains around that."""
    match = filling.match
    return {
        "hole": filling.name,
        "model": match.model.entry.declaration.name,
        "question": [c.name for c in match.question],
        "answer": [c.name for c in match.answer],
        "holes": [hole_json(h) for h in match.model.holes],
    }


def dimensions(link: Link) -> dict[str, int | str]:
    """What the names of the model's input and output type are under this link."""
    from sailc.infer.modules.model import ports
    from sailc.syntax import tree
    from sailc.types.dims import Dim
    from sailc.types.model import Tensor

    found: dict[str, int | str] = {}
    pairs = [
        (ports(link.model.entry, "input"), link.model.input.type),
        (ports(link.model.entry, "output"), link.model.output.type),
    ]
    for lines, type in pairs:
        for line in lines:
            if not isinstance(line.type, tree.Index) or not isinstance(type, Tensor):
                continue
            items = line.type.items[1:]
            if any(isinstance(i, tree.Spread) for i in items) or len(items) != len(type.shape):
                continue
            for item, dim in zip(items, type.shape, strict=True):
                if isinstance(item, tree.Name) and isinstance(dim, Dim):
                    found[item.id] = dim.value if dim.value is not None else str(dim)
    return found


def tuning_json(tuning: Tuning | None) -> dict[str, Any] | None:
    """How a scenario's knobs are to be tuned."""
    if tuning is None:
        return None
    return {
        "method": tuning.method,
        "criterion": tuning.criterion,
        "candidates": [
            {"id": c.id, "hyperparameters": dict(c.hyperparameters)} for c in tuning.candidates
        ],
    }


def cost_text(cost: Cost) -> str:
    """What a point costs, as people read it."""
    from sailc.units.spelling import prefixed

    if cost.forward_flops is None or cost.intensity is None:
        return "operations unknown: the data decide how many"
    parts = [f"{prefixed(cost.forward_flops)}FLOP forward"]
    if cost.backward_flops:
        parts.append(f"{prefixed(cost.backward_flops)}FLOP backward")
        parts.append(f"{prefixed(cost.activation_bytes or 0)}B of activations")
    return f"a point: {', '.join(parts)}; {cost.intensity:.3g} FLOP/B"


def show_plan(plan: Plan, times: Schedule, workspace: Workspace) -> None:
    """A plan as people read it: a few lines for each scenario, then what was left out."""
    title = f"{plan.file} {plan.benchmark}".strip()
    click.echo(_bold(f"{len(plan.scenarios)} scenarios of {title}"))
    for s in plan.scenarios:
        click.echo(f"\n{s.id}  {_bold(s.title)}")
        values = {**s.axes, **s.hyperparameters}
        if values:
            click.echo("    " + ", ".join(f"{k} {v}" for k, v in values.items()))
        click.echo("    " + chain_text(s))
        if s.tuning is not None:
            count = len(s.tuning.candidates)
            text = f"{count} candidates, judged by {s.tuning.criterion} on `validate`"
            click.echo(f"    tuned by {s.tuning.method}: {text}; costs are the first's")
        macs = "unknown" if s.cost.macs is None else f"{s.cost.macs:,}"
        metrics = ", ".join(m.info.name for m in s.metrics) or "no metric"
        seeds = f"{len(s.seeds)} seed{'s' if len(s.seeds) > 1 else ''}"
        long = long_text(times.estimates[s.id])
        click.echo(f"    {s.cost.parameters:,} parameters, {macs} MACs; {metrics}; {seeds}{long}")
        click.echo(f"    {cost_text(s.cost)}")
    cells = unneeded(plan)
    if cells:
        click.echo("\n" + _bold(f"{len(cells)} runs left out: they would measure nothing new"))
    for reason in dict.fromkeys(why for _, why in cells):
        count = sum(why == reason for _, why in cells)
        click.echo(f"    {count}: {reason}")
    _show_schedule(plan, times)
    if plan.excluded:
        click.echo("\n" + _bold("left out"))
    for e in plan.excluded:
        click.echo(f"\n{e.code}  {e.reason}")
        if e.span is not None:
            click.echo(f"    at {t.place_text(workspace.source, e.span)}")
        click.echo(f"    {', '.join(e.modules)}")
    if plan.excluded:
        click.echo("\n`sailc explain FILE PROBLEM MODEL` tells the whole story of a pair.")


def long_text(estimate: Estimate) -> str:
    """`, about 12 s each (measured)`."""
    if estimate.seconds is None:
        return ""
    return f", about {estimate.seconds:,.0f} s each ({estimate.basis})"


def _show_schedule(plan: Plan, times: Schedule) -> None:
    """What a machine has to do, and what its budget does not hold."""
    for name in dict.fromkeys(slot.hardware for slot in times.slots):
        count = sum(slot.hardware == name for slot in times.slots)
        budget = plan.budgets.get(name)
        within = f" of the budget's {budget:,.0f} s" if budget is not None else ""
        runs = f"{count} run{'s' if count > 1 else ''}"
        click.echo(f"\n{_bold(f'{runs} on {name}')}, about {times.ends(name):,.0f} s{within}")
    if times.left:
        click.echo("\n" + _bold(f"{len(times.left)} runs that the budget does not hold"))
    for (id, seed), why in times.left.items():
        click.echo(f"    {id}, seed {seed}: {why}")


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def chain_text(s: Scenario) -> str:
    """`question --converter--> input --model--> output --converter--> truth`."""
    from sailc.types.model import show

    text = show(s.link.fixture.question.type)
    for c in s.link.question:
        text += f" --{c.name}--> {show(c.target)}"
    text += f" --{s.model.declaration.name}--> {show(s.link.output)}"
    for c in s.link.answer:
        text += f" --{c.name}--> {show(c.target)}"
    return text
