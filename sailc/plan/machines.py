"""Software and hardware: what can run here, and what a backend can write."""

from __future__ import annotations

from msgspec import Struct, field

from sailc.backends import BrokenBackend, backend, missing_packages
from sailc.diagnostics.exclusions import Exclusions, Reason
from sailc.infer.modules.common import World, open_scope, requirements, words
from sailc.names import Entry
from sailc.plan.scenario import Software
from sailc.plan.select import Selection


class Machines(Struct):
    """The software and hardware of a plan, each looked at once."""

    world: World
    selection: Selection
    exclusions: Exclusions
    _software: list[Software] | None = None
    _lacking: dict[tuple[str, frozenset[str], frozenset[str]], Reason | None] = field(
        default_factory=dict[tuple[str, frozenset[str], frozenset[str]], "Reason | None"]
    )

    def hardware(self) -> list[str]:
        """The machines to run on; the one at hand if none is named."""
        if self.selection.mentions("on") or self.selection.mentions("hardware"):
            return [e.declaration.name for e in self.selection.modules("hardware", "on")]
        here = self.world.names.module("hardware", "here")
        return [here.declaration.name] if here is not None else []

    def software(self, model: frozenset[str], data: frozenset[str]) -> list[Software]:
        """The stacks that can run here and have a row for each of some operators."""
        usable: list[Software] = []
        for s in self._usable():
            reason = self._lacks(s, model, data)
            if reason is None:
                usable.append(s)
            else:
                self.exclusions.add(reason, (), [s.name])
        return usable

    def _usable(self) -> list[Software]:
        if self._software is None:
            self._software = []
            for entry in self.selection.modules("software"):
                backends = words(entry.declaration, "backend")
                if not backends:
                    continue
                name, packages = entry.declaration.name, words(entry.declaration, "packages")
                found = Software(name, backends[0], packages)
                reason = _absent(found) or self._failed(entry)
                if reason is None:
                    self._software.append(found)
                else:
                    self.exclusions.add(reason, (), [name])
        return self._software

    def _failed(self, entry: Entry) -> Reason | None:
        ctx = self.world.context()
        for r in requirements(ctx, entry, open_scope(ctx, entry, {})):
            if r.holds is False:
                return Reason("X0106", r.because or "a `require` does not hold")
        return None

    def _lacks(
        self, software: Software, model: frozenset[str], data: frozenset[str]
    ) -> Reason | None:
        key = (software.backend, model, data)
        if key not in self._lacking:
            found = backend(software.backend)
            assert found is not None
            assert not isinstance(found, BrokenBackend)
            absent = found.lacks(model, data)
            text = f"the backend `{found.name}` has no row for {absent[0]}" if absent else ""
            self._lacking[key] = Reason("X0203", text) if absent else None
        return self._lacking[key]


def _absent(software: Software) -> Reason | None:
    """Why a stack cannot run here."""
    found = backend(software.backend)
    if found is None:
        text = f"no backend `{software.backend}` is installed"
        return Reason("X0201", f"{text}: `pip install sailc[{software.backend}]`")
    if isinstance(found, BrokenBackend):
        return Reason("X0201", f"the backend `{found.name}` cannot be loaded: {found.reason}")
    lacking = missing_packages((*software.packages, *found.packages))
    if lacking:
        wanted = " ".join(f"'{p}'" for p in lacking)
        return Reason("X0202", f"`{software.name}` needs {wanted}: `pip install {wanted}`")
    return None
