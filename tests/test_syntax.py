"""The syntax of SAIL: how texts become trees, and what is said where they cannot.

Read from the top, this is a tour of the language's form: operators, lines, words, blocks,
places; then what becomes of broken text. `SAIL_FULL=1` breaks the texts in many more places.
"""

from __future__ import annotations

import inspect
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sailc import words
from sailc.diagnostics import syntax as diagnostics
from sailc.diagnostics.base import Diagnostic
from sailc.source import Source
from sailc.syntax import cache as table_cache
from sailc.syntax import tables, tree
from sailc.syntax.build import Builder, documentation
from sailc.syntax.filter import Filter
from sailc.syntax.machine import Parse, machine
from sailc.syntax.parser import parse
from sailc.syntax.token import END, Token

FULL = bool(os.environ.get("SAIL_FULL"))
ROOT = Path(__file__).parent.parent
PAPER = sorted((ROOT / "examples" / "paper").glob("[!.]*.sail"))
BAD = sorted((ROOT / "tests" / "programs" / "bad").glob("E01*.sail"))
PROGRAMS = [path.read_text(encoding="utf-8") for path in PAPER]
CODES = {
    each.code: each
    for _, each in inspect.getmembers(diagnostics, inspect.isclass)
    if issubclass(each, Diagnostic) and each.code
}


# --- helpers ----------------------------------------------------------------------------


def whole(text: str) -> tree.File:
    """The tree of a text that has no mistake."""
    file, problems = parse(Source("test.sail", text))
    assert problems == (), [(p.code, p.message) for p in problems]
    return file


def codes(text: str) -> list[str]:
    return [problem.code for problem in parse(Source("test.sail", text))[1]]


def expression(text: str) -> tree.Expr:
    value = whole(f"fn f = {text}").declarations[0].value
    assert value is not None
    return value


def lines(text: str, kind: str = "model") -> tuple[tree.Line, ...]:
    body = whole(f"{kind} M {{\n{text}\n}}").declarations[0].body
    assert body is not None
    return body


def line(text: str, kind: str = "model") -> Any:
    (only,) = lines(text, kind)
    return only


def show(node: object) -> str:
    """A tree as text, each operation in parentheses of its own."""
    match node:
        case tree.Name(_, id):
            return id
        case tree.Number(_, value):
            return str(value)
        case tree.Quantity(_, value, unit):
            return f"{value}_{unit}"
        case tree.String(_, value):
            return repr(value)
        case tree.Truth(_, value):
            return str(value).lower()
        case tree.Missing():
            return "?"
        case tree.Tuple(_, items):
            return f"({', '.join(map(show, items))})"
        case tree.Argument(_, name, value):
            return show(value) if name is None else f"{show(name)} = {show(value)}"
        case _:
            assert isinstance(node, tree.Node)
            return f"{_label(node)}({', '.join(_parts(node))})"


def _label(node: tree.Node) -> str:
    return str(getattr(node, "operator", type(node).__name__))


def _parts(node: tree.Node) -> Iterator[str]:
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if name in ("span", "operator", "doc") or name.endswith("_span"):
            continue
        if isinstance(value, tuple):
            yield "[" + ", ".join(map(show, value)) + "]"
        elif isinstance(value, tree.Node):
            yield show(value)
        elif value not in (None, ""):
            yield str(value)


def nodes(node: tree.Node) -> Iterator[tree.Node]:
    """All nodes, in the order of the text."""
    return tree.walk(node)


def truncations(text: str, count: int) -> list[str]:
    """The text cut at every seventh character, or `count` of these."""
    cuts = range(0, len(text), 7)
    return [text[:cut] for cut in sample(cuts, count)]


def deletions(text: str, count: int) -> list[str]:
    """The text without a character, in `count` places, or in all."""
    return [text[:i] + text[i + 1 :] for i in sample(range(len(text)), count)]


def sample(places: Sequence[int], count: int) -> Sequence[int]:
    """Some places, the same ones every time."""
    whole = FULL or len(places) <= count
    return places if whole else random.Random(len(places)).sample(places, count)


# --- expressions ------------------------------------------------------------------------

PRECEDENCE = {
    # loosest first: each line's operator binds less than the next's
    "x => a |> f": "Lambda([Parameter(x)], |>(a, f))",
    "a |> f >> g": "|>(a, >>(f, g))",
    "f >> a or b": ">>(f, or(a, b))",
    "a or b and c": "or(a, and(b, c))",
    "a and not b": "and(a, not(b))",
    "not a == b": "not(==(a, b))",
    "a in 1..n": "in(a, Range(1, n))",
    "a < b + c": "<(a, +(b, c))",
    "1..n + 1 by k * 2": "Range(1, +(n, 1), *(k, 2))",
    "a + b * c": "+(a, *(b, c))",
    "a * -b": "*(a, -(b))",
    "-a ^ 2": "-(^(a, 2))",
    "2 ^ -x": "^(2, -(x))",
    "a ^ b.c": "^(a, Member(b, c))",
    # to the left, but for powers, arrows and functions
    "a - b - c": "-(-(a, b), c)",
    "a / b * c @ d": "@(*(/(a, b), c), d)",
    "x |> f |> g": "|>(|>(x, f), g)",
    "a ^ b ^ c": "^(a, ^(b, c))",
    "A -> B -> C": "Arrow(A, Arrow(B, C))",
    "x => y => x": "Lambda([Parameter(x)], Lambda([Parameter(y)], x))",
    # what follows an operand
    "f(x)[0].y": "Member(Index(Call(f, [x]), [0]), y)",
    "f(x, k = 2)": "Call(f, [x, k = 2])",
    "x[1:n, :, 2:]": "Index(x, [Slice(1, n), Slice(), Slice(2)])",
    "Class[n](i)": "Call(Index(Class, [n]), [i])",
    "real<'u>?": "Optional(WithUnit(real, 'u))",
    # choices
    "if a then b else c + 1": "If(a, b, +(c, 1))",
    "if a then b else if c then d else e": "If(a, b, If(c, d, e))",
    "match x { 1 => a, _ if b => c }": "Match(x, [Arm(1, a), Arm(_, b, c)])",
    "match x { -1 => a, H.C => b }": "Match(x, [Arm(-(1), a), Arm(Member(H, C), b)])",
    # functions
    "(a, b) => a": "Lambda([Parameter(a), Parameter(b)], a)",
    "(a: T, b = 2) => a": "Lambda([Parameter(a, T), Parameter(b, 2)], a)",
    "((a, b)) => a": "Lambda([Parameter((a, b))], a)",
    "((a, b), c) => a": "Lambda([Parameter((a, b)), Parameter(c)], a)",
    "() => 1": "Lambda([], 1)",
    # in brackets
    "(a)": "a",
    "(a, b,)": "(a, b)",
    "[]": "List([])",
    "[1, 2,]": "List([1, 2])",
    "{ a: 1, b }": "Record([RecordField(a, 1), RecordField(b)])",
    "[x for x in xs if x > 0 for y in x]": (
        "Comprehension(x, [Clause(x, xs, >(x, 0)), Clause(y, x)])"
    ),
    "sum(x * y for (x, y) in xs)": (
        "Call(sum, [Comprehension(*(x, y), [Clause((x, y), xs)])])"
    ),
    # literals
    "1_000": "1000",
    "2.5e-3": "0.0025",
    "0.5 fs * n": "*(0.5_fs, n)",
    "4.8 TB/s": "4.8_TB/s",
    "9.8 m/s^2": "9.8_m/s^2",
    "8.3 J/(mol*K)": "8.3_J/(mol*K)",
    "5 m / s": "/(5_m, s)",
    "1 in xs": "in(1, xs)",
    '"a \\"b\\" \\u{e9}"': "'a \"b\" é'",
    # types
    "Tensor[real<eV>, n, ...s]": "Index(Tensor, [WithUnit(real, eV), n, Spread(s)])",
    "Tensor[T, ...s / 2]": "Index(Tensor, [T, Spread(/(s, 2))])",
    "Tensor[T, ...(s - k + 1)]": "Index(Tensor, [T, Spread(+(-(s, k), 1))])",
    "{ low: real, high: real } -> real": (
        "Arrow(Record([RecordField(low, real), RecordField(high, real)]), real)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", PRECEDENCE)
def test_expressions_and_types(text: str) -> None:
    assert show(expression(text)) == PRECEDENCE[text]


# --- lines ------------------------------------------------------------------------------

LINES = {
    "let x = 1": "Let(x, 1)",
    "let (a, b) = p": "Let((a, b), p)",
    "let x: real = 1": "Let(x, real, 1)",
    "let f(x, k: int = 2) = x": "Let(f, [Parameter(x), Parameter(k, int, 2)], x)",
    "let f(x) { let y = x\n give y }": "Let(f, [Parameter(x)], [Let(y, x), Give(y)])",
    "suggest n in 8..64 by 8": "Suggest(n, Range(8, 64, 8))",
    "suggest (a, b) in [(1, 2)]": "Suggest((a, b), List([(1, 2)]))",
    "suggest trainer.rate in [1]": "Suggest(Member(trainer, rate), List([1]))",
    "suggest p in [f32] when a == b": "Suggest(p, List([f32]), ==(a, b))",
    "input x: Tensor[real, n]": "Port(input, x, Index(Tensor, [real, n]))",
    "input x": "Port(input, x)",
    "output y: real = e": "Port(output, y, real, e)",
    "output e + 1": "Port(output, +(e, 1))",
    "needs phi: predict E -> T": "Needs(phi, predict, Arrow(E, T))",
    "needs phi: A -> B": "Needs(phi, Arrow(A, B))",
    'require a because "so"': "Require(a, so)",
    "require a": "Require(a)",
    "fit a = 1, b = 2": "Fit([a = 1, b = 2])",
    "give x": "Give(x)",
    "stage s { carry e }": "Stage(s, [Property(carry, [e])])",
    "probe": "Property(probe, [])",
    "for classify": "Property(for, [classify])",
    "by cases": "Property(by, [cases])",
    "epochs 50, 500": "Property(epochs, [50, 500])",
    "peak bf16 = 9 TFLOP/s, f32 = 6 TFLOP/s": (
        "Property(peak, [bf16 = 9_TFLOP/s, f32 = 6_TFLOP/s])"
    ),
    "set CosmoFlow.size = 32": "Property(set, [Member(CosmoFlow, size) = 32])",
    "models M when a": "Property(models, [M], a)",
    "scale data in [1/2]": "Property(scale, [in(data, List([/(1, 2)]))])",
    "optimizer [adam(r)]": "Property(optimizer, [List([Call(adam, [r])])])",
    "loss (a: T, b) => a": "Property(loss, [Lambda([Parameter(a, T), Parameter(b)], a)])",
    "parameters { w: Tensor[real, n] }": (
        "Property(parameters, [Record([RecordField(w, Index(Tensor, [real, n]))])])"
    ),
    "train p in xs: predict p as q": "Data(train, p, xs, [Fixture(predict, p, q, [])])",
    "train p in xs: detect p": "Data(train, p, xs, [Fixture(detect, p, [])])",
    "test (a, b) in xs: f(a) as b, weight = 2": (
        "Data(test, (a, b), xs, [Fixture(Call(f, [a]), b, [weight = 2])])"
    ),
    "test m in xs {\n e: predict m as m.e\n f: e(m) as 0 }": (
        "Data(test, m, xs, [Fixture(e, predict, m, Member(m, e), []), "
        "Fixture(f, Call(e, [m]), 0, [])])"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", LINES)
def test_lines_of_a_block(text: str) -> None:
    assert show(line(text)) == LINES[text]


DECLARATIONS = {
    "model M { probe }": "Declaration(model, M, [Property(probe, [])])",
    "equation E(nu: real) { law a }": (
        "Declaration(equation, E, [Parameter(nu, real)], [Property(law, [a])])"
    ),
    "fn f(x) = x": "Declaration(fn, f, [Parameter(x)], x)",
    "fn f(x) { let y = x\n give y }": (
        "Declaration(fn, f, [Parameter(x)], [Let(y, x), Give(y)])"
    ),
    "fn relu(x: T) -> T": "Declaration(fn, relu, [Parameter(x, T)], T)",
    "fn f(x: T) -> { a: T } { flops 2 }": (
        "Declaration(fn, f, [Parameter(x, T)], Record([RecordField(a, T)]), "
        "[Property(flops, [2])])"
    ),
    "converter c(x: T) -> U =\n x": "Declaration(converter, c, [Parameter(x, T)], U, x)",
    'extern fn g() -> int { from "a:b" }': (
        "Declaration(extern, g, [], int, [Property(from, ['a:b'])])"
    ),
    "type Forest = opaque": "Declaration(type, Forest, opaque)",
    "enum Element { H, C }": (
        "Declaration(enum, Element, Record([RecordField(H), RecordField(C)]))"
    ),
    "unit angstrom = 1e-10 m": "Declaration(unit, angstrom, 1e-10_m)",
    "unit USD": "Declaration(unit, USD)",
    "field chemistry.md": "Declaration(field, chemistry.md)",
}  # fmt: skip


@pytest.mark.parametrize("text", DECLARATIONS)
def test_declarations(text: str) -> None:
    (declaration,) = whole(text).declarations
    assert show(declaration) == DECLARATIONS[text]


def test_uses() -> None:
    first, second = whole("use std.chemistry { Atom, Element }\nuse mine").uses
    assert (first.path, [n.id for n in first.names]) == ("std.chemistry", ["Atom", "Element"])
    assert (second.path, second.names) == ("mine", ())


# --- newlines, comments, words ----------------------------------------------------------

SAME = {
    "in brackets": ("let x = f(\n1,\n2\n)", "let x = f(1, 2)"),
    "after an operator": ("let x = 1 +\n\n 2", "let x = 1 + 2"),
    "after a comma": ("epochs 1,\n 2", "epochs 1, 2"),
    "after an equals sign": ("let x =\n 1", "let x = 1"),
    "after a colon": ("train p in xs:\n predict p", "train p in xs: predict p"),
    "after =>": ("let f = x =>\n x", "let f = x => x"),
    "after ->": ("needs f: A ->\n B", "needs f: A -> B"),
    "after a reserved word": ("let x = if a then\n b else\n c", "let x = if a then b else c"),
    "before |>": ("let x = a\n |> f\n |> g", "let x = a |> f |> g"),
    "before >>": ("let x = f\n >> g", "let x = f >> g"),
    "before then and else": ("let x = if a\n then b\n else c", "let x = if a then b else c"),
    "before and, or, in": ("let x = a\n and b\n or c\n in d", "let x = a and b or c in d"),
    "before as": ("train p in xs: predict p\n as q", "train p in xs: predict p as q"),
    "before because": ('require a\n because "b"', 'require a because "b"'),
    "before when": ("models M\n when a", "models M when a"),
    "an arm a line": (
        "let x = match a {\n b => 1\n c => 2\n}", "let x = match a { b => 1, c => 2 }"
    ),
    "a field a line": ("let x = {\n a: 1\n b: 2,\n}", "let x = { a: 1, b: 2 }"),
    "comments are not there": (
        "let x = a // as if\n // |> not\n |> f // , =", "let x = a |> f"
    ),
    "carriage returns": ("let x = 1 +\r\n 2\r\nprobe\r\n", "let x = 1 + 2\nprobe"),
    "tabs": ("\tlet\tx\t=\t1", "let x = 1"),
    "blanks of other kinds": ("let\u00a0x = 1", "let x = 1"),
}  # fmt: skip


@pytest.mark.parametrize("why", SAME)
def test_these_are_the_same(why: str) -> None:
    broken, plain = (list(map(show, lines(text))) for text in SAME[why])
    assert broken == plain


def test_a_newline_ends_a_line() -> None:
    assert len(lines("let x = a\nprobe\noptimizer [a]\nlet y = true\nlet z = T?\nprobe")) == 6


def test_words_that_only_begin_like_one_that_continues_a_line() -> None:
    assert len(lines("probe\norder a\nassets b\ninvariant c\nwhenever d")) == 5


@pytest.mark.parametrize("text", ["", "\n", "// only this", "\ufeff", " \t\r\n", "\ufefffn f = 1"])
def test_files_of_little(text: str) -> None:
    whole(text)


def test_a_word_is_special_only_in_its_place() -> None:
    line("let train = test.time + model.in + input")
    line("measure train.time")
    line("metrics problem, model, fn, predict")
    assert line("output predict").value == line("output predict").value
    assert line("test a in b: predict(c)").fixtures[0].verb == "predict"
    assert line("let r = { let: 1, output: 2 }").value.fields[1].name == "output"


def test_names_of_all_scripts() -> None:
    for name in ("größe", "длина", "長さ", "μ", "हिन्दी", "e\u0301tat"):
        assert len(whole(f"fn {name}({name}) = {name}").declarations) == 1
    composed, typed_apart = whole("fn \u00e9 = 1\nfn e\u0301 = 2").declarations
    assert composed.name == typed_apart.name


def test_documentation_is_directly_above() -> None:
    text = """
/// One.
/// Two.
model M {
    /// X.
    let x = 1  // no documentation

    /// Lost.

    probe
}
"""
    (model,) = whole(text).declarations
    assert model.body is not None
    let, probe = model.body
    assert (model.doc, let.doc, probe.doc) == ("One.\nTwo.", "X.", "")  # type: ignore[union-attr]


# --- the programs of the paper ----------------------------------------------------------


@pytest.mark.parametrize("path", PAPER, ids=lambda path: path.stem)
def test_programs_of_the_paper(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    heads = re.findall(rf"^({'|'.join(words.DECLARATIONS)})\b", text, re.MULTILINE)
    file = whole(text)
    assert [d.kind for d in file.declarations] == [head for head in heads if head != "use"]


def same(a: object, b: object) -> bool:
    """Are two trees the same but for their places?"""
    if isinstance(a, tree.Node) and type(a) is type(b):
        names = [n for n in a.__struct_fields__ if not n.endswith("span") and n != "doc"]
        return all(same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("path", PAPER, ids=lambda path: path.stem)
def test_the_text_under_a_span_is_that_of_its_node(path: Path) -> None:
    source = Source("test.sail", path.read_text(encoding="utf-8"))
    file = whole(source.text)
    for node in (below for each in (*file.uses, *file.declarations) for below in nodes(each)):
        text = source.cut(node.span)
        assert text == text.strip()
        for child in tree.children(node):
            assert node.span.start <= child.span.start <= child.span.end <= node.span.end
        if isinstance(node, _NAMED) and node.name:
            assert source.cut(node.name_span) == node.name
        if isinstance(node, (tree.Slice, tree.Spread)):
            assert same(expression(f"x[{text}]").items[0], node)  # type: ignore[union-attr]
        elif isinstance(node, tree.Comprehension) and not text.startswith("["):
            assert same(expression(f"[{text}]"), node)
        elif isinstance(node, tree.Expr):
            assert same(_again(text), node)


_NAMED = (tree.Member, tree.RecordField, tree.Port, tree.Needs, tree.Fixture, tree.Stage,
          tree.Property, tree.Declaration)  # fmt: skip


@cache
def _again(text: str) -> tree.Expr:
    """In brackets, as the expression may have stood in some with newlines in it."""
    return expression(f"({text})")


# --- the grammar ------------------------------------------------------------------------


class Adapter:
    """Lark's view of the filter."""

    always_accept = tables.KeepAll.always_accept

    def process(self, stream: Any) -> Iterator[Token]:
        push = Filter().push
        for token in stream:
            seen = push(Token(token.type, str(token), token.start_pos, token.end_pos))
            if seen is not None:
                yield seen


class Delegate:
    """Lark's transformer: whichever builder is at work."""

    builder: Builder

    def __getattr__(self, name: str) -> Callable[[list[Any]], Any]:
        if not hasattr(Builder, name):
            raise AttributeError(name)
        return lambda values: getattr(self.builder, name)(values)


@pytest.fixture(scope="module", params=["basic", "contextual"])
def lark(request: pytest.FixtureRequest) -> Callable[[str], tuple[list[Token], object]]:
    """Lark's own parser in strict mode, where any conflict is an error: the tokens that it
    took, and its tree, or None where it stopped."""
    delegate = Delegate()
    options = {"postlex": Adapter(), "transformer": delegate, "lexer": request.param}
    parser = tables.lark(strict=True, **options)

    def run(text: str) -> tuple[list[Token], object]:
        from lark.exceptions import UnexpectedToken

        delegate.builder = Builder("test.sail", text, documentation(text))
        taken: list[Token] = []
        state = parser.parse_interactive(text)
        try:
            for token in state.lexer_thread.lex(state.parser_state):
                state.feed_token(token)
                taken.append(token)
            return taken, state.feed_token(Token(END, "", len(text), len(text)))
        except UnexpectedToken:
            return taken, None

    return run


def ours(text: str) -> tuple[list[Token], object]:
    """The same by our machine."""
    engine = machine()
    run = Parse(engine, Builder("test.sail", text, documentation(text)))
    push = Filter().push
    seen = [t for raw in engine.tokens(text, 0, len(text)) if (t := push(raw)) is not None]
    end = Token(END, "", len(text), len(text))
    refused = run.take([*seen, end])
    if refused is None:
        return seen, run.result
    return (seen if refused == end else seen[: seen.index(refused)]), None


@pytest.mark.parametrize("text", PROGRAMS, ids=[path.stem for path in PAPER])
def test_both_lexers_of_lark_and_the_machine_agree(
    lark: Callable[[str], tuple[list[Token], object]], text: str
) -> None:
    assert lark(text) == ours(text)
    for broken in (*truncations(text, 20), *deletions(text, 10)):
        assert lark(broken) == ours(broken)


def test_the_grammar_knows_the_words_of_the_tables() -> None:
    pattern = machine().regex.pattern
    for group in re.findall(r"\(\?:((?:\w+\|){5,}\w+)\)", pattern):
        assert set(group.split("|")) <= set(words.RESERVED)
    for word in words.RESERVED:
        assert codes(f"fn f = 5 {word}") != []
    verbs = {verb for task in words.TASKS.values() for verb in task}
    assert verbs == words.VERBS


def test_the_tables_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(table_cache, "PUBLISHED", tmp_path / "none")
    load = table_cache.load.__wrapped__
    made = load()
    (kept,) = (tmp_path / "sail").iterdir()
    monkeypatch.setattr(tables, "build", lambda: pytest.fail("the tables are there"))
    assert load() == made
    monkeypatch.setattr(tables, "build", lambda: made)
    for damage in (b"", b"nonsense", kept.read_bytes()[:-9], kept.read_bytes()[:99] + b"[]"):
        kept.write_bytes(damage)
        assert load() == made


def test_the_tables_need_no_place_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(table_cache, "PUBLISHED", tmp_path / "none")
    made = machine().rules
    monkeypatch.setattr(tables, "build", lambda: made)
    assert table_cache.load.__wrapped__() is made


# --- broken text ------------------------------------------------------------------------


def test_three_mistakes_show_three_diagnostics() -> None:
    text = """
model First {
    let y 2 * x
    output y
}
fn second(x) = (x + 1
model Third {
    input x: real
    output y: real = 2 *
}
"""
    file, problems = parse(Source("test.sail", text))
    assert [p.code for p in problems] == ["E0101", "E0103", "E0102"]
    assert [d.name for d in file.declarations] == ["First", "second", "Third"]
    assert [len(d.body or ()) for d in file.declarations] == [2, 0, 2]


# One mistake each; what is said, and how much of the block is still there.
HALF_TYPED = {
    "let": ("E0102", 3),
    "let y": ("E0101", 3),
    "let y =": ("E0102", 3),
    "let y = x.": ("E0102", 3),
    "let y = f(": ("E0103", 3),
    "let y = f(x,": ("E0103", 3),
    'let y = "abc': ("E0105", 3),
    "let y = if x then 1": ("E0101", 3),
    "let y = match x {": ("E0103", 3),
    "input": ("E0102", 3),
    "input z:": ("E0102", 3),
    "needs": ("E0102", 3),
    "needs f: predict": ("E0102", 3),
    "suggest n": ("E0101", 3),
    "suggest n in": ("E0102", 3),
    "train": ("E0102", 3),
    "train p in xs": ("E0101", 3),
    "train p in xs: predict": ("E0102", 3),
    "stage s": ("E0101", 3),
    "require x because": ("E0102", 3),
    "output y: real = 2 * * x": ("E0102", 3),
    "optmizer adam(": ("E0103", 3),
    "lett y: real = 2": ("E0111", 3),
    "needs f: prdict A -> B": ("E0112", 3),
    "let by = 2": ("E0113", 3),
    "let y = a < b <= c": ("E0114", 3),
    "let y = a && b": ("E0106", 3),
    "let y = 5kg": ("E0108", 3),
    "let y = a; let z = b": ("E0106", 4),
    "let y = x)": ("E0104", 3),
    "let y = { a: 1 }}": ("E0104", 3),
}


@pytest.mark.parametrize("text", HALF_TYPED)
def test_one_mistake_makes_one_diagnostic_and_the_rest_is_there(text: str) -> None:
    program = f"model A {{\n    input x: real\n    {text}\n    output x\n}}\n\nfn after(x) = x\n"
    file, problems = parse(Source("test.sail", program))
    expected, count = HALF_TYPED[text]
    model, after = file.declarations
    assert [p.code for p in problems] == [expected]
    assert len(model.body or ()) == count
    assert after.name == "after"
    assert Source("test.sail", program).position(problems[0].span.start).line == 3


@pytest.mark.parametrize("kind", words.DECLARATIONS)
def test_a_declaration_that_has_only_begun(kind: str) -> None:
    assert codes(f"{kind}\n\nfn after(x) = x\n") == ["E0101" if kind == "extern" else "E0102"]


@pytest.mark.parametrize("path", PAPER, ids=lambda path: path.stem)
def test_a_lost_character_makes_few_diagnostics(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    places = [i for i, c in enumerate(text) if c in "(){}[],:=." and not _in_comment(text, i)]
    for i in sample(places, 25):
        assert len(codes(text[:i] + text[i + 1 :])) <= 2


def _in_comment(text: str, at: int) -> bool:
    return "//" in text[text.rfind("\n", 0, at) + 1 : at]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_programs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    source = Source("test.sail", text)
    _, problems = parse(source)
    assert path.stem.split("_")[0] in {problem.code for problem in problems}
    for problem in problems:
        assert problem.message
        assert problem.help
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
        if problem.fix is not None:
            fix = problem.fix
            mended = text[: fix.span.start] + fix.text + text[fix.span.end :]
            assert len(codes(mended)) < len(problems)


def test_every_code_has_a_bad_program() -> None:
    assert set(CODES) == {path.stem.split("_")[0] for path in BAD}


@pytest.mark.parametrize("code", CODES)
def test_pages_show_the_mistake_and_how_to_mend_it(code: str) -> None:
    page = inspect.getdoc(CODES[code]) or ""
    blocks = re.findall(r"```sail\n(.*?)```", page, re.DOTALL)
    if blocks:
        wrong, right = blocks
        assert set(codes(wrong)) == {code}
        assert codes(right) == []


# --- texts that are no programs ---------------------------------------------------------

DEEP = {
    "brackets": "(" * 10_000,
    "balanced brackets": "[" * 10_000 + "]" * 10_000,
    "records": "{ a: " * 5_000 + "1" + " }" * 5_000,
    "a sum": "x + " * 10_000 + "x",
    "a sum on lines": "x +\n" * 10_000 + "x",
    "members": "x" + ".x" * 10_000,
    "calls": "x" + "(x)" * 10_000,
    "signs": "-" * 10_000 + "x",
    "functions": "x => " * 10_000 + "x",
    "choices": "if a then b else " * 5_000 + "c",
    "matches": "match x { a => " * 5_000,
}


@pytest.mark.parametrize("what", DEEP)
def test_what_nests_too_deep_is_told_and_left_out(what: str) -> None:
    file, problems = parse(Source("test.sail", f"fn f(x) = {DEEP[what]}\nfn g(x) = x\n"))
    assert "E0124" in {problem.code for problem in problems}
    assert len(problems) <= 2
    assert file.declarations[0].name == "f"
    assert list(nodes(file))  # by recursion, as later stages work


def test_a_list_of_values_is_no_nesting() -> None:
    text = "fn f(i) = [\n" + "    -1.5 * a.b,\n" * 5_000 + "]\n"
    assert codes(text) == []


def test_data_is_no_program() -> None:
    assert codes("fn f(x) = " + "x + " * 50_000 + "x\nfn g(x) = x") == ["E0125"]
    assert codes("(" * 10_000_000) == ["E0125"]
    assert codes("\0\1\2" * 1_000) == ["E0127"]
    assert codes("fn f(x) = x // caf\ufffd") == ["E0126"]
    assert codes('fn f(x) = caf\ufffd(x, "\ufffd")') == ["E0126"]
    assert codes("fn f(x) = x\0") == ["E0106"]


@pytest.mark.parametrize("text", PROGRAMS, ids=[path.stem for path in PAPER])
def test_no_truncation_or_deletion_makes_the_parser_raise(text: str) -> None:
    for broken in (*truncations(text, 40), *deletions(text, 20)):
        codes(broken)


FRAGMENTS = sorted({t for text in PROGRAMS for t in re.findall(r"\w+|\s+|[^\w\s]+", text)})


@given(st.one_of(
    st.binary(max_size=300).map(lambda data: data.decode("utf-8", errors="replace")),
    st.text(max_size=100),
    st.lists(st.sampled_from(FRAGMENTS), max_size=80).map("".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=80).map(" ".join),
))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_no_text_makes_the_parser_raise(text: str) -> None:
    file, problems = parse(Source("test.sail", text))
    for problem in problems:
        assert problem.message
        assert problem.help
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    assert file.span.end == len(text)


def test_the_published_tables_are_those_of_the_grammar() -> None:
    """`python -m sailc.syntax.cache` writes them anew."""
    assert table_cache._read(table_cache.PUBLISHED, table_cache._key()) is not None
