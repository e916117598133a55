"""Whether each line of a declaration belongs to its kind, by the tables."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.diagnostics.base import Diagnostic, Note, suggest
from sailc.diagnostics.kinds import (
    LineDoesNotBelong,
    MissingLine,
    RepeatedProperty,
    UnknownProperty,
    WrongPropertyArgument,
)
from sailc.kinds.tables import KINDS, Kind, PropertyRow
from sailc.syntax import tree


def check_lines(declaration: tree.Declaration) -> list[Diagnostic]:
    """The mistakes of a declaration that its kind's table alone can tell."""
    kind = KINDS.get(declaration.kind)
    if kind is None or declaration.body is None:
        return []
    found = [*_lines(declaration, declaration.body, kind)]
    found += _missing(declaration, kind)
    return found


def _lines(
    declaration: tree.Declaration, body: tuple[tree.Line, ...], kind: Kind
) -> Iterator[Diagnostic]:
    seen: dict[str, tree.Property] = {}
    for line in body:
        if isinstance(line, tree.Property):
            yield from _property(line, kind, seen)
        else:
            word = line_word(line)
            if word not in kind.lines:
                yield LineDoesNotBelong(span=line.span.head(), line=word, kind=kind.name)
        if isinstance(line, tree.Stage):
            yield from _lines(declaration, line.body, kind)


def _known(kind: Kind) -> set[str]:
    return {*kind.properties, *kind.lines}


def unknown_properties(declaration: tree.Declaration) -> Iterator[tree.Property]:
    """The lines of a declaration whose words its kind does not know: any may be a misspelt
    one, so nobody can tell what they declare."""
    kind = KINDS.get(declaration.kind)
    if kind is not None:
        for name, lines in declaration.properties.items():
            if name not in kind.properties:
                yield from lines


def line_word(line: tree.Line) -> str:
    """The word that a line begins with."""
    match line:
        case tree.Port(side=side):
            return side
        case tree.Data(split=split):
            return split
        case _:
            return type(line).__name__.lower()


def _property(
    line: tree.Property, kind: Kind, seen: dict[str, tree.Property]
) -> Iterator[Diagnostic]:
    row = kind.properties.get(line.name)
    if row is None:
        known = tuple(sorted(_known(kind)))
        yield UnknownProperty(span=line.name_span, name=line.name, kind=kind.name, known=known)
        return
    if line.name in seen and not row.repeats and seen[line.name].when is None:
        note = Note(seen[line.name].name_span, "the first is here")
        yield RepeatedProperty(span=line.name_span, name=line.name, kind=kind.name, notes=(note,))
    if line.name not in seen or seen[line.name].when is not None:
        seen[line.name] = line
    expected = _wrong(line, row)
    if expected:
        yield WrongPropertyArgument(
            span=line.name_span.to(line.span), name=line.name, expected=expected
        )


def _wrong(line: tree.Property, row: PropertyRow) -> str:
    """What a property should have taken, where it has something else; or nothing."""
    values = [a.value for a in line.arguments]
    if any(isinstance(v, tree.Missing) for v in values):
        return ""
    match row.takes:
        case "nothing":
            return "nothing" if values else ""
        case "text":
            return "" if _all(values, tree.String, 1) else 'a text, as `"…"`'
        case "texts":
            return "" if _all(values, tree.String) else 'texts, as `"…", "…"`'
        case "name":
            return "" if _all(values, tree.Name, 1) else "a name"
        case "names":
            return "" if values and all(_is_path(v) for v in values) else "names"
        case "path":
            return "" if len(values) == 1 and _is_path(values[0]) else "a name, as `physics.optics`"
        case "number":
            return "" if _all(values, tree.Number, 1) else "a number"
        case "word":
            words = [v.id for v in values if isinstance(v, tree.Name)]
            good = len(words) == len(values) == 1 and words[0] in row.words
            return "" if good else " or ".join(f"`{w}`" for w in row.words)
        case "function":
            needed = [w for w in row.parameters if not w.endswith("?")]
            match values:
                case [tree.Lambda(parameters=given)] if (
                    len(needed) <= len(given) <= len(row.parameters)
                ):
                    return ""
                case _:
                    return f"a function, as `({', '.join(needed)}) => …`"
        case "files":
            good = len(values) >= 2 and isinstance(values[0], tree.Name)
            good = good and isinstance(values[1], tree.String)
            return "" if good else 'a name and a path, as `file table, "data.csv"`'
        case "expression" | "expressions":
            return "" if values else "an argument"


def _all(values: list[tree.Expr], kind: type, count: int | None = None) -> bool:
    right = bool(values) if count is None else len(values) == count
    return right and all(isinstance(v, kind) for v in values)


def _is_path(expr: tree.Expr) -> bool:
    match expr:
        case tree.Name():
            return True
        case tree.Member(_, value):
            return _is_path(value)
        case _:
            return False


def _missing(declaration: tree.Declaration, kind: Kind) -> Iterator[Diagnostic]:
    there = {
        line.name if isinstance(line, tree.Property) else line_word(line)
        for line in declaration.body or ()
    }
    there |= {suggest(word, _known(kind)) for word in there if word not in _known(kind)}
    needed = [*kind.required, *(r.name for r in kind.properties.values() if r.required)]
    for word in needed:
        if word not in there:
            yield MissingLine(
                span=declaration.name_span, name=declaration.name, kind=kind.name, line=word
            )
