"""What every engine does, and what it tells while it does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from sailc.diagnostics.base import Diagnostic
from sailc.store import Job, Run


class Started(Struct, frozen=True):
    """A job's script was started."""

    job: Job


class Progress(Struct, frozen=True):
    """A script printed an event: `{"event": "epoch", "epoch": 3, …}`."""

    job: Job
    message: Mapping[str, object]


class Finished(Struct, frozen=True):
    """A job is over: it ran, failed, timed out, was cancelled or not begun."""

    job: Job
    run: Run


class Kept(Struct, frozen=True):
    """A job's result was there already."""

    job: Job
    run: Run


class Noticed(Struct, frozen=True):
    """Something about the store: a damaged entry, or a folder that cannot be written."""

    job: Job
    diagnostic: Diagnostic


Event = Started | Progress | Finished | Kept | Noticed
Listener = Callable[[Event], None]


def silent(_event: Event) -> None:
    """A listener that does not listen."""


class Engine(Protocol):
    """Something that runs jobs: this machine, or a queue of a cluster."""

    def run(self, jobs: Sequence[Job], listen: Listener) -> list[Run]:
        """What became of each job, in the order of `jobs`.

        Events come one at a time, on the caller's thread. A job whose result is kept is not run. A
        failed job affects no other, and no engine runs a job again by itself: a benchmark run
        twice is two runs. SIGINT and SIGTERM end the running jobs (a second one at once) and the
        call returns, with `cancelled` for what had not finished.
        """
        ...
