"""Walking and rewriting expressions: the one place that knows where parts of an expression are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from sailc.program.tree.nodes import (
    Assign,
    Block,
    Each,
    Expr,
    Function,
    Literal,
    Op,
    Ref,
    Step,
    Text,
)

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
        case Each(body=body, results=results):
            return (*(a.value for a in body), *results)
        case Ref() | Literal() | Text():
            return ()


def walk(*roots: Expr) -> Iterator[Expr]:
    """All expressions in some, each after those of which it consists."""
    found: list[Expr] = []
    waiting = list(roots)
    while waiting:
        expr = waiting.pop()
        found.append(expr)
        waiting += below(expr)
    return reversed(found)


def operations(*roots: Expr) -> Iterator[Op]:
    """The operators in some expressions, each as it is applied."""
    return (e for e in walk(*roots) if isinstance(e, Op))


def variables(expr: Expr) -> list[str]:
    """The variables in an expression, as often as it reads them."""
    return [e.name for e in walk(expr) if isinstance(e, Ref)]


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
        case Each(body=body, results=results):
            changed = tuple(map(change, results))
            return replace(expr, body=statements(body, change), results=changed)
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


def replaced(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """An expression with others in the place of variables, of which it binds none itself."""
    if isinstance(expr, Ref):
        return values.get(expr.name, expr)
    return rebuild(expr, lambda e: replaced(e, values))


def at_once(f: Function, again: bool) -> Expr | None:
    """A function's one result as an expression of its parameters, if it has one binding at most
    and reads that but once; its parameters, too, but where they may be read `again`."""
    if f.checks or f.modes or len(f.body) > 1 or len(f.results) != 1:
        return None
    counts = Counter(e.name for e in walk(*f.expressions) if isinstance(e, Ref))
    inside = any(isinstance(e, Step | Block) for e in walk(*f.expressions))
    once = (*(() if again else f.parameters), *(a.name for a in f.body))
    if inside or any(counts[name] > 1 for name in once):
        return None
    return replaced(f.results[0], {a.name: a.value for a in f.body})


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
        case Each(over=over):
            return found - set(expr.bound) | {over}
        case _:
            return found
