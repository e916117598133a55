"""`sailc explain`: a diagnostic's page, or the whole story of a problem and a model."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import click

from sailc.cli import terminal as t

_CODE = re.compile(r"[EWX]\d{4}\Z")


@click.command()
@click.argument("what")
@click.argument("problem", required=False)
@click.argument("model", required=False)
def explain(what: str, problem: str | None, model: str | None) -> None:
    """Explain a CODE; or, given FILE PROBLEM MODEL, why the two do or do not fit."""
    if problem is None and _CODE.match(what.upper()):
        _code(what.upper())
        return
    if problem is None or model is None:
        raise click.UsageError("give a code (E0301), or FILE PROBLEM MODEL")
    _pair(Path(what), problem, model)


def _code(code: str) -> None:
    from sailc.diagnostics.pages import page

    text = page(code)
    if text is None:
        click.echo(f"there is no code {code}", err=True)
        t.stop(t.USAGE)
    else:
        click.echo(text)


def _pair(path: Path, problem: str, model: str) -> None:
    from sailc.cli.open import fail, open_program
    from sailc.diagnostics.names import UnknownModule
    from sailc.plan.story import story
    from sailc.program.trials import Trials
    from sailc.queries import world
    from sailc.source import Span

    workspace = open_program(path)
    found = world(workspace.db)
    span = Span(str(path), 0, 0)
    for name, kinds in ((problem, ("problem",)), (model, ("model", "solver"))):
        known = {n for k in kinds for n in found.names.modules[k]}
        if name not in known:
            wrong = UnknownModule(span=span, name=name, kind=kinds[0], known=tuple(known))
            fail([wrong], workspace, "text", t.USAGE)
    place = partial(t.place_text, workspace.source)
    for line in story(found, problem, model, Trials(found).refusal, place):
        click.echo(line)
