"""Names: what each file sees, and the planner's catalogue, each looked up by itself.

`Names` is a view of these queries that reads what it is asked for and no more, so that a
file is checked again only if a name that it looked up stands for something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from sailc.diagnostics.base import Diagnostic
from sailc.names.workspace import (
    MODULES,
    Entry,
    FileView,
    Names,
    Table,
    declared_twice,
    entries,
    exported,
    repeated,
    tables,
    view,
)
from sailc.queries.text import listed, parsed
from sailc.query import Database, query

Diagnostics = tuple[Diagnostic, ...]
STANDARD = "std"


@query
def standard_files(db: Database) -> frozenset[str]:
    """The files of the library."""
    return frozenset(listed(db, "standard"))


@query
def declared(db: Database, path: str) -> tuple[Entry, ...]:
    """What a file declares."""
    file, problems = parsed(db, path)
    return entries(file, path in standard_files(db), problems)


@query
def prelude(db: Database) -> FileView:
    """What is in scope everywhere."""
    return tables(e for f in listed(db, "standard") if "/prelude/" in f for e in declared(db, f))


# --- files --------------------------------------------------------------------------------


@query
def paths(db: Database) -> Mapping[str, str]:
    """From what `use` writes (`folder.file`, `std.chemistry`) to a file."""
    files = listed(db, "files")
    return {
        **_relative(files, str(db.get("root", "", ""))),
        **{Path(f).with_suffix("").name: f for f in files},
        **{_standard_path(f): f for f in listed(db, "standard")},
    }


def _standard_path(path: str) -> str:
    """`…/std/chemistry.sail` is `std.chemistry`."""
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[len(parts) - 1 - parts[::-1].index(STANDARD) :])


def _relative(files: tuple[str, ...], root: str) -> dict[str, str]:
    result: dict[str, str] = {}
    for f in files:
        try:
            inner = Path(f).relative_to(root) if root else Path(f)
        except ValueError:
            continue
        result[".".join(inner.with_suffix("").parts)] = f
    return result


@query
def seen(db: Database, path: str) -> tuple[FileView, Diagnostics]:
    """What a file declares and uses, and what it uses that is not there."""
    return view(parsed(db, path)[0], paths(db), lambda f: declared(db, f))


@query
def seen_names(db: Database, path: str, space: str) -> frozenset[str]:
    """The names that a file declares and uses; `space` is values, types or units."""
    return frozenset(_table(seen(db, path)[0], space))


@query
def seen_name(db: Database, path: str, space: str, name: str) -> Entry:
    """What one of them stands for."""
    return _table(seen(db, path)[0], space)[name]


@query
def missing(db: Database, path: str) -> frozenset[str]:
    """Names that a file uses of files that are not there."""
    return seen(db, path)[0].missing


@query
def bringing(db: Database, space: str, name: str) -> str | None:
    """`use units { furlong }` for a name that a file of the workspace, or else the library, has."""
    places = {f: path for path, f in sorted(paths(db).items(), key=lambda p: len(p[0]))}
    for file in (*sorted(listed(db, "files")), *sorted(listed(db, "standard"))):
        found = exported(declared(db, file), space).get(name)
        if found is not None:
            return f"use {places[file]} {{ {found} }}"
    return None


def _table(view: FileView, space: str) -> Table:
    return {"values": view.values, "types": view.types, "units": view.units}[space]


# --- modules ------------------------------------------------------------------------------


@query
def modules_of(db: Database, path: str) -> tuple[tuple[str, str], ...]:
    """The kinds and names of a file's modules: what an edit seldom changes."""
    found = (e.declaration for e in declared(db, path))
    return tuple((d.kind, d.name) for d in found if d.kind in MODULES)


@query
def shelf(db: Database) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The files that declare each module, by kind and name; the last one counts."""
    found: dict[str, dict[str, tuple[str, ...]]] = {k: {} for k in sorted(MODULES)}
    for path in (*sorted(listed(db, "standard")), *sorted(listed(db, "files"))):
        for kind, name in dict.fromkeys(modules_of(db, path)):
            found[kind][name] = (*found[kind].get(name, ()), path)
    return found


@query
def shelf_of(db: Database, kind: str) -> Mapping[str, tuple[str, ...]]:
    """The files that declare each module of a kind."""
    return shelf(db)[kind]


@query
def module(db: Database, kind: str, name: str) -> Entry | None:
    """A module of the catalogue."""
    files = shelf_of(db, kind).get(name)
    return _last(db, kind, name, files[-1]) if files else None


def _last(db: Database, kind: str, name: str, path: str) -> Entry:
    found = (e for e in reversed(declared(db, path)) if e.declaration.kind == kind)
    return next(e for e in found if e.declaration.name == name)


@query
def clashes(db: Database, path: str) -> Diagnostics:
    """Names of a file that it, or the workspace's file before it, declares, too."""
    own, standard = declared(db, path), standard_files(db)
    found = list(repeated(own))
    for e in own:
        kind, name = e.declaration.kind, e.declaration.name
        files = shelf_of(db, kind).get(name, ()) if kind in MODULES else ()
        earlier = [f for f in files[: files.index(path)] if f not in standard] if files else []
        if earlier:
            found.append(declared_twice(e, _last(db, kind, name, earlier[-1])))
    return tuple(found)


# --- the view of all -----------------------------------------------------------------------


class _Space(Mapping[str, Entry]):
    """A namespace as a file sees it: its own names, then those of the prelude."""

    def __init__(self, db: Database, path: str, space: str) -> None:
        self.db, self.path, self.space = db, path, space
        self.own = seen_names(db, path, space)
        self.base = _table(prelude(db), space)
        self.found: dict[str, Entry] = {}

    def __getitem__(self, name: str) -> Entry:
        found = self.found.get(name)
        if found is None:
            if name not in self.own:
                return self.base[name]
            found = self.found[name] = seen_name(self.db, self.path, self.space, name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.base

    def __iter__(self) -> Iterator[str]:
        yield from self.base
        yield from sorted(self.own.difference(self.base))

    def __len__(self) -> int:
        return len(self.own.union(self.base))


class _Views(Mapping[str, FileView]):
    """`views[file]`."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.found: dict[str, FileView] = {}

    def __getitem__(self, path: str) -> FileView:
        found = self.found.get(path)
        if found is None:
            values, types, units = (_Space(self.db, path, s) for s in ("values", "types", "units"))
            found = self.found[path] = FileView(values, types, units, missing(self.db, path))
        return found

    def __iter__(self) -> Iterator[str]:
        yield from (*listed(self.db, "standard"), *listed(self.db, "files"))

    def __len__(self) -> int:
        return len(listed(self.db, "standard")) + len(listed(self.db, "files"))


class _Kind(Mapping[str, Entry]):
    """`modules[kind][name]`."""

    def __init__(self, db: Database, kind: str) -> None:
        self.db, self.kind = db, kind

    def __getitem__(self, name: str) -> Entry:
        found = module(self.db, self.kind, name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in shelf_of(self.db, self.kind)

    def __iter__(self) -> Iterator[str]:
        return iter(shelf_of(self.db, self.kind))

    def __len__(self) -> int:
        return len(shelf_of(self.db, self.kind))


def names(db: Database) -> Names:
    """A workspace's names as they are now: what is looked up is remembered, so a query asks
    for its own."""
    modules: dict[str, Table] = {kind: _Kind(db, kind) for kind in sorted(MODULES)}
    brought = partial(bringing, db)
    return Names(_Views(db), modules, prelude(db).values, brought)
