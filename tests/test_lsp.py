"""The language server over standard input and output, as an editor speaks to it."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

PUBLISH = lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
GOOD = "fn twice(x: real) -> real {\n    give 2 * x\n}\n"
BROKEN = "fn twice(x: real) -> real {\n    give 2 * )\n}\n"


class Editor(LanguageClient):
    """A client that keeps all that was published, in order."""

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        features = {m: f for m, f in DEFAULT_CLIENT_FEATURES.items() if m != PUBLISH}
        register_lsp_features(self, features)

        @self.feature(PUBLISH)
        def keep(params: lsp.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)


@pytest_lsp.fixture(
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "sailc", "lsp"], client_factory=Editor
    )
)
async def editor(lsp_client: Editor) -> AsyncIterator[None]:
    await lsp_client.initialize_session(lsp.InitializeParams(lsp.ClientCapabilities()))
    yield
    await lsp_client.shutdown_session()


class Document:
    """A document as an editor holds it."""

    def __init__(self, editor: Editor, uri: str) -> None:
        self.editor = editor
        self.uri = uri
        self.versions = itertools.count(1)

    def open(self, text: str) -> int:
        version = next(self.versions)
        item = lsp.TextDocumentItem(self.uri, "sail-benchmark", version, text)
        self.editor.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return version

    def change(self, text: str) -> int:
        version = next(self.versions)
        self.editor.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(version=version, uri=self.uri),
                [lsp.TextDocumentContentChangeWholeDocument(text)],
            )
        )
        return version

    def save(self) -> None:
        identifier = lsp.TextDocumentIdentifier(self.uri)
        self.editor.text_document_did_save(lsp.DidSaveTextDocumentParams(identifier))

    def close(self) -> None:
        identifier = lsp.TextDocumentIdentifier(self.uri)
        self.editor.text_document_did_close(lsp.DidCloseTextDocumentParams(identifier))

    async def diagnostics(self, version: int | None) -> list[lsp.Diagnostic]:
        """What is published of a version of this document."""
        while True:
            params = await asyncio.wait_for(self.editor.published.get(), timeout=30)
            if params.uri == self.uri and params.version == version:
                return list(params.diagnostics)


@pytest.fixture
def document(editor: Editor) -> Document:
    return Document(editor, "file:///somewhere/a%20file.sail")


async def test_a_mistake_appears_and_goes_when_it_is_mended(document: Document) -> None:
    mistake, *_ = await document.diagnostics(document.open(BROKEN))
    assert mistake.severity == lsp.DiagnosticSeverity.Error
    assert mistake.range.start.line == 1
    assert mistake.source == "sailc"
    assert mistake.code
    assert await document.diagnostics(document.change(GOOD)) == []


async def test_saving_looks_again_and_closing_takes_the_diagnostics_away(
    document: Document,
) -> None:
    version = document.open(BROKEN)
    found = await document.diagnostics(version)
    document.save()
    assert await document.diagnostics(version) == found
    document.close()
    assert await document.diagnostics(None) == []


async def test_columns_are_counted_in_units_of_utf_16(document: Document) -> None:
    narrow, *_ = await document.diagnostics(document.open(BROKEN.replace("2", '"e"')))
    wide, *_ = await document.diagnostics(document.change(BROKEN.replace("2", '"𝔼"')))
    assert wide.range.start.character == narrow.range.start.character + 1


async def test_only_the_newest_of_many_changes_has_to_be_published(document: Document) -> None:
    document.open(BROKEN)
    for _ in range(50):
        document.change(BROKEN)
    assert await document.diagnostics(document.change(GOOD)) == []
    assert document.editor.published.empty()


async def test_formatting_a_document(editor: Editor, document: Document) -> None:
    async def formatted(text: str) -> str:
        document.change(text)
        identifier = lsp.TextDocumentIdentifier(document.uri)
        params = lsp.DocumentFormattingParams(identifier, lsp.FormattingOptions(4, True))
        edits = await editor.text_document_formatting_async(params) or []
        return edits[0].new_text if edits else text

    document.open("")
    assert await formatted("fn twice(x:real)->real{\ngive 2*x}") == GOOD
    assert await formatted(GOOD) == GOOD
    assert await formatted(BROKEN) == BROKEN


STRANGE = [
    "",
    "\ufeff",
    "\x00\x01\x7f",
    "a lone surrogate \ud800 {",
    "problem 𝔻igits { train",
    "model é\u0301\u200d👩🏽‍🚀 {\r let x = 1\u2028 }\x0b",
    "fn f(x) = " + "(" * 3_000,
    "fn f(x) = " + "-" * 3_000 + "x",
    '"',
    "}}}}",
]


async def test_no_text_ends_the_server(document: Document) -> None:
    document.open(GOOD)
    for text in STRANGE:
        found = await document.diagnostics(document.change(text))
        assert not [d.message for d in found if d.message.startswith("sailc itself failed")]
    assert await document.diagnostics(document.change(GOOD)) == []
