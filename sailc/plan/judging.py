"""Losses and scores by type, each overload tried once on the same types (CORE.md, step 12)."""

from __future__ import annotations

from collections.abc import Sequence

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
from sailc.types.model import Bool, Label, Tensor, Type, TypeVar

Signatures = tuple[tuple[Type, ...], ...]


class Judging(Struct):
    """What trainers and metrics accept. `metrics` are those that may be asked."""

    world: World
    metrics: tuple[Entry, ...]
    _signatures: dict[tuple[str, str], Signatures] = field(
        default_factory=dict[tuple[str, str], Signatures]
    )
    _seconds: dict[tuple[str, str], tuple[frozenset[object], list[Type]]] = field(
        default_factory=dict[tuple[str, str], "tuple[frozenset[object], list[Type]]"]
    )
    _outlines: dict[Type, object] = field(default_factory=dict[Type, object])
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

    def may_teach(self, trainer: Entry, truth: Type) -> bool:
        """Whether some loss of a trainer may accept such truths."""
        return self._may_second(trainer, "loss", truth)

    def may_judge(self, metric: Entry, truth: Type) -> bool:
        """Whether some score of a metric may accept such truths."""
        return self._may_second(metric, "score", truth)

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

    def _may_second(self, entry: Entry, name: str, truth: Type) -> bool:
        """Whether the second parameter of some overload may be of a truth's type."""
        key = (entry.declaration.name, name)
        if key not in self._seconds:
            seconds = [s[1] if len(s) > 1 else TypeVar(0) for s in self._read(entry, name)]
            self._seconds[key] = (frozenset(map(outline, seconds)), seconds)
        outlines, seconds = self._seconds[key]
        if None in outlines:
            return any(may_meet(s, truth) for s in seconds)
        mine = self._outlines.get(truth)
        if mine is None:
            mine = self._outlines[truth] = outline(truth)
        return mine is None or mine in outlines

    def _read(self, entry: Entry, name: str) -> Signatures:
        key = (entry.declaration.name, name)
        if key not in self._signatures:
            self._signatures[key] = parameter_types(self.world.context(), entry, name)
        return self._signatures[key]


def _for(metric: Entry, verb: str | None) -> bool:
    return verb is not None and verb in words(metric.declaration, "for")


def differentiable(types: Sequence[Type]) -> bool:
    """Labels and truth values have no derivative."""
    return all(isinstance(t, Tensor) and not isinstance(t.element, Label | Bool) for t in types)
