"""Backends: found through entry points, so that anyone can publish one.

A broken plug-in is a value, not an exception: it is named where it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from sailc.program.solving import AnyProgram

GROUP = "sailc.backends"
PLAIN = "numpy"
"""Our own, of which no software is declared: it writes programs in which nothing is trained."""


class Backend(Protocol):
    """What a backend is: its operators, its packages, and the text of a program.

    It may have a `watch`: the path of a Python file whose function `watch` makes a program stop
    with a `FloatingPointError` at the first number that is not finite. It may have `defined`: the
    names of the functions that its rows call and its programs define, which no author's function
    is called by.
    """

    name: str
    title: str
    packages: tuple[str, ...]

    def lacks(self, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
        """The operators that it has no row for, of those in models and those on data."""
        ...

    def emit(self, program: AnyProgram) -> str:
        """The text of a program."""
        ...


class BrokenBackend(Struct, frozen=True):
    """A plug-in that could not be loaded, and why."""

    name: str
    reason: str


_PLAIN = EntryPoint(PLAIN, "sailc.emit.fitting:backend", GROUP)


@cache
def _points() -> Mapping[str, EntryPoint]:
    return {p.name: p for p in sorted(entry_points(group=GROUP), key=lambda p: p.name)}


@cache
def backend(name: str) -> Backend | BrokenBackend | None:
    """A backend by name; None where no plug-in of that name is installed."""
    point = _points().get(name) if name != PLAIN else _PLAIN
    if point is None:
        return None
    try:
        return point.load()
    except Exception as error:
        return BrokenBackend(name, f"{type(error).__name__}: {error}")


def defined() -> frozenset[str]:
    """The names of functions that programs of the backends define for themselves."""
    found = [backend(name) for name in (PLAIN, *_points())]
    return frozenset[str]().union(*(getattr(b, "defined", ()) for b in found))


def package_version(name: str) -> str | None:
    """The version of an installed distribution, found without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def distributions(requirements: tuple[str, ...]) -> tuple[str, ...]:
    """The names in some requirements (`torch>=2.6`); what is none is as it stands."""
    from packaging.requirements import InvalidRequirement, Requirement

    found: list[str] = []
    for text in requirements:
        try:
            found.append(Requirement(text).name)
        except InvalidRequirement:
            found.append(text)
    return tuple(found)


def missing_packages(requirements: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some requirements (`torch>=2.6`) that are not met here."""
    from packaging.requirements import InvalidRequirement, Requirement

    lacking: list[str] = []
    for text in requirements:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            lacking.append(text)
            continue
        found = package_version(wanted.name)
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            lacking.append(text)
    return tuple(lacking)
