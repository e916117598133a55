"""Programs of solvers that no gradient teaches: with a `fit`, which is done once on the training
points, or without. Each question is then asked.

No backend is needed: all of it is NumPy's, and what is called from outside.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from sailc.infer.modules.common import World
from sailc.infer.modules.model import Fitting
from sailc.plan.matches import GroundModel
from sailc.plan.metrics import reads
from sailc.plan.scenario import Scenario
from sailc.program.arrays.layout import (
    POINTS,
    Group,
    Leaf,
    Levels,
    Vector,
    any_leaf,
    filled,
    first_array,
    opened,
    packed,
)
from sailc.program.arrays.outside import at_run
from sailc.program.arrays.vectors import Lowering
from sailc.program.heading import about, title
from sailc.program.points.conversions import conversions, fitted, statistics
from sailc.program.points.files import Files
from sailc.program.points.lines import point_functions, with_questions
from sailc.program.points.load import load_function
from sailc.program.training.answering import Answering
from sailc.program.training.model import function_name, requirement
from sailc.program.training.stage import parted
from sailc.program.tree.nodes import Door, Driver, Expr, Function, Ref
from sailc.program.tree.programs import Data, MetricCode
from sailc.program.tree.tidy import inlined
from sailc.terms import Var
from sailc.types.model import FunctionType, TupleType


class FittedProgram(Struct, frozen=True):
    """A scenario's program, in the order of its text. `fit` is of all training questions and
    truths and the seed, if the solver has one; `solver` is of what it gives and of many
    questions."""

    scenario: str
    title: str
    doc: tuple[str, ...]
    source: str
    data_folder: str
    data_files: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    load: Function
    loaded: tuple[str, ...]
    data: Data
    truth_statistics: Function | None
    fit: Function | None
    solver: Function
    answers: tuple[Function, ...]
    metrics: tuple[MetricCode, ...]
    judged: str
    truth: tuple[str | int, ...]
    """The path to an array among those of the truths, which is as long as there are points."""
    questions: tuple[Function, ...] = ()
    reads: frozenset[str] = frozenset()
    formulas: bool = False
    """Whether its answers are formulas, which are told."""
    drivers: Mapping[Door, Driver] = field(default_factory=dict[Door, Driver])

    @property
    def functions(self) -> tuple[Function, ...]:
        spread = (self.truth_statistics,) if self.truth_statistics is not None else ()
        made = (self.load, *self.data.functions, *self.questions, *spread)
        judged = (m.function for m in self.metrics)
        fit = (self.fit,) if self.fit is not None else ()
        return (*made, *fit, self.solver, *self.answers, *judged)


def lower_fitted(
    world: World, s: Scenario, files: Files, folder: str, source: str
) -> FittedProgram:
    """The program of a scenario that a solver answers which no gradient teaches."""
    load, sources = load_function(s, files)
    early, late = parted(conversions(world, s.link.question))
    points, splits = point_functions(sources, early)
    found, convert = fitted(late, grouped=False)
    chain = conversions(world, s.link.answer)
    inverse = [p for p in chain if p.conversion.inverse is not None]
    judged = Answering(s, chain, grouped=False).judged(s.metrics)
    judging = [x for x in sources if x.line.split == s.split]
    asks = any(m.asks for m in judged.metrics)
    questions, splits = with_questions(judging if asks else (), splits)
    truth = judging[0].line.fixtures[0].truth
    model, fitting = s.link.model, s.link.model.fitted
    return FittedProgram(
        scenario=s.id,
        title=title(s),
        doc=tuple(about(s)),
        source=source,
        data_folder=folder,
        data_files=tuple(files.paths),
        imports=tuple(dict.fromkeys(files.imports)),
        helpers=tuple(dict.fromkeys(files.helpers)),
        load=load,
        loaded=tuple(n for x in sources for n in x.names),
        data=Data(points, splits, found, convert, requirement(model)),
        truth_statistics=statistics(inverse, "fit_truth", "truth", grouped=False)
        if inverse
        else None,
        fit=at_run(_fit(model, fitting)) if fitting is not None else None,
        solver=at_run(_solver(model, fitting)),
        answers=tuple(a.function for a in judged.answers),
        metrics=judged.metrics,
        judged=s.split,
        truth=first_array(truth.type) if truth is not None else (),
        questions=questions,
        reads=frozenset(r for m in s.metrics if m.measure for r in reads(m.measure)),
        formulas=isinstance(s.link.output, FunctionType),
    )


def _fit(model: GroundModel, fitting: Fitting) -> Function:
    """What the `fit` lines bind, of all training points together."""
    low = Lowering()
    low.names.taken |= {"truth", "seed"}
    start = low.names.fresh(fitting.points[0].name if len(fitting.points) == 1 else "question")
    for v, part in zip(fitting.points, _apart(fitting.points, Ref(start)), strict=True):
        low.bind(v, part)
    low.bind(fitting.truth, opened(fitting.truth.type, Ref("truth")))
    low.bind(fitting.seed, Leaf(Ref("seed"), (), 0))
    low.count(*(t for _, t in fitting.bindings))
    results: list[Expr] = []
    for v, term in fitting.bindings:
        value = low.lower(term)
        low.bind(v, value)
        results.append(packed(value))
    d = model.entry.declaration
    doc = f"What {d.name} makes of all training questions and their true answers."
    span = fitting.bindings[0][0].span
    return inlined(
        Function("fit_solver", doc, (start, "truth", "seed"), tuple(low.body), tuple(results), span)
    )


def _solver(model: GroundModel, fitting: Fitting | None) -> Function:
    """The answers to many questions, of what was fitted."""
    low = Lowering()
    given: list[str] = []
    for v, _ in fitting.bindings if fitting is not None else ():
        given.append(low.names.fresh(v.name))
        low.bind(v, opened(v.type, Ref(given[-1])))
    start = low.names.fresh(model.input.name if len(model.inputs) == 1 else "question")
    questions = _apart(model.inputs, Ref(start), (POINTS,))
    for v, part in zip(model.inputs, questions, strict=True):
        low.bind(v, part)
    low.count(model.output)
    output = packed(filled(low.lower(model.output), any_leaf(questions[0])))
    d = model.entry.declaration
    doc = d.doc or f"The solver {d.name}."
    parameters = (*given, start)
    return inlined(
        Function(function_name(model), doc, parameters, tuple(low.body), (output,), d.name_span)
    )


def _apart(variables: tuple[Var, ...], whole: Expr, levels: Levels = ()) -> list[Vector]:
    """What several inputs stand for, of the one value that holds them."""
    if len(variables) == 1:
        return [opened(variables[0].type, whole, levels)]
    group = opened(TupleType(tuple(v.type for v in variables)), whole, levels)
    return list(group.items.values()) if isinstance(group, Group) else []
