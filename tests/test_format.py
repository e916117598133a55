"""`sailc fmt`: one style, in which nothing is said otherwise and nothing is lost."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from _pytest.mark import ParameterSet
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BAD, EXAMPLES, ROOT, SAIL_BLOCK, TESTS, on, sail, sail_json

from sailc import format as formatting
from sailc.format import format_source
from sailc.format.same import same
from sailc.source import Source
from sailc.syntax.filter import Filter
from sailc.syntax.machine import machine
from sailc.syntax.parser import parse

GOOD = sorted([*EXAMPLES.rglob("[!.]*.sail"), *ROOT.glob("stdlib/**/[!.]*.sail")])


def whole(text: str) -> bool:
    return not parse(Source("p.sail", text))[1]


TEXTS = sorted(
    (
        text
        for text in [
            *(p.read_text("utf-8") for p in [*GOOD, *sorted(BAD.glob("*.sail"))]),
            *(
                b
                for p in sorted(TESTS.glob("*.md"))
                for b in SAIL_BLOCK.findall(p.read_text("utf-8"))
            ),
        ]
        if whole(text)
    ),
    key=len,
)
STYLED = [p.read_text("utf-8") for p in GOOD]


def formatted(text: str) -> str:
    made, problems = format_source(Source("p.sail", text))
    assert problems == ()
    return made


def comments(text: str) -> list[str]:
    return [c for piece in formatting.pieces(text) for c in piece.gap.comments]


def keeps_all(text: str) -> None:
    """What is formatted says the same, has the same comments, and stays as it is."""
    with on(text):
        made = formatted(text)
        assert same(parse(Source("p.sail", text))[0], parse(Source("p.sail", made))[0])
        assert comments(made) == comments(text)
        assert formatted(made) == made


# --- what holds for all programs --------------------------------------------------------


def test_the_programs_here_are_formatted() -> None:
    found = sail_json("fmt", "--check", EXAMPLES, ROOT / "stdlib", exit=0)
    assert len(found["files"]) == len(GOOD)


@pytest.mark.parametrize("text", TEXTS)
def test_formatting_keeps_all(text: str) -> None:
    keeps_all(text)


def blanks_changed(text: str, random: Random) -> str:
    """Other indents, other blanks between words, more blank lines where there is one."""
    made, end = [], 0
    for token in machine().tokens(text, 0, len(text)):
        gap = text[end : token.start]
        made.append(random.choice([" ", "   ", "\t"]) if gap.isspace() and "\n" not in gap else gap)
        made.append(_newlines_changed(token.text, random) if token.type == "NL" else token.text)
        end = token.end
    return "".join(made)


def _newlines_changed(text: str, random: Random) -> str:
    """Of a run of newlines and comments."""
    first, *rows = text.split("\n")
    made = [first]
    for i, row in enumerate(rows, 1):
        blank = not row.strip() and i < len(rows)
        made.append(random.choice(["", "  ", "\t"]) + row.strip(" "))
        made += ["" for _ in range(blank * random.randrange(2))]
    return "\n".join(made)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(STYLED), st.randoms(use_true_random=False))
def test_blanks_make_no_difference(text: str, random: Random) -> None:
    changed = blanks_changed(text, random)
    with on(changed):
        assert formatted(changed) == text


NOTES = [" // a note", " /// a note", ""]


def newlines_added(text: str, random: Random) -> str:
    """Newlines and comments where they end no line, and more where they do."""
    made, end, filter = [], 0, Filter()
    for token in machine().tokens(text, 0, len(text)):
        gap = text[end : token.start]
        made.append(gap)
        if token.type == "NL":
            made.append(random.choice(NOTES) * ("//" not in gap))
        elif filter.previous and filter.continues(token) and random.random() < 0.2:
            made.append(random.choice(NOTES) * ("//" not in gap) + random.choice(["\n", "\n\n"]))
            made.append("  // its own\n" * random.randrange(2))
        filter.push(token)
        made.append(token.text)
        end = token.end
    return "".join(made) + text[end:]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False))
def test_line_breaks_and_comments_anywhere(text: str, random: Random) -> None:
    changed = newlines_added(text, random)
    if whole(changed):
        keeps_all(changed)


# --- the style --------------------------------------------------------------------------


def cases() -> list[ParameterSet]:
    """What format.md writes, and what is to come of it."""
    found: list[ParameterSet] = []
    for part in (TESTS / "format.md").read_text("utf-8").split("\n## ")[1:]:
        before, after = re.findall(r"```text\n(.*?)```", part, re.DOTALL)
        found.append(pytest.param(before, after, id=part.split("\n")[0]))
    return found


@pytest.mark.parametrize(("before", "after"), cases())
def test_the_style(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", ""),
        ("\n \n", ""),
        ("// only a comment", "// only a comment\n"),
        ("\n\n// only a comment\n\n", "// only a comment\n"),
        ("enum E { A }", "enum E { A }\n"),
        ("enum E{A}\r\nenum F{A}\n", "enum E { A }\r\nenum F { A }\r\n"),
        ("enum E{A}\renum F{A}", "enum E { A }\nenum F { A }\n"),
        ("\ufeffenum E{A}", "enum E { A }\n"),
    ],
)
def test_the_ends_of_a_file_and_its_newlines(text: str, made: str) -> None:
    assert formatted(text) == made


def test_what_would_be_said_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting, "align", lambda lines: lines.pop())
    text = "enum E{A}\nenum F{B}\n"
    made, (problem,) = format_source(Source("p.sail", text))
    assert made == text
    assert problem.code == "E0901"


# --- the command ------------------------------------------------------------------------

UGLY = "enum E{A,B}\n"
NICE = "enum E { A, B }\n"
BROKEN = "enum E{A,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"ugly": UGLY, "nice": NICE, "broken": BROKEN}.items():
        (tmp_path / f"{name}.sail").write_text(text)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "sail.toml").touch()
    (tmp_path / "inner" / "ugly.sail").write_text(UGLY)
    return tmp_path


def test_a_folder_is_formatted_and_what_is_broken_left_alone(folder: Path) -> None:
    done = sail("fmt", folder, exit=1)
    assert (folder / "ugly.sail").read_text() == NICE
    assert (folder / "inner" / "ugly.sail").read_text() == NICE
    assert (folder / "broken.sail").read_text() == BROKEN
    assert "4 files: 2 formatted, 1 as they should be, 1 with mistakes" in done.stdout
    assert "E0103" in done.stderr
    assert sorted(p.name for p in folder.iterdir()) == [
        "broken.sail", "inner", "nice.sail", "ugly.sail",
    ]  # fmt: skip


def test_without_mistakes_it_ends_well_and_a_second_time_changes_nothing(folder: Path) -> None:
    ugly = folder / "ugly.sail"
    assert "ugly.sail formatted" in sail("fmt", ugly, exit=0).stdout
    before = ugly.stat().st_mtime_ns
    assert sail("fmt", ugly, exit=0).stdout == "1 file: 1 as they should be\n"
    assert ugly.stat().st_mtime_ns == before


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_looking_changes_nothing(folder: Path, option: str) -> None:
    said = sail("fmt", option, folder / "ugly.sail", folder / "nice.sail", exit=1).stdout
    assert "ugly.sail" in said
    assert "nice.sail" not in said
    assert ("-enum E{A,B}\n+enum E { A, B }\n" in said) == (option == "--diff")
    assert (folder / "ugly.sail").read_text() == UGLY
    assert sail("fmt", option, folder / "nice.sail", exit=0)


def test_as_json(folder: Path) -> None:
    found = sail_json("fmt", "--diff", folder, exit=1)
    changed = {Path(f["file"]).relative_to(folder).as_posix(): f["changed"] for f in found["files"]}
    assert changed == {"nice.sail": False, "ugly.sail": True, "inner/ugly.sail": True}
    assert [e["code"] for e in found["errors"]] == ["E0103"]
    assert any("+enum E { A, B }" in f["diff"] for f in found["files"])


@pytest.mark.parametrize(
    ("path", "code"), [("nothing.sail", "E0601"), ("empty", "E0602")], ids=["missing", "empty"]
)
def test_a_path_without_programs(folder: Path, path: str, code: str) -> None:
    (folder / "empty").mkdir()
    assert [e["code"] for e in sail_json("fmt", folder / path, exit=1)["errors"]] == [code]


def piped(data: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sailc", "fmt", "-", *options]
    return subprocess.run(command, input=data, capture_output=True, check=False)


def test_from_standard_input_to_standard_output() -> None:
    done = piped("enum 数据{α,β}\r\n".encode())
    assert (done.returncode, done.stdout) == (0, "enum 数据 { α, β }\r\n".encode())
    broken = piped(BROKEN.encode())
    assert (broken.returncode, broken.stdout) == (1, b"")
    assert b"E0103" in broken.stderr
    assert piped(UGLY.encode(), "--check").returncode == 1
    assert json.loads(piped(UGLY.encode(), "--format", "json").stdout)["files"] == [
        {"file": "-", "changed": True, "text": NICE}
    ]
    assert sail("fmt", "-", "a.sail", exit=2)


def test_bytes_that_are_no_text_are_left_alone(folder: Path) -> None:
    latin = folder / "latin.sail"
    latin.write_bytes(b"// caf\xe9\nenum E{A}\n")
    assert [e["code"] for e in sail_json("fmt", latin, exit=1)["errors"]] == ["E0126"]
    assert latin.read_bytes() == b"// caf\xe9\nenum E{A}\n"


@pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")
def test_permissions_links_and_byte_order_marks_stay(folder: Path) -> None:
    ugly, link = folder / "ugly.sail", folder / "link.sail"
    ugly.write_bytes(b"\xef\xbb\xbf" + UGLY.encode())
    ugly.chmod(0o640)
    link.symlink_to(ugly)
    sail("fmt", link, exit=0)
    assert link.is_symlink()
    assert ugly.read_bytes() == b"\xef\xbb\xbf" + NICE.encode()
    assert stat.S_IMODE(ugly.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_written_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sailc.store.atomic.write", refuse)
    (error,) = sail_json("fmt", folder / "ugly.sail", exit=1)["errors"]
    assert error["code"] == "E0610"
    assert "No space left" in error["message"]
    assert (folder / "ugly.sail").read_text() == UGLY
