"""True answers that are found on finer and finer grids: a module beside the programs that are
judged by them."""

from __future__ import annotations

from msgspec import Struct

from sailc.program.equations.classes import EquationCode
from sailc.program.tree.nodes import Function
from sailc.terms import Apply, Term


class References(Struct, frozen=True):
    """The true answers to the questions of a problem's line, and what they are found with: its
    equations as they are solved on grids, `load` for its points, and `truth`, a function of a
    point's parts `names`. `files` are the expressions of the paths that `load` reads."""

    problem: str
    source: str
    data_folder: str
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    equations: tuple[EquationCode, ...]
    load: Function
    names: tuple[str, ...]
    truth: Function
    files: tuple[str, ...] = ()

    @property
    def functions(self) -> tuple[Function, ...]:
        methods = (m for e in self.equations for m in e.methods)
        return (self.load, self.truth, *methods)


def is_reference(term: Term | None) -> bool:
    """Whether a truth is a reference."""
    return isinstance(term, Apply) and term.operator == "reference"
