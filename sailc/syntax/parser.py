"""The entry to the syntax stage."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

from sailc.diagnostics.base import Diagnostic
from sailc.source import Source
from sailc.syntax import tree
from sailc.syntax.build import Builder, documentation
from sailc.syntax.filter import Filter
from sailc.syntax.machine import Parse, machine
from sailc.syntax.nesting import bounded
from sailc.syntax.text import readable
from sailc.syntax.token import END, Token


def parse(source: Source) -> tuple[tree.File, tuple[Diagnostic, ...]]:
    """The tree of a file, whole even where the text is broken, and what is wrong with it.

    Never raises, whatever the text. Diagnostics come in the order of the text.
    """
    text, problems = readable(source)
    docs = documentation(text)
    with _no_collection():
        found = _strictly(source, text, docs)
        if found is None:
            # Imported here: most texts are whole.
            from sailc.syntax.recover import recover

            found = recover(source, text, docs, machine())
    file, more = found
    return file, tuple(sorted([*problems, *more], key=lambda problem: problem.span))


def _strictly(
    source: Source, text: str, docs: dict[int, str]
) -> tuple[tree.File, list[Diagnostic]] | None:
    """The tree of a text that parses as it stands."""
    engine = machine()
    raw, deep = bounded(engine.tokens(text, 0, len(text)), source.path)
    if deep is not None:
        return None
    push = Filter().push
    tokens = [token for each in raw if (token := push(each)) is not None]
    tokens.append(Token(END, "", len(text), len(text)))
    builder = Builder(source.path, text, docs)
    run = Parse(engine, builder)
    if run.take(tokens) is not None:
        return None
    return run.result, builder.problems


@contextmanager
def _no_collection() -> Generator[None]:
    """Without the garbage collector, which would visit the growing tree again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
