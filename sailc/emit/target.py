"""What a backend adds to the shared writing of programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.emit.functions import Simplify, as_it_is
from sailc.emit.mixed import Mixing
from sailc.emit.rows import Rows
from sailc.emit.twins import defined
from sailc.program.tree import ParameterSpec


def as_declared(spec: ParameterSpec) -> str:
    """Weights are kept as SAIL declares them: windows first, then inputs and outputs."""
    return ""


class Target(Struct, frozen=True):
    """What a backend adds to the shared writing.

    `helpers` are function definitions that some rows call, by operator; `store` is what
    brings a parameter into the backend's own layout (`.T`), or nothing, `weight` what so brings
    the `weight` of any layer of `linear` or `conv`; `optimizers` are the texts of their makers,
    with the options as holes, `usual` the arguments of theirs that are the library's own
    defaults, and not written; `fitting` is the template of programs that fit a network to each
    question, where `decorator` stands before an equation, and that import `imports`; `simplify`
    shortens statements; `outside` defines `from_outside`, by which functions from outside are
    called among tensors, `each` does the same to all arrays of nested ones. `runs` says for what
    something runs along with training: layers' `state`, and a key for what `draws`; `mixing` how
    mixed precision is written, where it is. A backend that trains nothing needs no template, no
    layout of parameters and no optimizers.
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
    decorator: str = ""
    imports: tuple[str, ...] = ()
    outside: str = ""
    each: str = "each"
    runs: frozenset[str] = frozenset({"state"})
    mixing: Mixing | None = None

    @property
    def defined(self) -> frozenset[str]:
        """The names of the functions that its programs may define for their rows."""
        mixing = [self.mixing.wrapper.replace("MODES", "")] if self.mixing is not None else []
        return defined([*self.helpers.values(), self.outside, *mixing])

    @property
    def mixed(self) -> Target:
        """The target, as programs in mixed precision are written."""
        m = self.mixing
        if m is None:
            return self
        return replace(self, rows={**self.rows, **m.rows}, helpers={**self.helpers, **m.helpers})
