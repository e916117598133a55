"""`sailc lsp`, found by the command line through the entry-point group `sailc.commands`."""

from __future__ import annotations

import click


@click.command()
def lsp() -> None:
    """Speak the Language Server Protocol on standard input and output."""
    try:
        from sail_lsp.server import server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise click.ClickException(
            "The language server needs pygls: pip install 'sailc[lsp]'"
        ) from None
    server.start_io()
