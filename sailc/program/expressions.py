"""Walking and rewriting expressions: the one place that knows where parts of an expression are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from sailc.program.tree import Assign, Block, Expr, Function, Literal, Op, Ref, Step, Text

Change = Callable[[Expr], Expr]


def below(expr: Expr) -> tuple[Expr, ...]:
    """The expressions of which one directly consists."""
    match expr:
        case Op(arguments=arguments):
            return arguments
        case Step(body=body):
            return (body,)
        case Block(body=body, result=result):
            return (*(a.value for a in body), result)
        case Ref() | Literal() | Text():
            return ()


def walk(*roots: Expr) -> Iterator[Expr]:
    """All expressions in some, each after those of which it consists."""
    for expr in roots:
        yield from walk(*below(expr))
        yield expr


def operations(*roots: Expr) -> Iterator[Op]:
    """The operators in some expressions, each as it is applied."""
    return (e for e in walk(*roots) if isinstance(e, Op))


def draws(expr: Expr) -> bool:
    """Whether an expression is another number whenever it is computed in training."""
    return any(o.attributes.get("draws") for o in operations(expr))


def rebuild(expr: Expr, change: Change) -> Expr:
    """An expression whose direct parts are changed."""
    match expr:
        case Op(arguments=arguments):
            return replace(expr, arguments=tuple(map(change, arguments)))
        case Step(body=body):
            return replace(expr, body=change(body))
        case Block(body=body, result=result):
            return replace(expr, body=statements(body, change), result=change(result))
        case Ref() | Literal() | Text():
            return expr


def statements(body: tuple[Assign, ...], change: Change) -> tuple[Assign, ...]:
    """Statements whose values are changed."""
    return tuple(replace(a, value=change(a.value)) for a in body)


def rebuilt(f: Function, change: Change) -> Function:
    """A function of which all that it computes is changed."""
    return replace(
        f,
        body=statements(f.body, change),
        results=tuple(map(change, f.results)),
        checks=tuple(replace(c, condition=change(c.condition)) for c in f.checks),
    )


def reads(expr: Expr) -> frozenset[str]:
    """The variables in an expression that it does not bind itself."""
    found = frozenset[str]().union(*map(reads, below(expr)))
    match expr:
        case Ref(name):
            return frozenset({name})
        case Step(parameters=parameters):
            return found - set(parameters)
        case Block(parameters=parameters, body=body):
            return found - set(parameters) - {a.name for a in body}
        case _:
            return found
