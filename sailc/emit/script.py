"""A program as one text: the parts that every backend shares, and a skeleton for its own.

A backend gives its rows, a Jinja template that extends `script.py.jinja`, and how it
stores parameters; the rest (data, metrics, the command line) is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from sailc.emit.beside import KEEPER
from sailc.emit.judging import judging
from sailc.emit.metrics import metric_functions
from sailc.emit.numpy_rows import HELPERS, MODULES, NUMPY
from sailc.emit.numpy_rows.shared import space_rank
from sailc.emit.points.doors import Doors
from sailc.emit.points.splits import as_tuple, data_facts, statistics_in_main
from sailc.emit.points.stored import is_plain
from sailc.emit.solving import solver_script
from sailc.emit.target import Target
from sailc.emit.text.environment import filled, is_standard, provenance, tidy, wrapped
from sailc.emit.text.functions import docline, expression, function
from sailc.emit.text.imports import STANDARD, in_order, needed, versions
from sailc.emit.text.layout import fit
from sailc.emit.text.pieces import helpers as helpers_of
from sailc.emit.text.rows import MAKERS, operators_in, row_text
from sailc.emit.text.twins import calls, with_own_names
from sailc.emit.training.batch import EVALUATION_BATCH, Batch, all_of, pick, size
from sailc.emit.training.learning import Learning
from sailc.emit.training.modes import has_modes_again, with_modes
from sailc.emit.training.staged import Staged, shared, starting
from sailc.program.equations.programs import AnyProgram, SolverProgram
from sailc.program.tree.expressions import draws, operations, walk
from sailc.program.tree.nodes import Expr, Function, Op, Text
from sailc.program.tree.programs import Program
from sailc.program.tree.slopes import BOTH, in_one_pass


def lacking(target: Target, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
    """The operators and optimizers of a model that a target has no row for, and the operators
    on data that NumPy has none for; in an author's words."""
    known = {*target.rows, *target.optimizers, *FOLDED}
    absent = {o for o in model if o not in known}
    derived = {"grad"} if "slope" in target.helpers else set[str]()
    absent |= {o for o in data if o not in NUMPY and o not in FOLDED | derived | OF_DATA}
    return tuple(sorted(o if " " in o else f"`{o}`" for o in absent))


# What is given to code outside while data are made; backends cannot give it.
OF_DATA = frozenset(["callable"])

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
        "path",
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
    if program.mixed and target.mixing is not None:
        program, target = target.mixing.mix(program), target.mixed
    program = in_one_pass(program) if target.eager else program
    again = has_modes_again(program)
    target = target.repeating if again else target

    doors = Doors.of(program.functions, program.drivers, program.on_backend)
    own_rows = {**target.rows, "extern": doors.row_in_model}
    rows = {**NUMPY, "extern": doors.row}

    arrays = helpers_of(operators_in(program.on_data), HELPERS)
    tensors = called(target, program.on_backend)

    def numpy(f: Function) -> str:
        return with_own_names(function(f, rows), arrays, tensors)

    def own(f: Function) -> str:
        return function(f, own_rows, target.simplify)

    def text(e: Expr) -> str:
        return with_own_names(expression(e, rows), arrays, tensors)

    program = with_modes(program, target.runs)
    if program.staged:
        program = shared(program, own)
    judged = judging(program, text, _at_hand(program))
    facts = _facts(judged.of(program), target, doors) | judged.facts | {"again": again}
    return tidy(filled(target.template, facts, numpy=numpy, own=own, text=text), SOMETIMES)


def _at_hand(program: Program) -> dict[str, str]:
    """What of a run's measures `main` has by name."""
    return {
        "train.time": "train_time",
        "train.loss": "final_loss",
        "train.epochs": "epochs",
        "test.time": "test_time",
        "test.count": _count(program),
        "compile.time": "compile_time",
    }


def _count(program: Program) -> str:
    """How many questions are judged."""
    stage = program.last
    return "sum(map(len, places))" if stage.grouped else size(stage.structured, "output", "output")


def called(target: Target, functions: Iterable[Function]) -> list[str]:
    """The functions of their own that the rows of some functions call."""
    own = target.helpers
    ops = [(_helper(o, own), o) for f in functions for o in operations(*f.expressions)]
    there = {k for k, o in ops if k in own and calls(row_text(o, target.rows), own[k])}
    return list(dict.fromkeys(own[k] for k in sorted(there)))


def _helper(op: Op, helpers: Mapping[str, str]) -> str:
    """Under which name an operator's function is, where it has one: what is told the name of a
    layer may have another."""
    by_name = f"{op.operator}{space_rank(op)}d" if "layer" in op.attributes else ""
    return by_name if by_name in helpers else op.operator


def _facts(program: Program, target: Target, doors: Doors) -> dict[str, object]:
    stage = program.last
    used = operators_in(program.on_backend)
    mixing = target.mixing if program.mixed else None
    helpers = [mixing.wrapping(program)] if mixing is not None else []
    helpers += called(target, program.on_backend)
    helpers += [target.helpers["slope"]] if program.varied else []
    helpers += [target.outside, doors.in_model] if doors.learning else []
    on_data = operators_in(program.on_data) | frozenset(["told"] * program.formulas)
    arrays = helpers_of(on_data, HELPERS)
    modules = {MODULES[o] for o in used | on_data if o in MODULES}
    modules |= {"import itertools"} if any("itertools." in h for h in helpers) else set()
    modules |= set() if program.afresh else {"from timeit import Timer"}
    modules |= {"import resource", "import sys"} if "train.memory" in program.reads else set()
    modules |= set(doors.imports)
    modules |= {"import functools"} if doors.learning and "functools." in target.outside else set()
    imports = sorted({i for i in program.imports if i not in _ALWAYS} | modules)
    packages = needed(target.packages, imports, program.drivers.values())
    validated = any(s.kind == "validate" for x in program.stages for s in x.data.splits)
    learning = Learning(program, target, validated)
    drawing = any(map(draws, _expressions(program)))
    inits, by_stage = starting(program, target)
    largest = program.training.batch
    batch = Batch(stage, largest, target.eager)
    if program.staged:
        batch = Staged(stage, largest, target.eager, program, learning.checks, by_stage)
    data = data_facts(program, "model")
    return {
        "program": program,
        "stage": stage,
        "title": docline(f"{program.title}, on {target.title}"),
        "doc": [wrapped(d) for d in program.doc],
        "versions": versions(packages),
        "provenance": provenance(program.source, packages, (t.text for t in _texts(program))),
        "standard": in_order([*STANDARD, *(i for i in imports if is_standard(i))]),
        "others": [i for i in imports if not is_standard(i)],
        "uses_data": bool(doors.folders) or any("DATA" in t.text for t in _texts(program)),
        "doors": doors,
        "keeper": KEEPER,
        "own_helpers": list(dict.fromkeys(helpers)),
        "data_helpers": [with_own_names(h, arrays, helpers) for h in arrays if h not in helpers],
        "reads": program.reads,
        "trained": _trained(program, batch, learning.phased),
        "history": "validate.loss" in program.reads or any(m.curve for m in program.metrics),
        "measured": _measured(program),
        **_tested(program),
        "inits": inits,
        "learning": learning,
        "small_steps": _has_small_steps(program, used),
        "drawing": drawing,
        "holds_state": any(s.running for s in program.stages),
        "makes": bool(used & MAKERS),
        "repeats": bool(used & REPEATERS),
        "differentiates": bool(used & {"grad", BOTH}),
        **data,
        "statistics": as_tuple(told) if (told := statistics_in_main(program)) else "statistics",
        "plain": _is_plain(program, data["load"]),
        "validated": validated,
        "evaluation_batch": EVALUATION_BATCH,
        "constants": batch.constants,
        "layout": fit,
        "timing": _timing,
        "batch": batch,
        "pick": partial(pick, stage.structured),
        "size": partial(size, stage.structured),
        "all_of": partial(all_of, {"output"} if stage.grouped else stage.structured, target.each),
        "metric_functions": metric_functions(program.metrics),
        "several_scores": any(m.scores and _is_several(m.scores) for m in program.metrics),
        "nested_points": any(
            s.grouped or {"question", "truth"} & s.structured.keys() for s in program.stages
        ),
    }


def _timing(call: str) -> str:
    """The statement that finds how many seconds a call takes, which was done before: of as many
    as take 0.2 s."""
    return fit(f"repeats, seconds = Timer(lambda: {call}).autorange()", 4)


def _tested(program: Program) -> dict[str, str]:
    """What is told of answering: how many were asked, and how long one alone took."""
    alone = "test_time / len(output)" if program.afresh else "seconds / repeats"
    latency = f', "latency": {alone}' if "test.latency" in program.reads else ""
    return {"count": _count(program), "latency": latency}


def _trained(program: Program, batch: Batch, phased: bool) -> str:
    """What is told of training, as the items of a record."""
    flops = f"{program.last.flops} * epochs * steps * {batch.of('count')}"
    flops = f"{program.last.flops} * passed" if phased else flops
    more = {
        "train.energy": '"energy": joules(before, after)',
        "train.memory": '"memory": memory',
        "train.flops": f'"flops": {"spent_flops" if program.staged else flops}',
    }
    always = '"time": train_time, "epochs": epochs, "loss": final_loss'
    return ", ".join([always, *(text for what, text in more.items() if what in program.reads)])


def _measured(program: Program) -> str:
    """What is kept of each epoch: of the training what a curve is of."""
    curves = [m.function for m in program.metrics if m.curve]
    paths = [str(o.attributes.get("path")) for f in curves for o in operations(*f.expressions)]
    parts = ['"train": {"time": seconds, "epochs": epoch, "loss": mean_loss}']
    parts = parts if any(p.startswith("train.") for p in paths) else []
    parts += ['"validate": {"loss": check}'] if "validate.loss" in program.reads else []
    return f"{{{', '.join(parts)}}}"


# With fewer operations a step, calling it costs something beside the step. Measured with JAX on a
# processor, one call an epoch beside one a step: a perceptron of 0.6e6 operations a step gains five
# times, a sum over sets of 20e6 a fifth, Uno of 1.0e9 nothing. What convolves loses (LeNet five
# times, CosmoFlow nine): inside of loops, XLA's convolutions are not those of its library.
SMALL_STEP = 300e6


def _is_plain(program: Program, load: object) -> bool:
    """Whether all arrays of a program are stored as backends take them, without being told."""
    single = program.precision == "float32" and not program.last.grouped
    return single and isinstance(load, Function) and is_plain(load)


def _has_small_steps(program: Program, used: frozenset[str]) -> bool:
    """Whether a program's epoch is best one call, and can be: all batches are of one size."""
    stage = program.last
    plain = not (program.staged or program.afresh or stage.grouped or program.training.phased)
    work = stage.flops * program.training.batch if stage.flops is not None else SMALL_STEP
    return plain and work < SMALL_STEP and not used & {"conv", "conv_transpose", "spectral_conv"}


# What goes where nothing calls it: programs do it to all arrays of a value, if they have such
# values, and a pool may take means.
SOMETIMES = ("taken", "each", "size_of", "largest")

# What may give weights themselves as answers.
REPEATERS = frozenset({"repeat_rows"})
_ALWAYS = {"import numpy as np"}


def _texts(program: Program) -> list[Text]:
    return [e for e in walk(*program.load.expressions) if isinstance(e, Text)]


def _expressions(program: Program) -> list[Expr]:
    """All that is computed on the backend."""
    return [e for f in program.on_backend for e in f.expressions]


def _is_several(f: Function) -> bool:
    """Whether what a function returns is several arrays."""
    (result,) = f.results
    return isinstance(result, Op) and result.operator == "pack"
