"""Functions as text."""

from __future__ import annotations

import ast

from sailc.emit.layout import fit
from sailc.emit.rows import Rows, render
from sailc.program.tree import Expr, Function


def quoted(node: ast.expr) -> str:
    """An expression's text with double quotes, as formatters write it."""
    return _Double().visit_all(node)


class _Double:
    """`ast.unparse` writes single quotes; texts here hold neither kind inside."""

    def visit_all(self, node: ast.expr) -> str:
        text = ast.unparse(node)
        for constant in ast.walk(node):
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                single = repr(constant.value)
                if single.startswith("'") and '"' not in single:
                    text = text.replace(single, f'"{single[1:-1]}"')
        return text


def expression(expr: Expr, rows: Rows) -> str:
    return quoted(render(expr, rows))


def function(f: Function, rows: Rows, name: str | None = None) -> str:
    """A function definition, one statement for each of the author's bindings."""
    head = fit(f"def {name or f.name}({', '.join(f.parameters)}):")
    lines = [head, f'    """{docline(f.doc)}"""']
    for a in f.body:
        lines.append(fit(f"{a.name} = {expression(a.value, rows)}", 4))
    results = ", ".join(expression(r, rows) for r in f.results)
    lines.append(fit(_returned(results, len(f.results)), 4))
    return "\n".join(lines)


def _returned(results: str, n: int) -> str:
    return f"return {results}" if n == 1 else f"return ({results})" if len(results) > 76 else f"return {results}"


def docline(text: str) -> str:
    """The first sentence of a documentation text, in one line."""
    line = " ".join(text.split())
    line = line.replace("\\", "\\\\").replace('"""', "'''")
    end = line.find(". ")
    line = line if end < 0 else line[: end + 1]
    line = line if line.endswith(".") else line + "."
    return line if len(line) <= 78 else line[:77].rsplit(" ", 1)[0] + " …"
