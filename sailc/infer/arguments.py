"""Which parameter each argument of a call is for."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.diagnostics.types import WrongArguments
from sailc.infer.context import Context
from sailc.infer.rules import OPEN, VARIADIC
from sailc.infer.signature import signature
from sailc.infer.values import (
    Awaiting,
    Closure,
    Given,
    Primitive,
    Value,
    Word,
)
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Layer


def find_property(declaration: tree.Declaration, name: str) -> tree.Property | None:
    return next(iter(declaration.properties.get(name, ())), None)


def rule_of(declaration: tree.Declaration) -> str | None:
    """The typing rule that a declaration names."""
    line = find_property(declaration, "rule")
    if line and line.arguments and isinstance(line.arguments[0].value, tree.Name):
        return line.arguments[0].value.id
    return None


def words_of(p: tree.Parameter) -> tuple[str, ...]:
    match p.type:
        case tree.Record(_, fields) if fields and all(f.value is None for f in fields):
            return tuple(f.name for f in fields)
        case _:
            return ()


def option(function: Value, parameter: str, expr: tree.Expr) -> Word | None:
    """An option's word, where the parameter's type is a set of words (`pad = same`)."""
    if not isinstance(function, Primitive) or not isinstance(expr, tree.Name):
        return None
    for p in function.declaration.parameters or ():
        if p.name == parameter and expr.id in words_of(p):
            return Word(expr.id)
    return None


def _parameters(function: Closure | Primitive) -> tuple[tree.Parameter, ...]:
    if isinstance(function, Closure):
        return function.parameters
    return function.declaration.parameters or ()


def _name_of(function: Closure | Primitive) -> str:
    if isinstance(function, Closure):
        return function.name or "this function"
    return function.declaration.name


def _variadic(function: Closure | Primitive) -> bool:

    return isinstance(function, Primitive) and rule_of(function.declaration) in VARIADIC


def _open(function: Closure | Primitive) -> bool:
    """Whether an operator takes arguments of any names."""
    return isinstance(function, Primitive) and rule_of(function.declaration) in OPEN


def awaiting(
    ctx: Context,
    function: Closure | Primitive,
    positional: list[Given],
    named: Mapping[str, Given],
    span: Span,
) -> Value | None:
    """The function that awaits its first argument, if just that is lacking."""
    parameters = _parameters(function)
    required = [p for p in parameters if p.default is None and p.name not in named]
    known = {p.name for p in parameters}
    strange = named.keys() - known and not _open(function)
    if len(positional) != len(required) - 1 or not parameters or strange:
        return None
    if isinstance(function, Closure) and not function.name:
        return None
    layer = None
    if isinstance(function, Primitive) and find_property(function.declaration, "parameters"):
        layer = Layer(function.declaration.name, (ctx.part,))
    return Awaiting(function, tuple(positional), dict(named), layer)


def match_up(
    ctx: Context,
    function: Closure | Primitive,
    positional: list[Given],
    named: Mapping[str, Given],
    span: Span,
) -> tuple[dict[str, Given | None], list[Given]] | None:
    """Which parameter each argument is for; None for a default. Mistakes are reported."""
    parameters = _parameters(function)
    required = [p for p in parameters if p.default is None and p.name not in named]
    optional = [p for p in parameters if p.default is not None and p.name not in named]
    table: dict[str, Given | None] = {p.name: None for p in parameters}
    table.update(named)
    for p, given in zip([*required, *optional], positional, strict=False):
        table[p.name] = given
    extra = positional[len(required) + len(optional) :]
    name = _name_of(function)
    known = {p.name for p in parameters}
    unknown = [n for n in named if n not in known and not _open(function)]
    lacking = [p.name for p in required if table[p.name] is None]
    problem = ""
    if unknown:
        problem = f"has no parameter `{unknown[0]}`"
    elif lacking:
        wanted = "`, `".join(p.name for p in required)
        given = len(required) - len(lacking)
        verb = "is" if given == 1 else "are"
        problem = f"needs `{wanted}`, and {given} of these {len(required)} {verb} given"
    elif extra and not _variadic(function):
        problem = f"takes {len(parameters)} arguments, and {len(positional)} are given"
    if problem:
        ctx.report(
            WrongArguments(span=span, name=name, problem=problem, signature=signature(function))
        )
        return None
    return table, extra
