"""How learned arrays start: drawn with NumPy, the same for every backend."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from msgspec import Struct, field

from sailc.emit.target import Target
from sailc.emit.text.functions import docstring
from sailc.emit.text.layout import WIDTH, fit
from sailc.program.tree.copies import SEVERAL as COPIES
from sailc.program.tree.copies import Family
from sailc.program.tree.programs import ParameterSpec

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
SEVERAL = 3
"""How many layers of weights and biases share a function that starts both: fewer are shorter
written out."""


class Layers(Struct, frozen=True):
    """The layers of weights and biases that one function starts: how the weights are drawn, the
    layers' names with the shapes of their weights, and one of these. None are so started where
    `initial` is empty."""

    initial: str = ""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])

    example: ParameterSpec | None = None

    def starts(self, spec: ParameterSpec) -> bool:
        """Whether an array is a layer's."""
        name, _, own = spec.name.rpartition(".")
        return name in self.shapes and own in ("weight", "bias")

    def weighs(self, spec: ParameterSpec) -> bool:
        """Whether an array is a layer's weights."""
        return self.starts(spec) and spec.name.endswith(".weight")


def layers(parameters: Sequence[ParameterSpec]) -> Layers:
    """The layers that share a function, if they are enough to be worth it; all that there are, if
    there is nothing else."""
    found: dict[str, dict[str, ParameterSpec]] = {}
    for weight, bias in pairwise(parameters):
        name = weight.name.removesuffix(".weight")
        plain = weight.role in (("linear", "weight"), ("conv", "weight"))
        if plain and bias.name == f"{name}.bias" and bias.initial == "zeros":
            found.setdefault(weight.initial, {})[name] = weight
    initial = max((i for i in found if i in DRAWN), key=lambda i: len(found[i]), default="")
    if not initial:
        return Layers()
    some = found[initial]
    if len(some) < SEVERAL and 2 * len(some) < len(parameters):
        return Layers()
    shapes = {name: weight.shape for name, weight in some.items()}
    return Layers(initial, shapes, next(iter(some.values())))


def drawers(parameters: Iterable[ParameterSpec], of: Layers, target: Target) -> list[str]:
    """The functions that draw what some arrays start as."""
    used = {p.initial for p in parameters if not of.starts(p)}
    texts = [text for name, text in DRAWN.items() if name in used]
    return [*texts, *([_layer(of, target)] if of.initial else [])]


def _layer(of: Layers, target: Target) -> str:
    """The function that starts the two arrays of a layer."""
    head, doc, *body = DRAWN[of.initial].splitlines()
    *steps, last = body
    weight = target.weight.replace("weight", last.removeprefix("    return "))
    outputs = "m" if steps else "shape[-1]"
    entries = f'f"{{name}}.weight": {weight}, f"{{name}}.bias": np.zeros({outputs})'
    return "\n".join(
        [
            head.replace(of.initial, "layer").replace("*shape", "name, *shape"),
            doc.replace('."""', '; biases are 0."""'),
            *steps,
            fit(f"return {{{entries}}}", 4, WIDTH - 4),
        ]
    )


def init_functions(starts: Mapping[str, Sequence[ParameterSpec]], target: Target) -> list[str]:
    """The functions that draw learned arrays, by their names, and those that they share."""
    drawn = [p for specs in starts.values() for p in specs]
    of, whole = layers(drawn), len(starts) == 1
    shared = [] if whole else drawers(drawn, of, target)
    functions = (init_function(n, specs, target, of, whole) for n, specs in starts.items())
    return [*shared, *functions]


def init_function(
    name: str,
    parameters: Sequence[ParameterSpec],
    target: Target,
    of: Layers,
    whole: bool = True,
) -> str:
    """The function that draws the learned arrays, the same for every backend; `whole` if no
    other draws with it."""
    if whole and parameters and all(map(of.starts, parameters)):
        return "\n".join([f"def {name}(rng):", *_in_loop(of, target)])
    lines = [f"def {name}(rng):", *docstring("The learned arrays, as their layers start them.", 4)]
    for text in drawers(parameters, of, target) if whole else ():
        lines += ["", textwrap.indent(text.replace("(rng, ", "("), "    "), ""]
    lines.append("    return {")
    lines += (fit(f"{entry},", 8) for entry in _entries(parameters, target, of, whole))
    return "\n".join([*lines, "    }"])


def _in_loop(of: Layers, target: Target) -> Iterator[str]:
    """What starts all layers alike, by their names and the shapes of their weights."""
    yield from docstring(_drawn(of), 4)
    yield from _shapes(of.shapes)
    dense = all(len(shape) == 2 for shape in of.shapes.values())
    yield from _loop(of, target, dense)


def _drawn(of: Layers) -> str:
    """How layers start, in words."""
    words = DRAWN[of.initial].splitlines()[1].strip().strip('".')
    return f"Weights {words[0].lower()}{words[1:]}, biases 0."


def _loop(of: Layers, target: Target, dense: bool) -> Iterator[str]:
    """The statements that start the layers of `shapes`, which are all those of matrices where
    they are `dense`."""
    _, _, *steps, last = DRAWN[of.initial].splitlines()
    parts = "shape"
    if steps:  # a window, where any is that of a convolution, inputs and outputs
        parts = "(n, m)" if dense else "(*window, n, m)"
        inner = "(n + m)" if dense else "(math.prod(window) * (n + m))"
        steps = [s.replace("(math.prod(window) * (n + m))", inner) for s in steps[1:]]
    weight = last.removeprefix("    return ").replace("shape", parts)
    yield "    w = {}"
    yield f"    for name, {parts} in shapes.items():"
    yield from (f"    {s}" for s in steps)
    stored = (
        f"weight{target.store(of.example)}" if of.example is not None and dense else target.weight
    )
    whole = f'        w[f"{{name}}.weight"] = {stored.replace("weight", weight)}'
    if len(whole) > WIDTH:
        yield f"        weight = {weight}"
        whole = f'        w[f"{{name}}.weight"] = {stored}'
    yield whole
    yield f'        w[f"{{name}}.bias"] = np.zeros({"m" if steps else "shape[-1]"})'
    yield "    return w"


def init_by_stage(stages: Mapping[str, Sequence[ParameterSpec]], target: Target) -> str:
    """The function that draws the learned arrays of each of several stages, by its split, where
    all are those of layers that start alike; or nothing."""
    drawn = [p for specs in stages.values() for p in specs]
    of = layers(drawn)
    if not drawn or not all(map(of.starts, drawn)):
        return ""
    tables: list[str] = []
    for split, specs in stages.items():
        shapes = {p.name.removesuffix(".weight"): p.shape for p in specs if of.weighs(p)}
        tables.append(_table(f'"{split}": ', shapes, 8) + ",")
    lines = ["def init(rng, split):", *docstring(_drawn(of), 4)]
    dense = all(len(p.shape) == 2 for p in drawn if of.weighs(p))
    lines += ["    shapes = {", *tables, "    }[split]", *_loop(of, target, dense)]
    return "\n".join(lines)


def _shapes(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """The table of shapes; where all are those of copies of one module, made of its own."""
    copies = _copies(shapes)
    if copies is None:
        yield _table("shapes = ", shapes)
        return
    family, first, numbers = copies
    one = {rest.removeprefix("_"): shape for rest, shape in first.items()}
    yield _table("one = ", one)
    key, count = family.key("{i}", "_{name}"), f"range({numbers.start}, {numbers.stop})"
    made = f'f"{key}": shape for i in {count} for name, shape in one.items()'
    yield fit(f"shapes = {{{made}}}", 4)


def _table(head: str, shapes: Mapping[str, tuple[int, ...]], indent: int = 4) -> str:
    """A table of shapes after some words; the layers of a part share a line."""
    entries = [(layer.rpartition("_")[0], f'"{layer}": {shape}') for layer, shape in shapes.items()]
    pad = " " * indent
    whole = f"{pad}{head}{{{', '.join(text for _, text in entries)}}}"
    if len(whole) < WIDTH:
        return whole
    parts = [[text for _, text in some] for _, some in groupby(entries, key=itemgetter(0))]
    lines = [line for part in parts for line in _filled(part, indent + 4)]
    return "\n".join([f"{pad}{head}{{", *lines, f"{pad}}}"])


def _filled(entries: Sequence[str], indent: int) -> Iterator[str]:
    """Entries on as few lines as they take, from left to right."""
    line = ""
    for entry in entries:
        if line and indent + len(line) + len(entry) > WIDTH - 3:
            yield f"{' ' * indent}{line},"
            line = ""
        line = f"{line}, {entry}" if line else entry
    yield f"{' ' * indent}{line},"


def _copies(
    shapes: Mapping[str, tuple[int, ...]],
) -> tuple[Family, dict[str, tuple[int, ...]], range] | None:
    """What the names of copies begin with, the layers of the first by what follows, and the
    numbers of all; None where the layers are those of no copies."""
    for name in shapes:
        family = Family.of(next(iter(shapes)), name)
        if family is None:
            continue
        first = {rest: s for n, s in shapes.items() if (rest := family.rest(n)) is not None}
        numbers = range(family.first, family.first + len(shapes) // len(first))
        whole = [(family.key(i, rest), s) for i in numbers for rest, s in first.items()]
        if len(numbers) >= COPIES and whole == [*shapes.items()] and "" not in first:
            return family, first, numbers
    return None


def _entries(
    parameters: Sequence[ParameterSpec], target: Target, of: Layers, whole: bool
) -> Iterator[str]:
    for p in parameters:
        name, _, own = p.name.rpartition(".")
        if not of.starts(p):
            yield f'"{p.name}": {_started(p, whole)}{target.store(p)}'
        elif own == "weight":
            shape = ", ".join(map(str, p.shape))
            yield f'**layer({"" if whole else "rng, "}"{name}", {shape})'


def running_function(name: str, arrays: Sequence[ParameterSpec], target: Target) -> str:
    """The function that starts what training changes and does not learn."""
    doc = "What runs along with training, as its layers start it."
    lines = [f"def {name}():", *docstring(doc, 4), "    return {"]
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
