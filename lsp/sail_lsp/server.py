"""The server: whenever a document changes, publish what `sailc check` says of it.

Checks run one at a time on a thread of their own, so that the server keeps listening;
a text that is out of date by the time its turn comes is never checked, and what was
found in one that has changed since is never published.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from sail_lsp.convert import Places, Texts, diagnostic
from sailc import __version__
from sailc.diagnostics.base import Diagnostic
from sailc.source import NOWHERE, Source, Span

log = logging.getLogger(__name__)
checker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
server = LanguageServer("sailc", __version__, lsp.TextDocumentSyncKind.Full)


def check(path: str, text: str) -> Sequence[Diagnostic]:
    """The compiler's diagnostics of one file."""
    from sailc.api import check_text

    return check_text(path, text)


def examine(uri: str, path: str, text: str) -> list[lsp.Diagnostic]:
    """The diagnostics of a document; a fault of the compiler's own becomes one of them."""
    texts = Texts(path, text, server.workspace.position_codec.client_num_units)

    def address(file: str) -> str:
        return uri if file == path else Path(file).absolute().as_uri()

    try:
        return [
            diagnostic(found, address, texts)
            for found in check(path, text)
            if found.span.file in (path, NOWHERE.file)
        ]
    except Exception as error:
        log.exception("checking %s failed", uri)
        message = f"sailc itself failed on this file, please report it: {error!r}"
        return [lsp.Diagnostic(lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0)), message)]


async def publish(uri: str) -> None:
    """Check the present text of an open document and publish the outcome."""
    documents = server.workspace.text_documents
    document = documents.get(unquote(uri))
    if document is None:
        return
    version, path, text = document.version, document.path, document.source

    def current() -> bool:
        return documents.get(unquote(uri)) is document and document.version == version

    def work() -> list[lsp.Diagnostic] | None:
        return examine(uri, path, text) if current() else None

    found = await asyncio.get_running_loop().run_in_executor(checker, work)
    if found is not None and current():
        server.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, found, version=version)
        )


@server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
    await publish(params.text_document.uri)


@server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
    await publish(params.text_document.uri)


@server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
async def saved(_: lsp.DidSaveTextDocumentParams) -> None:
    """Look at every open document again: others may use the one that was saved."""
    for document in list(server.workspace.text_documents.values()):
        await publish(document.uri)


@server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    """The whole document in the one style; nothing where it has mistakes of syntax."""
    from sailc.format import format_source

    document = server.workspace.get_text_document(params.text_document.uri)
    path, before = document.path, document.source
    after, _ = format_source(Source(path, before))
    if after == before:
        return []
    places = Places(before, server.workspace.position_codec.client_num_units)
    return [lsp.TextEdit(places.range(Span(path, 0, len(before))), after)]


@server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
def closed(params: lsp.DidCloseTextDocumentParams) -> None:
    server.text_document_publish_diagnostics(
        lsp.PublishDiagnosticsParams(params.text_document.uri, [])
    )
