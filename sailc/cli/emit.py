"""`sailc emit`."""

from __future__ import annotations

from pathlib import Path

import click

from sailc.cli import terminal as t


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("benchmark", required=False)
@click.option("--scenario", help="Only the scenario whose id begins so.")
@click.option("-o", "--out", type=click.Path(path_type=Path, file_okay=False), help="A folder.")
def emit(file: Path, benchmark: str | None, scenario: str | None, out: Path | None) -> None:
    """Write the standalone programs of FILE's BENCHMARK: to a folder, or one to the screen.

    Where knobs are tuned, these are the programs of the candidates. In a folder, what programs run
    is put beside them: the modules of references, and what keeps fixtures.
    """
    from sailc.build import Compiled, written
    from sailc.cli.open import find_runnable, open_program
    from sailc.emit.beside import KEEPER
    from sailc.program.tree.names import identifier
    from sailc.tuning import trials

    workspace = open_program(file)
    plan = find_runnable(workspace, file, benchmark, "text")
    scenarios = [s for s in plan.scenarios if s.tuning is None] + [*trials(plan).scenarios]
    chosen = [s for s in scenarios if scenario is None or s.id.startswith(scenario)]
    if not chosen:
        ids = ", ".join(s.id for s in scenarios)
        raise click.UsageError(f"no scenario `{scenario}`; there are: {ids}")
    if out is None:
        if len(chosen) > 1:
            listing = "\n".join(f"  {s.id}  {s.title}" for s in chosen)
            raise click.UsageError(f"name one with --scenario, or a folder with -o:\n{listing}")
        made = written(workspace.db, chosen[0])
        if isinstance(made, Compiled):
            click.echo(made.text, nl=False)
            for name in made.beside:
                when = "with --fixtures, it runs" if name == KEEPER else "it runs"
                click.echo(f"{when} `{name}.py`, which `-o DIR` writes beside it", err=True)
            return
        t.print_diagnostics([made], workspace.source)
        t.stop(t.WRONG)
        return
    out.mkdir(parents=True, exist_ok=True)
    wrong, told = False, set[Path]()
    for s in chosen:
        made = written(workspace.db, s)
        if not isinstance(made, Compiled):
            t.print_diagnostics([made], workspace.source)
            wrong = True
            continue
        parts = (s.problem.name, s.model.declaration.name, s.software.backend, s.id[:6])
        path = out / f"{'_'.join(identifier(p) if p[0].isalpha() else p for p in parts)}.py"
        texts = {path.stem: made.text, **made.beside}
        for name, text in texts.items():
            written_to = out / f"{name}.py"
            if written_to not in told:
                written_to.write_text(text, encoding="utf-8")
                click.echo(str(written_to))
            told.add(written_to)
    t.stop(t.WRONG if wrong else t.GOOD)
