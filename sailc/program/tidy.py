"""Functions without what nobody would write: statements that nothing reads, names for a moment."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sailc.program.tree import Assign, Block, Expr, Function, Literal, Op, Ref, Step, Text


def inlined(f: Function) -> Function:
    """A function that returns its last binding returns the value itself."""
    match f:
        case Function(body=(*rest, Assign(name, value) as last), results=(Ref(result),)) if (
            name == result
        ):
            return replace(f, body=tuple(rest), results=(value,), returned=last)
        case _:
            return f


def pruned(f: Function) -> Function:
    """A function without the statements that nothing reads."""
    read = {name for r in f.results for name in reads(r)}
    body: list[Assign] = []
    for a in reversed(f.body):
        if a.name in read:
            body.append(a)
            read |= reads(a.value)
    return replace(f, body=tuple(reversed(body)))


def called(f: Function, names: Mapping[str, str]) -> Function:
    """A function that calls others by the names that these now have."""

    def change(expr: Expr) -> Expr:
        match expr:
            case Op(operator, arguments, attributes):
                own = attributes.get("function")
                if operator == "call" and own in names:
                    attributes = {**attributes, "function": names[str(own)]}
                return replace(expr, arguments=tuple(map(change, arguments)), attributes=attributes)
            case Step(_, body):
                return replace(expr, body=change(body))
            case Block(_, body, result):
                return replace(expr, body=tuple(map(statement, body)), result=change(result))
            case _:
                return expr

    def statement(a: Assign) -> Assign:
        return replace(a, value=change(a.value))

    checks = tuple(replace(c, condition=change(c.condition)) for c in f.checks)
    results = tuple(map(change, f.results))
    return replace(f, body=tuple(map(statement, f.body)), results=results, checks=checks)


def reads(expr: Expr) -> set[str]:
    """The variables in an expression."""
    match expr:
        case Ref(name):
            return {name}
        case Op(_, arguments):
            return {name for a in arguments for name in reads(a)}
        case Step(parameters, body):
            return reads(body) - set(parameters)
        case Block(parameters, body, result):
            inner = reads(result).union(*(reads(a.value) for a in body))
            return inner - set(parameters) - {a.name for a in body}
        case Literal() | Text():
            return set()
