"""Doors as text: a function for each extern that a program calls, and what all of them share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sailc.backends import distributions
from sailc.emit.points.crossing import (
    Label,
    kind_text,
    leaves,
    of_first,
    once,
    part,
    paths,
    points,
    rebuilt,
    tuple_of,
)
from sailc.emit.text.environment import TEMPLATES, filled
from sailc.emit.text.functions import docstring
from sailc.emit.text.layout import WIDTH, fit
from sailc.emit.text.rows import ARGUMENTS, Row
from sailc.emit.training.batch import place
from sailc.program.tree.expressions import operations
from sailc.program.tree.names import RESERVED, NameTable, identifier, occupied
from sailc.program.tree.nodes import (
    PATH,
    Assign,
    Block,
    Door,
    Driver,
    Each,
    Function,
    Given,
    Op,
    Parts,
)


def doors_of(functions: Iterable[Function]) -> tuple[Door, ...]:
    """The doors that functions call, in the order in which they are reached."""
    every = (o.attributes.get("door") for f in functions for o in operations(*f.expressions))
    return tuple(dict.fromkeys(d for d in every if isinstance(d, Door)))


def _bound(body: Iterable[Assign]) -> Iterator[str]:
    """The names that statements bind, those inside functions among them."""
    for a in body:
        yield a.name
        if isinstance(a.value, Block):
            yield from a.value.parameters
        if isinstance(a.value, Block | Each):
            yield from _bound(a.value.body)


def at_run(door: Door) -> Door:
    """A door as it is called while a model is trained or answers: what it gives is not kept."""
    return replace(door, kept=False, gradients=())


class Doors(Struct, frozen=True):
    """The doors of a program, by the names of their functions. `learning` are the names of
    those that the backend's functions call, among tensors."""

    names: Mapping[Door, str]
    drivers: Mapping[Door, Driver]
    learning: Mapping[Door, str]

    @classmethod
    def of(
        cls,
        functions: Sequence[Function],
        drivers: Mapping[Door, Driver],
        learning: Sequence[Function] = (),
    ) -> Doors:
        taken = {n for f in functions for n in (f.name, *f.parameters, *_bound(f.body))}
        taken |= {*RESERVED, *occupied(), *ARGUMENTS}

        def fresh(name: str, other: str) -> str:
            base = identifier(name)
            free = [base, f"{base}_{other}", *(f"{base}_{i}" for i in range(2, len(taken) + 3))]
            found = next(n for n in free if n not in taken)
            taken.add(found)
            return found

        inside = doors_of(learning)
        called = [at_run(x) for d in inside for x in (d, *(g for _, g in d.gradients))]
        others = [f for f in functions if f not in learning]
        names = {d: fresh(d.name, "of") for d in dict.fromkeys([*doors_of(others), *called])}
        return cls(names, drivers, {d: fresh(f"{d.name}_in_model", "") for d in inside})

    def driver(self, door: Door) -> Driver:
        """Where a door's function is; one that is called at run time is where it ever is."""
        place = (door.span, door.module)
        return next(found for d, found in self.drivers.items() if (d.span, d.module) == place)

    @property
    def row(self) -> Row:
        """How a door is called."""

        def text(op: Op) -> str:
            door = op.attributes["door"]
            assert isinstance(door, Door)
            return f"{self.names[door]}(*args)"

        return text

    @property
    def row_in_model(self) -> Row:
        """How a door is called among tensors."""

        def text(op: Op) -> str:
            door = op.attributes["door"]
            assert isinstance(door, Door)
            return f"{self.learning[door]}(*args)"

        return text

    @property
    def in_model(self) -> str:
        """The functions that are called among tensors."""
        return "\n\n\n".join(self._in_model(d, name) for d, name in self.learning.items())

    def _in_model(self, door: Door, name: str) -> str:
        """A function of tensors: its arrays go outside, and its slopes come from there."""
        doc = f"`{door.name}` among the model's operations, with the gradients that it declares."
        parts = [(g.name, path) for g in door.given if g.each for path in paths(g.how)]
        labels = {p: identifier("_".join(map(str, (p[0], *p[1])))) for p in parts}
        arrays = [f"{n}{''.join(f'[{k!r}]' for k in path)}" for n, path in parts]
        inner = [rebuilt(g.name, (), g.how, labels) if g.each else g.name for g in door.given]
        lines = [f"def {name}({', '.join(g.name for g in door.given)}):", *docstring(doc, 4), ""]
        heads = {"value": self.names[at_run(door)]}
        heads |= {f"by_{'_'.join(path)}": self.names[at_run(g)] for path, g in door.gradients}
        for head, called in heads.items():
            lines += [f"    def {head}({', '.join(labels.values())}):"]
            lines += [fit(f"return {called}({', '.join(inner)})", 8), ""]
        known = {path: f"by_{'_'.join(path)}" for path, _ in door.gradients}
        slopes = [known.get((n, *map(str, path)), "None") for n, path in parts]
        shape = door.result.shape if not isinstance(door.result, Parts) else ()
        where = f'"{door.name} ({self.driver(door).place})"'
        given = [where, "value", f"({', '.join(slopes)},)", repr(shape), *arrays]
        return "\n".join([*lines, fit(f"return from_outside({', '.join(given)})", 4)])

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the drivers that lie beside a program."""
        files = [self.driver(d).file for d in self.names]
        return tuple(dict.fromkeys(f.parent for f in files if f is not None))

    @property
    def imports(self) -> tuple[str, ...]:
        """What the functions need of Python's own library."""
        if not self.names:
            return ()
        plain = [d for d in self.names if d.each and not _in_parts(d)]
        repeats = any(not g.each for d in plain for g in d.given)
        found = ["import itertools"] if repeats else []
        found += ["import sys"] if self.folders else []
        return ("import pkgutil", *found, *(["import runpy"] if self.keeps else []))

    @property
    def keeps(self) -> bool:
        """Whether anything that comes from outside can be kept."""
        return any(_kept(d) for d in self.names)

    @property
    def text(self) -> str:
        """The functions; empty where a program has no doors."""
        if not self.names:
            return ""
        shared = filled(TEMPLATES / "outside.py.jinja", self._facts)
        own = [self._function(d, name) for d, name in self.names.items()]
        return "\n\n\n".join([shared.rstrip(), *own])

    @property
    def _facts(self) -> dict[str, object]:
        """What the shared functions are to know of."""
        given = [leaf for d in self.names for leaf in leaves(d.result)]
        arrays = [leaf for leaf in given if leaf.dtype]
        return {
            "paths": any(g.how == PATH for d in self.names for g in d.given),
            "structured": self._structured,
            "listed": self._listed,
            "arrays": bool(arrays),
            "opaque": len(arrays) < len(given),
            "lengths": any(None in leaf.shape for leaf in arrays),
            "texts": any(leaf.dtype.startswith("str") for leaf in arrays),
            "keeps": self.keeps,
            "some_not_kept": not all(map(_kept, self.names)),
        }

    @property
    def _structured(self) -> bool:
        """Whether a function gives several arrays."""
        return any(isinstance(d.result, Parts) for d in self.names)

    @property
    def _listed(self) -> bool:
        """Whether results are lists of arrays: of several, and where they may be kept."""
        return self._structured or self.keeps

    def _function(self, door: Door, name: str) -> str:
        first = next(d for d in self.names if _are_of_one(d, door))
        several = sum(_are_of_one(d, door) for d in self.names) > 1
        doc = f"What `{door.function}` of {door.module} gives"
        doc += " for each point" * door.each + f" ({self.driver(door).place})."
        given, more = [g.name for g in door.given], [_place(door), kind_text(door.result)]
        if door != first:
            body = [fit(f"return {self.names[first]}({', '.join([*given, *more])})", 4)]
        else:
            taken = [f"place={more[0]}", f"kind={more[1]}"] if several else []
            given, body = [*given, *taken], list(self._calling(door, several))
        head = fit(f"def {name}({', '.join(given)}):")
        return "\n".join([head, *docstring(doc, 4), *body])

    def _calling(self, door: Door, several: bool) -> Iterator[str]:
        """The statements that call a function; that which is told, where there are `several`."""
        bound, calls = _calls(door.given)
        for name, column in bound:
            yield fit(f"{name} = {column}", 4)
        told, kind = ("place", "kind") if several else (_place(door), kind_text(door.result))
        facts = [told, f'"{self.driver(door).place}"', calls, kind, *self._packages(door)]
        in_parts = isinstance(door.result, Parts)
        ending = "" if door.each or in_parts else "[0]"
        made = f"outside({', '.join(facts)}){ending}"
        if len(made) > WIDTH - len("    return ") or calls.startswith("["):
            yield fit(f"calls = {calls}", 4)
            facts[2] = "calls"
            made = f"outside({', '.join(facts)}){ending}"
        if in_parts and not door.each:
            yield fit(f"result = {made}", 4)
            made = of_first("result", door.result)
        yield fit(f"return {made}", 4)

    def _packages(self, door: Door) -> list[str]:
        """The packages whose versions count for what is kept; None where nothing can be."""
        if not self.keeps or not _kept(door):
            return ["None"] if self.keeps else []
        return [json.dumps(distributions(self.driver(door).packages))]


def _kept(door: Door) -> bool:
    """Whether what a door gives can be kept: where only outside code knows what crosses, nobody
    can tell whether it is the same."""
    crossings = [door.result, *(g.how for g in door.given)]
    return door.kept and all(leaf.dtype for c in crossings for leaf in leaves(c))


def _in_parts(door: Door) -> bool:
    """Whether a point is given to a function as a dict or a tuple."""
    return any(map(_is_in_parts, door.given))


def _is_in_parts(g: Given) -> bool:
    return g.each and isinstance(g.how, Parts)


def _are_of_one(door: Door, other: Door) -> bool:
    """Whether two doors are of one extern and are given the same: a number and its gradients.
    They are one function, which is told what to call."""
    plain = not any(isinstance(d.result, Parts) for d in (door, other))
    told = not {"place", "kind"} & {g.name for g in door.given}
    alike = (door.span, door.given, door.kept) == (other.span, other.given, other.kept)
    return door == other or (plain and told and alike)


def _place(door: Door) -> str:
    """Where its function is, as text."""
    return f'"{door.module}:{door.function}"'


def _calls(given: Sequence[Given]) -> tuple[list[tuple[str, str]], str]:
    """The arguments of each call, and names for what they are made of where that is long."""
    if not any(g.each for g in given):
        return [], f"[{tuple_of(once(g.name, g.how) for g in given)}]"
    if not any(map(_is_in_parts, given)):
        return [], f"zip({', '.join(_column(g) for g in given)})"
    parts = [(g, path) for g in given if g.each for path in paths(g.how)]
    names = NameTable({"calls", "i", "kind", "outside", "place", *(g.name for g in given)})
    labels = {(g.name, path): names.fresh(str(path[-1]) if path else g.name) for g, path in parts}
    columns = [points(g.name + place(path), part(g.how, path)) for g, path in parts]

    def one(labels: Mapping[Label, str]) -> str:
        return tuple_of(
            rebuilt(g.name, (), g.how, labels) if g.each else once(g.name, g.how) for g in given
        )

    every = columns[0] if len(columns) == 1 else f"zip({', '.join(columns)})"
    calls = f"[{one(labels)} for {', '.join(labels.values())} in {every}]"
    if len(calls) <= WIDTH - len("    calls = "):
        return [], calls
    first = next(iter(labels.values()))
    calls = one({label: f"{name}[i]" for label, name in labels.items()})
    bound = list(zip(labels.values(), columns, strict=True))
    return bound, f"[{calls} for i in range(len({first}))]"


def _column(g: Given) -> str:
    """An argument of one call after another."""
    return points(g.name, g.how) if g.each else f"itertools.repeat({once(g.name, g.how)})"
