"""`sailc run`: plan, emit, execute, rank."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sailc.cli import terminal as t

if TYPE_CHECKING:
    from sailc.engines import Event, LocalEngine
    from sailc.plan.scenario import Plan
    from sailc.plan.schedule import Measured
    from sailc.store import Job, Run, Store
    from sailc.workspace import Workspace


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("benchmark", required=False)
@click.option("--seeds", type=click.IntRange(1), help="How many seeds, whatever is written.")
@t.device_option
@click.option("--workers", type=click.IntRange(1), help="Runs at once; as many as cores if absent.")
@click.option("--timeout", type=float, help="Seconds that one run may take.")
@click.option(
    "--look/--no-look",
    default=True,
    help="Where a training ran away, run it again with a look at every operation, to say where.",
)
@t.format_option
def run(
    file: Path,
    benchmark: str | None,
    seeds: int | None,
    device: str,
    workers: int | None,
    timeout: float | None,
    look: bool,
    form: str,
) -> None:
    """Run FILE's BENCHMARK to a ranked table. What was run before is kept."""
    from sailc.cli.failures import failures
    from sailc.cli.open import find_runnable, open_program
    from sailc.cli.table import print_boards, print_formulas, print_tuning, results_json
    from sailc.engines import LocalEngine
    from sailc.judge import boards, rows_of, unrun
    from sailc.queries import world
    from sailc.tuning import settled, trials

    workspace = open_program(file, form)
    plan = with_seeds(find_runnable(workspace, file, benchmark, form), seeds)
    t.print_diagnostics(plan.diagnostics, workspace.source)
    store = store_of(workspace, file)
    measured = store.taken()
    engine = LocalEngine(store, workers=workers, timeout=timeout, budget=plan.budget)
    began, quiet = time.monotonic(), form == "json"
    jobs, _ = jobs_for(workspace, trials(plan), measured, device)
    tried = _watched(engine, jobs, "tuning", quiet)
    plan, tuned = settled(plan, tried)
    engine = _left_of(engine, time.monotonic() - began)
    jobs, unwritten = jobs_for(workspace, plan, measured, device)
    ran = _watched(engine, jobs, "", quiet)
    engine = _left_of(engine, time.monotonic() - began)
    failed = failures(workspace, plan, list(zip(jobs, ran, strict=True)), engine, look, quiet)
    runs = [*ran, *unwritten, *unrun(plan)]
    rows = rows_of(plan, runs)
    found = boards(world(workspace.db), plan, rows)
    if form == "json":
        told = [t.diagnostic_json(d, workspace.source) for d in failed]
        t.print_json({**results_json(plan, runs, found, tuned), "failures": told})
    else:
        print_boards(found)
        print_formulas(plan, runs)
        print_tuning(plan, tuned)
        t.print_diagnostics(failed, workspace.source)
        _say(runs, store)
    if any(r.status == "cancelled" for r in runs):
        t.stop(130)
    t.stop(t.GOOD if all(r.good or r.status == "pruned" for r in runs) else t.WRONG)


def with_seeds(plan: Plan, seeds: int | None) -> Plan:
    """The plan with another number of seeds."""
    from msgspec.structs import replace

    if seeds is None:
        return plan
    scenarios = tuple(replace(s, seeds=tuple(range(seeds))) for s in plan.scenarios)
    return replace(plan, scenarios=scenarios)


def store_of(workspace: Workspace, file: Path) -> Store:
    """Results lie beside the workspace's `sail.toml`, or beside the program."""
    from sailc.store import Store

    return Store(workspace.root or (file if file.is_dir() else file.parent))


def jobs_for(
    workspace: Workspace, plan: Plan, measured: Measured | None = None, device: str = "cpu"
) -> tuple[list[Job], list[Run]]:
    """The jobs of a plan on a device, and what stands for the runs whose program cannot be written;
    why that is so is said."""
    from msgspec.structs import replace

    from sailc.build import Compiled, written
    from sailc.judge import jobs_of
    from sailc.store import Run

    found = {s.id: written(workspace.db, s) for s in plan.scenarios if s.tuning is None}
    made = {id: m for id, m in found.items() if isinstance(m, Compiled)}
    missing = {id: m for id, m in found.items() if not isinstance(m, Compiled)}
    t.print_diagnostics(missing.values(), workspace.source)
    cells = [(s.id, seed) for s in plan.scenarios if s.id in missing for seed in s.seeds]
    unwritten = [Run("", id, seed, "not run", error=missing[id].message) for id, seed in cells]
    left = tuple(s for s in plan.scenarios if s.id not in missing)
    return jobs_of(replace(plan, scenarios=left), made, measured, device), unwritten


def _left_of(engine: LocalEngine, spent: float) -> LocalEngine:
    """The engine with what is left of its budget."""
    from msgspec.structs import replace

    if engine.budget is None:
        return engine
    return replace(engine, budget=max(0.0, engine.budget - spent))


def _watched(engine: LocalEngine, jobs: list[Job], what: str, quiet: bool) -> list[Run]:
    """Run the jobs, showing how they get on: bars on a terminal, lines elsewhere."""
    if not jobs:
        return []
    if what and not quiet:
        click.echo(f"{what}: {len(jobs)} candidates, judged on `validate`", err=True)
    if quiet:
        return engine.run(jobs)
    if sys.stderr.isatty():
        from sailc.cli.progress import Bars

        with Bars(len(jobs)) as bars:
            return engine.run(jobs, bars.listen)
    return engine.run(jobs, _Lines(len(jobs)).listen)


class _Lines:
    """One line for each run that is over, for logs."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def listen(self, event: Event) -> None:
        from sailc.engines import Finished, Kept, Noticed

        match event:
            case Finished(job, run) | Kept(job, run):
                self.done += 1
                status = "kept" if isinstance(event, Kept) else run.status
                more = f": {run.reason}" if not run.good else ""
                click.echo(
                    f"[{self.done}/{self.total}] {job.subject}: {status}"
                    f" ({run.seconds:.1f} s){more}",
                    err=True,
                )
            case Noticed(_, diagnostic):
                click.echo(f"{diagnostic.code}: {diagnostic.message}", err=True)
            case _:
                pass


def _say(runs: list[Run], store: Store) -> None:
    pruned = sum(r.status == "pruned" for r in runs)
    failed = [r for r in runs if not r.good and r.status != "pruned"]
    kept = sum(r.status == "kept" for r in runs)
    click.echo(
        f"{len(runs)} runs: {len(runs) - len(failed) - pruned} good ({kept} kept from before)",
        nl=False,
    )
    click.echo(f", {pruned} would measure nothing new" if pruned else "", nl=False)
    click.echo(f", {len(failed)} not" if failed else "")
    for r in failed[:8]:
        click.echo(f"  {r.scenario}, seed {r.seed}: {r.reason}")
        if r.log is not None:
            click.echo(f"    see {r.log}")
    click.echo(f"results: {store.folder}/.sail")
