"""`sailc rank`: the table of what has been run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sailc.cli import terminal as t

if TYPE_CHECKING:
    from sailc.plan.scenario import Plan


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("ranking", required=False)
@click.option("--benchmark", help="Which benchmark, where FILE has several.")
@t.device_option
@t.format_option
def rank(file: Path, ranking: str | None, benchmark: str | None, device: str, form: str) -> None:
    """Rank the kept results of FILE by RANKING, or by every ranking; runs nothing."""
    from sailc.cli.open import fail, find_plan, open_program
    from sailc.cli.run import jobs_for, store_of
    from sailc.cli.table import print_boards, print_formulas, print_tuning, results_json
    from sailc.diagnostics.names import UnknownModule
    from sailc.judge import boards, rows_of, unrun
    from sailc.queries import world
    from sailc.source import Span
    from sailc.store import Run
    from sailc.tuning import settled, trials

    workspace = open_program(file, form)
    plan = find_plan(workspace, file, benchmark, form, "--benchmark")
    names = [e.declaration.name for e in plan.rankings]
    if ranking is not None and ranking not in names:
        span = Span(str(file), 0, 0)
        wrong = UnknownModule(span=span, name=ranking, kind="ranking", known=tuple(names))
        fail([wrong], workspace, form, t.USAGE)
    store = store_of(workspace, file)

    def kept(plan: Plan) -> list[Run]:
        jobs, _ = jobs_for(workspace, plan, device=device)
        return [r for job in jobs if isinstance(r := store.get(store.key(job)), Run)]

    plan, tuned = settled(plan, kept(trials(plan)))
    runs = [*kept(plan), *unrun(plan)]
    found = boards(world(workspace.db), plan, rows_of(plan, runs), ranking)
    if form == "json":
        t.print_json(results_json(plan, runs, found, tuned))
    else:
        print_boards(found)
        print_formulas(plan, runs)
        print_tuning(plan, tuned)
