"""What is planned by the rules of the language and has no program yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import World
from sailc.infer.modules.problem import Carried, DataLine, TypedProblem
from sailc.infer.modules.trainer import TypedTrainer, is_phased
from sailc.plan.courses import courses
from sailc.plan.fixtures import unlike_fixtures
from sailc.plan.link import Links, truth_type
from sailc.plan.matches import GroundModel
from sailc.plan.modes import no_modes_in_equations, no_statistics_in_steps
from sailc.plan.ragged import chosen_by_point
from sailc.plan.scenario import judged
from sailc.plan.solving import is_solving, unsolved
from sailc.source import NOWHERE
from sailc.symbolic.vocabulary import held, strange
from sailc.terms import Apply, Const, Lambda, Term, walk
from sailc.types.dims import Dim, atom
from sailc.types.model import (
    Complex,
    FunctionType,
    ListType,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
    show,
)
from sailc.types.parts import lengths
from sailc.types.solver import Solver


def unwritten(
    world: World, problem: TypedProblem, links: Links, trainer: TypedTrainer
) -> Reason | None:
    """Why no program can be written for a link by this version."""
    unknown = _of_unknown_shape(links)
    if unknown is not None:
        return unknown
    if is_solving(links):
        return no_modes_in_equations(links) or unsolved(world, links)
    missing = _of_courses(problem, links) or _unwritten(links, trainer)
    hint = ""
    if not missing and any(len(k.line.fixtures) > 1 for k in links):
        found = (unlike_fixtures(c.links) for c in courses(problem, links, "test"))
        missing = next(filter(None, found), "")
        hint = ": its loss is that of `train`, so give it the same fixtures"
    text = f"{missing} is not written by this version of sailc{hint}"
    return Reason("X0301", text) if missing else no_statistics_in_steps(links)


def _of_unknown_shape(links: Links) -> Reason | None:
    """Why what a layer learns is no array: a part of its shape only the data know, and where
    lists differ in length, it is another for every point."""
    for layer in dict.fromkeys(x for k in links for x in k.model.layers):
        for name, type in (*layer.parameters.items(), *layer.state.items()):
            if unknown := lengths(type):
                place = f" in `{layer.part}`" if layer.part else ""
                text = (
                    f"`{name}` of `{layer.operator}`{place} would be a `{show(type)}`, and only "
                    f"the data know the length `{atom(unknown[0])}`: such a layer may follow a "
                    "sum or mean over the elements, or be applied to each of them"
                )
                return Reason("X0301", text)
    return None


def _unwritten(links: Links, trainer: TypedTrainer) -> str:
    """What of a link that is no equation no program can be written for; empty if nothing."""
    first = judged(links)
    model = first.model
    minimizes = model.minimize is not None
    if any(len(k.line.fixtures) > 1 for k in links):
        if minimizes:
            return "several fixtures for a model that minimizes"
        if model.plain:
            return "several fixtures for a solver that no gradient teaches"
        if any(chosen_by_point(k.line) for k in links):
            return "several fixtures of points whose lists differ in length"
        truth = truth_type(first.fixture)
        if truth is None or Solver().unify(first.match.types[-1], truth, NOWHERE) is not None:
            return "several fixtures where no converter joins the first answer to its truth"
    if asked := [name for k in links for name in _asked_again(k.line)]:
        return f"a truth that asks `{asked[0]}` again, instead of a difference `as 0`,"
    if any(_is_unjudged(k.line) for k in links if k.line.split == "test" or not minimizes):
        return "a question without a truth"
    if is_phased(trainer.phases) and any(chosen_by_point(k.line) for k in links):
        return "training in phases, or with L-BFGS, on lists of different lengths"
    if model.fitted is not None and any(chosen_by_point(k.line) for k in links):
        return "a solver that is fitted to lists of unequal lengths"
    return _of_conditions(links) or _of_model(model)


def _is_unjudged(line: DataLine) -> bool:
    """Whether a line has neither a truth nor, with a type in its place, fixtures that have one."""
    first, *others = line.fixtures
    if first.truth is not None:
        return False
    return first.truth_type is None or all(f.truth is None for f in others)


def _asked_again(line: DataLine) -> Iterator[str]:
    """The first fixture, where what should be the truth of another depends on its answers."""
    truths = [f.truth for f in line.fixtures if f.truth is not None]
    if line.answering is not None and line.answering in walk(*truths):
        yield line.fixtures[0].name


def _of_courses(problem: TypedProblem, links: Links) -> str:
    """What of stages, or of lines that ask with several types, no program can be written for."""
    elsewhere = [c for c in problem.carried if c.problem]
    if elsewhere and _is_late(problem, elsewhere):
        return "`carry` from another problem than the one that is trained right before"
    found = courses(problem, links, "test")
    if len(found) == 1:
        return ""
    for c in found:
        if not c.asks_alike:
            return "data lines of one stage that ask with different types"
        if c is not found[-1] and not c.of("train"):
            return "a stage without a `train` line"
    last = found[-1]
    if not last.of("train") and last.links[0].fits:
        return "a fitted converter where a problem is judged on other types than it learns from"
    if any(chosen_by_point(k.line) for k in links):
        return "stages of points whose lists differ in length"
    if last.links[0].model.by_itself:
        return "stages for a solver that answers each question by itself"
    return ""


def _is_late(problem: TypedProblem, elsewhere: Sequence[Carried]) -> bool:
    """Whether anything is carried from a problem that is not trained right before."""
    for c in elsewhere:
        at = problem.stages.index(c.stage)
        before = problem.stages[at - 1] if at else ""
        if before != c.problem and not before.startswith(f"{c.problem}_"):
            return True
    return False


def _of_conditions(links: Links) -> str:
    """What a model requires is asked of its questions before it is trained: of no other value."""
    model = judged(links).model
    inside = any(h.match.model.conditions for h in model.holes)
    several = any(len(k.line.fixtures) > 1 for k in links)
    terms = [c.holds for c in model.conditions]
    learned = any(isinstance(t, Apply) and t.layer is not None for t in walk(*terms))
    if inside or (terms and (several or learned)):
        return "a `require` about what is known only within a run"
    return ""


def _of_model(model: GroundModel) -> str:
    if model.fitted is not None and (model.trained or model.minimize is not None):
        return "a solver that is fitted and holds parameters"
    formulas = isinstance(model.output.type, FunctionType) and holds_numbers(model.output)
    if model.afresh and not isinstance(model.output.type, Tensor) and not formulas:
        return "a solver that minimizes something and whose answer is no tensor"
    if model.afresh and formulas and not learned(model.output):
        return "a formula that holds none of the numbers learned"
    if model.minimize is None and model.trained and isinstance(model.output.type, FunctionType):
        return "an answer that is a formula without a `minimize` line"
    inputs = tuple(v.type for v in model.inputs)
    answered = model.plain or formulas
    if not all(_is_arrays(t, model.plain) for t in inputs) or not _is_arrays(
        model.output.type, answered
    ):
        asked = inputs[0] if len(inputs) == 1 else TupleType(inputs)
        return f"a model from `{show(asked)}` to `{show(model.output.type)}`"
    return ""


def holds_numbers(output: Term) -> bool:
    """Whether a formula holds nothing but numbers, and vectors of as many as are known."""
    function = output.attributes["function"] if isinstance(output, Apply) else None
    if not isinstance(function, Lambda) or strange(function.body, function.variables) is not None:
        return False
    shapes = [t.type.shape if isinstance(t.type, Tensor) else None for t in held(function)]
    return all(s is not None and len(s) < 2 and all(map(_is_known, s)) for s in shapes)


def learned(output: Term) -> list[Term]:
    """The numbers and vectors of numbers that a formula holds, apart from what is known."""
    function = output.attributes["function"] if isinstance(output, Apply) else None
    assert isinstance(function, Lambda)
    return [t for t in dict.fromkeys(held(function)) if not isinstance(t, Const)]


def _is_known(item: object) -> bool:
    return isinstance(item, Dim) and item.value is not None


def _is_arrays(type: Type, formulas: bool) -> bool:
    """Tensors of real numbers or labels, or records, tuples and lists of them; formulas too,
    where these may be."""
    match type:
        case RecordType(fields):
            return all(_is_arrays(t, formulas) for _, t in fields)
        case TupleType(items):
            return all(_is_arrays(t, formulas) for t in items)
        case ListType(item, _) | SetType(item, _):
            return _is_arrays(item, formulas)
        case FunctionType():
            return formulas
        case _:
            return isinstance(type, Tensor) and not isinstance(type.element, Complex)
