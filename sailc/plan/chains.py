"""The chains of converters from questions and to truths, each type searched once."""

from __future__ import annotations

from msgspec import Struct, field

from sailc.infer.modules.common import World
from sailc.infer.modules.converter import Converter, converter
from sailc.routes import Index, Reached, Route, backward, forward
from sailc.routes.search import Step, is_plain, self_map
from sailc.types.meet import may_meet, outline
from sailc.types.model import Type


class Way(Struct, frozen=True):
    """How chains may go. `standardize`: a trainer wants plain numbers standardized; `center`:
    it wants answers with a unit learned from the mean of their truths. `fitted`: statistics of
    the training questions can be had; `inverse`: those of the truths.
    """

    standardize: bool = False
    center: bool = False
    fitted: bool = True
    inverse: bool = True


PLAIN = Way()


class Chains(Struct):
    """Memoised searches (CORE.md, steps 7, 8 and 18)."""

    converters: tuple[Converter, ...]
    _indexes: dict[tuple[str, bool], Index] = field(default_factory=dict[tuple[str, bool], Index])
    _forward: dict[tuple[Type, Way], list[Reached]] = field(
        default_factory=dict[tuple[Type, Way], list[Reached]]
    )
    _outlines: dict[tuple[Type, Way], frozenset[object]] = field(
        default_factory=dict[tuple[Type, Way], "frozenset[object]"]
    )
    _backward: dict[tuple[Type, Way], list[Reached]] = field(
        default_factory=dict[tuple[Type, Way], list[Reached]]
    )

    @classmethod
    def of(cls, world: World) -> Chains:
        """The converters of a workspace and the library."""
        table = world.names.modules["converter"]
        entries = [table[n] for n in sorted(table)]
        ctx = world.context()
        return cls(
            tuple(converter(ctx, e) for e in entries if len(e.declaration.parameters or ()) == 1)
        )

    def reachable(self, question: Type, way: Way = PLAIN) -> list[Reached]:
        """Every type that a question becomes, in order; the first is its own."""
        key = (question, way)
        if key not in self._forward:
            found = forward(self._index("forward", way.fitted), question)
            wanted = way.standardize and way.fitted
            self._forward[key] = [self._standardized(r) for r in found] if wanted else found
        return self._forward[key]

    def may_reach(self, question: Type, way: Way, pattern: Type) -> bool:
        """Whether a question may become of a type, which may have variables."""
        wanted = outline(pattern)
        if wanted is None:
            return any(may_meet(pattern, r.type) for r in self.reachable(question, way))
        return not self.outlines(question, way).isdisjoint((wanted, None))

    def outlines(self, question: Type, way: Way = PLAIN) -> frozenset[object]:
        """The outlines of the types that a question becomes; None stands for any."""
        key = (question, way)
        if key not in self._outlines:
            self._outlines[key] = frozenset(outline(r.type) for r in self.reachable(*key))
        return self._outlines[key]

    def accepted(self, truth: Type, way: Way = PLAIN) -> list[Reached]:
        """Every type that becomes a truth's, in order; the first is its own."""
        key = (truth, way)
        if key not in self._backward:
            wanted = way.inverse and (way.standardize if is_plain(truth) else way.center)
            found = self._fitted(truth, "question") if wanted else ()
            last = tuple(Step(s.converter, s.source, s.target, inverse=True) for s in found)
            chains = backward(self._index("backward", way.inverse), truth)
            self._backward[key] = [_ended(r, last) for r in chains]
        return self._backward[key]

    def _index(self, direction: str, fitted: bool) -> Index:
        key = (direction, fitted)
        if key not in self._indexes:
            usable = [c for c in self.converters if fitted or not c.fitted]
            make = Index.forward if direction == "forward" else Index.backward
            self._indexes[key] = make(usable)
        return self._indexes[key]

    def _standardized(self, reached: Reached) -> Reached:
        """A chain with the first plain tensor on it standardized, unless a unit made that
        happen already."""
        route = reached.route
        if any(s.converter.fitted for s in route):
            return reached
        types = [route[0].source if route else reached.type, *(s.target for s in route)]
        for i, type in enumerate(types):
            step = self._fitted(type, "answer") if is_plain(type) else ()
            if step:
                return Reached(reached.type, (*route[:i], *step, *route[i:]))
        return reached

    def _fitted(self, type: Type, other: str) -> Route:
        step = self_map(tuple(c for c in self.converters if c.path != other), type)
        return (step,) if step is not None else ()


def _ended(reached: Reached, last: Route) -> Reached:
    """A chain to a truth's type with a step more, unless it has the truths' statistics."""
    fitted = any(s.converter.fitted for s in reached.route)
    return reached if fitted else Reached(reached.type, (*reached.route, *last))
