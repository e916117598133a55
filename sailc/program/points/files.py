"""The data files that a program reads: the text that opens each, and what it imports for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct, field

from sailc.data import Header, Location, Options, loading
from sailc.infer.dataset import is_unit
from sailc.program.tree.nodes import Expr, Text
from sailc.terms import Apply, Term, walk
from sailc.types.model import Label, ListType, RecordType, Tensor, Type
from sailc.types.parts import present

FindFile = Callable[[str, str, str], tuple[Location | None, Header | None, Options]]


class Files(Struct):
    """The files that have been asked for so far. `find` says where a dataset's file is."""

    find: FindFile
    imports: list[str] = field(default_factory=list[str])
    helpers: list[str] = field(default_factory=list[str])
    paths: dict[str, str] = field(default_factory=dict[str, str])
    """The expression that gives the path of each, in a program."""

    def read_by(self, root: Term) -> Iterator[tuple[tuple[str, str], Expr]]:
        """The files that a term reads, by dataset and name, with the text that opens each."""
        for t in walk(root):
            if isinstance(t, Apply) and t.operator == "file":
                key = (str(t.attributes["dataset"]), str(t.attributes["file"]))
                yield key, self._opened(str(t.attributes["source"]), *key, t.type)
            elif isinstance(t, Apply) and t.operator == "path":
                key = (str(t.attributes["dataset"]), str(t.attributes["file"]))
                yield key, self._path(str(t.attributes["source"]), *key)

    def paths_in(self, root: Term) -> tuple[str, ...]:
        """The expressions that give the paths of the files that a term reads."""
        own = type(self)(self.find)
        for _ in own.read_by(root):
            pass
        return tuple(own.paths.values())

    def _opened(self, source: str, dataset: str, name: str, type: Type) -> Expr:
        location, header, options = self.find(source, dataset, name)
        assert header is not None
        header = header.with_units(is_unit)
        match type:
            case ListType(RecordType(fields)):
                header = header.taking({n: _constants(t) for n, t in fields})
            case _:
                pass
        found = loading(header, options)
        self.imports += found.imports
        self.helpers += list(found.helpers)
        path = self._placed(location)
        return Text(found.at(path), path)

    def _path(self, source: str, dataset: str, name: str) -> Expr:
        """Where a file is that an extern reads."""
        location, _, _ = self.find(source, dataset, name)
        return Text(self._placed(location))

    def _placed(self, location: Location | None) -> str:
        """The expression of a file's path."""
        assert location is not None
        self.imports += location.imports
        self.paths.setdefault(str(location.path), location.expression)
        return location.expression


class Unopened(Files):
    """Files of which nothing is asked: what a program does with them can be told all the same."""

    def _opened(self, source: str, dataset: str, name: str, type: Type) -> Expr:
        return Text("None")

    def _path(self, source: str, dataset: str, name: str) -> Expr:
        return Text("None")


def _nothing(*_: str) -> tuple[None, None, Options]:
    return None, None, Options()


UNOPENED = Unopened(_nothing)


def _constants(type: Type) -> tuple[str, ...]:
    """The constants of an enum, which its labels are the places of."""
    match present(type):
        case Tensor(Label(_, constants)):
            return constants
        case _:
            return ()
