"""`sailc graph`: types and converters as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sailc.cli import terminal as t

if TYPE_CHECKING:
    from sailc.graph import Picture
    from sailc.workspace import Workspace


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("problem", required=False)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="A file.")
@click.option(
    "--format", "form", type=click.Choice(["svg", "dot", "json"]), default="svg",
    show_default=True, help="A picture, or its graph for Graphviz or for programs.",
)  # fmt: skip
def graph(file: Path, problem: str | None, out: Path | None, form: str) -> None:
    """Draw how the problems of FILE, or one PROBLEM, are joined to models: the types that
    converters reach, losses and metrics, and, in grey, what is not joined."""
    from sailc.cli.open import fail, open_program
    from sailc.diagnostics.files import CannotWrite
    from sailc.graph import dot, svg
    from sailc.source import Span
    from sailc.store.atomic import write

    workspace = open_program(file, form)
    pictures = _pictures(workspace, file, problem, form)
    drawn: dict[str, Callable[[list[Picture]], str]] = {"svg": svg, "dot": dot, "json": _json}
    text = drawn[form](pictures)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        write(out, text.encode())
    except OSError as error:
        reason = error.strerror or str(error)
        wrong = CannotWrite(span=Span("", 0, 0), path=str(out), reason=reason)
        fail([wrong], workspace, form, t.CANNOT)
    click.echo(str(out))


def _pictures(workspace: Workspace, file: Path, name: str | None, form: str) -> list[Picture]:
    from sailc.build import benchmarked, problems_of
    from sailc.cli.open import fail
    from sailc.diagnostics.files import NothingToPlan
    from sailc.diagnostics.names import UnknownModule
    from sailc.graph import gather
    from sailc.queries import world
    from sailc.source import Span

    found = world(workspace.db)
    span = Span(str(file), 0, 0)
    table = found.names.modules["problem"]
    if name is not None and name not in table:
        wrong = UnknownModule(span=span, name=name, kind="problem", known=tuple(table))
        fail([wrong], workspace, form, t.USAGE)
    inside = problems_of(found, str(file)) or benchmarked(found, str(file))
    entries = inside if name is None else [table[name]]
    if not entries:
        fail([NothingToPlan(span=span, path=str(file))], workspace, form)
    return [gather(found, entry) for entry in entries]


def _json(pictures: list[Picture]) -> str:
    import json

    import msgspec

    found: dict[str, Any] = {"version": 1, "problems": [msgspec.to_builtins(p) for p in pictures]}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
