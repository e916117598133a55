"""`sailc doc`: the reference manual."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sailc.cli import terminal as t

if TYPE_CHECKING:
    from sailc.workspace import Workspace


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("reference"),
    show_default=True, help="The folder to write to.",
)  # fmt: skip
@click.option("--markdown", is_flag=True, help="Write Markdown and not pages for a browser.")
@t.format_option
def doc(path: Path | None, out: Path, markdown: bool, form: str) -> None:
    """Write the reference: kinds and their properties, the standard library, diagnostics,
    and the modules of PATH, a file or a folder, if one is given."""
    from sailc.cli.open import fail, open_program
    from sailc.diagnostics.files import CannotWrite
    from sailc.source import Span
    from sailc.workspace import Workspace

    workspace = Workspace.open([]) if path is None else open_program(path, form)
    texts = _texts(workspace, markdown)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        where, reason = str(error.filename or out), error.strerror or str(error)
        wrong = CannotWrite(span=Span("", 0, 0), path=where, reason=reason)
        fail([wrong], workspace, form, t.CANNOT)
    index = out / ("index.md" if markdown else "index.html")
    if form == "json":
        t.print_json({"version": 1, "index": str(index), "files": sorted(map(str, texts))})
    else:
        click.echo(f"{index} and {len(texts) - 1} files beside it are written")


def _texts(workspace: Workspace, markdown: bool) -> dict[str, str]:
    """The text of each file of the reference, by its name."""
    from sailc.queries import parsed, world
    from sailc.reference import Sources, as_markdown, reference

    def tree_of(path: str):
        return parsed(workspace.db, path)[0]

    sources = Sources(
        workspace.standard, tuple(dict.fromkeys(workspace.asked)), tree_of, workspace.source
    )
    pages = reference(world(workspace.db), sources)
    if markdown:
        return as_markdown(pages)
    from sailc.reference.site import as_site

    return as_site(pages)
