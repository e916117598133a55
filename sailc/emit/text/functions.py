"""Functions as text."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap

from sailc.emit.text.hygiene import bound, unhidden
from sailc.emit.text.layout import WIDTH, fit
from sailc.emit.text.rows import Rows, render
from sailc.program.tree.expressions import reads
from sailc.program.tree.nodes import Assign, Block, Each, Expr, Function, Op


def quoted(node: ast.expr) -> str:
    """An expression's text with double quotes, as formatters write it."""
    text = ast.unparse(node)
    for part in ast.walk(node) if "'" in text else ():
        if isinstance(part, ast.JoinedStr) or _is_text(part):
            mark, _, single = ast.unparse(part).partition("'")
            if single.endswith("'") and '"' not in single:
                text = text.replace(f"{mark}'{single}", f'{mark}"{single[:-1]}"')
    return text


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def expression(expr: Expr, rows: Rows) -> str:
    return quoted(render(expr, rows))


# Statements in their order: a name, empty for what has none, and its value.
Code = list[tuple[str, ast.expr]]

# What shortens them; the names that it is given have to stay what they are.
Simplify = Callable[[Code, frozenset[str]], Code]


def as_it_is(code: Code, kept: frozenset[str]) -> Code:
    """Statements as they are."""
    return code


def function(f: Function, rows: Rows, simplify: Simplify = as_it_is, indent: int = 0) -> str:
    """A function definition, one statement for each of the author's bindings."""
    f = unhidden(f, rows)
    inside = indent + 4
    lines = [f"@{f.decorator}"] if f.decorator else []
    lines.append(fit(f"def {f.name}({', '.join(f.parameters)}):", indent))
    ends = [*(c.condition for c in f.checks), *f.results]
    body, values = _written(f.body, ends, rows, simplify, inside, whole=f)
    lines += [*docstring(f.doc, inside), *body]
    for c, condition in zip(f.checks, values, strict=False):
        message = json.dumps(c.message, ensure_ascii=False)
        lines.append(fit(f"if not ({condition}):", inside))
        lines.append(fit(f"raise SystemExit({message})", inside + 4))
    results = ", ".join(values[len(f.checks) :])
    if f.results:
        lines.append(fit(_returned(results, len(f.results)), inside))
    return "\n".join(lines)


Write = Callable[[Function], str]


def once(write: Write) -> Write:
    """The same, which writes each function of a program but once."""
    known: dict[int, tuple[Function, str]] = {}

    def writes(f: Function) -> str:
        if id(f) not in known:
            known[id(f)] = (f, write(f))
        return known[id(f)][1]

    return writes


def _written(
    body: Sequence[Assign],
    ends: Iterable[Expr],
    rows: Rows,
    simplify: Simplify,
    indent: int,
    whole: Function | None = None,
) -> tuple[list[str], list[str]]:
    """The lines of statements, functions among them with a line of air around; and the texts of
    the expressions at their end. `whole` is the function whose statements they are, not those of
    one inside it."""
    inside = [reads(a.value) for a in body if a.compound]
    plain = [(a.name, a.value) for a in body if not a.compound]
    code = [(name, render(e, rows)) for name, e in (*plain, *(("", e) for e in ends))]
    given = (value for _, value in simplify(code, frozenset[str]().union(*inside)))
    lines: list[str] = []
    air = False
    for a in body:
        match a.value:
            case Block() as block:
                lines += [] if air or (not lines and whole is None) else [""]
                lines += _block(a.name, block, rows, simplify, indent)
            case Each() as each if a.compound:
                lines += _each(a.name, each, rows, simplify, indent)
            case _:
                lines += _statement(a.name, next(given), indent, whole)
        air = isinstance(a.value, Block)
    return lines, [*map(quoted, given)]


PASSED = "x"
"""What is handed from one line to the next, where a call does not fit in one."""


def _statement(name: str, value: ast.expr, indent: int, whole: Function | None) -> list[str]:
    """An assignment; of a call that is longer than a line, the longest argument comes before it
    where two lines are enough then."""
    head = f"{name} = " if name else ""  # a call alone
    if ", " in name and isinstance(value, ast.Tuple):
        return [fit(head + ", ".join(map(quoted, value.elts)), indent)]
    plain = fit(f"{head}{quoted(value)}", indent)
    if "\n" not in plain or whole is None or PASSED in _names(whole):
        return [plain]
    match value:
        case ast.Call(called, arguments, keywords):
            calls = [a for a in arguments if isinstance(a, ast.Call)]
            longest = max(calls, key=lambda a: len(ast.unparse(a)), default=None)
            short = [ast.Name(PASSED) if a is longest else a for a in arguments]
            lines = [
                f"{PASSED} = {quoted(longest)}" if longest is not None else "",
                f"{head}{quoted(ast.Call(called, short, keywords))}",
            ]
            fitted = [fit(line, indent) for line in lines]
            return fitted if "\n" not in "".join(fitted) else [plain]
        case _:
            return [plain]


def _names(f: Function) -> set[str]:
    """What a function binds and reads."""
    return {*bound(f), *(name for e in f.expressions for name in reads(e))}


def _block(name: str, block: Block, rows: Rows, simplify: Simplify, indent: int) -> list[str]:
    head = " " * indent + f"def {name}({', '.join(block.parameters)}):"
    parts = _results(block.result)
    inner, results = _written(block.body, parts, rows, simplify, indent + 4)
    return [head, *inner, fit(_returned(", ".join(results), len(parts)), indent + 4), ""]


def _results(expr: Expr) -> tuple[Expr, ...]:
    """What a function returns: the parts of a tuple are so many results."""
    match expr:
        case Op("pack", parts, {"names": names}) if names == (*range(len(parts)),):
            return parts
        case _:
            return (expr,)


def _each(name: str, each: Each, rows: Rows, simplify: Simplify, indent: int) -> list[str]:
    """A loop over the splits of a dict, or what is done to one of them."""
    alone = len(each.only) == 1 and not each.parameters
    at = json.dumps(each.only[0]) if alone else "split"
    inside = indent if alone else indent + 4
    body, results = _written(each.body, each.results, rows, simplify, inside)
    made = ", ".join([*results, *([each.kept] if each.kept else [])])
    done = [fit(f"{name}[{at}] = {made}", inside)] if results else []
    if alone:
        return [*body, *done]
    taken = [fit(f"{', '.join(each.parameters)} = {name}[split]", inside)] if each.only else []
    return [fit(f"for {each.loop}:", indent), *taken, *body, *done]


def _returned(results: str, n: int) -> str:
    return (
        f"return {results}"
        if n == 1
        else f"return ({results})"
        if len(results) > 76
        else f"return {results}"
    )


def docline(text: str) -> str:
    """A documentation text for a docstring: one line where it fits, and plain otherwise."""
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return flat if flat.endswith((".", "!", "?")) else flat + "."


def docstring(text: str, indent: int) -> list[str]:
    """The lines of a docstring."""
    pad = " " * indent
    flat = docline(text)
    if len(pad) + len(flat) + 6 <= WIDTH:
        return [f'{pad}"""{flat}"""']
    first, *rest = wrap(flat, WIDTH - indent - 3, break_long_words=False)
    if not rest:  # it is the closing quotes that do not fit
        first, *rest = wrap(flat, WIDTH - indent - 6, break_long_words=False)
    *rest, last = rest
    return [f'{pad}"""{first}', *(pad + line for line in rest), f'{pad}{last}"""']
