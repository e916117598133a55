"""Resolving: from the trees of a workspace to what each file sees.

There are four namespaces: modules, types, units and values. A dataset and an equation
are modules that are also values; so are an enum's constants. Every function here reads
one file, and of others only what it asks for, so that an edit reaches no further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from sailc.diagnostics.base import Diagnostic, Note
from sailc.diagnostics.names import DeclaredTwice, UnknownFile, UnknownName
from sailc.source import Span
from sailc.syntax import tree

TYPES = frozenset({"type", "enum"})
FUNCTIONS = frozenset({"fn", "extern"})
MODULES = frozenset(
    [
        "problem",
        "model",
        "solver",
        "trainer",
        "metric",
        "ranking",
        "software",
        "hardware",
        "converter",
        "benchmark",
        "dataset",
        "equation",
    ]
)
NAMESPACES: Mapping[str, frozenset[str]] = {
    "value": FUNCTIONS | {"dataset", "equation"},
    "type": TYPES,
    "unit": frozenset({"unit"}),
}


class Entry(Struct, frozen=True):
    """A declaration and the file that it stands in; `broken` is one whose text is wrong, so
    that nothing should be said of its uses."""

    declaration: tree.Declaration
    file: str
    standard: bool
    broken: bool = False


Table = Mapping[str, Entry]
Diagnostics = tuple[Diagnostic, ...]


class FileView(Struct, frozen=True):
    """What a file sees by name, in each namespace."""

    values: Table
    types: Table
    units: Table
    missing: frozenset[str] = frozenset()
    """Names that a file uses of others and that are not there; that was said once."""


def _nowhere(space: str, name: str) -> str | None:
    return None


class Names(Struct, frozen=True):
    """A resolved workspace. `modules[kind][name]` is the planner's catalogue; `bringing(space,
    name)` is the line that would bring a name of another file in, if one has it."""

    views: Mapping[str, FileView]
    modules: Mapping[str, Table]
    prelude: Table = {}
    bringing: Callable[[str, str], str | None] = _nowhere

    def module(self, kind: str, name: str) -> Entry | None:
        return self.modules.get(kind, {}).get(name)

    def module_names(self) -> set[str]:
        """The name of every module, whatever its kind."""
        return {name for table in self.modules.values() for name in table}


def namespace(kind: str) -> str:
    """Where a declaration's name lives: types, units, values, or its kind of module."""
    for name, kinds in NAMESPACES.items():
        if kind in kinds:
            return name
    return kind


def entries(file: tree.File, standard: bool, problems: Diagnostics) -> tuple[Entry, ...]:
    """The declarations of a file that have names; `problems` are its mistakes of syntax."""
    return tuple(
        Entry(d, file.span.file, standard, is_broken(d, problems))
        for d in file.declarations
        if d.name
    )


def exported(found: Iterable[Entry], space: str) -> dict[str, str]:
    """What a file's names of a namespace are brought in by: a constant of an enum by the
    enum, all else by itself."""
    result: dict[str, str] = {}
    for d in (e.declaration for e in found):
        if namespace(d.kind) == space:
            result[d.name] = d.name
        elif space == "value" and d.kind == "enum" and isinstance(d.value, tree.Record):
            result.update({f.name: d.name for f in d.value.fields})
    return result


def is_broken(declaration: tree.Declaration, problems: Diagnostics) -> bool:
    """Whether a mistake of syntax begins in a declaration."""
    span = declaration.span
    return any(span.start <= p.span.start <= span.end for p in problems)


def tables(found: Iterable[Entry]) -> FileView:
    """Declarations by name; of two of one name, the first."""
    by_space: dict[str, dict[str, Entry]] = {"value": {}, "type": {}, "unit": {}}
    for e in found:
        table = by_space.get(namespace(e.declaration.kind))
        if table is not None:
            table.setdefault(e.declaration.name, e)
    return FileView(by_space["value"], by_space["type"], by_space["unit"])


def declared_twice(entry: Entry, other: Entry) -> Diagnostic:
    d = entry.declaration
    note = Note(other.declaration.name_span, f"the other `{d.name}` is here")
    return DeclaredTwice(span=d.name_span, name=d.name, kind=d.kind, notes=(note,))


def repeated(found: Iterable[Entry]) -> Diagnostics:
    """Names that one file declares twice."""
    seen: dict[tuple[str, str], Entry] = {}
    diagnostics: list[Diagnostic] = []
    for e in found:
        key = (namespace(e.declaration.kind), e.declaration.name)
        if key in seen:
            diagnostics.append(declared_twice(e, seen[key]))
        seen.setdefault(key, e)
    return tuple(diagnostics)


There = Callable[[str], tuple[Entry, ...]]


def view(file: tree.File, paths: Mapping[str, str], there: There) -> tuple[FileView, Diagnostics]:
    """What a file sees beside the prelude: its own names, and those that it uses.

    `paths` maps what `use` writes (`std.chemistry`) to a file; `there` gives what a file
    declares.
    """
    diagnostics: list[Diagnostic] = []
    used: list[Entry] = []
    for use in file.uses:
        used.extend(_used(use, paths, there, diagnostics))
    own = tables([*there(file.span.file), *used])
    there_is = {e.declaration.name for e in used}
    missing = frozenset(n.id for u in file.uses for n in u.names if n.id not in there_is)
    return FileView(own.values, own.types, own.units, missing), tuple(diagnostics)


def _used(
    use: tree.Use, paths: Mapping[str, str], there: There, diagnostics: list[Diagnostic]
) -> tuple[Entry, ...]:
    target = paths.get(use.path)
    if target is None:
        known = tuple(sorted(paths))
        diagnostics.append(UnknownFile(span=use.path_span, path=use.path, known=known))
        return ()
    found = there(target)
    if not use.names:
        return found
    known = {e.declaration.name for e in found}
    for name in use.names:
        if name.id not in known:
            diagnostics.append(_not_there(name.span, name.id, use.path, known))
    wanted = {n.id for n in use.names}
    return tuple(e for e in found if e.declaration.name in wanted)


def _not_there(span: Span, name: str, path: str, known: set[str]) -> Diagnostic:
    return UnknownName(span=span, name=name, what=f"declaration in `{path}`", known=tuple(known))
