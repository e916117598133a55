"""Whether what is learned reaches the loss only through functions whose gradient is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sailc.diagnostics.exclusions import Reason
from sailc.plan.link import Links
from sailc.plan.scenario import learns
from sailc.terms import Apply, Map, Term, below
from sailc.types.model import (
    ListType,
    Num,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)

Path = tuple[str, ...]


def without_slope(links: Links, called: Iterable[Apply]) -> Reason | None:
    """Why a model cannot be trained through one of the externs that it calls: it declares no
    gradient by something that is learned. A training would end in NaN or an exception."""
    if not learns(links) or any(k.model.fitted is not None for k in links):
        return None
    learned: dict[int, bool] = {}
    for call in called:
        names = call.attributes["parameters"]
        assert isinstance(names, tuple)
        known = _declared(call)
        for name, argument in zip(names, call.arguments, strict=True):
            for path in _varied(argument, argument.type, learned):
                if (str(name), *path) not in known:
                    return _reason(call, (str(name), *path))
    return None


def _declared(call: Apply) -> set[Path]:
    """The paths by which an extern's gradient is declared and used: that of one number."""
    if not isinstance(call.type, Tensor) or call.type.shape:
        return set()
    rows = call.attributes["gradients"]
    assert isinstance(rows, tuple)
    paths = (row[0] for row in rows if isinstance(row, tuple))
    return {tuple(map(str, path)) for path in paths if isinstance(path, tuple)}


def _varied(term: Term, type: Type, learned: dict[int, bool]) -> Iterator[Path]:
    """The paths to the numbers of a term that hang on what is learned."""
    match term:
        case Apply(operator="record", arguments=arguments, type=RecordType(fields)):
            for (name, inner), value in zip(fields, arguments, strict=True):
                yield from ((name, *path) for path in _varied(value, inner, learned))
        case Apply(operator="set", arguments=(inner,)):
            yield from _varied(inner, inner.type, learned)
        case Map(body=body, condition=None) if not _is_learned(term.source, learned):
            yield from _varied(body, body.type, learned)
        case _ if _is_learned(term, learned):
            yield from _numbers(type)
        case _:
            pass


def _numbers(type: Type) -> Iterator[Path]:
    """The paths to the real numbers of a type."""
    match type:
        case Tensor(Num()):
            yield ()
        case RecordType(fields):
            for name, inner in fields:
                yield from ((name, *path) for path in _numbers(inner))
        case TupleType(items):
            for i, inner in enumerate(items):
                yield from ((str(i), *path) for path in _numbers(inner))
        case ListType(item) | SetType(item):
            yield from _numbers(item)
        case _:
            pass


def _is_learned(term: Term, learned: dict[int, bool]) -> bool:
    """Whether numbers of a term change a little with what is learned; a label does not."""
    if id(term) not in learned:
        own = isinstance(term, Apply) and term.layer is not None
        inside = own or any(_is_learned(t, learned) for t in below(term))
        learned[id(term)] = inside and next(_numbers(term.type), None) is not None
    return learned[id(term)]


def _reason(call: Apply, path: Path) -> Reason:
    name, dotted = call.attributes["extern"], ".".join(path)
    if isinstance(call.type, Tensor) and not call.type.shape:
        return Reason(
            "X0205",
            f"what is learned enters `{name}` by `{dotted}`, by which it declares no gradient: "
            f'add `gradient {dotted}, "module:function"`',
        )
    return Reason(
        "X0205",
        f"what is learned enters `{name}` by `{dotted}`, and its result is no single number: "
        "only that of one has a gradient",
    )
