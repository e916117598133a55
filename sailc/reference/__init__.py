"""The reference manual: pages from the tables of the language, the standard library, the
diagnostics, and a user's own modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

import sail_stdlib
from sailc.infer.modules.common import World
from sailc.reference.declarations import file_page
from sailc.reference.page import NOTICE, Page, links, markdown
from sailc.reference.tables import codes, costs, kinds, special_words, units
from sailc.source import Source
from sailc.syntax import tree

LIBRARY = "The standard library"
OWN = "This workspace"
INDEX = "index"


class Sources(Struct, frozen=True):
    """How to get at the files: their names, their trees, their texts."""

    standard: tuple[str, ...]
    own: tuple[str, ...]
    parsed: Callable[[str], tree.File]
    source: Callable[[str], Source]


def reference(world: World, sources: Sources) -> tuple[Page, ...]:
    """All pages, the index first."""
    pages = [
        *_own(world, sources),
        kinds(),
        special_words(),
        units(),
        costs(),
        *_library(world, sources),
        *codes(),
    ]
    return (_index(pages), *pages)


def as_markdown(pages: tuple[Page, ...]) -> dict[str, str]:
    """The text of each file, by its name."""
    known = links(pages)
    return {f"{page.path}.md": NOTICE + markdown(page, known) for page in pages}


def _library(world: World, sources: Sources) -> Iterator[Page]:
    root = Path(str(sail_stdlib.ROOT)).parent
    for path in sources.standard:
        name = ".".join(Path(path).relative_to(root).with_suffix("").parts)
        if ".prelude." in name:
            use = "In scope everywhere."
        else:
            use = f"Modules take part in every plan; `use {name}` brings in what else is declared."
        yield file_page(world, sources.parsed(path), sources.source(path), name, name, LIBRARY, use)


def _own(world: World, sources: Sources) -> Iterator[Page]:
    """The pages of a user's files; two of one name in two folders are told apart."""
    taken: set[str] = set()
    for path in sources.own:
        stem, n = Path(path).stem, 1
        while f"{stem}-{n}" in taken:
            n += 1
        taken.add(f"{stem}-{n}")
        name = f"file-{stem}" if n == 1 else f"file-{stem}-{n}"
        yield file_page(world, sources.parsed(path), sources.source(path), name, path, OWN, "")


def _index(pages: list[Page]) -> Page:
    groups: dict[str, list[Page]] = {}
    for page in pages:
        groups.setdefault(page.group, []).append(page)
    parts = ["What SAIL knows by name."]
    for group, inside in groups.items():
        lines = [f"- [{page.title}]({page.path}.md){_names(page)}" for page in inside]
        parts += [f"**{group}**", "\n".join(lines)]
    return Page(INDEX, "Reference", "", "\n\n".join(parts))


def _names(page: Page) -> str:
    if not page.sections:
        return ""
    return ": " + ", ".join(f"[{s.name}]({page.path}.md#{anchor})" for s, anchor in page.places)
