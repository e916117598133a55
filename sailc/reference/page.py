"""What the reference is made of: pages of sections, and the links between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

_FENCED = re.compile(r"(```.*?```)", re.DOTALL)
_CODE = re.compile(r"(?<![\[`])`([^\W\d]\w*)`(?!`)")
_HEADING = re.compile(r"^(#+ )", re.MULTILINE)
_SENTENCE = re.compile(r".*?[.:?!](?=\s|\Z)|.+", re.DOTALL)
NOTICE = "<!-- Written by `sailc doc`: change what it reads, and write it anew. -->\n"


class Section(Struct, frozen=True):
    """What one name means. In `doc` names of others become links, in `body` they do not."""

    name: str
    kind: str
    doc: str = ""
    body: str = ""

    @property
    def summary(self) -> str:
        """The first sentence of its documentation, on one line."""
        found = _SENTENCE.match(self.doc)
        return " ".join(found[0].split()) if found else ""


class Page(Struct, frozen=True):
    """`path` has no ending: it is `.md` or `.html`. Pages of one `group` stand together."""

    path: str
    title: str
    group: str
    intro: str
    sections: tuple[Section, ...] = ()

    @property
    def places(self) -> list[tuple[Section, str]]:
        """The sections with their anchors: those that GitHub makes of the headings."""
        taken: dict[str, int] = {}
        found: list[tuple[Section, str]] = []
        for section in self.sections:
            anchor = re.sub(r"[^\w\- ]", "", section.name.lower()).replace(" ", "-")
            n = taken[anchor] = taken.get(anchor, -1) + 1
            found.append((section, f"{anchor}-{n}" if n else anchor))
        return found


Place = tuple[str, str]  # a page's path and an anchor on it
Links = Mapping[str, Place]


def links(pages: Iterable[Page]) -> Links:
    """Where each name is explained; of several places, the first."""
    found: dict[str, Place] = {}
    for page in pages:
        for section, anchor in page.places:
            found.setdefault(section.name, (page.path, anchor))
    return found


def markdown(page: Page, known: Links) -> str:
    """A page as Markdown."""
    here = {**known, **links([page])}
    parts = [f"# {page.title}", page.intro]
    for section in page.sections:
        others = {name: place for name, place in here.items() if name != section.name}
        parts += [f"## {section.name}", f"*{section.kind}*"]
        parts += [linked(section.doc, others, page.path), section.body]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def linked(text: str, known: Links, here: str) -> str:
    """A text in which names in code style lead to where they are explained. Headings of its
    own stand below that of its section."""

    def link(found: re.Match[str]) -> str:
        if found[1] not in known:
            return found[0]
        path, anchor = known[found[1]]
        file = f"{path}.md" if path != here else ""
        return f"[{found[0]}]({file}#{anchor})"

    parts = _FENCED.split(text)
    return "".join(
        part if part.startswith("```") else _HEADING.sub(r"##\1", _CODE.sub(link, part))
        for part in parts
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown; bars within a cell are escaped."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([c.replace("|", "\\|") for c in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(*words: str) -> str:
    """Names in code style, with commas."""
    return ", ".join(f"`{word}`" for word in words)


def sail(text: str) -> str:
    """A block of SAIL."""
    return f"```sail\n{text.rstrip()}\n```"
