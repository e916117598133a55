"""A model between a type of question and a type of truth (CORE.md, steps 9 to 15).

Matches come in the order of chains, and are found as they are asked for: who asks takes the
first that also has a loss. They hang on types alone, so problems that ask alike share them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.diagnostics.exclusions import Reason
from sailc.infer.coerce import converted
from sailc.infer.context import Context, OutOfFuel
from sailc.infer.modules.common import Choice, World, open_scope, words
from sailc.infer.modules.model import Fitting, Hole, TypedModel, elaborate_model, input_type
from sailc.infer.modules.problem import Condition
from sailc.infer.values import is_term
from sailc.names import Entry
from sailc.plan.chains import Chains, Way
from sailc.plan.filled import Filler, Plug
from sailc.plan.ground import Grounding
from sailc.plan.judging import Judging, differentiable
from sailc.plan.matches import Asked, Filling, GroundModel, Match, Matches
from sailc.plan.wanting import Wanting, told, wanting
from sailc.routes import Reached
from sailc.routes.search import is_decided, is_ground
from sailc.symbolic.slope import in_algebra
from sailc.types.meet import may_meet
from sailc.types.model import FunctionType, Type, TypeVar, show
from sailc.types.solver import Solver

MAX_DEPTH = 2


class Body(Struct, frozen=True, eq=False):
    """A model elaborated on one type of input."""

    context: Context
    typed: TypedModel
    output: Type


class Matcher(Struct):
    """Matches by what is asked, the model, and its knobs; one for a plan."""

    world: World
    chains: Chains
    judging: Judging
    fillers: Callable[[], Iterator[tuple[Entry, list[Choice]]]]
    _matches: dict[tuple[Asked, str, int], Matches] = field(
        default_factory=dict[tuple[Asked, str, int], Matches]
    )
    _bodies: dict[tuple[str, int, Type], Body | Reason | None] = field(
        default_factory=dict[tuple[str, int, Type], Body | Reason | None]
    )
    _inputs: dict[str, Type] = field(default_factory=dict[str, Type])
    _told: dict[tuple[Type, Way], tuple[str, ...]] = field(
        default_factory=dict[tuple[Type, Way], tuple[str, ...]]
    )

    def input(self, entry: Entry, choice: Choice) -> Type:
        """The declared type of a model's input, its variables open."""
        name = entry.declaration.name
        if name not in self._inputs:
            ctx = self.world.context()
            self._inputs[name] = input_type(ctx, entry, open_scope(ctx, entry, choice))
        return self._inputs[name]

    def takes(self, entry: Entry, choice: Choice, asked: Asked) -> bool:
        """Whether any chain from the question may lead to a model's input."""
        pattern = self.input(entry, choice)
        return self.chains.may_reach(asked.question, asked.way, pattern)

    def matches(self, asked: Asked, entry: Entry, choice: Choice) -> Matches:
        """The matches of a model with what is asked, least first."""
        key = (asked, entry.declaration.name, id(choice))
        if key not in self._matches:
            wanted = show(self.input(entry, choice))
            found = Matches([], iter(()), (0, self.no_question(asked, wanted)))
            found.rest = self._search(asked, entry, choice, found)
            self._matches[key] = found
        return self._matches[key]

    def no_question(self, asked: Asked, wanted: str) -> Reason:
        """That no chain leads from a question to a model's input, and where chains lead."""
        question = show(asked.question)
        text = f"no chain of converters joins the question `{question}` to `{wanted}`"
        return Reason("X0101", text, self._reached(asked))

    def _reached(self, asked: Asked) -> tuple[str, ...]:
        key = (asked.question, asked.way)
        if key not in self._told:
            self._told[key] = tuple(
                " -> ".join([*(s.name for s in r.route), show(r.type)])
                for r in self.chains.reachable(asked.question, asked.way)
            )
        return self._told[key]

    # --- the question's side -----------------------------------------------------------------

    def _search(
        self, asked: Asked, entry: Entry, choice: Choice, found: Matches
    ) -> Iterator[Match]:
        pattern = self.input(entry, choice)
        for here in self.chains.reachable(asked.question, asked.way):
            if isinstance(pattern, TypeVar) and here.type != asked.question:
                return
            if not may_meet(pattern, here.type):
                continue
            body = self._body(entry, choice, here.type)
            if isinstance(body, Reason):
                found.note(1, body)
            elif body is not None and body.typed.fitted is not None:
                yield from self._fitted(asked, entry, choice, here, found)
            elif body is not None:
                yield from self._answers(asked, choice, body, here, found)

    def _fitted(
        self, asked: Asked, entry: Entry, choice: Choice, here: Reached, found: Matches
    ) -> Iterator[Match]:
        """A solver that is fitted: its body is typed with the truths that it is given."""
        if asked.truth is None:
            name = entry.declaration.name
            found.note(2, Reason("X0108", f"`{name}` has a `fit` line, and there are no truths"))
            return
        body = self._elaborate(entry, choice, here.type, asked.truth)
        if isinstance(body, Reason):
            found.note(2, body)
        elif body is not None:
            yield from self._answers(asked, choice, body, here, found)

    def _body(self, entry: Entry, choice: Choice, given: Type) -> Body | Reason | None:
        key = (entry.declaration.name, id(choice), given)
        if key not in self._bodies:
            self._bodies[key] = self._elaborate(entry, choice, given)
        return self._bodies[key]

    def _elaborate(
        self, entry: Entry, choice: Choice, given: Type, truth: Type | None = None
    ) -> Body | Reason | None:
        ctx = self.world.context()
        try:
            typed = elaborate_model(ctx, entry, choice, given, truth)
        except OutOfFuel:
            return Reason("X0104", f"`{entry.declaration.name}` takes too many steps to elaborate")
        if typed is None:
            return None
        for r in typed.requirements:
            if r.holds is False:
                return _required(r.because, f"`{show(given)}`")
        if ctx.failed:
            first = next(d for d in ctx.found.values() if d.severity == "error")
            return Reason("X0104", f"on `{show(given)}`: {first.message}")
        if not typed.inputs:
            return Reason("X0302", f"`{entry.declaration.name}` has mistakes: see `sailc check`")
        return Body(ctx, typed, ctx.type_of(typed.output))

    # --- the answer's side -------------------------------------------------------------------

    def _answers(
        self, asked: Asked, choice: Choice, body: Body, here: Reached, found: Matches
    ) -> Iterator[Match]:
        if asked.truth is None:
            yield from self._finish(
                asked, choice, body, body.context.solver.fork(), here, None, found
            )
            return
        joined = False
        for there in self.chains.accepted(asked.truth, asked.way):
            solver = self._meet(body, there.type)
            if solver is not None:
                joined = True
                yield from self._finish(asked, choice, body, solver, here, there, found)
        if joined:
            return
        if self._stands_for_itself(asked, body):
            yield from self._finish(
                asked, choice, body, body.context.solver.fork(), here, None, found
            )
            return
        output, truth = show(body.output), show(asked.truth)
        text = f"no chain of converters joins the answer `{output}` to the truth `{truth}`"
        accepted = tuple(show(r.type) for r in self.chains.accepted(asked.truth, asked.way))
        found.note(3, Reason("X0102", text, accepted))

    def _meet(self, body: Body, truth: Type) -> Solver | None:
        """What is known once an output is of a type; None where it cannot be."""
        if not may_meet(body.output, truth):
            return None
        solver = body.context.solver.fork()
        return None if solver.join(body.output, truth, body.typed.output.span) else solver

    def _stands_for_itself(self, asked: Asked, body: Body) -> bool:
        """Whether an answer that no chain joins to the truth is scored as it is (step 11)."""
        if asked.truth is None or not is_ground(body.output):
            return False
        return self.judging.judges(body.output, asked.truth, asked.question, asked.verb)

    def _finish(
        self,
        asked: Asked,
        choice: Choice,
        body: Body,
        solver: Solver,
        here: Reached,
        there: Reached | None,
        found: Matches,
    ) -> Iterator[Match]:
        """A match for each way that the holes are filled; `there` is what the answer is to
        be, with the chain from it to the truth."""
        wrong = solver.settle()
        if wrong is not None:
            text = f"dimensions disagree: {wrong.left} and {wrong.right}"
            found.note(2, Reason("X0109", text))
            return
        ctx = replace(body.context, solver=solver)
        for r in body.typed.requirements:
            if r.ask(ctx) is False:
                found.note(2, _required(r.because, f"`{show(here.type)}`"))
                return
        ground = Grounding(solver, body.typed.layers)
        reason = _open(body.typed, ground)
        if reason is not None:
            found.note(2, reason)
            return
        options: list[list[Filling]] = []
        wanted = [t for r in body.typed.requirements if (t := wanting(ctx, r)) is not None]
        for hole in body.typed.holes:
            own = [w for w in wanted if w.about(hole.variable)]
            fillings = self._fillings(asked, body.typed, hole, ground, own)
            if isinstance(fillings, Reason):
                found.note(4, fillings)
                return
            options.append(fillings)
        conditions = tuple(_conditions(ctx, body.typed, ground))
        for holes in itertools.product(*options):
            model = _ground_model(self.world, body.typed, choice, ground, holes, there)
            model = replace(model, conditions=conditions)
            yield Match(here.route, model, there.route if there is not None else ())

    # --- holes (step 13) ---------------------------------------------------------------------

    def _fillings(
        self,
        asked: Asked,
        typed: TypedModel,
        hole: Hole,
        ground: Grounding,
        wanted: list[Wanting],
    ) -> list[Filling] | Reason:
        """A filling for each model that fits a hole and what is `wanted` of it, by name."""
        type = ground.solver.resolve(hole.type)
        name = typed.entry.declaration.name
        what = f"the hole `{hole.name}` of `{name}`"
        if not isinstance(type, FunctionType) or len(type.parameters) != 1 or not is_ground(type):
            return Reason("X0109", f"the type `{show(type)}` of {what} is not decided")
        if len(asked.above) >= MAX_DEPTH:
            return Reason("X0110", f"{what} would be filled more than {MAX_DEPTH} deep")
        variable = ground.var(hole.variable)
        above = (*asked.above, name)
        way = Way(fitted=False, inverse=False)
        inner = Asked(type.parameters[0], type.result, hole.verb, way, above)
        unmet: list[Reason] = []

        def fits(match: Match) -> bool:
            plug = _plug(Filling(hole.name, variable, match))
            for w in wanted:
                filled = Filler(self.world, [plug]).fill(ground.term(w.condition))
                if told(filled) is False:
                    unmet.append(_required(w.because, f"`{match.model.entry.declaration.name}`"))
                    return False
            return True

        found = [
            Filling(hole.name, variable, match)
            for entry, row in self.fillers()
            if entry.declaration.name not in above and _meant(entry, hole.verb)
            for match in self._filling(inner, entry, row, fits)
        ]
        if not found and unmet:
            return unmet[0]
        wanted_types = f"`{show(type.parameters[0])}` to `{show(type.result)}`"
        return found or Reason("X0110", f"no model fills {what}, from {wanted_types}")

    def _filling(
        self, asked: Asked, entry: Entry, row: list[Choice], fits: Callable[[Match], bool]
    ) -> Iterator[Match]:
        """The first match that fits under the first knobs that have one, for each way its own
        holes are filled."""
        if not row or not self.takes(entry, row[0], asked):
            return
        for choice in row:
            matches = self.matches(asked, entry, choice)
            first = next((m for m in matches if _trainable(m) and fits(m)), None)
            if first is not None:
                same = (
                    m for m in matches if (m.question, m.answer) == (first.question, first.answer)
                )
                yield from same
                return


def _trainable(match: Match) -> bool:
    """A gradient flows back through what a filling answers."""
    return differentiable(match.types) and not match.model.fitted and match.model.minimize is None


def _meant(entry: Entry, verb: str | None) -> bool:
    """A hole without a verb takes modules that are for nothing in particular."""
    verbs = words(entry.declaration, "for")
    return not verbs or (verb is not None and verb in verbs)


def _required(because: str, given: str) -> Reason:
    return Reason("X0106", f"{because or 'a `require` does not hold'} ({given})")


def _open(typed: TypedModel, ground: Grounding) -> Reason | None:
    """Why a model is not ground: a parameter's shape or the answer's type is open."""
    for layer in ground.grounded:
        if not all(is_ground(t) for t in layer.parameters.values()):
            known = all(is_decided(t) for t in layer.parameters.values())
            what = "come out with a dimension below 1" if known else "have no known shape"
            return Reason("X0109", f"the parameters of `{layer.operator}` {what}")
    output = ground.solver.resolve(typed.output.type)
    if not is_ground(output):
        return Reason("X0109", f"the answer's type `{show(output)}` is not decided")
    return None


def _conditions(ctx: Context, typed: TypedModel, ground: Grounding) -> Iterator[Condition]:
    """The requirements that wait for the run."""
    for r in typed.requirements:
        value = ctx.evaluate(r.condition, r.scope) if r.holds is None else r.holds
        if is_term(value) and wanting(ctx, r) is None:
            yield Condition(ground.term(value), r.because, r.span)


def _ground_model(
    world: World,
    typed: TypedModel,
    choice: Choice,
    ground: Grounding,
    holes: tuple[Filling, ...],
    there: Reached | None,
) -> GroundModel:
    """A model whose every type is known, its answer in the units of the truth's."""
    filler = Filler(world, [_plug(h) for h in holes])
    output = ground.term(typed.output)
    if there is not None:
        output = converted(ground.solver, output, there.type)
    output = filler.fill(output)
    minimize = typed.minimize and filler.fill(ground.term(typed.minimize))
    made = GroundModel(
        typed.entry,
        choice,
        tuple(ground.var(v) for v in typed.inputs),
        output,
        (*ground.grounded, *filler.layers),
        holes,
        minimize,
        _ground_fitting(typed.fitted, ground) if typed.fitted is not None else None,
    )
    # What no gradient teaches is NumPy's, which has no derivatives.
    return replace(made, output=in_algebra(output, ground.solver)) if made.plain else made


def _ground_fitting(fitting: Fitting, ground: Grounding) -> Fitting:
    return Fitting(
        tuple(map(ground.var, fitting.points)),
        ground.var(fitting.truth),
        ground.var(fitting.seed),
        tuple(
            (ground.var(v), in_algebra(ground.term(t), ground.solver)) for v, t in fitting.bindings
        ),
    )


def _plug(h: Filling) -> Plug:
    model = h.match.model
    return Plug(
        h.name,
        h.variable,
        h.match.question,
        model.input,
        model.output,
        model.layers,
        h.match.answer,
    )
