"""The model: its learned arrays, and its function of them and of many questions."""

from __future__ import annotations

from collections.abc import Mapping

from sailc.plan.matches import GroundModel
from sailc.program.arrays.layout import (
    POINTS,
    Group,
    Leaf,
    Vector,
    any_leaf,
    filled,
    packed,
    sizes,
)
from sailc.program.arrays.rules import convolved_by_name, mean_over_points
from sailc.program.arrays.vectors import Lowering
from sailc.program.training.learned import layer_names, spec_of
from sailc.program.tree.copies import copies_once
from sailc.program.tree.names import NameTable, identifier, occupied, snake
from sailc.program.tree.nodes import Check, Expr, Function, Op, Ref
from sailc.program.tree.programs import ParameterSpec
from sailc.program.tree.sharing import said_once
from sailc.program.tree.tidy import inlined, pruned
from sailc.terms import Layer, same
from sailc.types.model import TupleType

Keys = Mapping[int, Mapping[str, str]]
"""The keys of each layer's arrays, by its identity and the parameter's name."""


def learned_arrays(layers: tuple[Layer, ...]) -> tuple[tuple[ParameterSpec, ...], Keys]:
    """The learned arrays of some layers, named for the parts that they belong to."""
    specs: list[ParameterSpec] = []
    keys: dict[int, dict[str, str]] = {}
    for layer, name in zip(layers, layer_names(layers), strict=True):
        keys[id(layer)] = {}
        for parameter, type in layer.parameters.items():
            shape = tuple(n for n in sizes(type) if n is not None)
            key = f"{name}.{parameter}"
            keys[id(layer)][parameter] = key
            initial = layer.initial.get(parameter, "zeros")
            specs.append(spec_of(key, shape, initial, (layer.operator, parameter)))
    return tuple(specs), keys


def running_arrays(layers: tuple[Layer, ...]) -> tuple[tuple[ParameterSpec, ...], Keys]:
    """What training changes of layers and does not learn, named as their learned arrays are."""
    specs: list[ParameterSpec] = []
    keys: dict[int, dict[str, str]] = {}
    for layer, name in zip(layers, layer_names(layers), strict=True):
        keys[id(layer)] = {n: f"{name}.{n}" for n in layer.state}
        for n, type in layer.state.items():
            shape = tuple(k for k in sizes(type) if k is not None)
            initial = layer.initial.get(n, "zeros")
            specs.append(spec_of(f"{name}.{n}", shape, initial, (layer.operator, n)))
    return tuple(specs), keys


NOUNS = {"norm": "length", "mean": "mean", "std": "deviation", "softmax": "share"}
"""What values are called that a model computes twice."""


def model_function(model: GroundModel, keys: Keys) -> Function:
    """The model's output for many questions, of its weights and these."""
    low, start, question = _opened(model, keys)
    low.count(model.output)
    output = packed(filled(low.lower(model.output), any_leaf(question)))
    d = model.entry.declaration
    doc = d.doc or f"The model {d.name}."
    name = function_name(model)
    whole = pruned(Function(name, doc, ("w", start), tuple(low.body), (output,), d.name_span))
    once = said_once(copies_once(whole), low.names, lambda op: NOUNS.get(op.operator, ""))
    return inlined(convolved_by_name(once))


def minimized(model: GroundModel, keys: Keys) -> Function:
    """The mean over many questions of what a model says that it makes small."""
    assert model.minimize is not None
    low, start, question = _opened(model, keys)
    if same(model.minimize, model.output):
        called = Op("call", (Ref("w"), Ref(start)), {"function": function_name(model)})
        low.bind(model.minimize, Leaf(called, (POINTS,), 0))
    low.count(model.minimize)
    value = filled(low.leaf(model.minimize), any_leaf(question))
    assert isinstance(value, Leaf)
    result = mean_over_points(value)
    doc = f"What {model.entry.declaration.name} minimizes, the mean of some points."
    span = model.minimize.span
    return inlined(pruned(Function("loss", doc, ("w", start), tuple(low.body), (result,), span)))


def requirement(model: GroundModel) -> Function | None:
    """What a model requires of many questions, on NumPy's arrays; it gives nothing."""
    if not model.conditions:
        return None
    low, start, _ = _opened(model, {})
    low.names.taken.discard("w")
    low.count(*(c.holds for c in model.conditions))
    name = model.entry.declaration.name
    checks = tuple(
        Check(_always(low.leaf(c.holds)), f"{name}: {c.because or 'its `require` fails'}", c.span)
        for c in model.conditions
    )
    doc = f"What {name} requires of questions."
    span = model.conditions[0].span
    return pruned(Function("required", doc, (start,), tuple(low.body), (), span, checks))


def _always(leaf: Leaf) -> Expr:
    """Whether something holds for all points."""
    return Op("all", (leaf.expr,)) if leaf.levels or leaf.rank else leaf.expr


def function_name(model: GroundModel) -> str:
    """What the function of a model is called."""
    name = model.entry.declaration.name
    own = snake(name) if model.plain else identifier(name).lower()
    return NameTable(set(occupied())).fresh(own)


def _opened(model: GroundModel, keys: Keys) -> tuple[Lowering, str, Vector]:
    """A function of a model in the making: what its questions are called there, and hold."""
    low = Lowering()
    low.layers = keys
    low.running = running_arrays(model.layers)[1]
    low.names.taken.add("w")
    single = len(model.inputs) == 1
    start = low.names.fresh(model.input.name if single else "question")
    asked = model.input.type if single else TupleType(tuple(v.type for v in model.inputs))
    question = low.points(asked, start)
    for i, variable in enumerate(model.inputs):
        part = question.items[i] if not single and isinstance(question, Group) else question
        low.bind(variable, part)
    return low, start, question
