"""Values that cross a door, as text: arrays of many points as an outside function is given those of
one, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sailc.program.tree.nodes import PATH, Crossing, Parts, Stored

Path = tuple[str | int, ...]
"""The place of an array in a value."""

Label = tuple[str, Path]
"""A parameter, and the place of an array in it."""


# --- what is in a value ---------------------------------------------------------------------


def paths(how: Crossing) -> Iterator[Path]:
    """The places of the arrays in a value."""
    if isinstance(how, Parts):
        for key, inner in how.items:
            yield from ((key, *rest) for rest in paths(inner))
    else:
        yield ()


def part(how: Crossing, path: Path) -> Crossing:
    """How a part of a value crosses."""
    for key in path:
        assert isinstance(how, Parts)
        how = dict(how.items)[key]
    return how


def leaves(how: Crossing) -> Iterator[Stored]:
    """How the arrays in a value cross."""
    if isinstance(how, Parts):
        for _, inner in how.items:
            yield from leaves(inner)
    else:
        yield how


# --- as text --------------------------------------------------------------------------------


def rebuilt(name: str, path: Path, how: Crossing, labels: Mapping[Label, str]) -> str:
    """A value as the door takes it, of its arrays by themselves."""
    if not isinstance(how, Parts):
        return labels[name, path]
    return _whole((key, rebuilt(name, (*path, key), inner, labels)) for key, inner in how.items)


def of_first(value: str, how: Crossing) -> str:
    """What is there of one point."""
    if not isinstance(how, Parts):
        return f"{value}[0]"
    return _whole((key, of_first(f"{value}[{key!r}]", inner)) for key, inner in how.items)


def once(name: str, how: Crossing) -> str:
    """An argument that is the same for all points."""
    if isinstance(how, Parts):
        return _whole((key, once(f"{name}[{key!r}]", inner)) for key, inner in how.items)
    if not how.dtype or how == PATH:
        return name
    if how.shape:
        return f"np.asarray({name}, np.{how.dtype})"
    kind = how.dtype.rstrip("0123456789_")
    return f"{'int' if kind == 'uint' else kind}({name})"


def points(value: str, how: Crossing) -> str:
    """What is there of one point after another, its numbers as the function has them."""
    if isinstance(how, Parts) or not how.dtype:
        return value
    array = f"np.asarray({value}, np.{how.dtype})"
    return array if how.shape else f"{array}.tolist()"


def kind_text(how: Crossing) -> str:
    """What a result is: `(np.float64, (3,))`; a dict or a list of these, where it has parts."""
    if not isinstance(how, Parts):
        return f"(np.{how.dtype}, {how.shape!r})" if how.dtype else "None"
    parts = [(key, kind_text(inner)) for key, inner in how.items]
    return _dict(parts) or f"[{', '.join(text for _, text in parts)}]"


def tuple_of(texts: Iterable[str]) -> str:
    """A tuple of what some texts say."""
    items = list(texts)
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _whole(texts: Iterable[tuple[str | int, str]]) -> str:
    """A record as a dict, others as a tuple."""
    parts = list(texts)
    return _dict(parts) or tuple_of(text for _, text in parts)


def _dict(parts: Sequence[tuple[str | int, str]]) -> str:
    """The dict of parts that have names; empty where they have numbers."""
    if not any(isinstance(key, str) for key, _ in parts):
        return ""
    return "{" + ", ".join(f'"{key}": {text}' for key, text in parts) + "}"
