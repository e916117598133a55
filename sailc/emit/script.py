"""A program as one text: the parts that every backend shares, and a skeleton for its own.

A backend gives its rows, a Jinja template that extends `script.py.jinja`, and how it
stores parameters; the rest (data, metrics, the command line) is the same everywhere.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sailc import __version__
from sailc.emit.batch import Batch, all_of, metric_line, pick, size, some
from sailc.emit.doors import Doors
from sailc.emit.environment import environment, is_standard, tidy, wrapped
from sailc.emit.functions import docline, function
from sailc.emit.imports import STANDARD, in_order
from sailc.emit.layout import fit
from sailc.emit.learning import Learning
from sailc.emit.numpy_rows import HELPERS, MODULES, NUMPY
from sailc.emit.rows import operators_in
from sailc.emit.solving import solver_script
from sailc.emit.target import Target, init_function
from sailc.program.solving import AnyProgram, SolverProgram
from sailc.program.tree import Expr, Function, Op, Program, Text

HERE = Path(__file__).parent


def lacking(target: Target, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
    """The operators and optimizers of a model that a target has no row for, and the operators
    on data that NumPy has none for; in an author's words."""
    known = {*target.rows, *target.optimizers, *FOLDED}
    absent = {o for o in model if o not in known}
    absent |= {o for o in data if o not in NUMPY and o not in FOLDED}
    return tuple(sorted(o if " " in o else f"`{o}`" for o in absent))


# Operators that lowering turns into others, or that are nothing in an array's layout.
FOLDED = frozenset(
    [
        "tuple",
        "record",
        "item",
        "field",
        "column",
        "zip",
        "list",
        "stack_list",
        "chain",
        "set",
        "file",
        "label",
        "shuffle",
        "indices",
        "take_rows",
        "known",
        "class_index",
        "extern",
        "equation",
        "call",
        "function",
        "mismatch",
        "reference",
        "residual",
    ]
)


def script(program: AnyProgram, target: Target) -> str:
    """The text of a program."""
    if isinstance(program, SolverProgram):
        return solver_script(program, target)
    assert isinstance(program, Program)
    made = environment([target.template.parent])

    doors = Doors.of(program.functions, program.drivers, program.on_backend)
    own_rows = {**target.rows, "extern": doors.row_in_model}
    rows = {**NUMPY, "extern": doors.row}

    def numpy(f: Function) -> str:
        return function(f, rows)

    def own(f: Function) -> str:
        return function(f, own_rows, target.simplify)

    made.filters.update(numpy=numpy, own=own)
    template = made.get_template(target.template.name)
    text = template.render(**_facts(program, target, doors))
    return tidy(text)


def _facts(program: Program, target: Target, doors: Doors) -> dict[str, object]:
    used = operators_in(program.on_backend)
    helpers = [target.helpers[o] for o in sorted(used) if o in target.helpers]
    helpers += [target.outside, doors.in_model] if doors.learning else []
    on_data = operators_in(program.on_data)
    modules = {MODULES[o] for o in (used - target.helpers.keys()) | on_data if o in MODULES}
    modules |= {"import resource"} if "train.memory" in program.reads else set()
    modules |= set(doors.imports)
    modules |= {"import functools"} if doors.learning and "functools." in target.outside else set()
    imports = sorted({i for i in program.imports if i not in _ALWAYS} | modules)
    validated = any(s.name == "validate" for s in program.splits)
    return {
        "program": program,
        "title": docline(f"{program.title}, on {target.title}"),
        "doc": [wrapped(d) for d in program.doc],
        "version": __version__,
        "needs": ", ".join([*target.packages, *(["h5py"] if doors.keeps else [])]),
        "standard": in_order([*STANDARD, *(i for i in imports if is_standard(i))]),
        "others": [i for i in imports if not is_standard(i)],
        "uses_data": bool(doors.folders) or any("DATA" in t.text for t in _texts(program)),
        "doors": doors,
        "own_helpers": list(dict.fromkeys(helpers)),
        "data_helpers": [h for o in sorted(on_data) if (h := HELPERS.get(o)) and h not in helpers],
        "reads": program.reads,
        "history": "validate.loss" in program.reads or any(m.curve for m in program.metrics),
        "init": init_function(program.parameters, target),
        "learning": Learning(program, target.optimizers, validated),
        "splits": program.splits,
        "validated": validated,
        "stats": _names(program.statistics),
        "constants": Batch(program).constants,
        "layout": fit,
        "batch": Batch(program),
        "pick": partial(pick, program.structured),
        "size": partial(size, program.structured),
        "all_of": partial(all_of, frozenset({"output"}) if program.grouped else program.structured),
        "metric_line": metric_line,
        "some": some,
        "several_scores": any(m.scores and _is_several(m.scores) for m in program.metrics),
        "nested": program.structured or program.grouped,
    }


_ALWAYS = {"import numpy as np"}


def _texts(program: Program) -> list[Text]:
    found: list[Text] = []

    def visit(expr: Expr) -> None:
        if isinstance(expr, Text):
            found.append(expr)
        elif isinstance(expr, Op):
            for x in expr.arguments:
                visit(x)

    for e in [*(a.value for a in program.load.body), *program.load.results]:
        visit(e)
    return found


def _names(f: Function | None) -> int:
    return len(f.results) if f is not None else 0


def _is_several(f: Function) -> bool:
    """Whether what a function returns is several arrays."""
    (result,) = f.results
    return isinstance(result, Op) and result.operator == "pack"
