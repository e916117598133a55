"""Solvers that answer each question by itself: which equations they can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import World
from sailc.infer.modules.equation import elaborate_equation, required_of
from sailc.names import Entry
from sailc.plan.link import Link, Links
from sailc.symbolic.form import Required, TypedEquation
from sailc.terms import Apply, Term, walk
from sailc.types.model import EquationType, FieldType


def is_solving(links: Links) -> bool:
    """Whether what is asked is an equation."""
    return any(isinstance(k.fixture.question.type, EquationType) for k in links)


def equations_in(roots: Iterable[Term]) -> dict[str, Apply]:
    """The equations that some terms make instances of, by name; one of each."""
    found: dict[str, Apply] = {}
    for t in walk(*roots):
        if isinstance(t, Apply) and t.operator == "equation":
            found.setdefault(str(t.attributes["name"]), t)
    return found


def typed(world: World, term: Apply) -> TypedEquation | None:
    """The equation that a term is an instance of; None where it has mistakes."""
    entry = _entry(world, term)
    return world.ask(elaborated, entry.file, entry.declaration.name)


def elaborated(world: World, file: str, name: str) -> TypedEquation | None:
    """The equation of a name in a file; None where it has mistakes."""
    return elaborate_equation(world.context(), world.names.views[file].values[name])


def unsolved(world: World, links: Links) -> Reason | None:
    """Why no program can be written that asks a solver these questions."""
    if any(k.line.split != "test" for k in links):
        return _later("a model that learns from equations")
    link = links[0]
    if link.model.fitted or (link.model.trained and link.model.minimize is None):
        return _later("a model that learns from equations")
    if link.model.minimize is not None and not _is_function(link.model.output):
        return _later("a solver that minimizes something but answers with no function")
    if link.model.minimize is None and not isinstance(link.output, FieldType):
        return _later("an answer to an equation that is no field")
    if link.model.minimize is not None and len({id(k.match) for k in links}) > 1:
        return _later("several `test` lines of other types for a solver that minimizes something")
    return next((r for k in links for r in _refused(world, k)), None)


def _is_function(output: Term) -> bool:
    return isinstance(output, Apply) and output.operator == "function"


def solved(link: Link) -> bool:
    """Whether anything of a link is found on a grid or in steps of time."""
    return link.model.minimize is None or any(
        f.truth is not None and _has(f.truth, "reference") for f in link.line.fixtures
    )


def _later(what: str) -> Reason:
    return Reason("X0301", f"{what} is not written by this version of sailc")


def _refused(world: World, link: Link) -> Iterator[Reason]:
    """What of the equations that are asked about the solver cannot do."""
    from sailc.symbolic.algebra import NoSymbol
    from sailc.symbolic.laws import conditions, laws
    from sailc.symbolic.system import Refused, system

    roots = [link.line.source, link.fixture.question]
    found = equations_in(roots)
    if not found:
        yield _later("a question about equations that are not declared")
    yield from _unmet(world, roots)
    kinds: set[tuple[bool, int]] = set()
    for name, term in found.items():
        equation = typed(world, term)
        if equation is None:
            yield Reason("X0302", f"`{name}` has mistakes: see `sailc check`")
            return
        try:
            _ = laws(equation), conditions(equation)
        except NoSymbol as unknown:
            what = f"a law or condition holds `{unknown.operator}`"
            yield Reason("X0303", f"`{name}`: {what}, which has no derivative that I know")
            return
        if not solved(link):
            continue
        try:
            made = system(equation)
        except Refused as refused:
            yield Reason("X0303", f"`{name}` cannot be discretized: {refused.reason}")
            return
        if not made.space and made.time is None:
            yield Reason("X0303", f"`{name}` has no variable to solve along")
        on_grid = link.model.minimize is not None or _has(link.model.output, "discretize")
        if made.space and not on_grid:
            yield Reason("X0303", f"`{name}` has derivatives by space: it wants `discretize`")
        kinds.add((made.time is None, len(made.space)))
    if len(kinds) > 1:
        yield _later("equations with and without space, or a start, in one line")


def _unmet(world: World, roots: Iterable[Term]) -> Iterator[Reason]:
    """What equations require and instances that are known already do not meet."""
    for name, r in _required(world, roots):
        if r.holds is False:
            yield Reason("X0106", f"{r.because} (`{name}`)")


def asks(world: World, roots: Iterable[Term]) -> bool:
    """Whether only the data tell if instances meet what their equations require."""
    return any(not isinstance(r.holds, bool) for _, r in _required(world, roots))


def _required(world: World, roots: Iterable[Term]) -> Iterator[tuple[str, Required]]:
    """What is required of each instance of an equation in some terms."""
    for t in walk(*roots):
        if isinstance(t, Apply) and t.operator == "equation":
            for r in required_of(world.context(), _entry(world, t), t.arguments):
                yield str(t.attributes["name"]), r


def _entry(world: World, term: Apply) -> Entry:
    view = world.names.views[str(term.attributes["source"])]
    return view.values[str(term.attributes["name"])]


def _has(root: Term, operator: str) -> bool:
    return any(isinstance(t, Apply) and t.operator == operator for t in walk(root))
