"""No input makes the compiler raise: what is broken, cut short or nonsense gets diagnostics.

All truncations, deletions and mutations together take minutes: `SAIL_FULL=1` runs them,
and a sample that is the same every time is run otherwise.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import BAD, EXAMPLES, SAIL_BLOCK, TESTS, on, planned_in

from sailc.build import planned
from sailc.workspace import Workspace

FULL = bool(os.environ.get("SAIL_FULL"))
SHARE = 10
TOKEN = re.compile(r"\w+|[ \t]+|\n|//[^\n]*|\"[^\"\n]*\"|.")

PROGRAMS = {
    **{p.stem: p.read_text(encoding="utf-8") for p in sorted(EXAMPLES.glob("[!.]*.sail"))},
    **{f"paper_{p.stem}": p.read_text("utf-8") for p in sorted(EXAMPLES.glob("paper/[!.]*.sail"))},
    "bad_programs": "".join(p.read_text("utf-8") for p in sorted(BAD.glob("E0[23]*.sail"))),
    "documents": "".join(
        "".join(SAIL_BLOCK.findall(p.read_text("utf-8"))) for p in sorted(TESTS.glob("*.md"))
    ),
}

# A plan of these takes seconds: their changes are only checked.
LARGE = set() if FULL else {"architectures", "paper_cosmology", "documents", "bad_programs"}

# Texts that made the compiler raise, cut down to what they had in common.
FOUND = {
    "a parameter list as a value": "problem P{let=(seed=",
    "a number for a pattern": "problem P {\n    test 4 in [1, 2]: predict 1 as 1\n}\n",
    "an element of a list": "fn f(x) = x in [1, 2]\n",
    "a model that lacks its input": (
        "model M {\n    input\n    output y: real = 1\n}\n"
        "problem P {\n    train x in [1, 2]: predict x as x\n"
        "    test x in [3, 4]: predict x as x\n}\n"
    ),
    "a trainer whose optimizer is misspelt": PROGRAMS["winds"].replace("adam(", "ada("),
    "zeros": "problem P {\n    test x in zeros([4, 2]): predict x as ones([2])\n}\n",
}


class Bench:
    """A workspace of one file, whose text is changed again and again."""

    def __init__(self, folder: Path) -> None:
        (folder / "sail.toml").touch()
        self.path = folder / "program.sail"
        self.path.touch()
        self.workspace = Workspace.open([self.path])

    def hold(self, text: str, plan: bool = True) -> None:
        """Check and plan a text; it may be as wrong as it likes."""
        with on(text):
            self.workspace.edit(str(self.path), text)
            for d in self.workspace.check(str(self.path)):
                assert d.message
                assert d.help
                assert 0 <= d.span.start <= d.span.end <= len(text)
            if plan:
                planned_in(self.workspace, self.path)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("robust"))


def sample(texts: Iterable[str], seed: str, count: int) -> list[str]:
    """Some of the texts, the same ones every time."""
    every = list(dict.fromkeys(texts))
    return every if FULL or len(every) <= count else random.Random(seed).sample(every, count)


def truncations(text: str) -> Iterator[str]:
    return (text[:end] for end in range(0, len(text), 7))


def deletions(text: str) -> Iterator[str]:
    return (text[:i] + text[i + 1 :] for i in range(len(text)))


def mutations(text: str) -> Iterator[str]:
    """Tokens that are missing, doubled, or exchanged with one further on."""
    tokens = TOKEN.findall(text)
    for i, token in enumerate(tokens):
        if not token.isspace():
            yield "".join([*tokens[:i], *tokens[i + 1 :]])
            yield "".join([*tokens[:i], token, " ", *tokens[i:]])
            j = (i * 7 + 3) % len(tokens)
            changed = list(tokens)
            changed[i], changed[j] = changed[j], changed[i]
            yield "".join(changed)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("change", [truncations, deletions, mutations], ids=lambda f: f.__name__)
def test_no_change_of_a_program_makes_the_compiler_raise(
    bench: Bench, name: str, change: Callable[[str], Iterator[str]]
) -> None:
    for text in sample(change(PROGRAMS[name]), f"{name} {change.__name__}", SHARE):
        bench.hold(text, plan=name not in LARGE)


@pytest.mark.parametrize("name", FOUND)
def test_what_once_made_the_compiler_raise(bench: Bench, name: str) -> None:
    bench.hold(FOUND[name])


# --- anything at all --------------------------------------------------------------------

WORDS = sorted({t for text in PROGRAMS.values() for t in TOKEN.findall(text)})
anything = settings(
    max_examples=2_000 if FULL else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(st.binary(max_size=200))
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbffn f(x) = x")
@example("fn f(x) = \ud800".encode("utf-8", "surrogatepass"))
@anything
def test_no_bytes_make_the_compiler_raise(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "program.sail"
    path.write_bytes(content)
    workspace = Workspace.open([path])
    with on(repr(content)):
        workspace.check()
        planned(workspace.db, str(path), "")


@given(st.text(max_size=60))
@anything
def test_no_text_makes_the_compiler_raise(bench: Bench, text: str) -> None:
    bench.hold(text)


@given(st.lists(st.sampled_from(WORDS), max_size=40))
@anything
def test_no_words_make_the_compiler_raise(bench: Bench, words: list[str]) -> None:
    bench.hold("".join(words))


LINES = sorted(
    {
        line
        for text in PROGRAMS.values()
        for line in text.splitlines()
        if line.startswith("    ") and "{" not in line and "}" not in line
    }
)
KINDS = [
    "problem",
    "model",
    "solver",
    "trainer",
    "metric",
    "ranking",
    "software",
    "hardware",
    "benchmark",
    "dataset",
]


@given(st.sampled_from(KINDS), st.lists(st.sampled_from(LINES), max_size=6))
@anything
def test_no_lines_in_any_kind_make_the_compiler_raise(
    bench: Bench, kind: str, lines: list[str]
) -> None:
    bench.hold("\n".join([f"{kind} Some {{", *lines, "}", ""]))
