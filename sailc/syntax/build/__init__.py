"""From the automaton's values to the tree: one method for each rule of the grammar.

A method takes the values of the right-hand side, all tokens among them, so spans are
exact; an optional part that is absent is None. What the grammar lets through and the
language does not is told here, and a `Missing` or the nearest thing that makes sense
stands in the tree.
"""

from __future__ import annotations

from typing import Any

from sailc.syntax.build.declarations import Declarations
from sailc.syntax.build.docs import documentation
from sailc.syntax.tree import Declaration, File, Use

__all__ = ["Builder", "documentation"]


class Builder(Declarations):
    """Makes one tree."""

    def file(self, v: list[Any]) -> File:
        self.finish()
        return File(
            self.place(0, len(self.text)),
            tuple(item for item in v if isinstance(item, Use)),
            tuple(item for item in v if isinstance(item, Declaration)),
        )
