"""The host of a workspace: it finds the files, reads them, and keeps the database's
inputs in step with the disk or with an editor's text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

import sail_stdlib
from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.files import (
    FileNotFound,
    NoPrograms,
)
from sailc.queries import checked, listed, parsed
from sailc.query import Database
from sailc.source import Source, Span

MARKER = "sail.toml"


def find_root(path: Path) -> Path | None:
    """The nearest folder above a file (or a folder itself) that holds `sail.toml`."""
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.absolute().parents):
        if (folder / MARKER).is_file():
            return folder
    return None


def programs(folder: Path, nested: bool = False) -> list[Path]:
    """The `.sail` files below a folder, but for hidden folders and, unless they are asked
    for, nested workspaces."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(
            f
            for f in folders
            if not f.startswith(".") and (nested or not (here / f / MARKER).is_file())
        )
        found += [here / f for f in sorted(files) if f.endswith(".sail")]
    return found


def asked_for(path: Path, nested: bool = False) -> tuple[list[Path], list[Diagnostic]]:
    """The programs that a path stands for: itself, or those below it; or what is wrong."""
    span = Span(str(path), 0, 0)
    if not path.exists():
        near = [p.name for p in path.parent.glob("*.sail") if p.is_file()]
        return [], [FileNotFound(span=span, path=str(path), near=tuple(near))]
    found = programs(path, nested) if path.is_dir() else [path]
    return found, [] if found else [NoPrograms(span=span, path=str(path))]


def probe_here() -> Mapping[str, object]:
    """What is known of this machine, looked at when it is first asked for."""
    from sailc.store.machine import probe

    return probe()


class Workspace(Struct):
    """Files, their texts, and the questions that may be asked of them."""

    db: Database = field(default_factory=Database)
    files: dict[str, Path] = field(default_factory=dict[str, Path])
    overlay: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])
    asked: list[str] = field(default_factory=list[str])
    _known: dict[Path, Path] = field(default_factory=dict[Path, Path])
    root: Path | None = None

    @classmethod
    def open(cls, paths: Iterable[Path]) -> Workspace:
        """The workspaces of some files or folders as one: their roots' files if they have
        a `sail.toml`, and otherwise the files and what they `use`."""
        self = cls()
        self.db.set("probe", "", probe_here)
        self._standard()
        for path in paths:
            self._add(path)
        self._publish()
        return self

    @property
    def standard(self) -> tuple[str, ...]:
        """The files of the standard library."""
        return listed(self.db, "standard")

    def _standard(self) -> None:
        library: list[str] = []
        base = Path(str(sail_stdlib.ROOT))
        for path in programs(base):
            self.db.set("text", str(path), path.read_text(encoding="utf-8"))
            library.append(str(path))
        self.db.set("standard", "", tuple(library))

    def _add(self, path: Path) -> None:
        found, problems = asked_for(path)
        self.problems += problems
        if not path.exists():
            return
        root = find_root(path)
        found = [self._known.setdefault(p.resolve(), p) for p in found]
        self.asked += [str(p) for p in found]
        if root is not None:
            self.root = root
            self.db.set("root", "", str(root))
            if root.resolve() not in (p.resolve() for p in (path,)):
                found += [self._known.setdefault(p.resolve(), p) for p in programs(root)]
        for p in found:
            self.load(p)
        if root is None:
            self._load_uses(found)

    def _load_uses(self, found: list[Path]) -> None:
        """Outside a workspace: the files that a file uses, counted from its folder."""
        waiting = list(found)
        while waiting:
            path = waiting.pop()
            self.db.set("root", "", str(path.parent))
            for use in parsed(self.db, str(path))[0].uses:
                target = path.parent.joinpath(*use.path.split(".")).with_suffix(".sail")
                if target.is_file() and str(target) not in self.files:
                    self.load(target)
                    waiting.append(target)

    def load(self, path: Path) -> None:
        """Read a file from the disk, unless an editor holds a newer text."""
        name = str(path)
        if name in self.files:
            return
        self.files[name] = path
        try:
            data = path.read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            self.problems.append(FileNotFound(span=Span(name, 0, 0), path=name, reason=reason))
            return
        text = data.decode("utf-8-sig", errors="replace")
        self.db.set("text", name, self.overlay.get(name, text))

    def edit(self, path: str, text: str) -> None:
        """An editor's text of a file, which stands before the disk's."""
        self.overlay[path] = text
        self.files.setdefault(path, Path(path))
        self.db.set("text", path, text)
        self._publish()

    def _publish(self) -> None:
        self.db.set("files", "", tuple(sorted(self.files)))

    def check(self, path: str | None = None) -> list[Diagnostic]:
        """The mistakes of one file, or of those that were asked for."""
        found = list(self.problems) if path is None else []
        for f in [path] if path is not None else sorted(set(self.asked)):
            found.extend(checked(self.db, f))
        return found

    def source(self, path: str) -> Source:
        text = self.db.get("text", path, "")
        return Source(path, text if isinstance(text, str) else "")
