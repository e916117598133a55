"""Software and hardware: what can run here, and what a backend can write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.backends import (
    PLAIN,
    BackendFailed,
    BrokenBackend,
    backend,
    learns,
    missing_packages,
)
from sailc.diagnostics.exclusions import Exclusions, Reason
from sailc.infer.modules.common import World, has, open_scope, requirements, show_value, words
from sailc.infer.modules.conditions import deciding
from sailc.infer.modules.hardware import machine_facts
from sailc.infer.values import Value
from sailc.names import Entry
from sailc.plan.cost import BYTES
from sailc.plan.scenario import Machine, Software
from sailc.plan.select import Selection
from sailc.plan.when import Cell, machine_known, under_facts
from sailc.source import Span


class Lacking(Struct, frozen=True):
    """An operator that a backend has no row for, in an author's words; or else why it is left
    out."""

    backend: str
    operator: str
    why: str = ""

    def reason(self, span: Span | None) -> Reason:
        """Why what needs the operator, at a place, does not run on the backend."""
        text = self.why or f"the backend `{self.backend}` has no row for {self.operator}"
        return Reason("X0203", text, span=span)


class Machines(Struct):
    """The software and hardware of a plan, each looked at once."""

    world: World
    selection: Selection
    exclusions: Exclusions
    _hardware: list[Machine] | None = None
    _cells: tuple[Cell, ...] | None = None
    _lacking: dict[tuple[str, frozenset[str], frozenset[str], bool], Lacking | None] = field(
        default_factory=dict[tuple[str, frozenset[str], frozenset[str], bool], "Lacking | None"]
    )

    def hardware(self) -> list[Machine]:
        """The machines to run on; the one at hand if none is named."""
        if self._hardware is None:
            self._hardware = [self._machine(e) for e in self._selected()]
        return self._hardware

    def _selected(self) -> list[Entry]:
        if self.selection.mentions("on") or self.selection.mentions("hardware"):
            return self.selection.modules("hardware", "on")
        here = self.world.names.module("hardware", "here")
        return [here] if here is not None else []

    def _machine(self, entry: Entry) -> Machine:
        probed = self.world.probe() if has(entry.declaration, "probe") else dict[str, object]()
        facts = machine_facts(self.world.context(), entry, probed)
        return Machine(entry, facts, bool(probed.get("energy")))

    def pairs(
        self, model: frozenset[str], data: frozenset[str], learning: bool
    ) -> Iterator[tuple[Software, Machine] | Lacking]:
        """The stacks that can run on each machine, and an operator of some, each time that a
        stack has no row for it, or does not learn."""
        found = self.cells()
        for name in dict.fromkeys(s.name for s, _ in found):
            for s, machine in found:
                if s.name != name:
                    continue
                yield self._lacks(s, model, data, learning) or (s, machine)

    def cells(self) -> tuple[Cell, ...]:
        """The stacks that are usable on each machine."""
        if self._cells is None:
            self._cells = tuple((s, m) for m in self.hardware() for s in self._usable(m))
        return self._cells

    def only(self, cells: tuple[Cell, ...]) -> Machines:
        """Some of them."""
        return replace(self, _cells=cells)

    def plain(
        self, software: tuple[str, tuple[str, ...]], model: frozenset[str], data: frozenset[str]
    ) -> Iterator[tuple[Software, Machine] | Lacking]:
        """Each machine with a stack that is no backend's: NumPy, and packages from outside; or
        an operator that it has no row for. So with the stacks whose backends learn nothing."""
        name, packages = software
        made = Software(name, PLAIN, packages)
        lacking = self._lacks(made, model, data, False)
        if lacking is not None:
            yield lacking
        else:
            yield from ((made, machine) for machine in self.hardware())
        for s, machine in self._answering():
            outside = tuple(dict.fromkeys((*s.packages, *packages)))
            yield self._lacks(s, model, data, False) or (replace(s, packages=outside), machine)

    def _answering(self) -> tuple[Cell, ...]:
        """The stacks whose backends learn nothing; the others are not even looked at where there
        is none."""
        named = (words(e.declaration, "backend") for e in self.selection.modules("software"))
        if all(not n or n[0] == PLAIN or learns(n[0]) for n in named):
            return ()
        return tuple(c for c in self.cells() if not learns(c[0].backend))

    def _usable(self, machine: Machine) -> Iterator[Software]:
        world, benchmark = under_facts(self.world, self.selection.entry, machine_known(machine))
        there = Selection(world, benchmark)
        for entry in self.selection.modules("software"):
            name = entry.declaration.name
            yield from self._of(world.names.modules["software"][name], machine, there)

    def _of(self, entry: Entry, machine: Machine, there: Selection) -> Iterator[Software]:
        """A stack on a machine, with every choice of its swept knobs."""
        backends = words(entry.declaration, "backend")
        if not backends or backends[0] == PLAIN:
            return
        name, packages = entry.declaration.name, words(entry.declaration, "packages")
        reason = _absent(Software(name, backends[0], packages))
        rows = there.choices(entry, axes=False) if reason is None else []
        for given in (row[0] for row in rows):
            chosen = {f"{name}.{k}": show_value(v) for k, v in given.items()}
            made = Software(name, backends[0], packages, chosen, given)
            reason = self._failed(entry, there.world, given) or _unwritten(made)
            if reason is None:
                yield made
            else:
                self.exclusions.add(reason, (), [name])
        if not rows and reason is not None:
            self.exclusions.add(reason, (), [name])

    def _failed(self, entry: Entry, there: World, given: Mapping[str, Value]) -> Reason | None:
        ctx = there.context()
        scope = deciding(ctx, open_scope(ctx, entry, given))
        for r in requirements(ctx, entry, scope):
            if r.holds is False:
                return Reason("X0106", r.because or "a `require` does not hold")
        return None

    def _lacks(
        self, software: Software, model: frozenset[str], data: frozenset[str], learning: bool
    ) -> Lacking | None:
        key = (software.backend, model, data, learning)
        if key not in self._lacking:
            self._lacking[key] = _lacking(software.backend, model, data, learning)
        return self._lacking[key]


def _lacking(
    name: str, model: frozenset[str], data: frozenset[str], learning: bool
) -> Lacking | None:
    """What a backend lacks of what is asked of it."""
    if learning and not learns(name):
        text = f"the backend `{name}` has no training: it answers with what learns nothing"
        return Lacking(name, "", text)
    found = backend(name)
    assert found is not None
    assert not isinstance(found, BrokenBackend)
    try:
        absent = found.lacks(model, data)
    except Exception as error:
        failed = BackendFailed(name, error)
        text = f"the backend `{name}` of `{failed.package}` fails to say what it lacks"
        return Lacking(name, "", f"{text}: {failed} ({failed.place})")
    return Lacking(found.name, absent[0]) if absent else None


def _unwritten(software: Software) -> Reason | None:
    """Why no program is written in a precision."""
    if software.precision in BYTES:
        return None
    text = f"the backend `{software.backend}` writes no programs in `{software.precision}`"
    if software.precision == "f16":
        text += ": small gradients are 0 in it unless the loss is scaled; `bf16` needs no such care"
    return Reason("X0203", text)


def _install(software: Software) -> str:
    """How to get a backend: those that sailc brings are extras of it."""
    from importlib.metadata import metadata

    if software.backend in (metadata("sailc").get_all("Provides-Extra") or ()):
        return f"`pip install sailc[{software.backend}]`"
    return f"`{software.name}` needs the package that brings it, by an entry point `sailc.backends`"


def _absent(software: Software) -> Reason | None:
    """Why a stack cannot run here."""
    found = backend(software.backend)
    if found is None:
        return Reason(
            "X0201", f"no backend `{software.backend}` is installed: {_install(software)}"
        )
    if isinstance(found, BrokenBackend):
        return Reason("X0201", found.text)
    lacking = missing_packages((*software.packages, *found.packages))
    if lacking:
        wanted = " ".join(f"'{p}'" for p in lacking)
        return Reason("X0202", f"`{software.name}` needs {wanted}: `pip install {wanted}`")
    return None
