"""What a backend adds to the shared writing of programs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from sailc.emit.functions import Simplify, as_it_is, docstring
from sailc.emit.layout import fit
from sailc.emit.rows import Rows
from sailc.program.tree import ParameterSpec


class Target(Struct, frozen=True):
    """What a backend adds to the shared writing.

    `helpers` are function definitions that some rows call, by operator; `store` is what
    brings a parameter into the backend's own layout (`.T`), or nothing; `optimizers` are
    the texts of their makers, with the options as holes, `usual` the arguments of theirs that
    are the library's own defaults, and not written; `fitting` is the template of
    programs that fit a network to each question, where `decorator` stands before an
    equation, and that import `imports`; `simplify` shortens statements; `outside` defines
    `from_outside`, by which functions from outside are called among tensors.
    """

    name: str
    title: str
    packages: tuple[str, ...]
    rows: Rows
    template: Path
    store: Callable[[ParameterSpec], str]
    optimizers: Mapping[str, str]
    usual: frozenset[str] = frozenset()
    helpers: Mapping[str, str] = field(default_factory=dict[str, str])
    simplify: Simplify = as_it_is
    fitting: Path | None = None
    decorator: str = ""
    imports: tuple[str, ...] = ()
    outside: str = ""


def init_function(
    name: str, parameters: Sequence[ParameterSpec], target: Target, whole: bool = True
) -> str:
    """The function that draws the learned arrays, the same for every backend; `whole` if no
    other draws with it."""
    lines = [f"def {name}(rng):", *docstring("The learned arrays, as their layers start them.", 4)]
    if whole and any(p.initial == "glorot" for p in parameters):
        lines += ["", textwrap.indent(GLOROT.replace("(rng, ", "("), "    "), ""]
    lines.append("    return {")
    for p in parameters:
        value = _started(p, whole) + target.store(p)
        lines.append(fit(f'"{p.name}": {value},', 8))
    return "\n".join([*lines, "    }"])


GLOROT = '''\
def glorot(rng, *shape):
    """Uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010)."""
    *window, n, m = shape
    bound = math.sqrt(6 / (math.prod(window) * (n + m)))
    return rng.uniform(-bound, bound, shape)'''


def _started(spec: ParameterSpec, whole: bool) -> str:
    match spec.initial:
        case "glorot":
            return f"glorot({'' if whole else 'rng, '}{', '.join(map(str, spec.shape))})"
        case "value":
            return f"np.full({spec.shape}, {spec.value!r})"
        case kind:
            shape = spec.shape[0] if len(spec.shape) == 1 else spec.shape
            return f"np.{kind}({shape})"
