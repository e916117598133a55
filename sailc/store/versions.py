"""Versions of what a program runs on, without importing any of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

# A backend that is spread over several distributions.
PARTS = {"jax": ("jax", "jaxlib")}


def versions(packages: Iterable[str]) -> Mapping[str, str]:
    """Versions of Python, NumPy and the packages named, from their metadata.

    A package that is not installed is `absent`: installing it makes other runs of the same cells.
    """
    import platform

    names = {part for name in packages for part in PARTS.get(name, (name,))} | {"numpy"}
    return {"python": platform.python_version()} | {n: _version(n) for n in sorted(names)}


@cache
def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"
