"""Doors to code that is not ours: how values cross them, point by point.

A tensor crosses as a NumPy array (a number as Python's), a record as a dict; a list or set of
records as one dict of arrays, as a program holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sailc.infer.externs import at_path
from sailc.program.arrays.layout import (
    CannotLower,
    Group,
    Leaf,
    Levels,
    Vector,
    align,
    is_structured,
    merge,
    opened,
    packed,
    rank_of,
    sizes,
)
from sailc.program.tree.expressions import rebuild, rebuilt
from sailc.program.tree.nodes import (
    PATH,
    Crossing,
    Door,
    Expr,
    Function,
    Given,
    Op,
    Parts,
    Stored,
    is_tuple,
)
from sailc.source import Span
from sailc.terms import Apply
from sailc.types.model import (
    Bool,
    Complex,
    FunctionType,
    Label,
    ListType,
    Opaque,
    RecordType,
    SetType,
    Tensor,
    TextType,
    TupleType,
    Type,
)

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering

WIDTHS = {
    **{f"u{n}": f"uint{n}" for n in (8, 16, 32, 64)},
    **{f"i{n}": f"int{n}" for n in (8, 16, 32, 64)},
    **{f"f{n}": f"float{n}" for n in (16, 32, 64)},
    "int": "int64",
    "bf16": "float32",
    "c64": "complex64",
    "c128": "complex128",
}


def call(low: Lowering, term: Apply) -> Vector:
    """The results of an extern for all points at once."""
    vectors = [low.lower(a) for a in term.arguments]
    levels = merge(*(leaf.levels for v in vectors for leaf in _leaves(v)))
    some = next((x for v in vectors for x in _leaves(v) if x.levels == levels), None)
    given: list[Given] = []
    arguments: list[Expr] = []
    names, stored = _texts(term.attributes["parameters"]), term.attributes["stored"]
    assert is_tuple(stored)
    for name, how, argument, vector in zip(names, stored, term.arguments, vectors, strict=True):
        each = any(leaf.levels for leaf in _leaves(vector))
        is_path = isinstance(argument, Apply) and argument.operator == "path"
        crosses = PATH if is_path else crossing(argument.type, how, term)
        given.append(Given(name, crosses, each))
        merged = _merged(vector, levels, some) if each and some is not None else vector
        arguments.append(packed(merged))
    door = door_of(term, tuple(given), crossing(term.type, term.attributes["result"], term))
    door = replace(door, gradients=tuple(_gradients(term, door)))
    made: Expr = Op("extern", tuple(arguments), {"door": door})
    return _parted(low, term, made, levels, some)


def door_of(term: Apply, given: tuple[Given, ...], result: Crossing) -> Door:
    facts = term.attributes
    start = facts["start"]
    assert isinstance(start, int)
    return Door(
        str(facts["extern"]),
        str(facts["module"]),
        str(facts["function"]),
        str(facts["software"]),
        Span(str(facts["file"]), start, start),
        given,
        result,
    )


def _gradients(term: Apply, door: Door) -> Iterator[tuple[tuple[str, ...], Door]]:
    """The doors of the declared derivatives of a number."""
    rows, names = term.attributes["gradients"], [g.name for g in door.given]
    assert is_tuple(rows)
    for path, module, function in (row for row in rows if is_tuple(row)):
        keys = _texts(path)
        by = at_path(term.arguments[names.index(keys[0])].type, keys[1:])
        if isinstance(by, Tensor) and isinstance(term.type, Tensor) and not term.type.shape:
            name = f"{door.name}_by_{'_'.join(keys[1:] or keys)}"
            result = Stored("float64", sizes(by))
            made = replace(door, name=name, module=str(module), function=str(function))
            yield keys, replace(made, result=result)


def _texts(value: object) -> tuple[str, ...]:
    assert is_tuple(value)
    return tuple(map(str, value))


def _leaves(vector: Vector) -> list[Leaf]:
    match vector:
        case Leaf():
            return [vector]
        case Group(items):
            return [leaf for part in items.values() for leaf in _leaves(part)]


def _merged(vector: Vector, levels: Levels, some: Leaf) -> Vector:
    """An argument with one axis that runs over all points (and the elements inside them)."""
    match vector:
        case Group(items, whole):
            parts = {k: _merged(v, levels, some) for k, v in items.items()}
            return vector if parts == items and whole is not None else Group(parts)
        case Leaf(expr, (), rank) if len(levels) == 1:
            return Leaf(Op("repeat_rows", (expr, some.expr), {"rank": rank}), levels, rank)
        case Leaf(_, _, rank):
            expr = align(vector, levels, rank)
            for _ in levels[1:]:
                expr = Op("merge_rows", (expr,))
            return Leaf(expr, levels, rank)


def _parted(low: Lowering, term: Apply, made: Expr, levels: Levels, some: Leaf | None) -> Vector:
    """The results with the axes of all levels again."""
    name = term.name or str(term.attributes["extern"])
    if len(levels) > 1:
        if some is None or is_structured(term.type):
            raise CannotLower("an extern called for all pairs", term.span)
        flat = low.store(f"{name}_of_each", Leaf(made, (), 1 + rank_of(term.type)), term.span)
        made = Op("part_rows", (flat.expr, some.expr), {"n": len(levels)})
    stored = low.store(name, Leaf(made, levels, rank_of(term.type)), term.span)
    return opened(term.type, stored.expr, levels) if is_structured(term.type) else stored


def crossing(
    type: Type, stored: object, term: Apply, outer: tuple[int | None, ...] = ()
) -> Crossing:
    """How a value of a type crosses a door: `outer` are the lengths of what it is inside of."""
    match type:
        case Tensor(element):
            return Stored(_dtype(element, stored), (*outer, *sizes(type)))
        case TextType():
            return Stored("str_", outer)
        case Opaque() | FunctionType():
            return Stored("", outer)
        case RecordType(fields):
            how = dict(_pairs(stored))
            return Parts(tuple((n, crossing(t, how.get(n), term, outer)) for n, t in fields))
        case TupleType(items):
            hows = stored if is_tuple(stored) else ("",) * len(items)
            pairs = enumerate(zip(items, hows, strict=True))
            return Parts(tuple((i, crossing(t, how, term, outer)) for i, (t, how) in pairs))
        case ListType(item, n) | SetType(item, n):
            return crossing(item, stored, term, (*outer, n.value))
        case _:
            raise CannotLower("a value that no extern takes", term.span)


def _pairs(stored: object) -> list[tuple[str, object]]:
    items = stored if is_tuple(stored) else ()
    return [(str(i[0]), i[1]) for i in items if is_tuple(i) and len(i) == 2]


def _dtype(element: object, stored: object) -> str:
    match element:
        case Label():
            return WIDTHS.get(str(stored), "int64")
        case Bool():
            return "bool_"
        case Complex():
            return WIDTHS.get(str(stored), "complex128")
        case _:
            return WIDTHS.get(str(stored), "float64")


def at_run(f: Function) -> Function:
    """A function whose calls of what is outside belong to the run: they are measured, so that
    nothing of them is kept."""
    return rebuilt(f, _at_run)


def _at_run(expr: Expr) -> Expr:
    match rebuild(expr, _at_run):
        case Op(attributes={"door": Door() as door, **others}) as call:
            return replace(call, attributes={**others, "door": replace(door, kept=False)})
        case other:
            return other
