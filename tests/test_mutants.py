"""One mistake, one diagnostic, where the mistake is.

Good programs (the examples, the library, the blocks of the documents beside this file) are
changed in one place in a way that makes them wrong whatever the compiler thinks: a word
that nothing declares, a sign that is not there, an argument too many. Half of the mutants
at least must get a single diagnostic, and four fifths the first one on the line of the edit.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest
from support import EXAMPLES, SAIL_BLOCK, TESTS

import sail_stdlib
from sailc.source import Source
from sailc.syntax import tree
from sailc.syntax.parser import parse
from sailc.workspace import Workspace

PER_OPERATOR = 16
LIBRARY = Path(str(sail_stdlib.ROOT)) / "std"


class Edit(NamedTuple):
    """The characters `start` up to `end` become `text`."""

    start: int
    end: int
    text: str


class Mutant(NamedTuple):
    operator: str
    program: str
    text: str
    line: int


class Program:
    """A good program and what may be changed in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.file, problems = parse(Source(name, text))
        assert not problems
        self.nodes = list(tree.walk(self.file))
        self.types = {id(n) for t in self._types() for n in tree.walk(t)}

    def _types(self) -> Iterator[tree.Node]:
        """Everything that stands where a type does."""
        for node in self.nodes:
            match node:
                case tree.Port(type=type) | tree.Parameter(type=type) | tree.Let(type=type):
                    if type is not None:
                        yield type
                case tree.Declaration(kind=kind, result=result, value=value):
                    if result is not None:
                        yield result
                    if kind in ("type", "enum") and value is not None:
                        yield value
                case tree.Needs():
                    yield node
                case tree.Property(name="parameters"):
                    yield node
                case _:
                    pass

    def values(self) -> Iterator[tree.Node]:
        """The expressions of questions, truths, lets, outputs and bodies: no types, no
        patterns, no properties whose words are free."""
        for node in self.nodes:
            match node:
                case tree.Let(value=value) | tree.Give(value=value) | tree.Port(value=value):
                    roots = [value]
                case tree.Data(source=source, fixtures=fixtures):
                    roots = [source, *(e for f in fixtures for e in (f.question, f.truth))]
                case tree.Declaration(kind="fn", value=value):
                    roots = [value]
                case tree.Property(name="optimizer" | "loss" | "score" | "reduce", arguments=given):
                    roots = [a.value for a in given]
                case _:
                    roots = []
            for root in roots:
                if root is not None:
                    yield from (n for n in tree.walk(root) if id(n) not in self.types)

    def cut(self, span: tree.Span) -> str:
        return self.text[span.start : span.end]

    def mutant(self, operator: str, edit: Edit) -> Mutant:
        text = self.text[: edit.start] + edit.text + self.text[edit.end :]
        return Mutant(operator, self.name, text, self.text.count("\n", 0, edit.start) + 1)


def misspelt(word: str) -> str:
    """Two letters change places; what reads the same both ways gets one more."""
    for i in range(len(word) - 1, 0, -1):
        if word[i - 1] != word[i]:
            return word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :]
    return word + "q"


def wrong(word: str) -> str:
    """A word that nobody declares."""
    return misspelt(word) if len(word) > 3 else word + "qq"


# --- the operators ------------------------------------------------------------------------

Operator = Callable[[Program], Iterable[Edit]]


def _callable(expr: tree.Node) -> bool:
    return isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name)


def rename_a_use(p: Program) -> Iterator[Edit]:
    """A name that is used, and declared somewhere, becomes one that nothing declares."""
    options = {
        id(a.value) for n in p.nodes if isinstance(n, tree.Call) for a in n.arguments if a.name
    }
    patterns = {id(n) for a in p.nodes if isinstance(a, tree.Arm) for n in tree.walk(a.pattern)}
    for node in p.values():
        if isinstance(node, tree.Name) and not {id(node)} & (options | patterns):
            yield Edit(node.span.start, node.span.end, wrong(node.id))


def misspell_a_member(p: Program) -> Iterator[Edit]:
    """A field of a record, or a file of a dataset, that is not there."""
    for node in p.values():
        if isinstance(node, tree.Member):
            yield Edit(node.span.end - len(node.name), node.span.end, wrong(node.name))


def misspell_a_property(p: Program) -> Iterator[Edit]:
    for node in p.nodes:
        if isinstance(node, tree.Property):
            yield Edit(node.span.start, node.span.start + len(node.name), wrong(node.name))


def misspell_a_kind(p: Program) -> Iterator[Edit]:
    for node in p.file.declarations:
        if node.kind != "extern":
            yield Edit(node.span.start, node.span.start + len(node.kind), wrong(node.kind))


def misspell_the_word_of_a_line(p: Program) -> Iterator[Edit]:
    for match in re.finditer(r"^ +(input|output|train|test|suggest|require)\b", p.text, re.M):
        yield Edit(match.start(1), match.end(1), wrong(match[1]))


def misspell_a_verb(p: Program) -> Iterator[Edit]:
    for node in p.nodes:
        if isinstance(node, tree.Fixture) and node.verb:
            start = p.text.index(node.verb, node.span.start)
            yield Edit(start, start + len(node.verb), wrong(node.verb))


def misspell_a_type(p: Program) -> Iterator[Edit]:
    for node in p.nodes:
        if isinstance(node, tree.Name) and node.id in ("Tensor", "Class", "List", "real"):
            yield Edit(node.span.start, node.span.end, wrong(node.id))


def misspell_a_parameter(p: Program) -> Iterator[Edit]:
    """The name of an argument that no parameter has."""
    for node in p.values():
        for a in node.arguments if isinstance(node, tree.Call) else ():
            if isinstance(a.name, tree.Name):
                yield Edit(a.name.span.start, a.name.span.end, wrong(a.name.id))


def an_argument_too_many(p: Program) -> Iterator[Edit]:
    for node in p.values():
        if _callable(node) and p.text[node.span.end - 1] == ")":
            yield Edit(node.span.end - 1, node.span.end - 1, ", colour = 1")


def text_for_a_number(p: Program) -> Iterator[Edit]:
    """An operand of arithmetic that is a text."""
    for node in p.values():
        if isinstance(node, tree.Binary) and node.operator in ("+", "-", "*", "/", "^"):
            for side in (node.left, node.right):
                if isinstance(side, tree.Number):
                    yield Edit(side.span.start, side.span.end, '"three"')


def a_unit_that_is_none(p: Program) -> Iterator[Edit]:
    for node in p.nodes:
        if isinstance(node, tree.Quantity | tree.WithUnit) and "'" not in node.unit:
            yield Edit(node.unit_span.end, node.unit_span.end, "qq")


def a_unit_where_none_is(p: Program) -> Iterator[Edit]:
    """An exponent in kilograms."""
    for node in p.values():
        match node:
            case tree.Binary(operator="^", right=tree.Number(span)):
                yield Edit(span.end, span.end, " kg")
            case _:
                pass


def a_dimension_too_many(p: Program) -> Iterator[Edit]:
    """The declared result of a function or converter has one more axis than its body."""
    for node in p.file.declarations:
        match node:
            case tree.Declaration(result=tree.Index(span, tree.Name(_, "Tensor"), items)):
                body = node.value or [n for n in node.body or () if isinstance(n, tree.Give)]
                if body and not any(isinstance(i, tree.Spread) for i in items):
                    yield Edit(span.end - 1, span.end - 1, ", 7")
            case _:
                pass


def a_text_as_a_result(p: Program) -> Iterator[Edit]:
    for node in p.file.declarations:
        body = node.value or [n for n in node.body or () if isinstance(n, tree.Give)]
        if body and node.result is not None and node.kind in ("fn", "converter"):
            yield Edit(node.result.span.start, node.result.span.end, "Text")


def a_slice_too_far(p: Program) -> Iterator[Edit]:
    """A column that no table has."""
    for node in p.values():
        match node:
            case tree.Index(value=tree.Name(id="Class")):
                items: tuple[tree.Expr, ...] = ()
            case tree.Index(items=found):
                items = found
            case _:
                items = ()
        for item in items:
            if isinstance(item, tree.Number):
                yield Edit(item.span.start, item.span.end, "7_000_000")
            elif isinstance(item, tree.Slice) and isinstance(item.stop, tree.Number):
                yield Edit(item.stop.span.start, item.stop.span.end, "7_000_000")


def drop_an_operator(p: Program) -> Iterator[Edit]:
    """Two operands with nothing between them."""
    for node in p.values():
        if isinstance(node, tree.Binary) and isinstance(node.right, tree.Name | tree.Number):
            between = p.text[node.left.span.end : node.right.span.start]
            if "\n" not in between and between.strip() == node.operator:
                yield Edit(node.left.span.end, node.right.span.start, " ")


def double_an_operator(p: Program) -> Iterator[Edit]:
    for node in p.values():
        if isinstance(node, tree.Binary) and node.operator in ("*", "/", "^", "|>", ">>", "=="):
            start = p.text.index(node.operator, node.left.span.end)
            yield Edit(start, start, node.operator + " ")


def _signs(p: Program, signs: str) -> Iterator[int]:
    """Where such a sign stands outside of comments and strings."""
    for match in re.finditer(r'//[^\n]*|"[^"\n]*"|.', p.text):
        if match[0] in signs:
            yield match.start()


def drop_a_closing_bracket(p: Program) -> Iterator[Edit]:
    yield from (Edit(i, i + 1, "") for i in _signs(p, ")]"))


def drop_an_opening_bracket(p: Program) -> Iterator[Edit]:
    yield from (Edit(i, i + 1, "") for i in _signs(p, "(["))


def a_bracket_too_many(p: Program) -> Iterator[Edit]:
    yield from (Edit(i, i, p.text[i]) for i in _signs(p, ")]"))


def drop_the_brace_of_a_block(p: Program) -> Iterator[Edit]:
    for node in p.file.declarations:
        if node.body is not None and p.text[node.span.end - 1] == "}":
            yield Edit(node.span.end - 1, node.span.end, "")


def drop_a_colon(p: Program) -> Iterator[Edit]:
    """Between a port and its type, or a data line and its question."""
    for match in re.finditer(r"^ +(?:input|train|test)\b[^\n{:]*(:)", p.text, re.M):
        yield Edit(match.start(1), match.end(1), "")


def drop_the_in(p: Program) -> Iterator[Edit]:
    for match in re.finditer(r"^ +(?:train|test|suggest)\b[^\n{:=]* (in )", p.text, re.M):
        yield Edit(match.start(1), match.end(1), "")


def drop_an_equals_sign(p: Program) -> Iterator[Edit]:
    for match in re.finditer(r"^ +let +\w+ *(= )(?=\w)", p.text, re.M):
        yield Edit(match.start(1), match.end(1), "")


def drop_a_comma(p: Program) -> Iterator[Edit]:
    for node in p.values():
        if isinstance(node, tree.Call) and len(node.arguments) > 1:
            first, second = node.arguments[:2]
            if isinstance(second.value, tree.Name | tree.Number) and second.name is None:
                yield Edit(first.span.end, second.span.start, " ")


def a_reserved_word_as_a_name(p: Program) -> Iterator[Edit]:
    for node in p.nodes:
        if isinstance(node, tree.Let) and isinstance(node.target, tree.Name):
            yield Edit(node.target.span.start, node.target.span.end, "match")


def a_quote_left_open(p: Program) -> Iterator[Edit]:
    for node in p.nodes:
        if isinstance(node, tree.String):
            yield Edit(node.span.end - 1, node.span.end, "")


def a_sign_of_another_language(p: Program) -> Iterator[Edit]:
    for node in p.file.declarations:
        for line in node.body or ():
            if p.text[line.span.end : line.span.end + 1] == "\n":
                yield Edit(line.span.end, line.span.end, ";")


def misspell_a_module(p: Program) -> Iterator[Edit]:
    """A benchmark that names what there is not."""
    for node in p.nodes:
        if isinstance(node, tree.Property) and node.name in ("problems", "models", "metrics"):
            for a in node.arguments:
                if isinstance(a.value, tree.Name):
                    yield Edit(a.value.span.start, a.value.span.end, wrong(a.value.id))


def a_word_that_is_not_allowed(p: Program) -> Iterator[Edit]:
    for match in re.finditer(r"^ +(?:better|by|path) +(\w+)", p.text, re.M):
        yield Edit(match.start(1), match.end(1), wrong(match[1]))


OPERATORS: tuple[Operator, ...] = (
    rename_a_use, misspell_a_member, misspell_a_property, misspell_a_kind,
    misspell_the_word_of_a_line, misspell_a_verb, misspell_a_type, misspell_a_parameter,
    an_argument_too_many, text_for_a_number, a_unit_that_is_none, a_unit_where_none_is,
    a_dimension_too_many, a_text_as_a_result, a_slice_too_far, drop_an_operator,
    double_an_operator, drop_a_closing_bracket, drop_an_opening_bracket, a_bracket_too_many,
    drop_the_brace_of_a_block, drop_a_colon, drop_the_in, drop_an_equals_sign, drop_a_comma,
    a_reserved_word_as_a_name, a_quote_left_open, a_sign_of_another_language,
    misspell_a_module, a_word_that_is_not_allowed,
)  # fmt: skip


# --- the mutants --------------------------------------------------------------------------


class Bench:
    """A workspace of one file, whose text is changed again and again."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "program.sail")
        Path(self.path).touch()
        self.workspace = Workspace.open([Path(self.path)])

    def lines(self, text: str) -> list[tuple[int, str]]:
        """The line and code of each diagnostic of a text, in its order."""
        self.workspace.edit(self.path, text)
        found = self.workspace.check(self.path)
        source = Source(self.path, text)
        return [(source.position(d.span.start).line, d.code) for d in found]


def texts() -> Iterator[tuple[str, str]]:
    files = [
        *EXAMPLES.glob("[!.]*.sail"),
        *EXAMPLES.glob("paper/[!.]*.sail"),
        *LIBRARY.glob("*.sail"),
    ]
    for path in sorted(files):
        yield path.stem, path.read_text("utf-8")
    for path in sorted(TESTS.glob("*.md")):
        for i, block in enumerate(SAIL_BLOCK.findall(path.read_text("utf-8"))):
            if "// error" not in block:
                yield f"{path.stem}.md {i + 1}", block


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("mutants"))


@pytest.fixture(scope="module")
def programs(bench: Bench) -> list[Program]:
    """Those that nothing is said of."""
    return [Program(name, text) for name, text in texts() if not bench.lines(text)]


def mutants(programs: list[Program]) -> Iterator[Mutant]:
    """Some of each operator, drawn evenly from the programs."""
    for operator in OPERATORS:
        name = operator.__name__
        draw = random.Random(name)
        found = [(p, list(operator(p))) for p in programs]
        left = [(p, draw.sample(edits, len(edits))) for p, edits in found if edits]
        taken = 0
        while left and taken < PER_OPERATOR:
            draw.shuffle(left)
            for p, edits in left[: PER_OPERATOR - taken]:
                yield p.mutant(name, edits.pop())
                taken += 1
            left = [(p, edits) for p, edits in left if edits]


def shown(mutant: Mutant, found: list[tuple[int, str]]) -> str:
    line = mutant.text.splitlines()[mutant.line - 1] if mutant.line else ""
    said = ", ".join(f"{code} at line {at}" for at, code in found) or "nothing"
    return f"{mutant.program}:{mutant.line}, {mutant.operator}: {said}\n    {line.strip()}"


def test_a_mutant_gets_one_diagnostic_where_it_was_changed(
    bench: Bench, programs: list[Program]
) -> None:
    results = [(m, bench.lines(m.text)) for m in mutants(programs)]
    assert len(results) >= 200
    assert len(programs) >= 20

    missed = [shown(m, found) for m, found in results if not found]
    many = [shown(m, found) for m, found in results if len(found) > 1]
    far = [shown(m, found) for m, found in results if found and found[0][0] != m.line]
    worst = "\n".join([f"{len(results)} mutants", "MISSED", *missed, "MANY", *many, "FAR", *far])
    assert not missed, worst
    assert median(len(found) for _, found in results) == 1, worst
    assert len(far) <= len(results) // 5, worst
