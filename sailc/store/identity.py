"""What a program's text says, apart from how it says it.

An edit that cannot change a number (a comment, a blank line, a docstring, the name of a local
variable) must not cost a run, and one that can must. So a program is known by what it
compiles to: instructions, constants, global names, attributes and parameters, without line
numbers. Whatever is in doubt counts: asserts, names of functions, parameters and variables of
closures, and every character of a program that can look at its own text or names.
"""

from __future__ import annotations

import ast
import re
from hashlib import sha256
from types import CodeType
from typing import cast

REFLECTIVE = re.compile(
    r"(?<![.\w])(locals|vars|eval|exec|dir)\s*\(|\b(inspect|_getframe|jit\.script)\b"
)


def identity(text: str) -> str:
    """A checksum of what the Python program `text` does on this version of Python."""
    try:
        meaning = text if REFLECTIVE.search(text) else repr(_compiled(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        meaning = text
    return sha256(meaning.encode("utf-8", "surrogatepass")).hexdigest()


def _compiled(text: str) -> tuple[object, ...]:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        _drop_docstring(node)
    return _meaning(compile(tree, "", "exec", dont_inherit=True, optimize=0))


def _drop_docstring(node: ast.AST) -> None:
    match node:
        case (
            ast.Module(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
            | ast.FunctionDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
            | ast.AsyncFunctionDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
            | ast.ClassDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
        ):
            node.body = rest or [ast.copy_location(ast.Pass(), node.body[0])]
        case _:
            pass


def _meaning(code: CodeType) -> tuple[object, ...]:
    parameters = code.co_argcount + code.co_kwonlyargcount
    return (
        code.co_name,
        code.co_code,
        code.co_exceptiontable,
        code.co_flags,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        code.co_varnames[:parameters],
        (code.co_names, code.co_cellvars, code.co_freevars),
        tuple(_constant(value) for value in code.co_consts),
    )


def _constant(value: object) -> object:
    match value:
        case CodeType():
            return _meaning(value)
        case frozenset():
            # Its order changes with the hash seed of the process.
            return ("frozenset", sorted(map(repr, cast("frozenset[object]", value))))
        case _:
            return repr(value)
