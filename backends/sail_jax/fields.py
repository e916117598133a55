"""How a field's values and derivatives are read: the first ones backwards where that takes fewer
passes, each further one forwards over those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sailc.emit.text.rows import Row
from sailc.program.equations.fields import Jet, Reading, tuple_of
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign, Block, Expr, Op, Ref, Step


def _values(op: Op) -> str:
    places = [f"arg{i}" for i in range(1, len(op.arguments))]
    together = f"jnp.stack([{', '.join(places)}], axis=-1)"
    points = "b[:, None]" if len(places) == 1 else together
    unknown = op.attributes["unknown"]
    if unknown is not None:
        return f"a({points})[:, {unknown}]"
    return f"tuple(a({points}).T)" if op.attributes["apart"] else f"a({points}).T"


FIELDS: dict[str, Row] = {
    "field_values": _values,
    "vjp": "jax.vjp(*args)",
    "jvp": "jax.jvp(a, b, c)",
    "linearize": "jax.linearize(*args)",
    "applied": lambda op: f"a({', '.join(f'arg{i}' for i in range(1, len(op.arguments)))})",
    "ones_like": "jnp.ones_like(a)",
    "zeros_like": "jnp.zeros_like(a)",
    "as_array": "a",
    "nth": "a[i]",
}

LONG = 50
"""How many characters of names are one statement yet."""

NAMES = ("first", "second", "third", "fourth")


def reading(r: Reading, names: NameTable) -> list[Assign]:
    """Statements that read a field at some places."""
    return _Reader(r, names).upto(r.order)


class _Reader(Struct):
    r: Reading
    names: NameTable

    @property
    def _places(self) -> tuple[Ref, ...]:
        return tuple(map(Ref, self.r.places))

    def _assign(self, name: str, value: Expr) -> Assign:
        return Assign(name, value, self.r.span)

    def upto(self, order: int) -> list[Assign]:
        """All that is read of derivatives of some order, and of lower ones."""
        if order == 0:
            roots = self.r.of_order(0)
            names = [roots[0].name] if len(roots) == 1 else self.r.values
            return [self._assign(_named(names), self._values())]
        if order == 1:
            return [*self._first()]
        before = self._before(order)
        name = self.names.fresh(NAMES[order - 2] if order - 2 < len(NAMES) else "before")
        inner = self._assign(name, self._function(order - 1, [j.name for j in before]))
        kept = self._after(order)
        outs = [j.name if j in kept else "_" for j in before]
        along = [
            (axis, [self._child(j, axis) if len(j.axes) == order - 1 else "_" for j in before])
            for axis in sorted({j.axes[-1] for j in self.r.of_order(order)})
        ]
        return [inner, *self._forwards(Ref(name), outs, along)]

    def _function(self, order: int, given: Sequence[str]) -> Block:
        """A function of places that gives what is read of derivatives of some order."""
        match self.upto(order):
            case [Assign(name, value)] if name == _named(given):
                return Block(self.r.places, (), value)
            case body:
                return Block(self.r.places, tuple(body), _together([*map(Ref, given)]))

    def _first(self) -> Iterator[Assign]:
        """The first derivatives: backwards by all variables at once, or forwards of all
        unknowns at once."""
        roots, found = self.r.of_order(0), self.r.of_order(1)
        axes = sorted({j.axes[0] for j in found})
        differentiated = [j for j in roots if self.r.below(j)]
        names = self.r.values if len(roots) > 1 else [roots[0].name]
        if len(differentiated) >= len(axes):
            by_unknown = {j.unknown: j for j in roots}
            jets = [by_unknown.get(i) for i in range(self.r.unknowns)] if len(roots) > 1 else roots
            along = [(axis, [self._child(j, axis) for j in jets]) for axis in axes]
            outs = [name if name in self.r.used else "_" for name in names]
            yield from self._forwards(Step(self.r.places, self._values()), outs, along)
            return
        back = self.names.fresh("back")
        function = Step(self.r.places, self._values(apart=True))
        yield self._assign(f"{_packed(names)}, {back}", Op("vjp", (function, *self._places)))
        for j in differentiated:
            slopes = [self._child(j, axis) for axis in range(len(self.r.places))]
            one, zero = Op("ones_like", (Ref(j.name),)), Op("zeros_like", (Ref(j.name),))
            kinds = [one if name == j.name else zero for name in names]
            yield self._assign(_named(slopes), Op("applied", (Ref(back), _together(kinds))))

    def _forwards(
        self, function: Expr, outs: Sequence[str], along: Sequence[tuple[int, list[str]]]
    ) -> Iterator[Assign]:
        """A function's values, and how they change along some of its variables: of one, in one
        pass; of several, the passes share what is linear in the direction."""
        values = _packed(outs)
        if len(along) == 1:
            ((axis, slopes),) = along
            given = (function, _tuple(self._places), _tuple(self._direction(axis)))
            changes = _packed(slopes)
            short = len(values + changes) <= LONG
            left = changes if short else self.names.fresh("changes")
            yield from self._parted(values, left, Op("jvp", given), short)
            yield from [] if short else self._taken(slopes, Ref(left))
            return
        name = self.names.fresh("along")
        made = Op("linearize", (function, *self._places))
        yield from self._parted(values, name, made, len(values) <= LONG)
        for axis, slopes in along:
            changed = Op("applied", (Ref(name), *self._direction(axis)))
            if len(_named(slopes)) <= LONG:
                yield self._assign(_named(slopes), changed)
            else:
                changes = self.names.fresh("changes")
                yield self._assign(changes, changed)
                yield from self._taken(slopes, Ref(changes))

    def _parted(self, values: str, beside: str, pair: Expr, short: bool) -> Iterator[Assign]:
        """Values and what comes with them; the names of long ones in a statement of their own."""
        found = values if short else self.names.fresh("found")
        yield self._assign(f"{found}, {beside}", pair)
        if not short:
            yield self._assign(values, Ref(found))

    def _taken(self, names: Sequence[str], of: Expr) -> Iterator[Assign]:
        """Some parts of a tuple."""
        for i, name in enumerate(names):
            if name != "_":
                yield self._assign(name, Op("nth", (of,), {"i": i}))

    def _direction(self, axis: int) -> list[Expr]:
        """One variable changes, the others do not."""
        kinds = ["ones_like" if i == axis else "zeros_like" for i in range(len(self._places))]
        return [Op(kind, (place,)) for kind, place in zip(kinds, self._places, strict=True)]

    def _values(self, apart: bool = False) -> Op:
        roots = self.r.of_order(0)
        alone = roots[0].unknown if len(roots) == 1 else None
        facts = {"unknown": alone, "apart": apart}
        return Op("field_values", (Ref(self.r.field), *self._places), facts)

    def _before(self, order: int) -> list[Jet]:
        """What is handed on to find the derivatives of some order."""
        lower = [j for j in self.r.jets if len(j.axes) < order]
        return [j for j in lower if j.name in self.r.used or self._ends(j, order - 1)]

    def _after(self, order: int) -> list[Jet]:
        """What is read once the derivatives of some order are there."""
        lower = [j for j in self.r.jets if len(j.axes) <= order]
        return [j for j in lower if j.name in self.r.used or self._ends(j, order)]

    def _ends(self, j: Jet, order: int) -> bool:
        """Whether it is of that order, and goes on."""
        return len(j.axes) == order and self.r.below(j) != []

    def _child(self, j: Jet | None, axis: int) -> str:
        """What the derivative of a value along a variable is called, if it is read."""
        below = self.r.below(j) if j is not None else []
        return next((d.name for d in below if d.axes[-1] == axis), "_")


def _named(names: Sequence[str]) -> str:
    """Names on the left of an assignment."""
    return ", ".join(names)


def _packed(names: Sequence[str]) -> str:
    """Names of one value, which is a tuple where they are several."""
    if set(names) == {"_"}:
        return "_"
    return names[0] if len(names) == 1 else tuple_of(names)


def _tuple(parts: Sequence[Expr]) -> Expr:
    return Op("pack", tuple(parts), {"names": tuple(range(len(parts)))})


def _together(parts: Sequence[Expr]) -> Expr:
    """Parts as a function gives them: one alone as it is."""
    return parts[0] if len(parts) == 1 else _tuple(parts)
