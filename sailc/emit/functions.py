"""Functions as text."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator
from textwrap import wrap

from sailc.emit.layout import WIDTH, fit
from sailc.emit.rows import Rows, render
from sailc.program.tree import Assign, Block, Expr, Function


def quoted(node: ast.expr) -> str:
    """An expression's text with double quotes, as formatters write it."""
    text = ast.unparse(node)
    for constant in ast.walk(node):
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
            single = repr(constant.value)
            if single.startswith("'") and '"' not in single:
                text = text.replace(single, f'"{single[1:-1]}"')
    return text


def expression(expr: Expr, rows: Rows) -> str:
    return quoted(render(expr, rows))


def function(f: Function, rows: Rows, simplify: Callable[[str], str] = str) -> str:
    """A function definition, one statement for each of the author's bindings."""
    head = fit(f"def {f.name}({', '.join(f.parameters)}):")
    lines = [head, *docstring(f.doc, 4)]
    lines += _statements(f.body, rows, simplify, 4)
    for c in f.checks:
        lines.append(fit(f"if not ({simplify(expression(c.condition, rows))}):", 4))
        lines.append(fit(f"raise SystemExit({json.dumps(c.message, ensure_ascii=False)})", 8))
    results = ", ".join(simplify(expression(r, rows)) for r in f.results)
    if f.results:
        lines.append(fit(_returned(results, len(f.results)), 4))
    return "\n".join(lines)


def _statements(
    body: Iterable[Assign], rows: Rows, simplify: Callable[[str], str], indent: int
) -> Iterator[str]:
    """Statements, functions among them with a line of air around."""
    air = False
    for a in body:
        if isinstance(a.value, Block) and not air:
            yield ""
        air = isinstance(a.value, Block)
        yield _statement(a, rows, simplify, indent)


def _statement(a: Assign, rows: Rows, simplify: Callable[[str], str], indent: int) -> str:
    if not isinstance(a.value, Block):
        return fit(f"{a.name} = {simplify(expression(a.value, rows))}", indent)
    inner = _statements(a.value.body, rows, simplify, indent + 4)
    head = " " * indent + f"def {a.name}({', '.join(a.value.parameters)}):"
    result = fit(f"return {simplify(expression(a.value.result, rows))}", indent + 4)
    return "\n".join([head, *inner, result, ""])


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
    return [f'{pad}"""{first}', *(pad + line for line in rest), f'{pad}"""']
