"""`sailc graph`: what a picture shows, and that it can be read."""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import EXAMPLES, Json, sail, sail_json, write, write_one

from sailc.graph.picture import Edge, Node, Picture
from sailc.graph.place import LINE, PAD, SMALL, Placed, place
from sailc.graph.svg import svg

QUICKSTART = EXAMPLES / "quickstart.sail"


def drawn(path: Path, *arguments: str) -> list[Json]:
    """The pictures of a program, their nodes by label."""
    return sail_json("graph", path, *arguments, exit=0)["problems"]


def node(picture: Json, label: str, kind: str = "") -> Json:
    found = [n for n in picture["nodes"] if n["label"] == label and kind in ("", n["kind"])]
    assert len(found) == 1
    return found[0]


def arrows(picture: Json, joined: bool = True) -> set[str]:
    label = {n["id"]: n["label"] for n in picture["nodes"]}
    return {
        f"{label[e['source']]} --{e['label']}--> {label[e['target']]}"
        for e in picture["edges"]
        if e["joined"] == joined
    }


# --- what is shown ----------------------------------------------------------------------

SPRINGS = """
    /// How hard a spring pulls.
    problem Pull {
        let stretched = uniform([0.0, 0.0], [1.0, 1.0]) |> sample(40, seed = 1)
        train s in stretched |> first(20): predict s as s[0] * 1 N
        test  s in stretched |> last(20):  predict s as s[0] * 1 N
    }

    model Named {
        for    classify
        input  x: Tensor[real, n]
        output y: Tensor[real, m] = x |> linear(m)
    }

    model OfWords {
        input  x: Text
        output y: real = 1
    }
"""


def test_the_chains_of_the_quickstart(tmp_path: Path) -> None:
    (tmp_path / "program.sail").write_text(QUICKSTART.read_text("utf-8"), encoding="utf-8")
    (picture,) = drawn(tmp_path / "program.sail")
    assert (picture["problem"], picture["verb"]) == ("Digits", "classify")
    assert arrows(picture) == {
        "Tensor[real, 8, 8] --(standardize) flatten--> Tensor[real, 64]",
        "Tensor[real, 8, 8] --(standardize) unsqueeze--> Tensor[real, 8, 8, 1]",
        "Tensor[real, 64] ----> MLP",
        "Tensor[real, 64] ----> Linear",
        "Tensor[real, 8, 8, 1] ----> LeNet",
        "MLP ----> Tensor[real, 10]",
        "Linear ----> Tensor[real, 10]",
        "LeNet ----> Tensor[real, 10]",
        "Tensor[real, 10] --decide--> Class[10]",
    }
    assert node(picture, "Tensor[real, 8, 8]")["kind"] == "question"
    truth = node(picture, "Class[10]")
    assert (truth["kind"], truth["notes"]) == ("truth", ["metric: accuracy"])
    assert node(picture, "Tensor[real, 10]")["notes"] == ["loss: adam, adam_standardized"]


def test_what_is_not_joined_is_there_and_says_why(tmp_path: Path) -> None:
    (picture,) = drawn(write_one(tmp_path, SPRINGS))
    assert node(picture, "MLP")["joined"]
    assert "is for `classify`" in node(picture, "Named")["reason"]
    assert "no chain of converters" in node(picture, "OfWords")["reason"]
    assert not node(picture, "OfWords")["joined"]
    assert "Tensor[real<N>, 1] --squeeze--> real<N>" in arrows(picture, joined=False)


def test_only_so_much_of_it(tmp_path: Path) -> None:
    models = "".join(
        f"model Of{i} {{\n    input x: Text\n    output y: real = {i}\n}}\n" for i in range(20)
    )
    (picture,) = drawn(write(tmp_path, {"a.sail": SPRINGS, "b.sail": models}) / "a.sail")
    assert sum(not n["joined"] for n in picture["nodes"] if n["kind"] == "model") == 6
    assert "17 more models are not joined" in picture["remarks"]


def test_one_problem_of_many() -> None:
    names = [p["problem"] for p in drawn(EXAMPLES)]
    assert len(names) > 5
    assert [p["problem"] for p in drawn(EXAMPLES, "IrisSpecies")] == ["IrisSpecies"]


# --- how it is drawn --------------------------------------------------------------------


@cache
def pictures() -> list[Picture]:
    """Those of the examples, and a few that are harder to draw."""
    found = [
        Picture(
            p["problem"],
            p["verb"],
            tuple(Node(**{**n, "notes": tuple(n["notes"])}) for n in p["nodes"]),
            tuple(Edge(**e) for e in p["edges"]),
            tuple(p["remarks"]),
        )
        for p in drawn(EXAMPLES)
    ]
    wide = Node("w", "question", "{ " + ", ".join(f"x{i}: real" for i in range(60)) + " }", 0, True)
    alone = Node("a", "truth", "x" * 300, 3, True, ("loss: " + "many " * 30,))
    return [
        *found,
        Picture("Nothing", "", (), (), ("nothing is known",)),
        Picture("Two", "solve", (wide, alone), (Edge("w", "a", "far <&>", "question", True),)),
    ]


@pytest.fixture(scope="module", params=range(len(pictures())))
def placed(request: pytest.FixtureRequest) -> Placed:
    return place(pictures()[request.param])


Rectangle = tuple[float, float, float, float]


def rectangles(placed: Placed) -> list[Rectangle]:
    """Left, top, right and bottom of every box and every label."""
    found = [
        (b.x, b.y - b.height / 2, b.x + b.width, b.y + b.height / 2)
        for b in placed.boxes
        if b.node is not None
    ]
    for text in ElementTree.fromstring(svg([placed.picture])).iter():
        if "label" in text.get("class", "").split():
            x, y = float(text.get("x", "")), float(text.get("y", ""))
            found.append((x, y - 9, x + len(text.text or "") * SMALL, y + 2))
    return found


def test_nothing_covers_anything(placed: Placed) -> None:
    for a, b in combinations(rectangles(placed), 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, (a, b)


def test_everything_is_inside(placed: Placed) -> None:
    for left, top, right, bottom in rectangles(placed):
        assert left >= 0
        assert top >= 0
        assert right <= placed.width + 0.1
        assert bottom <= placed.height + 0.1


def test_edges_go_from_left_to_right(placed: Placed) -> None:
    for path in placed.paths:
        columns = [b.column for b in path.boxes]
        assert columns == list(range(columns[0], columns[0] + len(columns)))
        assert len(columns) > 1


def test_a_box_holds_its_lines(placed: Placed) -> None:
    for box in placed.boxes:
        if box.node is not None:
            assert box.height == LINE * len((*box.label, *box.notes)) + 2 * PAD
            assert "".join(box.label).rstrip("… ").replace(" ", "") in box.node.label.replace(
                " ", ""
            )


def test_it_is_xml_without_anything_from_elsewhere() -> None:
    text = svg(pictures())
    ElementTree.fromstring(text)
    assert "far &lt;&amp;&gt;" in text
    assert re.findall(r"(?:href|src|url|@import|<script)[^>]*", text) == []
    assert "prefers-color-scheme: dark" in text
    assert svg(pictures()) == text


# --- the command ------------------------------------------------------------------------


def test_a_picture_in_a_file_and_on_the_screen(tmp_path: Path) -> None:
    out = tmp_path / "digits.svg"
    assert sail("graph", QUICKSTART, "-o", out, exit=0).stdout == f"{out}\n"
    text = out.read_text("utf-8")
    assert text.startswith("<svg ")
    assert sail("graph", QUICKSTART, "Digits", exit=0).stdout == text


def test_for_graphviz(tmp_path: Path) -> None:
    text = sail("graph", write_one(tmp_path, SPRINGS), "--format", "dot", exit=0).stdout
    assert text.startswith("digraph sail {\n  rankdir=LR;\n  subgraph cluster_0 {\n")
    assert text.endswith("  }\n}\n")
    assert '"0 question Tensor[real, 2]" -> "0 model MLP" [label="' in text
    assert re.search(r'"0 model OfWords" \[label="OfWords".*color=gray.*tooltip="no chain', text)
    quotes = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert '"' not in quotes


@pytest.mark.parametrize(
    ("text", "arguments", "code", "exit"),
    [
        (SPRINGS, ["Push"], "E0205", 2),
        ("enum E { a }\n", [], "E0603", 1),
        ("fn f(x) = y\n", [], "E0201", 1),
        (SPRINGS, ["-o", "/nowhere/at/all.svg"], "E0610", 3),
    ],
    ids=["no such problem", "no problem", "a mistake", "nowhere to write"],
)
def test_what_cannot_be_drawn(
    tmp_path: Path, text: str, arguments: list[str], code: str, exit: int
) -> None:
    found = sail_json("graph", write_one(tmp_path, text), *arguments, exit=exit)
    assert [e["code"] for e in found["errors"]] == [code]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (error,) = sail_json("graph", tmp_path / "no.sail", exit=1)["errors"]
    assert error["code"] == "E0601"
