"""The reference as pages for a browser. They need no network, and no server either."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sailc import __version__
from sailc.reference.highlight import highlighted
from sailc.reference.page import Page, links, markdown

_COPIED = ("style.css", "search.js")


def as_site(pages: tuple[Page, ...]) -> dict[str, str]:
    """The text of each file, by its name."""
    known = links(pages)
    template = _environment().get_template("page.html.jinja")
    texts = {
        f"{page.path}.html": template.render(
            page=page,
            body=_html(page, markdown(page, known)),
            groups=_groups(pages),
            version=__version__,
        )
        for page in pages
    }
    folder = files(__package__ or "") / "templates"
    copied = {name: (folder / name).read_text("utf-8") for name in _COPIED}
    return texts | copied | {"names.js": _names(pages)}


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sailc.reference"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _groups(pages: Iterable[Page]) -> dict[str, list[Page]]:
    found: dict[str, list[Page]] = {}
    for page in pages:
        if page.group:
            found.setdefault(page.group, []).append(page)
    return found


def _names(pages: Iterable[Page]) -> str:
    """What the search looks through, as a script: a page from a disk may load no data."""
    found = [
        [section.name, section.kind, section.summary, f"{page.path}.html#{anchor}"]
        for page in pages
        for section, anchor in page.places
    ]
    return f"const NAMES = {json.dumps(found, ensure_ascii=False)};\n"


def _html(page: Page, text: str) -> str:
    """Markdown as HTML. What a user's comment holds of HTML is shown as it stands."""
    reader = MarkdownIt("commonmark", {"html": False, "highlight": _code}).enable("table")
    tokens = reader.parse(text)
    places = [(section.name, anchor) for section, anchor in page.places]
    for heading, token in pairwise(tokens):
        if heading.tag == "h2" and places and token.content == places[0][0]:
            heading.attrSet("id", places.pop(0)[1])
        _lead_to_pages(token.children or ())
    return reader.renderer.render(tokens, reader.options, {})


def _lead_to_pages(tokens: Sequence[Token]) -> None:
    """Links between pages lead to `.html`."""
    for token in tokens:
        target = token.attrGet("href")
        if isinstance(target, str) and "://" not in target:
            token.attrSet("href", target.replace(".md", ".html", 1))


def _code(text: str, language: str, _: Any) -> str:
    return highlighted(text) if language == "sail" else ""
