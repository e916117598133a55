"""`sailc check`."""

from __future__ import annotations

from pathlib import Path

import click

from sailc.cli import terminal as t


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@t.format_option
def check(paths: tuple[Path, ...], form: str) -> None:
    """Parse and type everything. PATHS are files or folders; the folder here if none."""
    from sailc.workspace import Workspace

    workspace = Workspace.open(paths or (Path(),))
    found = workspace.check()
    if form == "json":
        t.print_json([t.diagnostic_json(d, workspace.source) for d in found])
    else:
        t.print_diagnostics(found, workspace.source)
        files = len(set(workspace.asked))
        click.echo(f"{files} file{'s' if files != 1 else ''} checked: {t.count(found)}")
    t.stop(t.WRONG if t.has_errors(found) else t.GOOD)
