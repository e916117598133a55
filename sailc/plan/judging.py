"""Losses and scores by type, each overload tried once on the same types (CORE.md, step 12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from sailc.infer.modules.common import (
    Choice,
    World,
    open_scope,
    overload,
    parameter_types,
    properties,
    words,
)
from sailc.infer.modules.trainer import Loss, find_loss
from sailc.names import Entry
from sailc.types.meet import may_meet, outline
from sailc.types.model import (
    Bool,
    Label,
    ListType,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
    TypeVar,
)

Signatures = tuple[tuple[Type, ...], ...]
Seconds = tuple[dict[object, list[str]], list[tuple[str, list[Type]]]]
"""Names by the outline of a second parameter, and those whose second parameter is open."""


class Judging(Struct):
    """What the metrics and trainers of a plan accept."""

    world: World
    metrics: tuple[Entry, ...]
    trainers: tuple[Entry, ...]
    _signatures: dict[tuple[str, str], Signatures] = field(
        default_factory=dict[tuple[str, str], Signatures]
    )
    _seconds: dict[str, Seconds] = field(default_factory=dict[str, Seconds])
    _accepted: dict[tuple[str, Type], frozenset[str]] = field(
        default_factory=dict[tuple[str, Type], frozenset[str]]
    )
    _losses: dict[tuple[str, int, Type, Type], Loss | None] = field(
        default_factory=dict[tuple[str, int, Type, Type], Loss | None]
    )
    _judged: dict[tuple[Type, Type, Type, str | None], bool] = field(
        default_factory=dict[tuple[Type, Type, Type, "str | None"], bool]
    )

    def loss(self, trainer: Entry, given: Choice, answer: Type, truth: Type) -> Loss | None:
        """The first loss of a trainer that accepts these types."""
        if not self._may(trainer, "loss", (answer, truth)):
            return None
        key = (trainer.declaration.name, id(given), answer, truth)
        if key not in self._losses:
            ctx = self.world.context()
            self._losses[key] = find_loss(ctx, trainer, given, answer, truth)
        return self._losses[key]

    def teaching(self, truth: Type) -> frozenset[str]:
        """The trainers of which some loss may accept such truths, by name."""
        return self._accepting("loss", self.trainers, truth)

    def scoring(self, truth: Type) -> frozenset[str]:
        """The metrics of which some score may accept such truths, by name."""
        return self._accepting("score", self.metrics, truth)

    def may_score(self, metric: Entry, given: tuple[Type, Type, Type]) -> bool:
        """Whether some score of a metric may accept an answer, a truth and a question."""
        return self._may(metric, "score", given)

    def judges(self, answer: Type, truth: Type, question: Type, verb: str | None) -> bool:
        """Whether any metric scores such answers to such a task."""
        key = (answer, truth, question, verb)
        if key not in self._judged:
            meant = (m for m in self.metrics if not words(m.declaration, "for") or _for(m, verb))
            self._judged[key] = any(self._scores(m, key[:3]) for m in meant)
        return self._judged[key]

    def _scores(self, metric: Entry, given: tuple[Type, Type, Type]) -> bool:
        if not self._may(metric, "score", given):
            return False
        ctx = self.world.context()
        scope = open_scope(ctx, metric, {})
        return any(
            overload(ctx, a.value, scope, given) is not None
            for line in properties(metric.declaration, "score")
            for a in line.arguments
        )

    def _may(self, entry: Entry, name: str, given: tuple[Type, ...]) -> bool:
        return any(
            len(signature) <= len(given) and all(map(may_meet, signature, given))
            for signature in self._read(entry, name)
        )

    def _accepting(self, name: str, entries: Iterable[Entry], truth: Type) -> frozenset[str]:
        """Those with an overload whose second parameter may be of a truth's type. They are
        looked up by its outline; only the ones with variables are tried."""
        if (name, truth) not in self._accepted:
            exact, open_ = self._by_second(name, entries)
            mine = outline(truth)
            every = exact.values() if mine is None else [exact.get(mine, [])]
            found = [n for names in every for n in names]
            found += [n for n, types in open_ if any(may_meet(t, truth) for t in types)]
            self._accepted[name, truth] = frozenset(found)
        return self._accepted[name, truth]

    def _by_second(self, name: str, entries: Iterable[Entry]) -> Seconds:
        if name not in self._seconds:
            exact: dict[object, list[str]] = {}
            open_: list[tuple[str, list[Type]]] = []
            for entry in entries:
                own = entry.declaration.name
                types = [s[1] if len(s) > 1 else TypeVar(0) for s in self._read(entry, name)]
                outlines = {outline(t) for t in types}
                if None in outlines:
                    open_.append((own, types))
                else:
                    for o in outlines:
                        exact.setdefault(o, []).append(own)
            self._seconds[name] = (exact, open_)
        return self._seconds[name]

    def _read(self, entry: Entry, name: str) -> Signatures:
        key = (entry.declaration.name, name)
        if key not in self._signatures:
            self._signatures[key] = parameter_types(self.world.context(), entry, name)
        return self._signatures[key]


def _for(metric: Entry, verb: str | None) -> bool:
    return verb is not None and verb in words(metric.declaration, "for")


def differentiable(types: Sequence[Type]) -> bool:
    """Labels and truth values have no derivative, nor has what holds one."""
    return all(map(_differentiable, types))


def _differentiable(type: Type) -> bool:
    match type:
        case Tensor(element):
            return not isinstance(element, Label | Bool)
        case ListType(item, _) | SetType(item, _):
            return _differentiable(item)
        case TupleType(items):
            return all(map(_differentiable, items))
        case RecordType(fields):
            return all(_differentiable(t) for _, t in fields)
        case _:
            return False
