"""Queries: memoised on what they read, with early cut-off."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import program, write, write_one

from sailc.build import compiled, planned
from sailc.queries import checked
from sailc.query import CycleError, Database, query
from sailc.symbolic.form import TypedEquation
from sailc.symbolic.system import System
from sailc.workspace import Workspace

# A little spreadsheet: words of a text, how many there are, and whether that is even.


@query
def words(db: Database, name: str) -> tuple[str, ...]:
    return tuple(str(db.get("text", name, "")).split())


@query
def count(db: Database, name: str) -> int:
    return len(words(db, name))


@query
def even(db: Database, name: str) -> bool:
    return count(db, name) % 2 == 0


@query
def total(db: Database, *names: str) -> int:
    return sum(count(db, n) for n in names)


@pytest.fixture
def db() -> Database:
    made = Database()
    made.set("text", "a", "one two")
    made.set("text", "b", "three")
    return made


def runs(db: Database) -> dict[str, int]:
    """What was evaluated since the last time that one asked."""
    found = dict(db.runs)
    db.runs.clear()
    return found


def test_a_query_runs_once(db: Database) -> None:
    assert [even(db, "a"), even(db, "a"), count(db, "a")] == [True, True, 2]
    assert runs(db) == {"even": 1, "count": 1, "words": 1}


def test_arguments_tell_queries_apart(db: Database) -> None:
    assert (count(db, "a"), count(db, "b"), count(db, name="b")) == (2, 1, 1)


def test_what_did_not_read_a_change_does_not_run_again(db: Database) -> None:
    assert (even(db, "a"), even(db, "b")) == (True, False)
    runs(db)
    db.set("text", "b", "three four")
    assert (even(db, "a"), even(db, "b")) == (True, True)
    assert runs(db) == {"even": 1, "count": 1, "words": 1}


def test_what_reads_an_unchanged_value_does_not_run_again(db: Database) -> None:
    assert even(db, "a")
    runs(db)
    db.set("text", "a", "five six")
    assert even(db, "a")
    assert runs(db) == {"words": 1, "count": 1}
    db.set("text", "a", "  five six  ")
    assert even(db, "a")
    assert runs(db) == {"words": 1}


def test_setting_the_same_value_changes_nothing(db: Database) -> None:
    assert even(db, "a")
    revision = db.revision
    db.set("text", "a", "one two")
    assert db.revision == revision
    runs(db)
    assert even(db, "a")
    assert runs(db) == {}


def test_an_input_that_was_not_there_is_a_read_like_any_other(db: Database) -> None:
    assert count(db, "c") == 0
    db.set("text", "c", "seven")
    assert count(db, "c") == 1


def test_reads_that_depend_on_values_are_recorded_anew(db: Database) -> None:
    @query
    def follow(db: Database, name: str) -> object:
        target = db.get("link", name)
        return follow(db, target) if isinstance(target, str) else count(db, name)

    db.set("link", "c", "a")
    assert follow(db, "c") == 2
    db.set("link", "c", "b")
    assert follow(db, "c") == 1
    runs(db)
    db.set("text", "a", "not read any more")
    assert follow(db, "c") == 1
    assert runs(db) == {}


def test_a_cycle_is_named_and_leaves_the_database_usable(db: Database) -> None:
    @query
    def ping(db: Database, n: int) -> int:
        return pong(db, n) if db.get("loops", "") else n

    @query
    def pong(db: Database, n: int) -> int:
        return ping(db, n)

    db.set("loops", "", True)
    with pytest.raises(CycleError, match="ping -> pong -> ping") as caught:
        ping(db, 1)
    assert [k[0] for k in caught.value.keys] == ["ping", "pong", "ping"]
    db.set("loops", "", False)
    assert ping(db, 1) == 1
    assert pong(db, 2) == 2
    assert even(db, "a")


def test_a_query_that_raises_is_asked_again(db: Database) -> None:
    @query
    def strict(db: Database) -> int:
        if not db.get("text", "c", ""):
            raise ValueError("nothing there")
        return count(db, "c")

    for _ in range(2):
        with pytest.raises(ValueError, match="nothing there"):
            strict(db)
    db.set("text", "c", "seven eight")
    assert strict(db) == 2


texts = st.sampled_from(["", "one", "one two", "two one", "one two three"])
changes = st.lists(st.tuples(st.sampled_from("abc"), texts), max_size=12)


@given(changes)
def test_memoised_values_are_those_of_a_fresh_database(changes: list[tuple[str, str]]) -> None:
    db = Database()
    for name, text in changes:
        db.set("text", name, text)
        fresh = Database()
        for key in "abc":
            fresh.set("text", key, db.get("text", key, ""))
        assert total(db, "a", "b", "c") == total(fresh, "a", "b", "c")
        assert even(db, name) == even(fresh, name)


# --- the stages as queries --------------------------------------------------------------

FILES = {
    "points.sail": """
        problem Parabola {
            let xs = uniform([0.0], [1.0]) |> sample(64, seed = 1)
            train x in xs |> first(32): predict x as x[0] ^ 2
            test  x in xs |> last(32):  predict x as x[0] ^ 2
        }
    """,
    "other.sail": "fn cube(x) = x ^ 3\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open([write(tmp_path, FILES)])


def test_an_edit_parses_and_checks_only_what_it_touches(
    workspace: Workspace, tmp_path: Path
) -> None:
    assert workspace.check() == []
    runs(workspace.db)
    path = str(tmp_path / "other.sail")
    workspace.edit(path, "fn cube(x) = x * x * y\n")
    assert [d.code for d in workspace.check()] == ["E0201"]
    assert runs(workspace.db)["parsed"] == 1


def test_what_no_declaration_says_plans_nothing_anew(workspace: Workspace, tmp_path: Path) -> None:
    points, other = str(tmp_path / "points.sail"), str(tmp_path / "other.sail")
    plan = planned(workspace.db, points, "")
    assert plan.scenarios
    runs(workspace.db)
    workspace.edit(other, FILES["other.sail"] + "\n// a comment at the end\n")
    workspace.edit(points, workspace.source(points).text + "\n\n")
    assert planned(workspace.db, points, "") == plan
    assert checked(workspace.db, points) == ()
    assert runs(workspace.db) == {
        "source": 2, "parsed": 2, "declared": 2, "seen": 1, "clashes": 1, "checked": 1,
    }  # fmt: skip


CHAIN = {
    "a.sail": "fn half(x) = x / 2\n\nfn twice(x) = 2 * x\n",
    "b.sail": "use a { half }\n\nfn quarter(x) = half(half(x))\n",
    "c.sail": "use b { quarter }\n\nproblem P {\n    test x in [1.0]: predict x as quarter(x)\n}\n",
    "d.sail": "use a { twice }\n\nfn four(x) = twice(twice(x))\n",
    "e.sail": "benchmark run {\n    problems P\n}\n",
    "sail.toml": "",
}


@pytest.mark.parametrize(
    ("file", "old", "new", "checks"),
    [
        ("a.sail", "2 * x", "x + x", "a d"),
        ("a.sail", "x / 2", "x * 0.5", "a b c d"),  # what stands below has moved
        ("a.sail", "fn half", "// comment\nfn half", "a b c d"),
        ("a.sail", "2 * x\n", "2 * x\n// comment\n", "a"),
        ("b.sail", "half(half(x))", "half(x) / 2", "b c"),
        ("c.sail", "[1.0]", "[1.0, 2.0]", "c"),
        ("c.sail", "problem P", "problem Q", "c e"),
    ],
)
def test_an_edit_is_felt_by_the_files_that_see_what_was_edited(
    file: str, old: str, new: str, checks: str, tmp_path: Path
) -> None:
    workspace = Workspace.open([write(tmp_path, CHAIN)])
    assert workspace.check() == []
    runs(workspace.db)
    path = str(tmp_path / file)
    text = workspace.source(path).text
    assert old in text
    workspace.edit(path, text.replace(old, new))
    found = workspace.check()
    assert runs(workspace.db)["checked"] == len(checks.split())
    assert (
        found == Workspace.open([write(tmp_path, CHAIN | {file: text.replace(old, new)})]).check()
    )


DECAY = """
    equation Decay {
        unknown  u(t)
        domain   t in 0..1
        law      d(u, t) == -2 * u
        initial  u(0) == 1
    }

    problem Fading {
        test eq in [Decay] { u: solve eq as Field[1, 1]
                             at: u(eq)(1.0) as [0.1] }
    }

    solver Steps {
        input   eq: Equation[d, k]
        output  integrate(discretize(eq, 9), method = "radau", tolerance = 1e-6)
    }

    metric off {
        better lower
        score  (answer: Tensor[real, n], truth: Tensor[real, n]) => mean(abs(answer - truth))
        reduce mean
    }
"""


def equations_alive() -> int:
    gc.collect()
    return sum(type(found) in (TypedEquation, System) for found in gc.get_objects())


def test_an_equation_that_was_edited_is_forgotten(tmp_path: Path) -> None:
    """However often its programs are written again."""
    path = write_one(tmp_path, DECAY)
    workspace = Workspace.open([path])
    texts, alive = set[str](), set[int]()
    for rate in (2, 3, 4):
        workspace.edit(str(path), program(DECAY).replace("2 * u", f"{rate} * u"))
        texts.add(text_of_first(workspace, str(path)))
        alive.add(equations_alive())
    assert len(texts) == 3
    assert len(alive) == 1


def text_of_first(workspace: Workspace, path: str) -> str:
    """The first program of a plan."""
    (first, *_) = planned(workspace.db, path, "").scenarios
    return compiled(workspace.db, first).text
