"""What `sailc run` says of runs that failed, at the lines of the source that they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from sailc.build import Compiled, traced, written
from sailc.diagnostics.base import Diagnostic
from sailc.emit.origin import Origin
from sailc.engines import Engine, diagnose, looked, second_look
from sailc.engines.diagnose import Trace
from sailc.engines.divergence import Seen
from sailc.plan.scenario import Plan
from sailc.store import Job, Run
from sailc.workspace import Workspace

Pairs = Sequence[tuple[Job, Run]]


def failures(
    workspace: Workspace, plan: Plan, pairs: Pairs, engine: Engine, look: bool, quiet: bool
) -> list[Diagnostic]:
    """A diagnostic for each scenario that failed: of its first seed that did. Trainings that ran
    away are run once more, to see where, if `look` says so."""
    bad: dict[str, tuple[Job, Run]] = {}
    for job, run in pairs:
        if run.status in ("failed", "timed out"):
            bad.setdefault(job.scenario, (job, run))
    seen = _looked(engine, list(bad.values()) if look else [], quiet)
    found = (
        diagnose(job, run, _trace(workspace, plan, job), seen.get((job.scenario, job.seed)))
        for job, run in bad.values()
    )
    return [d for d in found if d is not None]


def _looked(engine: Engine, bad: Pairs, quiet: bool) -> Mapping[tuple[str, int], Seen]:
    """What a second look at trainings that ran away has found."""
    jobs = [again for job, run in bad if (again := second_look(job, run)) is not None]
    if not jobs:
        return {}
    if not quiet:
        once = "training ran away: it is" if len(jobs) == 1 else "trainings ran away: they are"
        click.echo(f"{len(jobs)} {once} run again to see where (--no-look does without)", err=True)
    return looked(engine, jobs)


def _trace(workspace: Workspace, plan: Plan, job: Job) -> Trace:
    """The source map of a job's program; it is made where a line is asked for."""
    scenario = next(s for s in plan.scenarios if s.id == job.scenario)

    def trace(line: int) -> Origin | None:
        made = written(workspace.db, scenario)
        return traced(scenario, made, line) if isinstance(made, Compiled) else None

    return trace
