"""Linking a problem and a model (CORE.md, steps 9 to 15).

A link is the first, in the order of chains, under which everything fits: the question
reaches the input, the output reaches the truth, the trainer has a loss, the metrics that
apply have a score.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from sailc.diagnostics.exclusions import Reason
from sailc.infer.context import Context, OutOfFuel
from sailc.infer.modules.common import Choice, World, open_scope
from sailc.infer.modules.converter import Converter, converter
from sailc.infer.modules.model import TypedModel, elaborate_model, input_type
from sailc.infer.modules.problem import DataLine, Question
from sailc.infer.modules.trainer import Loss, find_loss
from sailc.names import Entry
from sailc.routes import Reached, Route, backward, forward
from sailc.routes.search import Step, standardizer
from sailc.terms import Layer, Term, Var, rebuild
from sailc.types.model import Bool, Label, Tensor, Type, TypeVar, show


class GroundModel(Struct, frozen=True):
    """A model whose every type is known."""

    entry: Entry
    choice: Choice
    input: Var
    output: Term
    layers: tuple[Layer, ...]


class Link(Struct, frozen=True):
    """One data line's question and truth, joined to a model.

    `question` and `answer` are chains; the loss takes what the first `loss_at` steps of
    the answer chain have made of the output.
    """

    line: DataLine
    fixture: Question
    question: Route
    answer: Route
    model: GroundModel
    loss: Loss | None
    loss_at: int

    @property
    def output(self) -> Type:
        return self.model.output.type


class Linker(Struct):
    """Links with memoised searches; one for a plan."""

    world: World
    converters: tuple[Converter, ...] = ()
    _forward: dict[tuple[Type, bool], list[Reached]] = field(
        default_factory=dict[tuple[Type, bool], list[Reached]]
    )
    _backward: dict[tuple[Type, bool], list[Reached]] = field(
        default_factory=dict[tuple[Type, bool], list[Reached]]
    )

    def __post_init__(self) -> None:
        table = self.world.names.modules["converter"]
        entries = [table[n] for n in sorted(table)]
        self.converters = tuple(
            converter(e) for e in entries if len(e.declaration.parameters or ()) == 1
        )

    def reachable(self, question: Type, standardize: bool) -> list[Reached]:
        key = (question, standardize)
        if key not in self._forward:
            found = forward(self.world, self.converters, question)
            self._forward[key] = [self._standardized(r) for r in found] if standardize else found
        return self._forward[key]

    def _standardized(self, reached: Reached) -> Reached:
        """A chain with the first plain tensor on it standardized, unless a unit made that
        happen already."""
        route = reached.route
        if any(s.converter.fitted for s in route):
            return reached
        types = [route[0].source if route else reached.type, *(s.target for s in route)]
        for i, type in enumerate(types):
            step = self._fitted(type, "answer")
            if step:
                return Reached(reached.type, (*route[:i], *step, *route[i:]))
        return reached

    def accepted(self, truth: Type, standardize: bool) -> list[Reached]:
        key = (truth, standardize)
        if key not in self._backward:
            found = self._fitted(truth, "question") if standardize else ()
            suffix = tuple(Step(s.converter, s.source, s.target, inverse=True) for s in found)
            self._backward[key] = backward(self.world, self.converters, truth, suffix)
        return self._backward[key]

    def _fitted(self, type: Type, other: str) -> Route:
        usable = tuple(c for c in self.converters if c.path != other)
        step = standardizer(self.world, usable, type)
        return (step,) if step is not None else ()

    # --- one model on one data line --------------------------------------------------------

    def link(
        self,
        line: DataLine,
        entry: Entry,
        choice: Choice,
        trainer: Entry,
        given: Choice,
        standardize: bool,
    ) -> Link | Reason:
        """The least link of a model on a data line, or the furthest reason against it."""
        fixture = line.fixtures[0]
        question = fixture.question.type
        furthest: tuple[int, Reason] = (0, self._no_question(entry, choice, question, standardize))
        for here in self.reachable(question, standardize):
            result = self._try(line, fixture, here, entry, choice, trainer, given, standardize)
            if isinstance(result, Link):
                return result
            if result is not None and result[0] > furthest[0]:
                furthest = result
        return furthest[1]

    def _no_question(
        self, entry: Entry, choice: Choice, question: Type, standardize: bool
    ) -> Reason:
        ctx = self.world.context()
        wanted = show(input_type(ctx, entry, open_scope(ctx, entry, choice)))
        reached = tuple(
            " -> ".join([*(s.name for s in r.route), show(r.type)]) if r.route else show(r.type)
            for r in self.reachable(question, standardize)
        )
        text = f"no chain of converters joins the question `{show(question)}` to `{wanted}`"
        return Reason("X0101", text, reached)

    def _try(
        self,
        line: DataLine,
        fixture: Question,
        here: Reached,
        entry: Entry,
        choice: Choice,
        trainer: Entry,
        given: Choice,
        standardize: bool,
    ) -> Link | tuple[int, Reason] | None:
        ctx = self.world.context()
        scope = open_scope(ctx, entry, choice)
        declared = input_type(ctx, entry, scope)
        if isinstance(declared, TypeVar) and here.route:
            return None
        truth = fixture.truth.type if fixture.truth is not None else None
        if truth is None:
            text = "questions without a truth are answered by later versions of sailc"
            return 9, Reason("X0301", text)
        for there in self.accepted(truth, standardize):
            model = self._elaborate(entry, choice, here.type)
            if model is None:
                return None
            if isinstance(model, Reason):
                return 1, model
            ctx, typed = model
            if ctx.solver.unify(typed.output.type, there.type, fixture.span) is not None:
                continue
            ground = _ground(ctx, typed, choice)
            if isinstance(ground, Reason):
                return 2, ground
            return self._finish(
                line, fixture, here.route, there.route, ground, trainer, given, truth, standardize
            )
        found = self._elaborate(entry, choice, here.type)
        output = show(found[0].type_of(found[1].output)) if isinstance(found, tuple) else "?"
        text = f"no chain of converters joins the answer `{output}` to the truth `{show(truth)}`"
        accepted = tuple(show(r.type) for r in self.accepted(truth, standardize))
        return 3, Reason("X0102", text, accepted)

    def _elaborate(
        self, entry: Entry, choice: Choice, given: Type
    ) -> tuple[Context, TypedModel] | Reason | None:
        ctx = self.world.context()
        try:
            typed = elaborate_model(ctx, entry, choice, given)
        except OutOfFuel:
            return Reason("X0104", f"{entry.declaration.name} takes too many steps to elaborate")
        if typed is None:
            return None
        if typed.holes or typed.minimize is not None or typed.fitted:
            what = "`needs`" if typed.holes else "`minimize` and `fit`"
            return Reason("X0301", f"{what} is not planned by this version of sailc")
        failed = [r for r in typed.requirements if r.holds is False]
        if failed:
            because = failed[0].because or "a `require` does not hold"
            return Reason("X0106", f"{because} (`{show(given)}`)")
        if ctx.failed:
            first = next(d for d in ctx.found.values() if d.severity == "error")
            return Reason("X0104", f"on `{show(given)}`: {first.message}")
        return ctx, typed

    def _finish(
        self,
        line: DataLine,
        fixture: Question,
        question: Route,
        answer: Route,
        model: GroundModel,
        trainer: Entry,
        given: Choice,
        truth: Type,
        standardize: bool,
    ) -> Link | tuple[int, Reason]:
        types = [model.output.type, *(s.target for s in answer)]
        first = len(types) - 1 if standardize and answer and answer[-1].inverse else 0
        for at in range(first, len(types)):
            if at and not all(_differentiable(t) for t in types[1 : at + 1]):
                break
            loss = find_loss(self.world.context(), trainer, given, types[at], truth)
            if loss is not None:
                return Link(line, fixture, question, answer, model, loss, at)
        text = f"no loss accepts an answer `{show(types[0])}` and a truth `{show(truth)}`"
        return 4, Reason("X0105", text)


def _differentiable(type: Type) -> bool:
    """Labels and truth values have no derivative."""
    return isinstance(type, Tensor) and not isinstance(type.element, Label | Bool)


def _ground(ctx: Context, typed: TypedModel, choice: Choice) -> GroundModel | Reason:
    """A model with every type resolved; a reason where one stays open."""
    from sailc.routes.search import is_ground

    wrong = ctx.solver.settle()
    if wrong is not None:
        return Reason("X0109", f"dimensions disagree: {wrong.left} and {wrong.right}")
    memo: dict[int, Term] = {}
    resolve = resolver(ctx)
    inputs = [rebuild(v, resolve, memo) for v in typed.inputs]
    output = rebuild(typed.output, resolve, memo)
    for layer in typed.layers:
        for name, type in layer.parameters.items():
            layer.parameters[name] = ctx.solver.resolve(type)
        if not all(is_ground(t) for t in layer.parameters.values()):
            return Reason("X0109", f"the parameters of `{layer.operator}` have no known shape")
    if not inputs:
        return Reason("X0302", f"`{typed.entry.declaration.name}` has mistakes: see `sailc check`")
    if not is_ground(output.type):
        return Reason("X0109", f"the answer's type `{show(output.type)}` is not decided")
    assert isinstance(inputs[0], Var)
    return GroundModel(typed.entry, choice, inputs[0], output, typed.layers)


def resolver(ctx: Context) -> Callable[[Term], Term]:
    """What puts all that a solver knows into a term."""
    from sailc.plan.ground import resolve_term

    return lambda term: resolve_term(ctx.solver, term)
