"""Backends: found through entry points, so that anyone can publish one.

A broken plug-in is a value, not an exception: it is named where it is needed.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from sailc.program.equations.programs import AnyProgram

GROUP = "sailc.backends"
PLAIN = "numpy"
"""Our own, of which no software is declared: it writes programs in which nothing is trained."""


class Backend(Protocol):
    """What a backend is: its operators, its packages, and the text of a program.

    It may have a `watch`: the path of a Python file whose function `watch` makes a program stop
    with a `FloatingPointError` at the first number that is not finite. It may have `defined`: the
    names of the functions that its rows call and its programs define, which no author's function
    is called by. One with
    `learns = False` trains nothing: it is asked for programs of what learns nothing, beside NumPy.
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


MEMBERS = ("name", "title", "packages", "lacks", "emit")
"""What a backend must have."""


class BrokenBackend(Struct, frozen=True):
    """A plug-in that could not be loaded, and why; `package` is what brought it."""

    name: str
    reason: str
    package: str

    @property
    def text(self) -> str:
        """What is wrong, and what to do."""
        where = f" of `{self.package}`" if self.package else ""
        return (
            f"the backend `{self.name}`{where} cannot be loaded: {self.reason}; "
            "install another version of it, or tell those who publish it"
        )


class BackendFailed(Exception):
    """A plug-in that raised when it was asked for something: what it was asked, what it raised,
    and where in it."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.name, self.package = name, package_of(name)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        self.place = f"{frame.filename}:{frame.lineno}"


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
        found = point.load()
        absent = [f"`{m}`" for m in MEMBERS if not hasattr(found, m)]
    except Exception as error:
        return BrokenBackend(name, f"{type(error).__name__}: {error}", package_of(name))
    if absent:
        return BrokenBackend(name, f"it has no {' and no '.join(absent)}", package_of(name))
    return found


def package_of(name: str) -> str:
    """The distribution that brings a backend, and its version; empty where that is not known."""
    point = _points().get(name)
    return f"{point.dist.name} {point.dist.version}" if point and point.dist else ""


def learns(name: str) -> bool:
    """Whether an installed backend trains."""
    found = backend(name)
    return not isinstance(found, BrokenBackend) and bool(getattr(found, "learns", True))


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
