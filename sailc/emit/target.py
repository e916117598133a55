"""What a backend adds to the shared writing of programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.emit.mixed import Mixing
from sailc.emit.text.functions import Simplify, as_it_is
from sailc.emit.text.rows import Rows
from sailc.emit.text.twins import defined
from sailc.program.equations.fields import Reading
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign
from sailc.program.tree.programs import ParameterSpec


def as_declared(spec: ParameterSpec) -> str:
    """Weights are kept as SAIL declares them: windows first, then inputs and outputs."""
    return ""


class Again(Struct, frozen=True):
    """The rows and helpers of layers with modes, where a step computes them several times."""

    rows: Rows
    helpers: Mapping[str, str]


class Target(Struct, frozen=True):
    """What a backend adds to the shared writing.

    `helpers` are function definitions that some rows call, by operator; `store` is what brings a
    parameter into the backend's own layout (`.T`), or nothing, `weight` what so brings the
    `weight` of any layer of `linear` or `conv`; `optimizers` are the texts of their makers, with
    the options as holes, `usual` the arguments of theirs that are the library's own defaults, and
    not written; `fitting` is the template of programs that fit a network to each question, by
    what `main` has as `fitted_by`, where `decorator` stands before an equation, `reading` gives
    the statements that read a field, and that import `imports`; `simplify` shortens statements;
    `outside` defines `from_outside`, by which functions from outside are called among tensors,
    `each` does the same to all arrays of nested ones. `runs` says for what something runs along
    with training: layers' `state`, and a key for what `draws`; `mixing` how mixed precision is
    written, where it is, and `again` what a step computes several times, where that is another
    way; `constant_optimizers` whether optimizers stand among a program's constants; `eager`
    whether each expression is computed as it stands. A backend that trains nothing needs no
    template, no layout of parameters and no optimizers.
    """

    name: str
    title: str
    packages: tuple[str, ...]
    rows: Rows
    template: Path = Path()
    store: Callable[[ParameterSpec], str] = as_declared
    weight: str = "weight"
    optimizers: Mapping[str, str] = field(default_factory=dict[str, str])
    usual: frozenset[str] = frozenset()
    helpers: Mapping[str, str] = field(default_factory=dict[str, str])
    simplify: Simplify = as_it_is
    fitting: Path | None = None
    fitted_by: tuple[str, ...] = ("rng",)
    decorator: str = ""
    reading: Callable[[Reading, NameTable], list[Assign]] = lambda _, __: []
    imports: tuple[str, ...] = ()
    outside: str = ""
    each: str = "each"
    runs: frozenset[str] = frozenset({"state"})
    mixing: Mixing | None = None
    again: Again | None = None
    constant_optimizers: bool = False
    eager: bool = False

    @property
    def defined(self) -> frozenset[str]:
        """The names of the functions that its programs may define for their rows."""
        mixing = [self.mixing.wrapper.replace("MODES", "")] if self.mixing is not None else []
        again = self.again.helpers.values() if self.again is not None else ()
        return defined([*self.helpers.values(), *again, self.outside, *mixing])

    @property
    def mixed(self) -> Target:
        """The target, as programs in mixed precision are written."""
        m = self.mixing
        if m is None:
            return self
        return replace(self, rows={**self.rows, **m.rows}, helpers={**self.helpers, **m.helpers})

    @property
    def repeating(self) -> Target:
        """The target, as programs are written of which a step computes layers several times."""
        a = self.again
        if a is None:
            return self
        rows, helpers = {**self.rows, **a.rows}, {**self.helpers, **a.helpers}
        return replace(self, rows=rows, helpers=helpers, runs=frozenset({"state", "draws"}))
