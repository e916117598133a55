"""A model with its holes filled: what fills them is written where they are called.

A filling's layers become the model's own, each copy's apart, so that parameters, costs and
programs need not know that there were holes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.infer.modules.common import World
from sailc.infer.modules.converter import apply_converter
from sailc.plan.ground import Grounding
from sailc.routes import Route, Step
from sailc.terms import Apply, Layer, Map, Term, Var, rebuild
from sailc.types.model import ListType, RecordType, SetType, TupleType, Type


class Plug(Struct, frozen=True, eq=False):
    """What is put in a hole: chains around a body over one input."""

    name: str
    hole: Var
    question: Route
    input: Var
    body: Term
    layers: tuple[Layer, ...]
    answer: Route


class Filler(Struct, eq=False):
    """Writes plugs where holes are called, in all terms of one model."""

    world: World
    plugs: Sequence[Plug]
    layers: list[Layer] = field(default_factory=list[Layer])
    _copies: dict[int, dict[int, Layer]] = field(default_factory=dict[int, dict[int, Layer]])
    _memo: dict[int, Term] = field(default_factory=dict[int, Term])
    _kept: list[Term] = field(default_factory=list[Term])

    def fill(self, term: Term) -> Term:
        return rebuild(term, self._call, self._memo)

    def _call(self, term: Term) -> Term:
        if not isinstance(term, Apply) or term.operator != "call":
            return term
        function, *arguments = term.arguments
        plug = next((p for p in self.plugs if p.hole is hole_of(function)), None)
        if plug is None:
            return term
        self._kept.append(function)  # its identity is a key below
        asked = convert(self.world, plug.question, arguments[0])
        layers = self._layers(plug, function)
        body = rebuild(plug.body, lambda t: _with_layer(t, layers), {id(plug.input): asked})
        answer = convert(self.world, plug.answer, body)
        return replace(answer, name=term.name) if term.name else answer

    def _layers(self, plug: Plug, function: Term) -> dict[int, Layer]:
        """The layers of a plug where it is called through one function."""
        if id(function) not in self._copies:
            label = plug.name
            if function is not plug.hole:
                before = {id(f) for f in self._kept[:-1] if f is not plug.hole}
                label += f"_{1 + len(before)}"
            copies = {id(k): replace(k, parts=(label, *k.parts)) for k in plug.layers}
            self._copies[id(function)] = copies
            self.layers += copies.values()
        return self._copies[id(function)]


def hole_of(function: Term) -> Term:
    """The hole that a function is a copy of, or the function itself."""
    match function:
        case Apply(operator="copy", arguments=(hole,)):
            return hole
        case _:
            return function


def _with_layer(term: Term, layers: dict[int, Layer]) -> Term:
    if isinstance(term, Apply) and term.layer is not None:
        return replace(term, layer=layers.get(id(term.layer), term.layer))
    return term


# --- converters on terms -----------------------------------------------------------------


def convert(world: World, route: Iterable[Step], term: Term) -> Term:
    """What a chain of converters that hold no statistics makes of a term."""
    for step in route:
        term = _lifted(world, step, step.lift, term)
    return term


def _lifted(world: World, step: Step, lift: tuple[str | int, ...], term: Term) -> Term:
    if not lift:
        return _applied(world, step, term)
    match term.type, lift[0]:
        case ((ListType(item, n) | SetType(item, n)), _):
            variable = Var(item, term.span, "element")
            body = _lifted(world, step, lift[1:], variable)
            kind = ListType if isinstance(term.type, ListType) else SetType
            return Map(kind(body.type, n), term.span, variable, term, body)
        case TupleType(items), int() as at:
            parts: list[Term] = [
                Apply(t, term.span, "item", (term,), {"index": i}) for i, t in enumerate(items)
            ]
            parts[at] = _lifted(world, step, lift[1:], parts[at])
            type = TupleType(tuple(t.type for t in parts))
            return Apply(type, term.span, "tuple", tuple(parts))
        case RecordType(fields, name), _:
            return _record(world, step, term, fields, name)
        case _:
            return term


def _record(
    world: World, step: Step, term: Term, fields: tuple[tuple[str, Type], ...], name: str
) -> Term:
    """Every field that a converter takes, at once."""
    parts = [(n, Apply(t, term.span, "field", (term,), {"name": n})) for n, t in fields]
    changed = [(n, _applied(world, step, part)) for n, part in parts]
    type = RecordType(tuple((n, t.type) for n, t in changed), name)
    names = tuple(n for n, _ in fields)
    return Apply(type, term.span, "record", tuple(t for _, t in changed), {"fields": names})


def _applied(world: World, step: Step, term: Term) -> Term:
    ctx = world.context()
    found = apply_converter(ctx, step.converter, term.type)
    if found is None:
        return term
    ctx.solver.settle()
    ground = Grounding(ctx.solver)
    ground.stand_for(found.input, term)
    return ground.term(found.output)
