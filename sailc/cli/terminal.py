"""Diagnostics as people read them, and as programs do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
import msgspec

from sailc.diagnostics.base import Diagnostic
from sailc.source import Source, Span

Find = Callable[[str], Source]
GOOD, WRONG, USAGE, CANNOT = 0, 1, 2, 3
_COLOR = {"error": "red", "warning": "yellow", "info": "blue"}

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, or for programs.",
)

device_option = click.option(
    "--device",
    default="cpu",
    show_default=True,
    help="Where programs compute, as their backends say it: cpu, cuda, cuda:1.",
)


def diagnostic_json(d: Diagnostic, find: Find) -> dict[str, Any]:
    """A diagnostic as `--format json` has it; lines and columns count from 1."""
    return {
        "code": d.code,
        "severity": d.severity,
        "message": d.message,
        "file": d.span.file,
        **_range(d.span, find),
        "notes": [
            {"message": n.message, "file": n.span.file, **_range(n.span, find)} for n in d.notes
        ],
        "help": d.help,
    }


def _range(span: Span, find: Find) -> dict[str, Any]:
    source = find(span.file)
    start, end = source.position(span.start), source.position(span.end)
    return {
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
    }


def place_text(find: Find, span: Span) -> str:
    """`program.sail:3:7`."""
    start = find(span.file).position(span.start)
    return f"{span.file}:{start.line}:{start.column}"


def place_json(find: Find, span: Span) -> dict[str, Any]:
    """A place as `--format json` has it."""
    return {"file": span.file, **_range(span, find)}


def show_diagnostic(d: Diagnostic, find: Find) -> str:
    """Code and message, the line with the place marked, notes, and the next step."""
    color = _COLOR[d.severity]
    head = click.style(f"{d.severity}[{d.code}]", fg=color, bold=True)
    lines = [f"{head}: {d.message}", *_excerpt(d.span, find, color)]
    for note in d.notes:
        lines.append(f"  {click.style('note', fg='cyan')}: {note.message}")
        lines += _excerpt(note.span, find, "cyan")
    lines.append(f"  {click.style('help', fg='green')}: {d.help}")
    return "\n".join(lines)


def _excerpt(span: Span, find: Find, color: str) -> list[str]:
    source = find(span.file)
    if not source.text:
        return [f"  --> {span.file}"] if span.file else []
    start, end = source.position(span.start), source.position(span.end)
    text = source.line(start.line)
    last = end.column if end.line == start.line else len(text) + 1
    width = max(1, last - start.column)
    window = _window(text, start.column)
    margin = " " * len(str(start.line))
    marks = " " * (start.column - 1 - window) + click.style("^" * min(width, 100), fg=color)
    return [
        f"{margin}--> {span.file}:{start.line}:{start.column}",
        f"{margin} |",
        f"{start.line} | {text[window : window + 160].replace(chr(9), ' ')}",
        f"{margin} | {marks}",
    ]


def _window(text: str, column: int) -> int:
    """Where a very long line is cut, so that its mark is in view."""
    return max(0, column - 80) if len(text) > 160 else 0


def print_diagnostics(found: Iterable[Diagnostic], find: Find, err: bool = True) -> None:
    for d in found:
        click.echo(show_diagnostic(d, find) + "\n", err=err)


def has_errors(found: Iterable[Diagnostic]) -> bool:
    return any(d.severity == "error" for d in found)


def count(found: Sequence[Diagnostic]) -> str:
    errors = sum(d.severity == "error" for d in found)
    warnings = sum(d.severity == "warning" for d in found)
    parts = [_plural(errors, "error")] if errors else []
    parts += [_plural(warnings, "warning")] if warnings else []
    return " and ".join(parts) or "no errors"


def _plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def print_json(value: object) -> None:
    """Print a value as JSON, which knows no NaN: `null` stands for a number that is not finite."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2))


def stop(code: int) -> None:
    sys.exit(code)
