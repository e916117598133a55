"""Resolving: from the trees of a workspace to what each file sees.

There are four namespaces: modules, types, units and values. A dataset and an equation
are modules that are also values; so are an enum's constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
    """A declaration and the file that it stands in."""

    declaration: tree.Declaration
    file: str
    standard: bool


Table = Mapping[str, Entry]


class FileView(Struct, frozen=True):
    """What a file sees by name, in each namespace."""

    values: Table
    types: Table
    units: Table
    missing: frozenset[str] = frozenset()
    """Names that a file uses of one that is not there; that was said once."""


class Names(Struct, frozen=True):
    """A resolved workspace. `modules[kind][name]` is the planner's catalogue."""

    views: Mapping[str, FileView]
    modules: Mapping[str, Table]
    prelude: Table = {}
    declarations: tuple[Entry, ...] = ()

    def module(self, kind: str, name: str) -> Entry | None:
        return self.modules.get(kind, {}).get(name)

    def all_modules(self) -> dict[str, Entry]:
        """Every module by name, whatever its kind."""
        return {n: e for kind in sorted(self.modules) for n, e in self.modules[kind].items()}


def namespace(kind: str) -> str:
    """Where a declaration's name lives: types, units, values, or its kind of module."""
    for name, kinds in NAMESPACES.items():
        if kind in kinds:
            return name
    return kind


def resolve(
    files: Mapping[str, tree.File],
    standard: Mapping[str, tree.File],
    paths: Mapping[str, str],
    prelude: Iterable[str],
    planned: Iterable[str] | None = None,
) -> tuple[Names, tuple[Diagnostic, ...]]:
    """Names of `files` (the workspace's) over `standard` (the library's).

    `paths` maps what `use` writes (`std.chemistry`) to a file; the files in `prelude` are
    in scope everywhere; `planned` are the files whose modules the planner sees (all).
    """
    diagnostics: list[Diagnostic] = []
    entries = [Entry(d, f, False) for f in sorted(files) for d in files[f].declarations if d.name]
    library = [Entry(d, f, True) for f in sorted(standard) for d in standard[f].declarations]
    modules = _catalogue(entries, library, diagnostics)
    base = _tables(e for e in library if e.file in set(prelude))
    trees = {**standard, **files}
    by_file: dict[str, list[Entry]] = {f: [] for f in trees}
    for e in (*library, *entries):
        by_file[e.file].append(e)
    views: dict[str, FileView] = {}
    for name in trees:
        views[name] = _view(trees[name], by_file, base, paths, diagnostics)
        _duplicates(by_file[name], diagnostics)
    return Names(views, modules, base.values, tuple(entries)), tuple(diagnostics)


def _catalogue(
    entries: list[Entry], library: list[Entry], diagnostics: list[Diagnostic]
) -> dict[str, dict[str, Entry]]:
    modules: dict[str, dict[str, Entry]] = {k: {} for k in sorted(MODULES)}
    for e in library:
        if e.declaration.kind in MODULES:
            modules[e.declaration.kind][e.declaration.name] = e
    for e in entries:
        kind, name = e.declaration.kind, e.declaration.name
        if kind not in MODULES:
            continue
        other = modules[kind].get(name)
        if other is not None and not other.standard and other.file != e.file:
            diagnostics.append(_twice(e, other))
        modules[kind][name] = e
    return modules


def _twice(entry: Entry, other: Entry) -> Diagnostic:
    d = entry.declaration
    note = Note(other.declaration.name_span, f"the other `{d.name}` is here")
    return DeclaredTwice(span=d.name_span, name=d.name, kind=d.kind, notes=(note,))


def _duplicates(entries: list[Entry], diagnostics: list[Diagnostic]) -> None:
    seen: dict[tuple[str, str], Entry] = {}
    for e in entries:
        key = (namespace(e.declaration.kind), e.declaration.name)
        if key in seen:
            diagnostics.append(_twice(e, seen[key]))
        seen.setdefault(key, e)


def _tables(entries: Iterable[Entry]) -> FileView:
    tables: dict[str, dict[str, Entry]] = {"value": {}, "type": {}, "unit": {}}
    for e in entries:
        table = tables.get(namespace(e.declaration.kind))
        if table is not None:
            table.setdefault(e.declaration.name, e)
    return FileView(tables["value"], tables["type"], tables["unit"])


def _view(
    file: tree.File,
    by_file: Mapping[str, list[Entry]],
    base: FileView,
    paths: Mapping[str, str],
    diagnostics: list[Diagnostic],
) -> FileView:
    used: list[Entry] = []
    for use in file.uses:
        used.extend(_used(use, by_file, paths, diagnostics))
    own = _tables([*by_file[file.span.file], *used])
    return FileView(
        {**base.values, **own.values},
        {**base.types, **own.types},
        {**base.units, **own.units},
        frozenset(n.id for u in file.uses if u.path not in paths for n in u.names),
    )


def _used(
    use: tree.Use,
    by_file: Mapping[str, list[Entry]],
    paths: Mapping[str, str],
    diagnostics: list[Diagnostic],
) -> list[Entry]:
    target = paths.get(use.path)
    if target is None or target not in by_file:
        diagnostics.append(
            UnknownFile(span=use.path_span, path=use.path, known=tuple(sorted(paths)))
        )
        return []
    there = by_file[target]
    if not use.names:
        return there
    known = {e.declaration.name for e in there}
    for name in use.names:
        if name.id not in known:
            diagnostics.append(_not_there(name.span, name.id, use.path, known))
    wanted = {n.id for n in use.names}
    return [e for e in there if e.declaration.name in wanted]


def _not_there(span: Span, name: str, path: str, known: set[str]) -> Diagnostic:
    return UnknownName(span=span, name=name, what=f"declaration in `{path}`", known=tuple(known))
