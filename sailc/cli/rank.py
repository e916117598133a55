"""`sailc rank`: the table of what has been run."""

from __future__ import annotations

from pathlib import Path

import click

from sailc.cli import terminal as t


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("ranking", required=False)
@click.option("--benchmark", help="Which benchmark, where FILE has several.")
@t.format_option
def rank(file: Path, ranking: str | None, benchmark: str | None, form: str) -> None:
    """Rank the kept results of FILE by RANKING, or by every ranking; runs nothing."""
    from sailc.cli.open import fail, find_plan, open_program
    from sailc.cli.run import jobs_for, store_of
    from sailc.cli.table import print_boards, results_json
    from sailc.diagnostics.names import UnknownModule
    from sailc.judge import boards, rows_of
    from sailc.queries import world
    from sailc.source import Span
    from sailc.store import Run

    workspace = open_program(file, form)
    plan = find_plan(workspace, file, benchmark, form)
    names = [e.declaration.name for e in plan.rankings]
    if ranking is not None and ranking not in names:
        span = Span(str(file), 0, 0)
        wrong = UnknownModule(span=span, name=ranking, kind="ranking", known=tuple(names))
        fail([wrong], workspace, form, t.USAGE)
    store = store_of(workspace, file)
    runs = [
        found
        for job in jobs_for(workspace, plan)
        if isinstance(found := store.get(store.key(job)), Run)
    ]
    found = boards(world(workspace.db), plan, rows_of(plan, runs), ranking)
    if form == "json":
        t.print_json(results_json(plan, runs, found))
    else:
        print_boards(found)
