"""`sailc fmt`: programs in the one style."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from sailc.cli import terminal as t
from sailc.diagnostics.base import Diagnostic
from sailc.source import Source, Span

STANDARD = "-"
_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NO_NEWLINE = "\n\\ No newline at end of file\n"


class Outcome(Struct, frozen=True):
    """A file, its text in the one style, and why it could not be formatted if it could not."""

    source: Source
    text: str
    problems: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        return self.text != self.source.text

    @property
    def diff(self) -> str:
        before, after = _LINE.findall(self.source.text), _LINE.findall(self.text)
        found = unified_diff(before, after, self.source.path, self.source.path)
        return "".join(line if line.endswith("\n") else f"{line}{_NO_NEWLINE}" for line in found)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Print what would change, and write nothing.")
@t.format_option
def fmt(paths: tuple[Path, ...], check: bool, diff: bool, form: str) -> None:
    """Write programs in the one style. PATHS are files or folders, the folder here if none;
    `-` reads standard input and writes standard output.

    What a program says, its comments and where it breaks lines within brackets stay. A
    file with mistakes of syntax is left alone.
    """
    if Path(STANDARD) in paths and len(paths) > 1:
        raise click.UsageError("`-` stands alone")
    outcomes = list(_outcomes(paths or (Path(),)))
    dry = check or diff
    if not dry and paths != (Path(STANDARD),):
        outcomes = [_written(outcome) for outcome in outcomes]
    if form == "json":
        t.print_json(_json(outcomes, diff))
    else:
        _print(outcomes, check, diff)
    wrong = any(o.problems for o in outcomes) or (dry and any(o.changed for o in outcomes))
    t.stop(t.WRONG if wrong else t.GOOD)


def _outcomes(paths: Iterable[Path]) -> Iterator[Outcome]:
    from sailc.workspace import asked_for

    seen: set[Path] = set()
    for path in paths:
        if path == Path(STANDARD):
            yield _formatted(STANDARD, sys.stdin.buffer.read())
            continue
        found, problems = asked_for(path, nested=True)
        if problems:
            yield Outcome(Source(str(path), ""), "", tuple(problems))
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield _read(file)


def _read(path: Path) -> Outcome:
    from sailc.diagnostics.files import FileNotFound

    name = str(path)
    try:
        return _formatted(name, path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        wrong = FileNotFound(span=Span(name, 0, 0), path=name, reason=reason)
        return Outcome(Source(name, ""), "", (wrong,))


def _formatted(path: str, data: bytes) -> Outcome:
    from sailc.format import format_source

    source = Source(path, data.decode("utf-8-sig", errors="replace"))
    text, problems = format_source(source)
    return Outcome(source, text, problems)


def _written(outcome: Outcome) -> Outcome:
    """Replace a file that changes; a link stays one, and what it leads to is replaced."""
    from sailc.diagnostics.files import CannotWrite
    from sailc.store.atomic import write

    if not outcome.changed:
        return outcome
    path = Path(outcome.source.path).resolve()
    try:
        mark = _BOM if path.read_bytes().startswith(_BOM) else b""
        write(path, mark + outcome.text.encode())
    except OSError as error:
        name, reason = outcome.source.path, error.strerror or str(error)
        wrong = CannotWrite(span=Span(name, 0, 0), path=name, reason=reason)
        return Outcome(outcome.source, outcome.source.text, (wrong,))
    return outcome


def _print(outcomes: list[Outcome], check: bool, diff: bool) -> None:
    for outcome in outcomes:
        path = outcome.source.path
        t.print_diagnostics(outcome.problems, lambda _, source=outcome.source: source)
        if diff:
            click.echo(outcome.diff, nl=False)
        elif path == STANDARD and not check:
            if not outcome.problems:
                # In bytes: newlines are as the text has them, on every system.
                click.echo(outcome.text.encode(), nl=False)
        elif outcome.changed:
            click.echo(f"{path} would be formatted" if check else f"{path} formatted")
    if not diff and [o.source.path for o in outcomes] != [STANDARD]:
        click.echo(_summary(outcomes, check))


def _summary(outcomes: list[Outcome], check: bool) -> str:
    changed = sum(o.changed for o in outcomes)
    wrong = sum(bool(o.problems) for o in outcomes)
    parts = [
        (changed, "would be formatted" if check else "formatted"),
        (len(outcomes) - changed - wrong, "as they should be"),
        (wrong, "with mistakes, left alone"),
    ]
    said = ", ".join(f"{n} {what}" for n, what in parts if n)
    return f"{len(outcomes)} file{'s' if len(outcomes) != 1 else ''}: {said}"


def _json(outcomes: list[Outcome], diff: bool) -> dict[str, Any]:
    find = {o.source.path: o.source for o in outcomes}.__getitem__
    return {
        "version": 1,
        "files": [_file_json(o, diff) for o in outcomes if not o.problems],
        "errors": [t.diagnostic_json(d, find) for o in outcomes for d in o.problems],
    }


def _file_json(outcome: Outcome, diff: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"file": outcome.source.path, "changed": outcome.changed}
    if diff:
        found["diff"] = outcome.diff
    if outcome.source.path == STANDARD:
        found["text"] = outcome.text
    return found
