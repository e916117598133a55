"""Whether what is learned reaches the loss only through functions whose gradient is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from msgspec import Struct, field

from sailc.diagnostics.exclusions import Reason
from sailc.plan.link import Link, Links
from sailc.plan.scenario import learns
from sailc.terms import Apply, Map, Term, below, rooted, walk
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


class Varying(Struct, frozen=True):
    """What changes a little with some terms, those that `by` picks: numbers, and no labels."""

    by: Callable[[Term], bool]
    known: dict[int, bool] = field(default_factory=dict[int, bool])

    def paths(self, term: Term, type: Type) -> Iterator[Path]:
        """The paths to the numbers of a term that hang on them."""
        match term:
            case Apply(operator="record", arguments=arguments, type=RecordType(fields)):
                for (name, inner), value in zip(fields, arguments, strict=True):
                    yield from ((name, *path) for path in self.paths(value, inner))
            case Apply(operator="set", arguments=(inner,)):
                yield from self.paths(inner, inner.type)
            case Map(body=body, condition=None) if not self.moves(term.source):
                yield from self.paths(body, body.type)
            case _ if self.moves(term):
                yield from _numbers(type)
            case _:
                pass

    def moves(self, term: Term) -> bool:
        """Whether numbers of a term do."""
        if id(term) not in self.known:
            inside = self.by(term) or any(self.moves(t) for t in below(term))
            self.known[id(term)] = inside and next(_numbers(term.type), None) is not None
        return self.known[id(term)]


def without_slope(links: Links, called: Iterable[Apply]) -> Reason | None:
    """Why a model cannot be trained through one of the externs that it calls: it declares no
    gradient by something that is learned. A training would end in NaN or an exception."""
    if not learns(links) or any(k.model.fitted is not None for k in links):
        return None
    learned = Varying(_is_layer)
    for call in called:
        names = call.attributes["parameters"]
        assert isinstance(names, tuple)
        known = _declared(call)
        for name, argument in zip(names, call.arguments, strict=True):
            for path in learned.paths(argument, argument.type):
                if (str(name), *path) not in known:
                    return _reason(call, (str(name), *path))
    return next(filter(None, map(_again, links)), None)


def _is_layer(term: Term) -> bool:
    return isinstance(term, Apply) and term.layer is not None


def _again(link: Link) -> Reason | None:
    """Why training would take the derivative of an extern's gradient, which declares none: what is
    trained is a derivative itself, by something that enters the extern with what is learned."""
    answers, model = link.line.answering, link.model

    def is_learned(term: Term) -> bool:
        own = isinstance(term, Apply) and any(a is answers for a in term.arguments)
        return own or _is_layer(term)

    learned = Varying(is_learned)
    own = [t for t in (model.output, model.minimize) if t is not None]
    for term in walk(*own, *_trained(link)):
        if isinstance(term, Apply) and term.operator == "grad":
            e, p = term.arguments
            asks = any(t is answers for t in walk(e))
            starts = [rooted(p)[0], *(model.inputs if asks else ())]
            varied = Varying(partial(_is_among, starts))
            for call in calls([e, *(own if asks else ())]):
                if _enters(call, varied) and _enters(call, learned):
                    return _twice(call)
    return None


def calls(roots: Iterable[Term]) -> Iterator[Apply]:
    """The calls of externs in some terms."""
    for t in walk(*roots):
        if isinstance(t, Apply) and t.operator == "extern":
            yield t


def _trained(link: Link) -> Iterator[Term]:
    """What training makes small that is computed from answers."""
    for fixture, answered in zip(link.line.fixtures[1:], link.answered[1:], strict=True):
        if link.line.split == "train" and answered.loss is not None:
            yield fixture.question


def _is_among(terms: Sequence[Term], term: Term) -> bool:
    return any(term is t for t in terms)


def _enters(call: Apply, what: Varying) -> bool:
    return any(True for a in call.arguments for _ in what.paths(a, a.type))


def _declared(call: Apply) -> set[Path]:
    """The paths by which an extern's gradient is declared and used: that of one number."""
    if not isinstance(call.type, Tensor) or call.type.shape:
        return set()
    rows = call.attributes["gradients"]
    assert isinstance(rows, tuple)
    paths = (row[0] for row in rows if isinstance(row, tuple))
    return {tuple(map(str, path)) for path in paths if isinstance(path, tuple)}


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


def _twice(call: Apply) -> Reason:
    return Reason(
        "X0205",
        f"a derivative through `{call.attributes['extern']}` is trained, which takes its second "
        "derivative, and an extern declares the first alone: judge the derivative, and train "
        "without it",
    )
