"""`sailc doc`: the reference, as Markdown and as pages for a browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support import EXAMPLES, ROOT, Json, sail, sail_json, write, write_one

from sailc.diagnostics.base import REGISTRY
from sailc.diagnostics.exclusions import TITLES
from sailc.diagnostics.pages import load_all
from sailc.kinds.tables import KINDS
from sailc.reference.highlight import highlighted

REFERENCE = ROOT / "docs" / "reference"


def texts(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text("utf-8") for p in folder.iterdir()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("markdown")
    sail("doc", "--markdown", "-o", folder, exit=0)
    return texts(folder)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("site")
    sail("doc", EXAMPLES, "-o", folder, exit=0)
    return texts(folder)


# --- Markdown ---------------------------------------------------------------------------


def test_the_reference_in_docs_is_fresh(written: dict[str, str], update: bool) -> None:
    """`pytest --update` writes it anew, as `sailc doc --markdown -o docs/reference` does."""
    if update:
        for path in REFERENCE.glob("*"):
            path.unlink()
        for name, text in written.items():
            (REFERENCE / name).write_text(text, encoding="utf-8")
    assert texts(REFERENCE) == written


def test_every_kind_property_and_code_is_there(written: dict[str, str]) -> None:
    load_all()
    for kind in KINDS.values():
        assert f"\n## {kind.name}\n" in written["kinds.md"]
        for row in kind.properties.values():
            assert f"| `{row.name}` |" in written["kinds.md"]
            assert row.doc in written["kinds.md"]
    everything = "".join(written.values())
    for code in (*REGISTRY, *TITLES):
        assert f"\n## {code}\n" in everything


def test_every_declaration_of_the_library_is_there(written: dict[str, str]) -> None:
    for path in (ROOT / "stdlib").rglob("*.sail"):
        folder = path.relative_to(ROOT / "stdlib" / "sail_stdlib").with_suffix("")
        page = written[f"{'.'.join(folder.parts)}.md"]
        declared = re.findall(
            r"^(?!use )(?:extern )?[a-z]+ (\w+)", path.read_text("utf-8"), re.MULTILINE
        )
        assert set(declared) <= set(re.findall(r"^## (\w+)$", page, re.MULTILINE))


def test_names_in_documentation_lead_to_their_place(tmp_path: Path) -> None:
    text = """
        /// Like `MLP`, but see `E0303`; not `unheard`, nor itself, `Mine`.
        ///
        /// # A heading of its own
        model Mine {
            input  x: real
            output y: real = x
        }
    """
    sail("doc", write_one(tmp_path, text), "--markdown", "-o", tmp_path / "out", exit=0)
    page = (tmp_path / "out" / "file-program.md").read_text("utf-8")
    assert (
        "Like [`MLP`](std.models.md#mlp), but see [`E0303`](diagnostics-E03.md#e0303); "
        "not `unheard`, nor itself, `Mine`.\n\n### A heading of its own"
    ) in page


PROGRAM = """
    // What the file is about.

    /// How far it *flies*.
    problem Flight {
        suggest wind in [0.0 m/s, 5 m/s]
        let speeds = uniform([1.0], [9.0]) |> sample(20, seed = 1)
        train v in speeds |> first(10): predict v * 1 m/s as (v[0] + wind / 1 m * 1 s) * 2 m
        test  v in speeds |> last(10):  predict v * 1 m/s as (v[0] + wind / 1 m * 1 s) * 2 m
    }

    model Line {
        suggest width in [4, 8]
        input  x
        output y: Tensor[real, m] = x |> linear(width) |> linear(m)
    }
"""


def test_the_types_that_the_compiler_infers_stand_beside_the_text(tmp_path: Path) -> None:
    sail("doc", write_one(tmp_path, PROGRAM), "--markdown", "-o", tmp_path / "out", exit=0)
    page = (tmp_path / "out" / "file-program.md").read_text("utf-8")
    assert "What the file is about." in page
    assert "How far it *flies*." in page
    assert "| train | predict | `Tensor[real<m/s>, 1]` | `real<m>` |" in page
    assert "| `wind` | `0 m/s`, `5 m/s` |" in page
    assert "| input | x | `Tensor[real, n]` |" in page
    assert "| output | y | `Tensor[real, m]` |" in page
    assert "| `width` | `4`, `8` |" in page


def test_two_files_of_one_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "w", {"a.sail": "enum A { x }\n", "b/a.sail": "enum B { y }\n"})
    sail("doc", folder, "--markdown", "-o", tmp_path / "out", exit=0)
    assert "## A\n" in (tmp_path / "out" / "file-a.md").read_text("utf-8")
    assert "## B\n" in (tmp_path / "out" / "file-a-2.md").read_text("utf-8")


# --- pages for a browser ----------------------------------------------------------------


class Reader(HTMLParser):
    """The places and the links of a page, and whether every tag is closed."""

    VOID = ("meta", "link", "input", "hr", "br", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.leads: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.leads += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_link_leads_somewhere_and_none_outside(site: dict[str, str]) -> None:
    pages = {name: Reader(text) for name, text in site.items() if name.endswith(".html")}
    assert "file-quickstart.html" in pages
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids))
        for target in page.leads:
            file, _, anchor = target.partition("#")
            assert file in ("", *site), f"{name} leads to {target}"
            assert not anchor or anchor in pages[file or name].ids, f"{name} leads to {target}"


def test_the_search_finds_every_name(site: dict[str, str]) -> None:
    names = json.loads(site["names.js"].removeprefix("const NAMES = ").removesuffix(";\n"))
    found = {name: place for name, _, _, place in names}
    assert found["Digits"] == "file-quickstart.html#digits-1"
    assert found["LeNet"] == "std.models.html#lenet"
    assert ["E0303", "units disagree", "Units of two different dimensions meet."] in [
        entry[:3] for entry in names
    ]
    for _, _, _, place in names:
        file, anchor = place.split("#")
        assert f'id="{anchor}"' in site[file]


def test_html_in_a_comment_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    text = "/// Less <script>alert(1)</script> & more.\nenum E { a }\n"
    sail("doc", write_one(tmp_path, text), "-o", tmp_path / "out", exit=0)
    page = (tmp_path / "out" / "file-program.html").read_text("utf-8")
    assert "Less &lt;script&gt;alert(1)&lt;/script&gt; &amp; more." in page


def test_programs_are_coloured() -> None:
    text = "model M { // <note>\n    epochs 1 s\n    train x in xs: predict x\n}\n"
    assert highlighted(text) == (
        '<span class="word">model</span> M { <span class="comment">// &lt;note&gt;</span>\n'
        '    <span class="property">epochs</span> <span class="number">1 s</span>\n'
        '    <span class="word">train</span> x <span class="word">in</span> xs: '
        '<span class="verb">predict</span> x\n}\n'
    )


@pytest.mark.parametrize("text", ["", "}}}", '"open', "a ' 5x \x00", "fn f(x) = [\n// no end"])
def test_any_text_may_be_coloured(text: str) -> None:
    shown = re.sub(r"</?span[^>]*>", "", highlighted(text))
    assert shown.replace("&quot;", '"').replace("&#x27;", "'") == text


# --- the command ------------------------------------------------------------------------


def test_as_json(tmp_path: Path) -> None:
    found = sail_json("doc", "-o", tmp_path / "out", exit=0)
    assert found["index"] == str(tmp_path / "out" / "index.html")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == found["files"]


def error_of(*arguments: str | Path, exit: int) -> Json:
    (error,) = sail_json("doc", *arguments, exit=exit)["errors"]
    return error


def test_what_cannot_be_documented(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert error_of(tmp_path / "no.sail", "-o", out, exit=1)["code"] == "E0601"
    (tmp_path / "empty").mkdir()
    assert error_of(tmp_path / "empty", "-o", out, exit=1)["code"] == "E0602"
    wrong = write_one(tmp_path, "fn f(x) = y\n")
    assert error_of(wrong, "-o", out, exit=1)["code"] == "E0201"
    assert not out.exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert error_of("-o", tmp_path / "file" / "out", exit=3)["code"] == "E0610"
