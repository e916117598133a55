"""How learned arrays start: drawn with NumPy, the same for every backend."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from sailc.emit.functions import docstring
from sailc.emit.layout import fit
from sailc.emit.target import Target
from sailc.program.tree import ParameterSpec

DRAWN = {
    "glorot": """\
def glorot(rng, *shape):
    \"\"\"Uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010).\"\"\"
    *window, n, m = shape
    bound = math.sqrt(6 / (math.prod(window) * (n + m)))
    return rng.uniform(-bound, bound, shape)""",
    "he": """\
def he(rng, *shape):
    \"\"\"Normal, of variance 2 / inputs (He et al. 2015).\"\"\"
    return rng.normal(0, math.sqrt(2 / math.prod(shape[:-1])), shape)""",
    "lecun": """\
def lecun(rng, *shape):
    \"\"\"Normal, of variance 1 / inputs (LeCun et al. 1998).\"\"\"
    return rng.normal(0, math.sqrt(1 / math.prod(shape[:-1])), shape)""",
}


def drawers(parameters: Iterable[ParameterSpec]) -> list[str]:
    """The functions that draw what some arrays start as."""
    used = {p.initial for p in parameters}
    return [text for name, text in DRAWN.items() if name in used]


def init_function(
    name: str, parameters: Sequence[ParameterSpec], target: Target, whole: bool = True
) -> str:
    """The function that draws the learned arrays, the same for every backend; `whole` if no
    other draws with it."""
    lines = [f"def {name}(rng):", *docstring("The learned arrays, as their layers start them.", 4)]
    for text in drawers(parameters) if whole else ():
        lines += ["", textwrap.indent(text.replace("(rng, ", "("), "    "), ""]
    lines.append("    return {")
    for p in parameters:
        value = _started(p, whole) + target.store(p)
        lines.append(fit(f'"{p.name}": {value},', 8))
    return "\n".join([*lines, "    }"])


def running_function(arrays: Sequence[ParameterSpec], target: Target) -> str:
    """The function that starts what training changes and does not learn."""
    doc = "What runs along with training, as its layers start it."
    lines = ["def initial_running():", *docstring(doc, 4), "    return {"]
    lines += [fit(f'"{p.name}": {_started(p, True)}{target.store(p)},', 8) for p in arrays]
    return "\n".join([*lines, "    }"])


def _started(spec: ParameterSpec, whole: bool) -> str:
    if spec.initial in DRAWN:
        given = ", ".join(map(str, spec.shape))
        return f"{spec.initial}({'' if whole else 'rng, '}{given})"
    match spec.initial:
        case "value":
            return f"np.full({spec.shape}, {spec.value!r})"
        case "normal":
            return f"rng.normal(size={spec.shape})"
        case kind:
            shape = spec.shape[0] if len(spec.shape) == 1 else spec.shape
            return f"np.{kind}({shape})"
