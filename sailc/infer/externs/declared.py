"""What an `extern fn` declares: where its function lives, and that of each gradient."""

from __future__ import annotations

from msgspec import Struct

from sailc.syntax import tree


class Place(Struct, frozen=True):
    """A Python function: `"xtb_driver:energy"`."""

    module: str
    function: str


class Extern(Struct, frozen=True):
    """An extern's function, the derivatives that are declared, each by the path of what is
    varied (`atoms.position`), and the software that it needs."""

    name: str
    place: Place | None
    gradients: tuple[tuple[tuple[str, ...], Place], ...]
    software: str


def place(text: str) -> Place | None:
    """The function that a text names, if it is of the form `module:function`."""
    module, colon, function = text.partition(":")
    dotted = all(part.isidentifier() for part in module.split("."))
    return Place(module, function) if colon and dotted and function.isidentifier() else None


def read_extern(declaration: tree.Declaration) -> Extern:
    found: Place | None = None
    software = ""
    for line in declaration.properties.get("from", ()):
        match line.arguments:
            case (tree.Argument(value=tree.String(_, text)), *_):
                found = place(text)
            case _:
                pass
    for line in declaration.properties.get("on", ()):
        match line.arguments:
            case (tree.Argument(value=tree.Name(_, software)), *_):
                pass
            case _:
                pass
    return Extern(declaration.name, found, _gradients(declaration), software)


def _gradients(declaration: tree.Declaration) -> tuple[tuple[tuple[str, ...], Place], ...]:
    found: list[tuple[tuple[str, ...], Place]] = []
    for line in declaration.properties.get("gradient", ()):
        match line.arguments:
            case (first, tree.Argument(value=tree.String(_, text))):
                path, where = path_of(first.value), place(text)
                if path and where is not None:
                    found.append((path, where))
            case _:
                pass
    return tuple(found)


def path_of(expr: tree.Expr) -> tuple[str, ...]:
    """`atoms.position` as its names; empty where an expression is no path."""
    match expr:
        case tree.Name(_, name):
            return (name,)
        case tree.Member(_, value, name):
            base = path_of(value)
            return (*base, name) if base else ()
        case _:
            return ()
