"""How the numbers of a program's points are stored, as far as its text says so.

Readers give what files hold: bytes, half precision, truth values. What a library takes without
being told as what is what NumPy computes with: reals of single or double precision, and integers
of 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal as OneOf

from sailc.emit.numpy_rows.shared import ELEMENTARY
from sailc.program.tree.nodes import Assign, Each, Expr, Function, Literal, Op, Ref, Text, is_tuple
from sailc.types.model import Tensor

Kind = OneOf["real", "integer", "number", "any number", "unknown"]
"""What an array holds: reals, integers of 64 bits, or numbers that are not of half precision; a
`number` is one that stands in the program."""

Kinds = Kind | Mapping[object, "Kinds"]
"""The same of several arrays: a pack by its names."""

# What readers give.
READERS: dict[str, Kind] = {"read_idx": "any number", "np.loadtxt": "real"}

# How the types of what files hold say the same.
STORED: dict[str, Kind] = {
    "f32": "real",
    "f64": "real",
    "i64": "integer",
    "i8": "any number",
    "i16": "any number",
    "i32": "any number",
    "u8": "any number",
    "u16": "any number",
    "u32": "any number",
    "u64": "any number",
}

# What gives numbers of its first argument.
KEEPING = frozenset(
    [
        *("reshape", "expand", "index", "first", "last", "drop", "rows", "every", "take_rows"),
        *("as_column", "from_column", "as_row", "from_row", "flat_rows", "merge_rows"),
        *("transpose", "negative", "number_or_one", "or_one", "max", "min", "hide"),
    ]
)

# What gives reals of any reals.
SMOOTH = frozenset([*ELEMENTARY, "add", "subtract", "multiply", "power", "sum", "stack"])

# What gives reals of whatever numbers.
SHARES = frozenset(["divide", "mean", "std", "as_real"])


def is_plain(data: Function) -> bool:
    """Whether the points that a function gives first are all reals or integers, as a library
    takes them by itself."""
    known: dict[str, Kinds] = {}
    for a in data.body:
        _follow(a, known)
    leaves = set(_leaves(_kinds(data.results[0], known)))
    return leaves <= {"real", "integer"}


def _follow(a: Assign, known: dict[str, Kinds]) -> None:
    """What is known once a statement is done, which may have several names."""
    names, kinds = a.name.split(", "), _after(a, known)
    if len(names) == 1:
        known[a.name] = kinds
    else:
        parts: Mapping[object, Kinds] = {} if isinstance(kinds, str) else kinds
        known.update((name, parts.get(i, "unknown")) for i, name in enumerate(names))


def _after(a: Assign, known: Mapping[str, Kinds]) -> Kinds:
    """What a name holds after a statement."""
    match a:
        case Assign(value=Text(), type=Tensor(storage=storage)) if storage in STORED:
            return STORED[storage]
        case Assign(value=Each()):
            pass
        case _:
            return _kinds(a.value, known)
    assert isinstance(a.value, Each)
    splits = known.get(a.value.over, "unknown")
    if isinstance(splits, str):
        return "unknown"
    each, over = a.value, a.value.only or splits
    given: dict[object, Kinds] = dict.fromkeys(over, "unknown")
    given.update(splits)
    return {n: _in_loop(each, k, known) if n in over else k for n, k in given.items()}


def _in_loop(each: Each, kinds: Kinds, known: Mapping[str, Kinds]) -> Kinds:
    """What a split holds after a loop over all of them."""
    if not each.results:
        return kinds
    rest: list[Kinds] = []
    inside = dict(known)
    if not each.parameters:
        pass
    elif len(each.parameters) == 1 and not each.kept:
        inside[each.parameters[0]] = kinds
    elif isinstance(kinds, str):
        return "unknown"
    else:
        items = list(kinds.values())
        inside.update(zip(each.parameters, items, strict=False))
        rest = items[len(each.parameters) :] if each.kept else []
    for a in each.body:
        _follow(a, inside)
    made: list[Kinds] = [*(_kinds(r, inside) for r in each.results), *rest]
    return dict(enumerate(made)) if len(made) > 1 else made[0]


def _kinds(e: Expr, known: Mapping[str, Kinds]) -> Kinds:
    match e:
        case Ref(name):
            return known.get(name, "unknown")
        case Literal(int() | float()):
            return "number"
        case Text(text):
            return READERS.get(text.partition("(")[0], "unknown")
        case Op("pack", arguments, attributes):
            names = attributes["names"]
            assert is_tuple(names)
            return {n: _kinds(a, known) for n, a in zip(names, arguments, strict=True)}
        case Op("merged", (first, second)):
            one, other = _kinds(first, known), _kinds(second, known)
            if isinstance(one, str) or isinstance(other, str):
                return "unknown"
            both: dict[object, Kinds] = {}
            both.update(one)
            both.update(other)
            return both
        case Op("place" | "key", (whole,), attributes):
            parts = _kinds(whole, known)
            at = attributes.get("i", attributes.get("name"))
            return "unknown" if isinstance(parts, str) else parts.get(at, "unknown")
        case Op():
            return _computed(e, known)
        case _:
            return "unknown"


def _computed(op: Op, known: Mapping[str, Kinds]) -> Kind:
    """What an operator on arrays gives."""
    if op.operator == "opened":
        return READERS.get(str(op.attributes["text"]).partition("(")[0], "unknown")
    if op.operator == "label":
        return "integer"
    if op.operator == "sample":
        return "integer" if op.attributes["distribution"] == "labels" else "real"
    found = {k for a in op.arguments for k in _leaves(_kinds(a, known))}
    if op.operator in KEEPING:
        first = _kinds(op.arguments[0], known)
        return first if isinstance(first, str) else "unknown"
    if "unknown" in found:
        return "unknown"
    if op.operator in SHARES:
        return "real"
    return "real" if op.operator in SMOOTH and "real" in found <= {"real", "number"} else "unknown"


def _leaves(kinds: Kinds) -> Iterator[Kind]:
    if isinstance(kinds, str):
        yield kinds
    else:
        for part in kinds.values():
            yield from _leaves(part)
