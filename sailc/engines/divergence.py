"""Trainings that ran away: what a run says of it, and a second look at where.

The program itself tells only that its mean loss is not finite, which costs nothing while all is
well. To find the place, it is run again with what its backend has to watch every operation, from
the last epoch on that was good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sailc.backends import BrokenBackend, backend
from sailc.engines.base import Engine, Event, Progress
from sailc.store import Job, Run, Watch

SAID = re.compile(r"FloatingPointError: the loss is (\S+) after epoch (\d+)")
STAND_IN = 'def watch() -> None:\n    """From here on, look at everything."""\n'


class Divergence(Struct, frozen=True):
    """That the loss was `loss` after an epoch; `after` is the last epoch that was told and
    good, 0 if none was, and `grown` the first and the last loss that were finite."""

    loss: str
    epoch: int
    after: int = 0
    grown: tuple[float, float] | None = None


class Seen(Struct, frozen=True):
    """What a second look has found: the lines of the program that led to the first numbers that
    are not finite, the innermost last; what these are; and whether they are of a gradient, None
    where that is not known."""

    lines: tuple[int, ...]
    found: str
    gradient: bool | None


def divergence(run: Run) -> Divergence | None:
    """How the training of a run ran away; None if it did not."""
    said = SAID.fullmatch(run.exception) if run.status == "failed" else None
    if said is None:
        return None
    loss, epoch = said[1], int(said[2])
    good = [(n, x) for n, x in _losses(run.log) if n < epoch and isfinite(x)]
    if not good:
        return Divergence(loss, epoch)
    return Divergence(loss, epoch, good[-1][0], (good[0][1], good[-1][1]))


def _losses(log: Path | None) -> list[tuple[int, float]]:
    """The mean loss after each epoch that a run has told."""
    found: list[tuple[int, float]] = []
    for line in log.read_text("utf-8").splitlines() if log is not None else ():
        event: Any = json.loads(line)
        if event.get("event") == "epoch":
            found.append((int(event["epoch"]), float(event["loss"])))
    return found


def second_look(job: Job, run: Run) -> Job | None:
    """The job that looks where the training of a run ran away; None where that is not known
    to have happened, or nothing can watch its backend."""
    found, maker = divergence(run), backend(job.backend)
    if found is None or maker is None or isinstance(maker, BrokenBackend):
        return None
    own = getattr(maker, "watch", None)
    if not isinstance(own, Path):
        return None
    return replace(job, watch=Watch(watching(own), found.after), expected=run.seconds)


def watching(own: Path) -> str:
    """The program that watches another: `watched.py`, with a backend's own `watch`."""
    shared = Path(__file__).with_name("watched.py").read_text("utf-8")
    text = own.read_text("utf-8").replace("from __future__ import annotations\n", "")
    assert STAND_IN in shared
    return shared.replace(STAND_IN, text)


def looked(engine: Engine, jobs: Sequence[Job]) -> Mapping[tuple[str, int], Seen]:
    """What second looks have found, by scenario and seed."""
    found: dict[tuple[str, int], Seen] = {}

    def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.message.get("event") == "not finite":
            said: Any = event.message
            seen = Seen(tuple(said["lines"]), str(said["found"]), said["gradient"])
            found[event.job.scenario, event.job.seed] = seen

    engine.run(jobs, listen)
    return found
