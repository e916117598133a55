"""`sailc fixtures`: what is kept of data that were computed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sailc.cli import terminal as t

if TYPE_CHECKING:
    from sailc.store.fixtures import Fixture

_where = click.argument("path", type=click.Path(exists=True, path_type=Path), default=Path())


@click.group()
def fixtures() -> None:
    """What functions from outside have computed for the workspace of PATH, which is kept.

    A fixture is found again by what made it: arguments, the driver's text, versions of packages.
    """


@fixtures.command("list")
@_where
@t.format_option
def list_(path: Path, form: str) -> None:
    """List the kept fixtures."""
    found = _found(path)
    if form == "json":
        t.print_json([_json(f) for f in found])
    for f in found if form == "text" else ():
        click.echo(_line(f))
    if form == "text" and not found:
        click.echo("no fixtures")


@fixtures.command()
@_where
@t.format_option
def verify(path: Path, form: str) -> None:
    """Compare every fixture with its checksum; exit 1 if one is damaged."""
    found = _found(path)
    damaged = [f for f in found if f.damage]
    if form == "json":
        t.print_json([_json(f) for f in damaged])
    else:
        for f in damaged:
            click.echo(f"{f.path}: {f.damage}")
        click.echo(f"{len(found)} checked, {len(damaged)} damaged")
    t.stop(t.WRONG if damaged else t.GOOD)


@fixtures.command()
@_where
@click.option("--all", "whole", is_flag=True, help="Remove all of them.")
def prune(path: Path, whole: bool) -> None:
    """Remove what no program will read again: damaged fixtures, and those whose driver or
    packages are no longer what they were."""
    from sailc.store.fixtures import unfinished

    gone = [f for f in _found(path) if whole or f.damage or f.stale]
    for f in gone:
        f.path.unlink(missing_ok=True)
        click.echo(f"removed {f.path.name} of {f.name}: {f.damage or f.stale or 'as asked'}")
    for left in unfinished(_root(path)):
        left.unlink(missing_ok=True)
    click.echo(f"{len(gone)} removed, {_size(sum(f.bytes for f in gone))}")


def _root(path: Path) -> Path:
    from sailc.workspace import find_root

    return find_root(path) or (path if path.is_dir() else path.parent)


def _found(path: Path) -> list[Fixture]:
    from sailc.store.fixtures import fixtures_of

    return fixtures_of(_root(path))


def _line(f: Fixture) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in f.versions.items())
    state = f.damage or f.stale
    facts = [f.name, f.function, f"{f.points:,} points", _size(f.bytes), packages]
    return "  ".join([*filter(None, facts), *([f"({state})"] if state else [])])


def _size(count: float) -> str:
    """Bytes with a prefix: `1.2 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _json(f: Fixture) -> dict[str, object]:
    return {
        "path": str(f.path),
        "name": f.name,
        "function": f.function,
        "points": f.points,
        "bytes": f.bytes,
        "versions": dict(f.versions),
        "damage": f.damage,
        "stale": f.stale,
    }
