"""What is to be tried: externs, how values cross to them, and programs that call them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from sailc.backends import missing_packages
from sailc.build import Compiled, planned, problems_of, written
from sailc.data.drivers import driver_file, is_installed
from sailc.infer.externs.calls import storage
from sailc.infer.externs.declared import Extern, read_extern
from sailc.infer.modules.common import World
from sailc.infer.read import read_type
from sailc.names import Entry
from sailc.plan.coverage import data_roots
from sailc.plan.outside import packages_of
from sailc.plan.scenario import Scenario
from sailc.plan.slopes import calls
from sailc.program.arrays.layout import CannotLower
from sailc.program.arrays.outside import crossing
from sailc.program.tree.nodes import Crossing, Parts
from sailc.queries import world
from sailc.queries.names import declared
from sailc.query import Database
from sailc.source import NOWHERE
from sailc.syntax import tree
from sailc.terms import Apply
from sailc.types.model import (
    Bool,
    Label,
    ListType,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)


class Trial(Struct, frozen=True):
    """An extern as it is tried: its declaration, the specification of the call, and why it
    cannot be called here, empty where it can."""

    entry: Entry
    extern: Extern
    spec: dict[str, Any]
    lacking: str = ""


def trials(db: Database, path: str) -> list[Trial]:
    """The externs that a file declares."""
    found = [e for e in declared(db, path) if e.declaration.kind == "extern"]
    return [t for e in found if (t := _trial(world(db), e)) is not None]


def scenarios_of(db: Database, path: str) -> Iterator[Scenario]:
    """Scenarios of a file's problems that call each extern that makes points, as few as may be."""
    if not problems_of(world(db), path):
        return
    seen: set[object] = set()
    for s in planned(db, path, "").scenarios:
        found = {(c.attributes["module"], c.attributes["function"]) for c in _calls(s)}
        if not found <= seen:
            seen |= found
            yield s


def _calls(s: Scenario) -> Iterator[Apply]:
    return calls(data_roots(s.links, ()))


def text_of(db: Database, s: Scenario) -> str | None:
    """The program of a scenario, if it can be written."""
    made = written(db, s)
    return made.text if isinstance(made, Compiled) else None


def _trial(around: World, entry: Entry) -> Trial | None:
    d = entry.declaration
    extern = read_extern(d)
    if extern.place is None:
        return None
    spec: dict[str, Any] = {
        "name": d.name,
        "module": extern.place.module,
        "function": extern.place.function,
    }
    names = [p.name for p in d.parameters or ()]
    try:
        *given, result = (_how(type) for type in _types(around, entry))
    except CannotLower:
        return Trial(entry, extern, spec, "takes or gives what cannot be made up")
    spec |= {"given": given, "result": result}
    spec["gradients"] = [
        {"path": [names.index(path[0]), *path[1:]], "module": p.module, "function": p.function}
        | {"line": i}
        for i, (path, p) in enumerate(extern.gradients)
    ]
    return Trial(entry, extern, spec, _lacking(around, entry, extern))


def _types(around: World, entry: Entry) -> list[Type]:
    """The types of the parameters, and of the result."""
    ctx = around.context()
    scope = ctx.root(entry.file).child()
    found: list[Type] = []
    for p in entry.declaration.parameters or ():
        if isinstance(p.type, tree.Name) and p.type.id == "int":
            scope.names[p.name] = ctx.solver.dim_var(p.name)
        found.append(read_type(ctx, p.type, scope) if p.type else ctx.solver.type_var())
    result = entry.declaration.result
    return [*found, read_type(ctx, result, scope) if result else ctx.solver.type_var()]


def _how(type: Type) -> dict[str, Any]:
    """How a value crosses, as JSON. Raises `CannotLower`."""
    nowhere = Apply(type, NOWHERE, "extern", ())
    return _json(crossing(type, storage(type), nowhere), type)


def _json(how: Crossing, type: Type) -> dict[str, Any]:
    if not isinstance(how, Parts):
        return {"dtype": how.dtype, "shape": list(how.shape), "label": _is_label(type)}
    parts = [[key, _json(part, _part(type, key))] for key, part in how.items]
    return {"parts": parts, "tuple": all(isinstance(key, int) for key, _ in how.items)}


def _part(type: Type, key: str | int) -> Type:
    """The type of a component, of the elements of lists and sets too."""
    match type:
        case ListType(item) | SetType(item):
            return _part(item, key)
        case RecordType(fields):
            return dict(fields)[str(key)]
        case TupleType(items):
            return items[int(key)]
        case _:
            return type


def _is_label(type: Type) -> bool:
    match type:
        case Tensor(Label() | Bool()):
            return True
        case ListType(item) | SetType(item):
            return _is_label(item)
        case _:
            return False


def _lacking(around: World, entry: Entry, extern: Extern) -> str:
    """Why an extern cannot be called here."""
    absent = missing_packages(packages_of(around, extern.software))
    if absent:
        wanted = " ".join(f"'{p}'" for p in absent)
        return f"`{extern.software}` needs {wanted}"
    assert extern.place is not None
    module, folder = extern.place.module, Path(entry.file).parent
    if driver_file(module, folder) is None and not is_installed(module):
        return f"there is no `{module}` beside the program, nor installed"
    return ""
