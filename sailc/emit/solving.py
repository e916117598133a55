"""Programs of solvers as text: NumPy and SciPy on every stack, since nothing is learned."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sailc import __version__
from sailc.emit.environment import environment, is_standard, tidy, wrapped
from sailc.emit.functions import docline, docstring, function
from sailc.emit.layout import fit
from sailc.emit.numpy_rows import HELPERS, MODULES, NUMPY
from sailc.emit.pieces import merged, taken
from sailc.emit.rows import operators_of
from sailc.program.equations import EquationCode
from sailc.program.solving import SolverProgram
from sailc.program.tree import Function, MetricCode

# The functions that the rows of some operators call.
CALLS = {
    "discretize": ("discretize",),
    "system": ("system",),
    "integrate": ("integrate",),
    "integrate_explicitly": ("integrate_explicitly",),
    "settle": ("settle",),
    "reference_grid": ("reference", "integrate", "discretize"),
    "reference_course": ("reference", "integrate", "system"),
    "reference_steady": ("reference", "settle", "discretize"),
    "residual": ("residual",),
}


def solver_script(program: SolverProgram, title: str, name: str) -> str:
    """The text of a solver's program on a stack of some name."""
    made = environment([])
    made.filters.update(numpy=_numpy, equation=_equation)
    return tidy(made.get_template("solving.py.jinja").render(**_facts(program, title, name)))


def _facts(program: SolverProgram, title: str, name: str) -> dict[str, object]:
    functions = list(_functions(program))
    used = frozenset[str]().union(*map(_operators, functions))
    wanted = [f for o in sorted(used) for f in CALLS.get(o, ())]
    texts, needed = taken("equations", wanted)
    extra = ["import scipy", "from dataclasses import dataclass"]
    extra += [MODULES[o] for o in used if o in MODULES]
    extra += ["import math"] if _mentions(program, "math.") else []
    extra += ["import argparse", "import json", "import platform", "import time"]
    extra += ["from pathlib import Path", "import numpy as np"]
    lines = {*program.imports, *needed, *extra}
    imports = sorted(merged(sorted(lines)), key=lambda line: (line.startswith("from"), line))
    each = ", ".join(program.names)
    return {
        "program": program,
        "title": docline(f"{program.title}, for {title}"),
        "doc": [wrapped(d) for d in program.doc],
        "version": __version__,
        "needs": "numpy, scipy",
        "backend": name,
        "standard": [i for i in imports if is_standard(i)],
        "others": [i for i in imports if not is_standard(i)],
        "uses_data": _mentions(program, "DATA"),
        "written": texts,
        "data_helpers": [HELPERS[o] for o in sorted(used) if o in HELPERS],
        "drawn": any(f.drawn for f in program.fixtures),
        "each": each,
        "each_one": each if len(program.names) == 1 else f"({each})",
        "asked": f"{program.asked.name}({each})" if program.asked else each,
        "layout": fit,
        "metric_line": _metric_line,
    }


def _numpy(f: Function) -> str:
    return function(f, NUMPY)


def _metric_line(m: MetricCode) -> str:
    name = m.function.name
    arguments = (
        "run" if m.measured else f"np.stack({m.answers}_answers), np.stack({m.answers}_truths)"
    )
    return fit(f'"{m.name}": float({name}({arguments})),', 8)


def _functions(program: SolverProgram) -> Iterator[Function]:
    yield program.load
    yield program.solver
    if program.asked:
        yield program.asked
    for f in program.fixtures:
        yield from (x for x in (f.answer, f.truth) if x is not None)
    for m in program.metrics:
        yield m.function
    for e in program.equations:
        yield from e.methods


def _operators(f: Function) -> frozenset[str]:
    parts = [*(a.value for a in f.body), *(c.condition for c in f.checks), *f.results]
    return frozenset[str]().union(*map(operators_of, parts))


def _mentions(program: SolverProgram, word: str) -> bool:
    """Whether a text in a program's functions begins with a word."""
    return any(word in function(f, NUMPY) for f in _functions(program))


def _equation(e: EquationCode) -> str:
    """A class of an equation."""
    lines = ["@dataclass(frozen=True)", f"class {e.name}:", *docstring(e.doc, 4), ""]
    lines += [f"    {name}: float" for name in e.fields]
    lines += [""] if e.fields else []
    lines += [fit(f"{name} = {value}", 4) for name, value in e.facts]
    for m in e.methods:
        lines += ["", re.sub(r"(?m)^(?=.)", "    ", function(m, NUMPY))]
    return "\n".join(lines)
