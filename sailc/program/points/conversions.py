"""Chains of converters: what is fitted on all training points, and what is done with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.infer.modules.common import World
from sailc.infer.modules.converter import Conversion, Statistic, apply_converter, converter
from sailc.plan.ground import Grounding
from sailc.program.arrays.layout import POINTS, Leaf, Vector, enter, leave, opened, packed, rank_of
from sailc.program.arrays.vectors import Lowering
from sailc.program.points.placed import Placed, convert, descend, places, together
from sailc.program.tree.nodes import Expr, Function, Ref
from sailc.program.tree.tidy import inlined, pruned
from sailc.routes import Route, Step
from sailc.terms import Term, Var, rebuild
from sailc.types.model import Type


def conversions(world: World, route: Route) -> list[Placed]:
    """The converters of a chain at their types, and where in these they apply."""
    return [p for i, s in enumerate(route) for p in _placed(world, s, i)]


def _placed(world: World, step: Step, i: int) -> Iterator[Placed]:
    whole = step.target if step.inverse else step.source
    for path, type in places(whole, step.lift):
        made = _conversion(world, step, type)
        if made is not None:
            yield Placed(made, whole, path, i)


def _conversion(world: World, step: Step, type: Type) -> Conversion | None:
    """A conversion with variables of its own, since what these stand for is told by place."""
    found = world.ask(_ground, step.converter.name, type, step.inverse)
    return found and _changed(found, _Copying())


def _ground(world: World, name: str, type: Type, inverse: bool) -> Conversion | None:
    ctx = world.context()
    made = converter(ctx, world.names.modules["converter"][name])
    found = apply_converter(ctx, made, type)
    if found is None:
        return None
    ctx.solver.settle()
    if not inverse:
        found = replace(found, inverse=None, answer=None)
    found = replace(found, target=ctx.solver.resolve(found.target))
    return _changed(found, Grounding(ctx.solver))


class _Copying(Struct):
    """Terms made anew."""

    memo: dict[int, Term] = field(default_factory=dict[int, Term])

    def term(self, term: Term) -> Term:
        return rebuild(term, replace, self.memo)


def _changed(c: Conversion, by: Grounding | _Copying) -> Conversion:
    """A conversion of which all terms are changed."""

    def var(variable: Var) -> Var:
        found = by.term(variable)
        assert isinstance(found, Var)
        return found

    return replace(
        c,
        input=var(c.input),
        points=var(c.points),
        statistics=tuple(Statistic(var(s.variable), by.term(s.value)) for s in c.statistics),
        output=by.term(c.output),
        answer=c.answer and var(c.answer),
        inverse=c.inverse and by.term(c.inverse),
    )


def fitted(chain: Sequence[Placed], grouped: bool) -> tuple[Function | None, Function | None]:
    """The function that fits a chain on the training questions, and the one that converts
    questions with what it found."""
    if not chain:
        return None, None
    return statistics(chain, "fit", "question", grouped), _convert(chain)


def statistics(chain: Sequence[Placed], name: str, what: str, grouped: bool) -> Function:
    """A function from all training points together to the statistics of a chain. Where points
    are batched by the lengths of their lists, it takes one array for each of these."""
    low = Lowering()
    first = chain[0].conversion
    start = low.names.fresh(what)
    whole = chain[0].whole
    vector = together(low, whole, start) if grouped else opened(whole, Ref(start), outer=1)
    chain = [placed.in_one() for placed in chain] if grouped else chain
    results = fit_on(low, chain, vector)
    doc = f"What is known of all training {what}s together."
    span = first.output.span
    return pruned(Function(name, doc, (start,), tuple(low.body), tuple(results), span))


def fit_on(low: Lowering, chain: Sequence[Placed], vector: Vector) -> list[Expr]:
    """The statistics of a chain on a vector of all training points."""
    results: list[Expr] = []
    for placed in chain:
        c = placed.conversion
        values = [replace(s.value, name=placed.label(s.variable.name)) for s in c.statistics]
        low.count(*values)
        low.bind(c.points, descend(low, placed, vector))
        for s, term in zip(c.statistics, values, strict=True):
            value = low.leaf(term)
            low.bind(s.variable, value)
            results.append(value.expr)
        if placed is not chain[-1]:
            vector = leave(convert(low, placed, enter(vector, POINTS)), POINTS)
    return results


def _convert(chain: Sequence[Placed]) -> Function:
    low = Lowering()
    first = chain[0].conversion
    start = low.names.fresh("question")
    vector = low.points(chain[0].whole, start)
    parameters = [start]
    for placed in chain:
        found = placed.conversion.statistics
        parameters += [bind_statistic(low, placed, s.variable) for s in found]
        vector = convert(low, placed, vector)
    doc = "Questions as the model takes them."
    span = first.output.span
    return inlined(
        Function("convert", doc, tuple(parameters), tuple(low.body), (packed(vector),), span)
    )


def bind_statistic(low: Lowering, placed: Placed, variable: Var) -> str:
    """Make a statistic of a conversion a parameter of a function; its name there."""
    name = low.names.fresh(placed.label(variable.name))
    low.bind(variable, Leaf(Ref(name), (), rank_of(variable.type)))
    return name
