"""Pages of files: what each declares, with its documentation, text and types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sailc.infer.modules.common import World
from sailc.names import Entry
from sailc.reference.page import Page, Section, sail
from sailc.reference.types import types_of
from sailc.source import Source
from sailc.syntax import tree

_HEADER = re.compile(r"\s*((?://(?!/)[^\n]*\n)+)")

Read = Callable[[str], Source]


def file_page(
    world: World, file: tree.File, source: Source, path: str, title: str, group: str, use: str
) -> Page:
    """The page of a file. `use` says how others get at what it declares."""
    sections = tuple(_section(world, d, source) for d in file.declarations if d.name)
    intro = "\n\n".join(part for part in (_header(source.text), use) if part)
    return Page(path, title, group, intro, sections)


def _header(text: str) -> str:
    """The comment at the head of a file."""
    found = _HEADER.match(text)
    if found is None:
        return ""
    return "\n".join(line.strip().removeprefix("//").strip() for line in found[1].splitlines())


def _section(world: World, d: tree.Declaration, source: Source) -> Section:
    types = types_of(world, Entry(d, source.path, False), source)
    body = "\n\n".join(part for part in (types, sail(_shown(d, source))) if part)
    return Section(d.name, d.kind, d.doc, body)


def _shown(d: tree.Declaration, source: Source) -> str:
    """A declaration's text; of an operator whose typing is built in, only its head."""
    text = source.cut(d.span)
    if d.body is None or not all(_is_rule(line) for line in d.body):
        return text
    ends = [part.end for part in _head_spans(d)]
    brace = source.text.index("{", max(ends))
    return source.text[d.span.start : brace].rstrip()


def _is_rule(line: tree.Line) -> bool:
    return isinstance(line, tree.Property) and line.name == "rule"


def _head_spans(d: tree.Declaration) -> Iterator[tree.Span]:
    yield d.name_span
    yield from (p.span for p in d.parameters or ())
    if d.result is not None:
        yield d.result.span
