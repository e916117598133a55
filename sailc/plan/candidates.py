"""Which models may answer a class of problems, before any body is looked at.

Models whose inputs are of one type stand or fall together, so the time this takes grows
with the types of inputs and not with the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sailc.diagnostics.exclusions import Exclusions, Reason
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


class Candidates(Struct):
    """The models of a plan by their inputs; what is left out is told to `exclusions`."""

    matcher: Matcher
    selection: Selection
    exclusions: Exclusions
    groups: tuple[Alike, ...]
    order: dict[str, int]

    @classmethod
    def of(
        cls, matcher: Matcher, selection: Selection, exclusions: Exclusions, models: list[Entry]
    ) -> Candidates:
        table: dict[tuple[tuple[str, ...], str, object], list[Entry]] = {}
        for entry in models:
            choice = selection.choices(entry, axes=False)[0][0]
            type = matcher.input(entry, choice)
            key = (words(entry.declaration, "for"), show(type), outline(type))
            table.setdefault(key, []).append(entry)
        groups = tuple(Alike(*key, tuple(entries)) for key, entries in table.items())
        order = {e.declaration.name: i for i, e in enumerate(models)}
        return cls(matcher, selection, exclusions, groups, order)

    def of_class(self, c: Class) -> list[Entry]:
        """The models whose input some chain may reach from what is asked, in their order."""
        found: list[Entry] = []
        unreached: list[tuple[Alike, Asked]] = []
        every = [(a, self.matcher.chains.outlines(a.question, a.way)) for a in _asked(c.first)]
        for group in self.groups:
            if group.verbs and c.first.verb not in group.verbs:
                self._unmeant(c, group)
                continue
            asked = next((a for a, o in every if not self._reaches(a, o, group)), None)
            if asked is None:
                found += group.entries
            else:
                unreached.append((group, asked))
        for reason, names in self._reasons(unreached):
            self.exclusions.add(reason, c.names, names)
        return sorted(found, key=lambda e: self.order[e.declaration.name])

    def _reaches(self, asked: Asked, outlines: frozenset[object], group: Alike) -> bool:
        """Whether some chain may lead from a question to the inputs of some models."""
        if group.outline is not None:
            return group.outline in outlines or None in outlines
        entry = group.entries[0]
        choice = self.selection.choices(entry, axes=False)[0][0]
        return self.matcher.takes(entry, choice, asked)

    def _unmeant(self, c: Class, group: Alike) -> None:
        for entry in group.entries:
            reason = unmeant(c.first, entry)
            if reason is not None:
                self.exclusions.add(reason, c.names, [entry.declaration.name])

    def _reasons(
        self, unreached: Iterable[tuple[Alike, Asked]]
    ) -> Iterator[tuple[Reason, list[str]]]:
        """A reason for each pair of types; one for each question, where they are many."""
        table: dict[Asked, list[Alike]] = {}
        for group, asked in unreached:
            table.setdefault(asked, []).append(group)
        for asked, groups in table.items():
            if len(groups) <= FEW:
                for group in groups:
                    yield self.matcher.no_question(asked, group.wanted), group.names
                continue
            names = [n for group in groups for n in group.names]
            wanted = f"{groups[0].wanted}` and {len(groups) - 1:,} other types `…"
            yield self.matcher.no_question(asked, wanted), names


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
