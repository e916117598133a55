"""`sailc check`."""

from __future__ import annotations

from pathlib import Path

import click

from sailc.cli import terminal as t


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--deep",
    is_flag=True,
    help="Import the drivers of externs and call them at a few points: what they give, and their "
    "gradients beside central differences. This runs code of the program's author.",
)
@click.option("--timeout", type=float, default=600.0, help="Seconds that --deep has for a file.")
@t.format_option
def check(paths: tuple[Path, ...], deep: bool, timeout: float, form: str) -> None:
    """Parse and type everything. PATHS are files or folders; the folder here if none.

    Nothing is imported and no code is run, but for --deep.
    """
    from sailc.workspace import Workspace

    workspace = Workspace.open(paths or (Path(),))
    found = workspace.check()
    if deep and not t.has_errors(found):
        from sailc.deep import deep_check

        found += deep_check(workspace.db, sorted(set(workspace.asked)), timeout)
    if form == "json":
        t.print_json([t.diagnostic_json(d, workspace.source) for d in found])
    else:
        t.print_diagnostics(found, workspace.source)
        files = len(set(workspace.asked))
        click.echo(f"{files} file{'s' if files != 1 else ''} checked: {t.count(found)}")
    t.stop(t.WRONG if t.has_errors(found) else t.GOOD)
