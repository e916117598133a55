"""Programs of solvers as text: NumPy and SciPy on every stack, since nothing is learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter

from sailc.emit.beside import KEEPER
from sailc.emit.equations import called_by, equation_class, in_numpy, written
from sailc.emit.metrics import Measured, measured, metric_functions
from sailc.emit.numpy_rows import HELPERS, MODULES, NUMPY
from sailc.emit.target import Target
from sailc.emit.text.environment import TEMPLATES, filled, is_standard, provenance, tidy, wrapped
from sailc.emit.text.functions import Write, docline, expression, function
from sailc.emit.text.imports import versions
from sailc.emit.text.layout import fit
from sailc.emit.text.pieces import helpers, merged, taken
from sailc.emit.text.rows import MAKERS, operators_in
from sailc.emit.training.learning import Learning
from sailc.emit.training.starts import init_function, layers
from sailc.program.equations.classes import EquationCode
from sailc.program.equations.collocation import Collocated
from sailc.program.equations.programs import LineCode, SolverProgram
from sailc.program.tree.nodes import Expr, Function
from sailc.program.tree.programs import MetricCode


def solver_script(program: SolverProgram, target: Target) -> str:
    """The text of a solver's program."""
    fitting = target.fitting if program.fitted is not None else None
    template = fitting or TEMPLATES / "solving.py.jinja"
    numpy = in_numpy()

    def own(f: Function) -> str:
        return function(f, target.rows, target.simplify)

    def equation(e: EquationCode) -> str:
        return equation_class(e, "lines" in written(program.equations), target)

    facts = _facts(program, target, numpy)
    return tidy(filled(template, facts, numpy=numpy, own=own, equation=equation))


def _facts(program: SolverProgram, target: Target, numpy: Write) -> dict[str, object]:
    functions = list(_functions(program))
    used = operators_in(functions)
    fitted = program.fitted
    own = [*map(numpy, functions)]
    wanted = sorted(called_by(own) - ({"residual"} if fitted else set()))
    if fitted:
        wanted += ["borders" if d.border else "collocation" for d in fitted.drawn]
        wanted += ["collocation"] if "residual" in used else []
    texts, needed = taken(written(program.equations), wanted)
    extra = ["from dataclasses import dataclass"]
    modules = dict.fromkeys(x.module for x in program.lines if x.references)
    kept = [f"{name}.py" for name in (*modules, KEEPER)] if modules else []
    packages = [*(target.packages if fitted else ["numpy"]), "scipy"]
    count = _count(program)
    extra += ["import runpy"] if kept else []
    if fitted:
        extra += ["import math", "from functools import partial", *target.imports]
    extra += [MODULES[o] for o in used if o in MODULES]
    extra += ["import math"] if any("math." in text for text in own) else []
    extra += ["import argparse", "import json", "import time"]
    extra += ["from importlib.metadata import version", "from pathlib import Path"]
    extra += ["from platform import python_version", "import numpy as np"]
    lines = {*program.imports, *needed, *extra}
    scores = _distinct(f for own in program.scores.values() for f, _ in own)
    imports = sorted(merged(sorted(lines)), key=lambda line: (line.startswith("from"), line))
    return {
        "program": program,
        "title": docline(f"{program.title}, on {target.title}"),
        "doc": [wrapped(d) for d in program.doc],
        "provenance": provenance(program.source, packages),
        "versions": versions(packages),
        "init": _init(fitted, target) if fitted else "",
        "learning": Learning(fitted, target, False) if fitted else None,
        "judged": "residual" in used,
        "doors": None,
        "drawing": False,
        "makes": bool(used & MAKERS),
        "kept": kept,
        "module": attrgetter("module"),
        "standard": [i for i in imports if is_standard(i)],
        "others": [i for i in imports if not is_standard(i)],
        "uses_data": any("DATA" in text for text in own),
        "written": texts,
        "data_helpers": helpers(used, HELPERS),
        "drawn": fitted is not None,
        "drawn_places": any(f.drawn for x in program.lines for f in x.fixtures),
        "solvers": _distinct(x.solver for x in program.lines),
        "count": count,
        "tested": _tested(program, count),
        "each": _each,
        "asked": _asked,
        "first": _first,
        "questions": ", ".join(map(_questions, program.lines)),
        "solve": partial(_solve, program, target),
        "applied": _applied,
        "layout": fit,
        "metric_functions": [*scores, *metric_functions(program.metrics)],
        "metrics": _measured(program),
    }


def _init(fitted: Collocated, target: Target) -> str:
    """The function that draws a network's arrays."""
    return init_function("init", fitted.parameters, target, layers(fitted.parameters))


def _count(program: SolverProgram) -> str:
    """How many questions are asked."""
    return " + ".join(f"len({x.held.points})" for x in program.lines)


def _together(count: str) -> str:
    """A count as part of an expression."""
    return f"({count})" if "+" in count else count


def _tested(program: SolverProgram, count: str) -> str:
    """What is told of the answers."""
    latency = (
        f', "latency": test_time / {_together(count)}' if "test.latency" in program.reads else ""
    )
    return f'{{"time": test_time, "count": {count}{latency}}}'


def _distinct(functions: Iterable[Function]) -> list[Function]:
    """Functions, each once."""
    return list({f.name: f for f in functions}.values())


def _each(line: LineCode) -> str:
    """The parts of a point, as arguments."""
    return ", ".join(line.names)


def _asked(line: LineCode) -> str:
    """The question of a point."""
    return f"{line.asked.name}({_each(line)})" if line.asked else _each(line)


def _applied(f: Function) -> str:
    """What a function gives for a point: the expression that it is, or a call."""
    if not f.body:
        return expression(f.results[0], NUMPY)
    return f"{f.name}({', '.join(f.parameters)})"


def _first(line: LineCode) -> str:
    """The question of the first point."""
    if line.asked is None:
        return f"{line.held.points}[0]"
    return f"{line.asked.name}({'*' if len(line.names) > 1 else ''}{line.held.points}[0])"


def _questions(line: LineCode) -> str:
    """The questions of all points, as items of a tuple."""
    one = _each(line) if len(line.names) == 1 else f"({_each(line)})"
    return f"*({_asked(line)} for {one} in {line.held.points})"


def _solve(program: SolverProgram, target: Target, line: LineCode) -> str:
    """How the solver is called."""
    if program.fitted is not None:
        return f"{program.fitted.solver}({', '.join([_asked(line), *target.fitted_by])})"
    return f"{line.solver.name}({_asked(line)})"


def _measured(program: SolverProgram) -> Measured:
    """How metrics are computed."""

    def given(m: MetricCode) -> Sequence[str]:
        if m.measured:
            return ("run",)
        if m.name not in program.scores:
            return _compared(m.answers)
        each = [f"{f.name}({', '.join(_compared(own))})" for f, own in program.scores[m.name]]
        return (f"np.concatenate([{', '.join(each)}])",)  # the scores of all lines are one list

    def text(e: Expr) -> str:
        return expression(e, NUMPY)

    at_hand = {"test.time": "test_time", "test.count": _together(_count(program))}
    return measured(program.metrics, text, _functions(program), at_hand, given)


def _compared(fixture: str) -> tuple[str, str]:
    return f"{fixture}_answers", f"{fixture}_truths"


def _functions(program: SolverProgram) -> Iterator[Function]:
    for line in program.lines:
        yield line.load
        if program.fitted is None:
            yield line.solver
        if line.asked:
            yield line.asked
        for f in line.fixtures:
            yield from (x for x in (f.answer, f.truth) if x is not None)
    for m in program.metrics:
        yield from (f for f, _ in program.scores.get(m.name, ()))
        yield m.function
    for e in program.equations:
        yield from e.methods
