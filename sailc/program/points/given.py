"""What the functions of a program are given of a point that has several fixtures.

The first fixture asks a question; the others are computed from answers to it, and from whatever
else of the point they read. What they read stays apart, so that a derivative by a part of it
finds that part everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from sailc.infer.modules.problem import DataLine
from sailc.program.arrays.layout import Group, Vector, any_leaf, filled, inside, opened, packed
from sailc.program.arrays.uniform import as_reals
from sailc.program.arrays.vectors import Lowering
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Expr, Ref
from sailc.program.tree.packs import dict_of
from sailc.terms import Path, Term, paths, rooted
from sailc.types.model import ListType, RecordType, SetType, TupleType, Type
from sailc.types.parts import stacked

Parts = Mapping[str, Path | None]


class Given(Struct, frozen=True):
    """What is handed over of a point: by name, the path to it; None for a question that is
    computed. One part alone is handed over as it is, several as a dict."""

    line: DataLine
    parts: Parts

    @classmethod
    def of(cls, line: DataLine, read: Iterable[Term]) -> Given:
        """What some terms and the first question of a line read."""
        root, own = rooted(line.fixtures[0].question)
        asked = own if root is line.variable else None
        found = paths(line.variable, *read) | ({asked} if asked is not None else set[Path]())
        outer = [p for p in found if not any(p[: len(q)] == q for q in found - {p})]
        names = NameTable()
        parts: dict[str, Path | None] = {} if asked is not None else {"question": None}
        for p in sorted(outer, key=str):
            parts[names.fresh(_label(line, p))] = p
        return cls(line, parts)

    @property
    def name(self) -> str:
        """What a function calls it."""
        return next(iter(self.parts)) if len(self.parts) == 1 else "point"

    @property
    def type(self) -> Type:
        """The type of what is handed over, of one point."""
        types = [(n, self._type(p)) for n, p in self.parts.items()]
        return types[0][1] if len(types) == 1 else RecordType(tuple(types))

    def value(self, low: Lowering) -> Expr:
        """What to hand over, where the line's variable is bound."""
        variable = low.lower(self.line.variable)
        found = {
            n: low.lower(self.line.fixtures[0].question) if p is None else inside(variable, p)
            for n, p in self.parts.items()
        }
        reals = {n: as_reals(v, self._type(self.parts[n])) for n, v in found.items()}
        values = {n: packed(filled(v, any_leaf(variable))) for n, v in reals.items()}
        if len(values) == 1:
            return values[self.name]
        return dict_of(values)

    def open(self, low: Lowering, start: str) -> Vector:
        """Bind the line's variable where a function is given this as `start`; the question."""
        held = self._held(low.points(self.type, start))
        low.bind(self.line.variable, _nested({p: v for p, v in held.items() if p is not None}))
        return self._question(held)

    def all_questions(self, start: str) -> Vector:
        """The questions of all points as one, where a function is given these as `start`."""
        return self._question(self._held(opened(self.type, Ref(start), outer=1)))

    def _held(self, whole: Vector) -> Mapping[Path | None, Vector]:
        alone = len(self.parts) == 1
        return {p: whole if alone else inside(whole, (n,)) for n, p in self.parts.items()}

    def _question(self, held: Mapping[Path | None, Vector]) -> Vector:
        if None in held:
            return held[None]
        _, path = rooted(self.line.fixtures[0].question)
        return inside(_nested({p: v for p, v in held.items() if p is not None}), path)

    def _type(self, path: Path | None) -> Type:
        if path is None:
            return self.line.fixtures[0].question.type
        return _type_at(self.line.variable.type, path)


def _label(line: DataLine, path: Path) -> str:
    """A name for what a path leads to: that of the field, or what the author's pattern says."""
    if not path:
        return line.variable.name
    last = path[-1]
    if isinstance(last, str):
        return last
    return line.names[last] if len(path) == 1 and last < len(line.names) else f"part_{last}"


def _type_at(type: Type, path: Path) -> Type:
    if not path:
        return type
    match type:
        case RecordType(fields):
            return _type_at(dict(fields)[str(path[0])], path[1:])
        case TupleType(items):
            return _type_at(items[int(path[0])], path[1:])
        case ListType(item, n) | SetType(item, n):  # a column
            return stacked(_type_at(item, path), n)
        case _:
            raise TypeError(f"a path into {type}")


def _nested(held: Mapping[Path, Vector]) -> Vector:
    """Vectors at their places in a whole that holds nothing else."""
    if () in held:
        return held[()]
    keys = dict.fromkeys(p[0] for p in held)
    return Group({k: _nested({p[1:]: v for p, v in held.items() if p[0] == k}) for k in keys})
