"""Calls of operators as functions of each backend's own language, and of NumPy's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from drawn import Call
from msgspec import Struct

from sailc.emit.numpy_rows import HELPERS, MODULES, NUMPY
from sailc.emit.target import Target
from sailc.emit.text.functions import function
from sailc.emit.text.rows import Rows, operators_in
from sailc.program.arrays.layout import CannotLower, opened, packed
from sailc.program.arrays.vectors import Lowering
from sailc.program.training.model import learned_arrays, running_arrays
from sailc.program.tree.nodes import Function, Ref
from sailc.program.tree.programs import ParameterSpec

POINTS = 3
"""How many points an operator is computed for at once."""


class Written(Struct, frozen=True):
    """A function of weights and of inputs, before it is text. `points` is of how many points it
    is computed at once, none where an operator takes what it is given as one whole."""

    function: Function
    operators: frozenset[str]
    starts: Mapping[str, ParameterSpec]
    running: Mapping[str, ParameterSpec]
    points: tuple[int, ...]


def written(call: Call) -> Written:
    """A call as the function of a program. Raises `CannotLower`."""
    try:
        return _written(call, (POINTS,))
    except CannotLower:
        return _written(call, ())


def _written(call: Call, points: tuple[int, ...]) -> Written:
    specs, keys = learned_arrays(call.layers)
    running, others = running_arrays(call.layers)
    low = Lowering(layers=keys, running=others)
    for v in call.inputs:
        name = low.names.fresh(v.name)
        low.bind(v, low.points(v.type, name) if points else opened(v.type, Ref(name)))
    low.count(call.term)
    result = packed(low.lower(call.term))
    names = ("w", *(v.name for v in call.inputs))
    made = Function("computed", call.text, names, tuple(low.body), (result,), call.term.span)
    used = operators_in([made])
    starts, runs = ({p.name: p for p in some} for some in (specs, running))
    return Written(made, used, starts, runs, points)


def in_numpy(made: Written) -> Callable[..., Any]:
    """The function on NumPy's arrays."""
    helpers = [HELPERS[o] for o in made.operators if o in HELPERS]
    modules = [MODULES[o] for o in made.operators if o in MODULES]
    return _run([*modules, *helpers, function(made.function, NUMPY)])


def on(target: Target, made: Written) -> Callable[..., Any]:
    """The function on a backend's tensors."""
    helpers = [target.helpers[o] for o in made.operators if o in target.helpers]
    modules = [MODULES[o] for o in made.operators if o in MODULES]
    text = function(made.function, target.rows, target.simplify)
    return _run([*target.imports, *modules, *dict.fromkeys(helpers), text])


def lacking(made: Written, rows: Rows) -> list[str]:
    """The operators of a function that have no row."""
    return sorted(made.operators - rows.keys())


def _run(lines: list[str]) -> Callable[..., Any]:
    known: dict[str, Any] = {"np": np}
    text = "\n".join(["import functools, itertools, math", *lines])
    exec(compile(text, "drawn.py", "exec"), known)
    computed = known["computed"]
    computed.text = text
    return computed
