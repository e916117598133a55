"""Whether two trees say the same, wherever that stands."""

from __future__ import annotations

from typing import cast

from msgspec import Struct

from sailc.source import Span


def same(a: object, b: object) -> bool:
    """Are two nodes equal but for their spans?"""
    waiting = [(a, b)]
    while waiting:
        one, other = waiting.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, Span):
            continue
        parts, others = _parts(one), _parts(other)
        if parts is None or others is None:
            if one != other:
                return False
        elif len(parts) == len(others):
            waiting.extend(zip(parts, others, strict=True))
        else:
            return False
    return True


def _parts(value: object) -> tuple[object, ...] | None:
    """What a node or a tuple is made of."""
    if isinstance(value, Struct):
        return tuple(getattr(value, name) for name in value.__struct_fields__)
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else None
