"""The grammar of SAIL, as package data.

`sail.lark` is the one definition of the syntax. Its lexer knows few words; which
names are special where is told by `sailc.syntax.filter`, behind the lexer.
"""

from __future__ import annotations

from importlib.resources import files


def text() -> str:
    """The text of `sail.lark`."""
    return files(__name__).joinpath("sail.lark").read_text(encoding="utf-8")
