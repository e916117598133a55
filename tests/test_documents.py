"""The documents beside this file: every `sail` block says what the compiler makes of it.

    test x in xs: predict x as f(x)   // : real as Tensor[real, 3]
    test x in xs: predict y as x      // error E0201

Behind a data line, `// : QUESTION as TRUTH` are the types of both. All that `sailc check`
says of a block must stand behind the line of which it is said (`// error CODE`,
`// warning CODE`). `pytest --update` writes both anew.

Before a block of which the compiler says something else as yet stands the reason:
`<!-- not yet: REASON -->`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from support import SAIL_BLOCK, TESTS, sail_json, write_one

from sailc.build import problems_of
from sailc.infer.modules.common import World
from sailc.infer.modules.problem import elaborate_problem
from sailc.names import Entry
from sailc.plan.select import Selection
from sailc.queries import world
from sailc.workspace import Workspace

DOCUMENTS = sorted(TESTS.glob("*.md"))
BLOCK = re.compile(r"(?:<!-- not yet: (.*?) -->\n)?" + SAIL_BLOCK.pattern, re.DOTALL)
SAYS = re.compile(r" *// (?=: |:\Z|error |warning )(.*)\Z")
Notes = dict[int, list[str]]


def notes_on(path: Path) -> Notes:
    """What is to stand behind each line of a program, counted from 1."""
    notes: Notes = defaultdict(list)
    for line, types in data_types(path):
        notes[line].append(types)
    for d in sail_json("check", path):
        notes[d["start"]["line"]].append(f"{d['severity']} {d['code']}")
    return notes


def data_types(path: Path) -> Iterator[tuple[int, str]]:
    """The line of each question, and its type and its truth's."""
    workspace = Workspace.open([path])
    known = world(workspace.db)
    source = workspace.source(str(path))
    for entry in problems_of(known, str(path)):
        for start, types in _questions(known, entry):
            yield source.position(start).line, types


def _questions(known: World, entry: Entry) -> Iterator[tuple[int, str]]:
    choice = Selection(known, None).choices(entry, axes=True)[0][0]
    ctx = known.context()
    for line in elaborate_problem(ctx, entry, choice).lines:
        for f in line.fixtures:
            asked = [ctx.type_of(t) for t in (f.question, f.truth) if t is not None]
            question, truth = (*ctx.shown(*asked), "nothing")[:2]
            yield f.span.start, f": {question} as {truth}"


def annotated(block: str, notes: Notes) -> str:
    """A block with the right notes; types only where the author asks for them."""
    return "".join(
        _annotated(line, notes.get(i, [])) + "\n" for i, line in enumerate(block.splitlines(), 1)
    )


def _annotated(line: str, notes: list[str]) -> str:
    said = SAYS.search(line)
    code = line[: said.start()] if said else line
    asks = said is not None and said[1].startswith(":")
    wanted = [n for n in notes if asks or not n.startswith(":")]
    if not wanted:
        return code
    column = said.end() - len(said[0].lstrip()) if said else len(code) + 2
    return f"{code.ljust(max(column, len(code) + 2))}// {', '.join(wanted)}"


def blocks() -> list[ParameterSet]:
    found: list[ParameterSet] = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for i, match in enumerate(BLOCK.finditer(text), 1):
            reason, block = match.groups()
            marks = [pytest.mark.xfail(reason=" ".join(reason.split()))] if reason else []
            found.append(
                pytest.param(path, block, bool(reason), id=f"{path.stem}-{i}", marks=marks)
            )
    return found


@pytest.mark.parametrize(("document", "block", "wrong"), blocks())
def test_a_block_of_a_document(
    document: Path, block: str, wrong: bool, update: bool, tmp_path: Path
) -> None:
    path = write_one(tmp_path, block)
    right = annotated(block, notes_on(path))
    if update and not wrong:
        text = document.read_text(encoding="utf-8")
        document.write_text(text.replace(block, right, 1), encoding="utf-8")
    else:
        assert block == right


def test_a_wrong_note_is_noticed() -> None:
    notes = {1: [": real as real"], 2: ["error E0201"]}
    right = "test a  // : real as real\ntest b  // error E0201\n"
    assert annotated(right, notes) == right
    assert annotated("test a  // : Class[2] as real\ntest b\n", notes) == right
    assert annotated("test a\ntest b  // error E0301\n", notes) == right.replace(
        "  // : real as real", ""
    )
    assert annotated("let c  // error E0301\n", {}) == "let c\n"
    assert annotated("let c  // a comment\n", {}) == "let c  // a comment\n"
