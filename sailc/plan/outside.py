"""What scenarios need from outside: the packages and drivers of the externs that they call.

Nothing is imported: packages are known by their metadata, drivers by their files.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sailc.backends import missing_packages
from sailc.data.drivers import driver_file, is_installed
from sailc.diagnostics.exclusions import Reason
from sailc.infer.modules.common import World, words
from sailc.infer.modules.problem import Condition
from sailc.plan.coverage import data_roots, model_roots
from sailc.plan.link import Links
from sailc.plan.slopes import calls, without_slope
from sailc.terms import Apply


def missing_outside(world: World, links: Links, conditions: Iterable[Condition]) -> Reason | None:
    """Why what a link calls from outside cannot be called here, or not be learned through."""
    seen: set[object] = set()
    inside = list(calls(model_roots(links)))
    for call in (*calls(data_roots(links, conditions)), *inside):
        key = call.attributes["extern"], call.attributes["file"]
        if key not in seen:
            seen.add(key)
            reason = _lacking(world, call)
            if reason is not None:
                return reason
    return without_slope(links, inside)


def packages_of(world: World, software: str) -> tuple[str, ...]:
    """The packages of the software that an extern is `on`."""
    entry = world.names.module("software", software) if software else None
    return words(entry.declaration, "packages") if entry is not None else ()


def outside_software(world: World, links: Links) -> tuple[str, tuple[str, ...]]:
    """What answers run on where no backend is needed: the software of the externs that they
    call (CORE.md, step 17), and its packages; NumPy by itself where there is none."""
    found = {str(c.attributes["software"]) for c in calls(model_roots(links))} - {""}
    packages = (p for name in sorted(found) for p in packages_of(world, name))
    return " + ".join(sorted(found)) or "NumPy", tuple(dict.fromkeys(packages))


def _lacking(world: World, call: Apply) -> Reason | None:
    name, software = str(call.attributes["extern"]), str(call.attributes["software"])
    absent = missing_packages(packages_of(world, software))
    if absent:
        wanted = " ".join(f"'{p}'" for p in absent)
        text = f"`{name}` is on `{software}`, which needs {wanted}: `pip install {wanted}`"
        return Reason("X0202", text)
    module = str(call.attributes["module"])
    folder = Path(str(call.attributes["file"])).parent
    if driver_file(module, folder) is None and not is_installed(module):
        place = folder.resolve().name
        text = f"`{name}` is in `{module}`, which is no file in `{place}` and not installed"
        return Reason("X0204", text)
    return None
