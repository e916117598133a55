"""`sailc show STAGE FILE`: what a stage made of a program; it is how we debug."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from sailc.program.tree.nodes import is_tuple
from sailc.source import Span

if TYPE_CHECKING:
    from sailc.workspace import Workspace


@click.command()
@click.argument("stage", type=click.Choice(["tree", "names", "types", "routes", "program"]))
@click.argument("file", type=click.Path(path_type=Path))
def show(stage: str, file: Path) -> None:
    """Print what STAGE made of FILE."""
    from sailc.cli.open import open_program

    workspace = open_program(file)
    for line in _STAGES[stage](workspace, file):
        click.echo(line)


def _tree(workspace: Workspace, file: Path) -> Iterator[str]:
    from sailc.queries import parsed

    yield from _nested(parsed(workspace.db, str(file))[0], 0)


def _nested(value: object, depth: int, label: str = "") -> Iterator[str]:
    """A frozen node and its fields, indented; spans are left out."""
    pad = "  " * depth + (f"{label}: " if label else "")
    if is_tuple(value):
        if value:
            yield pad.rstrip()
            for item in value:
                yield from _nested(item, depth + 1)
        return
    if not isinstance(value, Struct):
        yield f"{pad}{value!r}"
        return
    yield f"{pad}{type(value).__name__}"
    for name in value.__struct_fields__:
        inner = getattr(value, name)
        if not isinstance(inner, Span) and inner not in (None, "", ()):
            yield from _nested(inner, depth + 1, name)


def _names(workspace: Workspace, file: Path) -> Iterator[str]:
    from sailc.queries import names

    found = names(workspace.db)
    for kind, table in found.modules.items():
        for name, entry in sorted(table.items()):
            yield f"{kind:10} {name:24} {'library' if entry.standard else entry.file}"


def _types(workspace: Workspace, file: Path) -> Iterator[str]:
    """The types of each problem's questions and truths."""
    from sailc.build import problems_of
    from sailc.infer.modules.problem import elaborate_problem
    from sailc.plan.select import Selection
    from sailc.queries import world
    from sailc.types.model import show as text

    found = world(workspace.db)
    for entry in problems_of(found, str(file)):
        choice = Selection(found, None).choices(entry, axes=True)[0][0]
        ctx = found.context()
        problem = elaborate_problem(ctx, entry, choice)
        for line in problem.lines:
            for f in line.fixtures:
                question = text(ctx.type_of(f.question))
                given = f.truth_type if f.truth is None else ctx.type_of(f.truth)
                truth = text(given) if given is not None else "nothing"
                name = f" {f.name}" if f.name else ""
                yield f"{problem.name} {line.split}{name}: {question} as {truth}"


def _routes(workspace: Workspace, file: Path) -> Iterator[str]:
    """Every type that chains of converters reach from each problem's questions."""
    from sailc.build import problems_of
    from sailc.infer.modules.problem import elaborate_problem
    from sailc.plan.chains import Chains
    from sailc.plan.select import Selection
    from sailc.queries import world
    from sailc.types.model import show as text

    found = world(workspace.db)
    chains = Chains.of(found)
    for entry in problems_of(found, str(file)):
        choice = Selection(found, None).choices(entry, axes=True)[0][0]
        ctx = found.context()
        problem = elaborate_problem(ctx, entry, choice)
        fixture = problem.lines[0].fixtures[0]
        for r in chains.reachable(ctx.type_of(fixture.question)):
            chain = " -> ".join(s.name for s in r.route) or "as it is"
            yield f"{problem.name} question {text(r.type)}: {chain}"
        if fixture.truth is not None:
            for r in chains.accepted(ctx.type_of(fixture.truth)):
                chain = " -> ".join(s.name for s in r.route) or "as it is"
                yield f"{problem.name} answer {text(r.type)}: {chain}"


def _program(workspace: Workspace, file: Path) -> Iterator[str]:
    from sailc.build import planned, program

    for s in planned(workspace.db, str(file), "").scenarios:
        yield f"# {s.id} {s.title}"
        yield from _nested(program(workspace.db, s), 0)


_STAGES: dict[str, Callable[[Workspace, Path], Iterator[str]]] = {
    "tree": _tree,
    "names": _names,
    "types": _types,
    "routes": _routes,
    "program": _program,
}
