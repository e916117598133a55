"""The text of programs in which nothing is trained by gradients: NumPy, and what is outside."""

from __future__ import annotations

from sailc import __version__
from sailc.backends import PLAIN, distributions
from sailc.emit.batch import reading_line
from sailc.emit.doors import Doors
from sailc.emit.environment import environment, is_standard, tidy, wrapped
from sailc.emit.equations import WRITTEN
from sailc.emit.functions import docline, function
from sailc.emit.imports import STANDARD, in_order
from sailc.emit.layout import fit
from sailc.emit.numpy_rows import HELPERS, MODULES, NUMPY
from sailc.emit.pieces import KEEPING, helpers, pieces
from sailc.emit.points import data_facts
from sailc.emit.rows import operators_in
from sailc.emit.script import FOLDED, OF_DATA
from sailc.emit.twins import defined
from sailc.program.fitting import FittedProgram
from sailc.program.solving import AnyProgram
from sailc.program.tree import Function, MetricCode


class Plain:
    """NumPy by itself, as the planner and the emitter see it."""

    name = PLAIN
    title = "NumPy"
    packages = ("numpy",)
    defined = defined(HELPERS.values()) | pieces(*WRITTEN, *KEEPING, "formulas").functions.keys()

    def lacks(self, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
        absent = {o for o in model | data if o not in NUMPY and o not in FOLDED | OF_DATA}
        return tuple(sorted(o if " " in o else f"`{o}`" for o in absent))

    def emit(self, program: AnyProgram) -> str:
        assert isinstance(program, FittedProgram)
        return _script(program)


backend = Plain()


def _script(program: FittedProgram) -> str:
    made = environment([])
    doors = Doors.of(program.functions, program.drivers)
    rows = {**NUMPY, "extern": doors.row}

    def numpy(f: Function) -> str:
        return function(f, rows)

    made.filters.update(numpy=numpy)
    return tidy(made.get_template("fitting.py.jinja").render(**_facts(program, doors)))


def _facts(program: FittedProgram, doors: Doors) -> dict[str, object]:
    used = operators_in(program.functions) | frozenset(["told"] * program.formulas)
    modules = {MODULES[o] for o in used if o in MODULES} | set(doors.imports)
    imports = sorted({*program.imports, *modules, "import numpy as np"})
    needed = [p for d in doors.drivers.values() for p in d.packages]
    needed += ["sympy"] if "import sympy" in modules else []
    packages = tuple(dict.fromkeys(distributions(tuple(needed))))
    imports += ["from importlib.metadata import version"] if packages else []
    written = [function(f, {**NUMPY, "extern": doors.row}) for f in program.functions]
    called = helpers(used, HELPERS)
    counts = any("math." in text for text in (*written, *called))
    standard = [line for line in STANDARD if counts or line != "import math"]
    return {
        "program": program,
        "title": docline(program.title),
        "doc": [wrapped(d) for d in program.doc],
        "version": __version__,
        "needs": ", ".join(["numpy", *packages, *(["h5py"] if doors.keeps else [])]),
        "standard": in_order([*standard, *(i for i in imports if is_standard(i))]),
        "others": [i for i in imports if not is_standard(i)],
        "uses_data": bool(doors.folders) or any("DATA" in text for text in written),
        "doors": doors,
        "packages": packages,
        "count": _count(program),
        "data_helpers": called,
        "metric_line": _metric_line,
        "layout": fit,
        "taker": "solver",
        "converts": True,
        **data_facts([program.data], program.questions, [program.truth_statistics]),
    }


def _count(program: FittedProgram) -> str:
    """How many questions are asked, whatever arrays hold them."""
    value = "truth"
    for key in program.truth:
        value += f"[{key!r}]"
    return f"len({value})"


def _metric_line(m: MetricCode) -> str:
    """How a metric's value gets into the results."""
    if m.reading is not None:
        return reading_line(m.name, m.reading)
    asked = ", asked" if m.asks else ""
    given = "run" if m.measured else f"{m.answers}, {m.truth}{asked}"
    return fit(f'"{m.name}": float({m.function.name}({given})),', 8)
