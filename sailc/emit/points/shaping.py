"""The statements of `data` in few lines, as one writes them by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from sailc.emit.numpy_rows import NUMPY
from sailc.emit.text.functions import expression
from sailc.emit.text.layout import WIDTH
from sailc.emit.text.rows import Rows
from sailc.program.tree.expressions import reads, walk
from sailc.program.tree.inlining import substituted
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import (
    Assign,
    Block,
    Door,
    Each,
    Expr,
    Function,
    Op,
    Ref,
    Text,
    is_tuple,
)


def _door(op: Op) -> str:
    """A call of a function from outside, about as long as it is going to be."""
    door = op.attributes["door"]
    assert isinstance(door, Door)
    return f"{door.name}_of(*args)"


ROWS: Rows = {**NUMPY, "extern": _door}


def shaped(f: Function, names: NameTable) -> Function:
    """A function whose statements take few lines."""
    body = [_without_unread(_shortened(a, f.span.file)) for a in _in_one_loop(f.body)]
    body, results = _without_long_dict(body, f.results)
    return replace(f, body=tuple(_laid_out(_in_pairs(body), names)), results=results)


def _in_one_loop(body: Sequence[Assign]) -> list[Assign]:
    """What is done to the truths of all splits goes with what is done to their questions later."""
    made: list[Assign] = []
    for a in body:
        before = next((i for i in reversed(range(len(made))) if made[i].name == a.name), None)
        loop = _one_loop(made[before].value, a.value) if before is not None else None
        if before is None or loop is None or _read_truths(made[before + 1 :], a.name):
            made.append(a)
        else:
            del made[before]
            made.append(replace(a, value=loop))
    return made


def _one_loop(first: Expr, second: Expr) -> Each | None:
    """A loop that changes truths alone, and one that changes questions alone, as one."""
    match first, second:
        case (
            Each(parameters=(question, label), body=(), results=(Ref(same), truth), only=()),
            Each(parameters=(_,), results=(_,), kept=kept, only=()),
        ) if question == same and kept.isidentifier() and not reads(truth) & {*second.bound}:
            changed = substituted(truth, {label: Ref(kept)})
            parameters = (*second.parameters, kept)
            return replace(
                second, parameters=parameters, kept="", results=(*second.results, changed)
            )
        case _:
            return None


def _read_truths(statements: Iterable[Assign], over: str) -> bool:
    """Whether statements read more of the splits in a dict than their questions."""
    parts = [x for a in statements for x in walk(a.value)]
    return parts.count(Ref(over)) > sum(_is_questions(x, over) for x in parts)


def _is_questions(e: Expr, over: str) -> bool:
    match e:
        case Op("place", (Op("key", (Ref(name),)),), {"i": 0}):
            return name == over
        case _:
            return False


def _shortened(a: Assign, problem: str) -> Assign:
    """A loop without names for what the library's converters make at its end, while that fits."""
    match a.value:
        case Each(body=(*rest, Assign(name, value, span))) as loop if span.file != problem:
            read = sum(e == Ref(name) for r in loop.results for e in walk(r))
            if read == 1 and not isinstance(value, Block | Each):
                results = tuple(substituted(r, {name: value}) for r in loop.results)
                kept = [loop.kept] if loop.kept else []
                made = ", ".join([*(expression(r, ROWS) for r in results), *kept])
                if len(f"        {a.name}[split] = {made}") <= WIDTH:
                    loop = replace(loop, body=tuple(rest), results=results)
                    return _shortened(replace(a, value=loop), problem)
        case _:
            pass
    return a


def _without_unread(a: Assign) -> Assign:
    """A loop that has no names for what it does not read."""
    match a.value:
        case Each(parameters=parameters, body=body, results=results) as loop if results:
            read = frozenset[str]().union(*map(reads, (*results, *(x.value for x in body))))
            named = tuple(p if p in read else "_" for p in parameters)
            return replace(a, value=replace(loop, parameters=named))
        case _:
            return a


def _without_long_dict(
    body: list[Assign], results: tuple[Expr, ...]
) -> tuple[list[Assign], tuple[Expr, ...]]:
    """Points that are returned beside those in a dict are put into that, where the statement is
    longer than a line."""
    match results:
        case (Op("merged", (Op("pack", parts, {"names": names}), Ref(over))) as whole, *rest):
            if len(f"    return {expression(whole, ROWS)}") <= WIDTH:
                return body, results
            assert is_tuple(names)
            for name, part in zip(names, parts, strict=True):
                several = isinstance(part, Op) and part.operator == "pack" and part.arguments[1:]
                own = part.arguments if isinstance(part, Op) and several else (part,)
                only = Each(over, (), (), own, only=(str(name),))
                body.append(Assign(over, only, body[-1].span))
            return body, (Ref(over), *rest)
        case _:
            return body, results


def _in_pairs(body: Sequence[Assign]) -> Iterator[Assign]:
    """The mean and the deviation of the same numbers stand in one statement, if that is short."""
    waiting: Assign | None = None
    for a in body:
        both = _pair(waiting, a) if waiting is not None else None
        if both is not None:
            yield both
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        waiting = a
    if waiting is not None:
        yield waiting


def _pair(a: Assign, b: Assign) -> Assign | None:
    match a.value, b.value:
        case (
            Op("mean", (x,), {"axes": None}),
            Op("number_or_one", (Op("std", (y,), {"axes": None}),)),
        ) if x == y and a.name not in reads(y):
            both = Op("pack", (a.value, b.value), {"names": (0, 1)})
            name = f"{a.name}, {b.name}"
            short = len(f"    {name} = {expression(both, ROWS)}") - len("()") <= WIDTH
            return replace(a, name=name, value=both) if short else None
        case _:
            return None


def _laid_out(body: Iterator[Assign], names: NameTable) -> Iterator[Assign]:
    """What is done to all splits is a loop where it is too long for one line, and so are the
    paths of files apart."""
    for a in body:
        plain = "" if a.compound else expression(a.value, ROWS)
        head = f"    {a.name} = "
        long = len(head + plain) > WIDTH
        if long and isinstance(a.value, Each) and a.value.results:
            yield replace(a, value=replace(a.value, apart=True))
        elif long and isinstance(a.value, Text) and " / " in a.value.path:
            text = a.value.text.replace(a.value.path, "arg0")
            if len(head + text) <= WIDTH:
                path = names.fresh("file")
                yield Assign(path, Text(a.value.path), a.span)
                a = replace(a, value=Op("opened", (Ref(path),), {"text": text}))
            yield a
        else:
            yield a
