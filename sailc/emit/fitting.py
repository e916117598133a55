"""The text of programs in which nothing is trained by gradients: of NumPy's arrays, and what is
outside."""

from __future__ import annotations

from sailc.backends import PLAIN, distributions
from sailc.emit.beside import KEEPER
from sailc.emit.equations import WRITTEN
from sailc.emit.metrics import measured, metric_functions
from sailc.emit.numpy_rows import HELPERS, MODULES, NUMPY
from sailc.emit.points.doors import Doors
from sailc.emit.points.splits import data_facts
from sailc.emit.script import OF_DATA, called, lacking
from sailc.emit.solving import solver_script
from sailc.emit.target import Target
from sailc.emit.text.environment import TEMPLATES, filled, is_standard, provenance, tidy, wrapped
from sailc.emit.text.functions import docline, expression, function
from sailc.emit.text.imports import STANDARD, in_order, needed, versions
from sailc.emit.text.layout import fit
from sailc.emit.text.pieces import helpers, pieces
from sailc.emit.text.rows import operators_in
from sailc.emit.text.twins import with_own_names
from sailc.emit.training.batch import place
from sailc.program.equations.programs import AnyProgram, SolverProgram
from sailc.program.training.fitting import FittedProgram
from sailc.program.tree.nodes import Expr, Function


class Plain:
    """A backend that trains nothing, and writes programs for NumPy's arrays: what answers by a
    target's rows, all else by sailc's own."""

    learns = False

    def __init__(self, target: Target) -> None:
        self.target = target
        self.name, self.title, self.packages = target.name, target.title, target.packages
        written = pieces(*WRITTEN, "formulas").functions.keys()
        self.defined = target.defined | written

    def lacks(self, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
        """The operators without a row, of those that answer and those on data. Functions are
        given to code outside while answers are made, too."""
        return lacking(self.target, model - OF_DATA, data)

    def emit(self, program: AnyProgram) -> str:
        """The text of a program of what learns nothing."""
        if isinstance(program, SolverProgram):
            return solver_script(program, self.target)
        assert isinstance(program, FittedProgram)
        return _script(program, self.target)


backend = Plain(Target(PLAIN, "NumPy", ("numpy",), NUMPY, helpers=HELPERS))


def _script(program: FittedProgram, target: Target) -> str:
    doors = Doors.of(program.functions, program.drivers)
    answering = [f for f in (program.fit, program.solver) if f is not None]
    tensors = [*called(target, answering), *helpers(operators_in(answering), {})]
    arrays = helpers(operators_in(_on_data(program)) | _told(program), HELPERS)
    rows, own_rows = ({**r, "extern": doors.row} for r in (NUMPY, target.rows))

    def numpy(f: Function) -> str:
        return with_own_names(function(f, rows), arrays, tensors)

    def own(f: Function) -> str:
        return function(f, own_rows, target.simplify)

    def text(e: Expr) -> str:
        return with_own_names(expression(e, rows), arrays, tensors)

    written = [*map(own, answering), *map(numpy, _on_data(program)), *tensors]
    written += [with_own_names(h, arrays, tensors) for h in arrays if h not in tensors]
    facts = _facts(program, target, doors, written)
    helping = written[len(program.functions) :]
    at_hand = {"test.time": "test_time", "test.count": "count"}
    at_hand |= {"train.time": "train_time"} if program.fit is not None else {}
    made = measured(program.metrics, text, program.functions, at_hand)
    facts |= {"data_helpers": helping, "metrics": made}
    return tidy(filled(TEMPLATES / "fitting.py.jinja", facts, numpy=numpy, own=own))


def _on_data(program: FittedProgram) -> list[Function]:
    """All functions but those that answer."""
    return [f for f in program.functions if f not in (program.fit, program.solver)]


def _told(program: FittedProgram) -> frozenset[str]:
    return frozenset(["told"] * program.formulas)


def _facts(
    program: FittedProgram, target: Target, doors: Doors, written: list[str]
) -> dict[str, object]:
    used = operators_in(program.functions) | _told(program)
    modules = {MODULES[o] for o in used if o in MODULES} | set(doors.imports)
    imports = sorted({*program.imports, *modules, *target.imports, "import numpy as np"})
    own = [*distributions(target.packages), *(["sympy"] if "import sympy" in modules else [])]
    packages = needed(dict.fromkeys(["numpy", *own]), imports, doors.drivers.values())
    counts = any("math." in text for text in written)
    standard = [line for line in STANDARD if counts or line != "import math"]
    return {
        "program": program,
        "title": docline(program.title),
        "doc": [wrapped(d) for d in program.doc],
        "provenance": provenance(program.source, packages, written),
        "standard": in_order([*standard, *(i for i in imports if is_standard(i))]),
        "others": [i for i in imports if not is_standard(i)],
        "uses_data": bool(doors.folders) or any("DATA" in text for text in written),
        "doors": doors,
        "keeper": KEEPER,
        "learning": None,
        "versions": versions(packages),
        "count": _count(program),
        "metric_functions": metric_functions(program.metrics),
        "layout": fit,
        **data_facts(program, "solver"),
    }


def _count(program: FittedProgram) -> str:
    """How many questions are asked, whatever arrays hold them."""
    return f"len(truth{place(program.truth)})"
