"""What keeps scenarios from having a program."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from sailc.diagnostics.exclusions import Reason
from sailc.diagnostics.internal import UNEXPECTED
from sailc.infer.modules.common import World
from sailc.infer.modules.problem import TypedProblem
from sailc.names import Entry
from sailc.plan.link import Answered
from sailc.plan.matches import Match
from sailc.plan.ragged import has_unknown
from sailc.plan.scenario import PlannedMetric, Scenario
from sailc.plan.solving import is_solving
from sailc.program.arrays.layout import CannotLower, is_structured
from sailc.program.arrays.special import CHOICES, SPECIAL, TOTAL
from sailc.program.arrays.uniform import ELEMENTWISE, REDUCTIONS
from sailc.program.points.conversions import conversions
from sailc.program.points.files import UNOPENED
from sailc.program.scenario import lower_scenario
from sailc.routes import Route
from sailc.syntax import tree
from sailc.terms import Apply, Const, Map, Term, walk
from sailc.types.dims import Dim

SIMPLE = ELEMENTWISE | REDUCTIONS | TOTAL | {"concat"}
"""Functions by whose name alone one knows that they can be lowered."""


class Trials(Struct):
    """Why scenarios have no program, told while planning.

    Most are made of operators whose rules take any arrays, which a walk over their terms tells,
    once for each problem, model, converter, loss and metric. Of the others, the program is
    lowered, once for all software and machines.
    """

    world: World
    _plain: dict[int, bool] = field(default_factory=dict[int, bool])
    _found: dict[tuple[int, ...], Reason | None] = field(
        default_factory=dict[tuple[int, ...], "Reason | None"]
    )
    _keep: list[object] = field(default_factory=list[object])

    def refusal(self, s: Scenario) -> Reason | None:
        """Why no program can be written for a scenario, with the place of what has no rule."""
        parts = list(_parts(s))
        key = tuple(map(id, parts))
        if key not in self._found:
            self._keep += parts
            plain = not is_solving(s.links) and all(map(self._is_plain, parts))
            self._found[key] = None if plain else self._lowered(s)
        return self._found[key]

    def _lowered(self, s: Scenario) -> Reason | None:
        try:
            lower_scenario(self.world, s, UNOPENED, "", "")
        except CannotLower as found:
            what = f"{found.operator} is not written by this version of sailc, on any backend"
            return Reason("X0301", what, span=found.span)
        except UNEXPECTED as error:
            what = f"writing it made me fail: {type(error).__name__}: {error}"
            span = s.model.declaration.name_span
            return Reason("X0301", f"{what}; it is a mistake of sailc: please report it", span=span)
        return None

    def _is_plain(self, part: object) -> bool:
        if id(part) not in self._plain:
            self._keep.append(part)
            plain = all(_is_total(t, TOTAL) for t in walk(*self._terms(part)))
            self._plain[id(part)] = plain and all(map(_is_chosen, _sources(part)))
        return self._plain[id(part)]

    def _terms(self, part: object) -> Iterator[Term]:
        match part:
            case TypedProblem():
                yield from _of_problem(part)
            case Match():
                yield from _of_match(part)
                yield from self._of_route(part.question)
            case Answered():
                if part.loss is not None:
                    yield part.loss.value
                yield from self._of_route(part.answer)
            case PlannedMetric():
                yield from part.terms
            case _:
                raise TypeError(f"a part of a scenario: {part}")

    def _of_route(self, route: Route) -> Iterator[Term]:
        later = (s for s in route if not self._is_simple(s.converter.entry))
        for placed in (p for s in later for p in conversions(self.world, (s,))):
            c = placed.conversion
            yield c.output
            yield from (s.value for s in c.statistics)
            if c.inverse is not None:
                yield c.inverse

    def _is_simple(self, entry: Entry) -> bool:
        """Whether a converter's text names no function but some whose rules take anything."""
        if id(entry) not in self._plain:
            self._keep.append(entry)
            there = self.world.names.views[entry.file].values
            nodes = list(tree.walk(entry.declaration))
            called = [e for n in nodes if isinstance(n, tree.Name) and (e := there.get(n.id))]
            self._plain[id(entry)] = all(e.standard and _is_known(e) for e in called) and not any(
                isinstance(n, tree.Comprehension) for n in nodes
            )
        return self._plain[id(entry)]


def _is_known(entry: Entry) -> bool:
    return entry.declaration.name in SIMPLE


def _parts(s: Scenario) -> Iterator[object]:
    """What decides whether a scenario has a program."""
    yield s.problem
    for k in s.links:
        yield k.match
        yield from k.answered
    yield from s.metrics


def _sources(part: object) -> Iterator[Term]:
    """What of a problem is of all of its points."""
    if isinstance(part, TypedProblem):
        yield from (line.source for line in part.lines)
        yield from (c.holds for c in part.conditions)


def _of_problem(problem: TypedProblem) -> Iterator[Term]:
    for line in problem.lines:
        for f in line.fixtures:
            yield f.question
            yield from (t for t in (f.truth, f.weight) if t is not None)


def _of_match(match: Match) -> Iterator[Term]:
    model = match.model
    yield model.output
    yield from (c.holds for c in model.conditions)
    if model.minimize is not None:
        yield model.minimize
    if model.fitted is not None:
        yield from (t for _, t in model.fitted.bindings)


def _is_chosen(source: Term) -> bool:
    """Whether a collection of data has a rule, whatever the data are."""
    terms = list(walk(source))
    apart = any(isinstance(t, Map) for t in terms)
    known = not any(isinstance(n, Dim) for t in terms for n in _counts(t))
    return known and all(_is_total(t, TOTAL if apart else TOTAL | CHOICES) for t in terms)


def _counts(term: Term) -> Iterator[object]:
    if isinstance(term, Apply) and term.operator in CHOICES:
        yield term.attributes.get("n")


def _is_total(term: Term, total: frozenset[str]) -> bool:
    """Whether a term has a rule for whatever arrays it is of."""
    match term:
        case Map(condition=condition):
            return condition is None
        case Const(value=value):
            return not has_unknown(value)
        case Apply(operator="concat", arguments=arguments):
            return len(arguments) > 1
        case Apply(operator=operator):
            if operator in SPECIAL:
                return operator in total
            return not any(is_structured(a.type) for a in term.arguments)
        case _:
            return True
