"""Which models may answer a class of problems, before any body is looked at.

Models whose inputs are of one type stand or fall together, and types are looked up by
their outlines, so the time this takes grows with what is found.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from sailc.diagnostics.exclusions import Exclusions, Reason, Without
from sailc.infer.modules.common import words
from sailc.infer.modules.problem import TypedProblem
from sailc.names import Entry
from sailc.plan.link import truth_type
from sailc.plan.match import Matcher
from sailc.plan.matches import Asked
from sailc.plan.problems import Class
from sailc.plan.select import Selection
from sailc.types.meet import outline
from sailc.types.model import show

FEW = 16


class Alike(Struct, frozen=True, eq=False):
    """Models for the same kinds of task with inputs of one type; `wanted` shows that type."""

    verbs: tuple[str, ...]
    wanted: str
    outline: object | None
    entries: tuple[Entry, ...]

    @property
    def names(self) -> list[str]:
        return [e.declaration.name for e in self.entries]


class Meant(Struct, frozen=True, eq=False):
    """The models that are for one kind of task: `exact` by the outline of their inputs, and
    `open` those whose inputs have variables."""

    exact: dict[object, list[Alike]]
    open: tuple[Alike, ...]
    every: tuple[Alike, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, groups: Iterable[Alike]) -> Meant:
        every = tuple(groups)
        exact: dict[object, list[Alike]] = {}
        for g in every:
            if g.outline is not None:
                exact.setdefault(g.outline, []).append(g)
        open_ = tuple(g for g in every if g.outline is None)
        return cls(exact, open_, every, tuple(n for g in every for n in g.names))


class Candidates(Struct):
    """The models of a plan by their inputs; what is left out is told to `exclusions`.

    What a class of problems costs grows with the models that it may reach, not with all.
    """

    matcher: Matcher
    selection: Selection
    exclusions: Exclusions
    groups: tuple[Alike, ...]
    order: dict[str, int]
    verbs: dict[str | None, list[TypedProblem]]
    _meant: dict[str | None, Meant] = field(default_factory=dict["str | None", Meant])

    @classmethod
    def of(
        cls,
        matcher: Matcher,
        selection: Selection,
        exclusions: Exclusions,
        models: list[Entry],
        problems: Iterable[TypedProblem],
    ) -> Candidates:
        table: dict[tuple[tuple[str, ...], str, object], list[Entry]] = {}
        for entry in models:
            choice = selection.choices(entry, axes=False)[0][0]
            type = matcher.input(entry, choice)
            key = (words(entry.declaration, "for"), show(type), outline(type))
            table.setdefault(key, []).append(entry)
        groups = tuple(Alike(*key, tuple(entries)) for key, entries in table.items())
        order = {e.declaration.name: i for i, e in enumerate(models)}
        verbs: dict[str | None, list[TypedProblem]] = {}
        for p in problems:
            verbs.setdefault(p.verb, []).append(p)
        return cls(matcher, selection, exclusions, groups, order, verbs)

    def of_class(self, c: Class) -> list[Entry]:
        """The models whose input some chain may reach from what is asked, in their order."""
        meant = self._for(c.first.verb)
        for asked in _asked(c.first):
            reached = self._reached(asked, meant)
            if len(reached) < len(meant.every):
                self._leave_out(c, asked, meant, reached)
                meant = Meant.of(reached)
        found = [e for group in meant.every for e in group.entries]
        return sorted(found, key=lambda e: self.order[e.declaration.name])

    def _for(self, verb: str | None) -> Meant:
        """The models for a kind of task; the others are left out of all such problems."""
        if verb not in self._meant:
            meant = [g for g in self.groups if not g.verbs or verb in g.verbs]
            self._meant[verb] = Meant.of(meant)
            first, names = self.verbs[verb][0], [p.name for p in self.verbs[verb]]
            for entry in (e for g in self.groups for e in g.entries):
                reason = unmeant(first, entry)
                if reason is not None:
                    self.exclusions.add(reason, dict.fromkeys(names), [entry.declaration.name])
        return self._meant[verb]

    def _reached(self, asked: Asked, meant: Meant) -> list[Alike]:
        """The models to whose inputs some chain may lead from a question."""
        outlines = self.matcher.chains.outlines(asked.question, asked.way)
        if None in outlines:
            exact = [g for groups in meant.exact.values() for g in groups]
        else:
            exact = [g for o in outlines for g in meant.exact.get(o, ())]
        return [*exact, *(g for g in meant.open if self._takes(asked, g))]

    def _takes(self, asked: Asked, group: Alike) -> bool:
        entry = group.entries[0]
        choice = self.selection.choices(entry, axes=False)[0][0]
        return self.matcher.takes(entry, choice, asked)

    def _leave_out(self, c: Class, asked: Asked, meant: Meant, reached: list[Alike]) -> None:
        """A reason for each type of inputs that is not reached; one for all where they are
        many."""
        kept = frozenset(id(g) for g in reached)
        out = (g for g in meant.every if id(g) not in kept)
        count = len(meant.every) - len(reached)
        if count <= FEW:
            for group in out:
                reason = self.matcher.no_question(asked, group.wanted)
                self.exclusions.add(reason, c.names, group.names)
            return
        wanted = f"{next(out).wanted}` and {count - 1:,} other types `…"
        names = Without(meant.names, frozenset(n for g in reached for n in g.names))
        self.exclusions.add(self.matcher.no_question(asked, wanted), c.names, names)


def unmeant(problem: TypedProblem, entry: Entry) -> Reason | None:
    """That a model is for other kinds of task."""
    verbs = words(entry.declaration, "for")
    if not verbs or problem.verb in verbs:
        return None
    name = entry.declaration.name
    text = f"`{name}` is for `{'`, `'.join(verbs)}`, and this asks to `{problem.verb}`"
    return Reason("X0103", text)


def _asked(problem: TypedProblem) -> list[Asked]:
    """What the lines of a problem ask of a model, each once."""
    firsts = (line.fixtures[0] for line in problem.lines)
    return list(dict.fromkeys(Asked(f.question.type, truth_type(f), f.verb) for f in firsts))
