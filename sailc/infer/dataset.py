"""Datasets: their `file` lines, and the types that the files' headers give."""

from __future__ import annotations

from msgspec import Struct

from sailc.data import Header, Options
from sailc.source import Span
from sailc.syntax import tree
from sailc.types.dims import const
from sailc.types.model import (
    Bool,
    Complex,
    Element,
    ListType,
    MaybeType,
    Num,
    RecordType,
    Tensor,
    TextType,
    Type,
)
from sailc.units import ONE, Unit, UnitError, parse_unit


class FileLine(Struct, frozen=True):
    """A `file` line: `file name, "path", path = "/x", separator = ";"`. `read` names the extern
    that reads it, where no format of the language does."""

    name: str
    path: str
    options: Options
    like: tree.Expr | None
    read: tree.Expr | None
    span: Span

    @property
    def file_name(self) -> str:
        """The file's name by itself."""
        return self.path.rpartition("/")[2]


def file_line(declaration: tree.Declaration, name: str) -> FileLine | None:
    """The `file` line of a dataset that has this name."""
    for line in declaration.body or ():
        if isinstance(line, tree.Property) and line.name == "file" and len(line.arguments) > 1:
            first = line.arguments[0].value
            if isinstance(first, tree.Name) and first.id == name:
                return _read(line, name)
    return None


def _read(line: tree.Property, name: str) -> FileLine | None:
    path = line.arguments[1].value
    if not isinstance(path, tree.String):
        return None
    options = {a.name.id: a.value for a in line.arguments[2:] if isinstance(a.name, tree.Name)}
    skip, header = options.get("skip"), options.get("header")
    how = Options(
        _text(options.get("path")),
        _text(options.get("separator")),
        header.value if isinstance(header, tree.Truth) else None,
        int(skip.value) if isinstance(skip, tree.Number) else 0,
        _texts(options.get("missing")),
    )
    return FileLine(name, path.value, how, options.get("like"), options.get("read"), path.span)


def _text(expr: tree.Expr | None) -> str | None:
    return expr.value if isinstance(expr, tree.String) else None


def _texts(expr: tree.Expr | None) -> tuple[str, ...]:
    items = expr.items if isinstance(expr, tree.List) else (expr,)
    return tuple(i.value for i in items if isinstance(i, tree.String))


def is_unit(text: str) -> bool:
    try:
        parse_unit(text)
    except UnitError:
        return False
    return True


def unit_of(text: str | None) -> Unit:
    """The unit that a header names; none where it names none that is known."""
    if text is None:
        return ONE
    try:
        return parse_unit(text)
    except UnitError:
        return ONE


def header_type(header: Header) -> Type:
    """The type that a file's header gives: a table of mixed columns is a list of records."""
    shape = tuple(const(n) for n in header.shape)
    if header.columns and header.record:
        return ListType(_row(header), shape[0])
    unit = unit_of(header.unit)
    columns = tuple(c.name for c in header.columns) if header.names else ()
    return Tensor(_element(header.storage, unit), shape, header.storage, columns)


def _element(storage: str, unit: Unit) -> Element:
    if storage == "bool":
        return Bool()
    return Complex(unit) if storage in ("c64", "c128") else Num(unit)


def _row(header: Header) -> RecordType:
    fields: list[tuple[str, Type]] = []
    for c in header.columns:
        type: Type = TextType() if c.kind == "text" else Tensor(Num(unit_of(c.unit)))
        fields.append((c.name, MaybeType(type) if c.missing else type))
    return RecordType(tuple(fields))
