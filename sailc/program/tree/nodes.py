"""The code tree between a scenario and a program's text.

Expressions are batched already: axes count from the end, shapes start with the batch.
Which library an operator is written in is left to whoever has its row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

from msgspec import Struct, field

from sailc.source import Span
from sailc.types.model import Type


def is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    """Whether an attribute's or a literal's value is a tuple, of whatever items."""
    return isinstance(value, tuple)


class Ref(Struct, frozen=True):
    """A Python variable."""

    name: str


class Literal(Struct, frozen=True):
    """A number, a truth value, a text, or nested tuples of them."""

    value: object


class Op(Struct, frozen=True):
    """An operator on expressions. `parameters` are the layer's, by their names in its
    declaration, and `state` is what else the layer holds; `batch` is how many batch axes the first
    argument has."""

    operator: str
    arguments: tuple[Expr, ...]
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    batch: int = 0
    state: Mapping[str, str] = field(default_factory=dict[str, str])


class Text(Struct, frozen=True):
    """Python text, for what a data format's reader says, and the path of the file in it."""

    text: str
    path: str = ""


class Stored(Struct, frozen=True):
    """An array at a door: NumPy's name of how its numbers are stored (empty for what only
    outside code looks into), and its shape, None where only the data know."""

    dtype: str
    shape: tuple[int | None, ...]


PATH = Stored("path", ())
"""How the path of a data file crosses: as text. What it gives is kept under the file's bytes."""


class Parts(Struct, frozen=True):
    """A record or a tuple at a door."""

    items: tuple[tuple[str | int, Crossing], ...]


Crossing = Stored | Parts


class Given(Struct, frozen=True):
    """A parameter of a door; `each` if every point has its own argument."""

    name: str
    how: Crossing
    each: bool


class Door(Struct, frozen=True):
    """A function from outside, and what crosses on the way in and out. `software` is what it
    says that it runs on, `span` where it is declared; `kept` is false for what is done at run
    time, which is measured; `gradients` are its declared derivatives, by the path of what is
    varied."""

    name: str
    module: str
    function: str
    software: str
    span: Span
    given: tuple[Given, ...]
    result: Crossing
    kept: bool = True
    gradients: tuple[tuple[tuple[str, ...], Door], ...] = ()

    @property
    def each(self) -> bool:
        """Whether it is called once for every point."""
        return any(g.each for g in self.given)


class Driver(Struct, frozen=True):
    """Where a door's function is: `place` as messages say it (`cosmology.sail:5`), the file
    beside the program (None for an installed module), and the packages that it needs."""

    place: str
    file: Path | None
    packages: tuple[str, ...]


class Step(Struct, frozen=True):
    """A function without a name, as an argument of an operator (`fold`)."""

    parameters: tuple[str, ...]
    body: Expr


class Block(Struct, frozen=True):
    """A function with statements of its own; it stands only as the value of an assignment."""

    parameters: tuple[str, ...]
    body: tuple[Assign, ...]
    result: Expr


class Each(Struct, frozen=True):
    """The same done to the points of all splits in a dict: for each of `over`, what it holds is
    called as `parameters` and `kept` say, and becomes the `results` and what is kept (`*truth`:
    however much that is); without results nothing changes. With statements, where it is written
    `apart`, or of some splits `only`, it stands only as the value of an assignment to the dict.
    Of one split alone it may have no parameters: then its results are read by other names."""

    over: str
    parameters: tuple[str, ...]
    body: tuple[Assign, ...]
    results: tuple[Expr, ...]
    kept: str = ""
    apart: bool = False
    only: tuple[str, ...] = ()

    @property
    def loop(self) -> str:
        """What it goes through, as Python says it after `for`."""
        if self.only:
            return f"split in ({', '.join(map(json.dumps, self.only))})"
        if not self.results:
            return f"{', '.join(self.parameters)}, *_ in {self.over}.values()"
        parts = [*self.parameters, *([self.kept] if self.kept else [])]
        taken = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
        return f"split, {taken} in {self.over}.items()"

    @property
    def bound(self) -> tuple[str, ...]:
        """The names that it binds."""
        kept = (self.kept.removeprefix("*"),) if self.kept else ()
        return ("split", *self.parameters, *kept, *(a.name for a in self.body))


Expr = Ref | Literal | Op | Text | Step | Block | Each


class Assign(Struct, frozen=True):
    """`name = value`, and the place in the source that it came from. `label` is the author's name
    and `type` what it has of each point there, None where no term of the source stands behind."""

    name: str
    value: Expr
    span: Span
    label: str = ""
    type: Type | None = None

    @property
    def compound(self) -> bool:
        """Whether it is written as statements of its own."""
        return isinstance(self.value, Block) or (
            isinstance(self.value, Each)
            and (self.value.apart or self.value.body != () or self.value.only != ())
        )


class Check(Struct, frozen=True):
    """What has to hold before a function returns; else the program ends with the message."""

    condition: Expr
    message: str
    span: Span


class Function(Struct, frozen=True):
    """A function. `returned` is the binding that its one result was, where that is written
    without a name, `modes` what it is told beside its arguments, and `decorator` what wraps it."""

    name: str
    doc: str
    parameters: tuple[str, ...]
    body: tuple[Assign, ...]
    results: tuple[Expr, ...]
    span: Span
    checks: tuple[Check, ...] = ()
    returned: Assign | None = None
    modes: tuple[str, ...] = ()
    decorator: str = ""

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """All that it computes."""
        conditions = (c.condition for c in self.checks)
        return (*(a.value for a in self.body), *conditions, *self.results)
