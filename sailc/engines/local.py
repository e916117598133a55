"""The embedded engine: packs jobs onto the cores of this machine."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence

from msgspec import Struct, field

from sailc.engines.base import Listener, silent
from sailc.engines.interrupt import interruptions
from sailc.engines.session import Session
from sailc.pods import Pod, ProcessPod
from sailc.store import Job, Run, Store


class LocalEngine(Struct, frozen=True):
    """Runs jobs in pods on this machine.

    `threads` is how many cores a job computes on and `workers` how many jobs run at once, as many
    as the cores hold unless given. `timeout` is what one job may take and `budget` the
    time after which none is begun any more, both in seconds of wall-clock time; what was begun
    before the budget was spent may finish.
    """

    store: Store
    threads: int = 1
    workers: int | None = None
    timeout: float | None = None
    budget: float | None = None
    grace: float = 3.0
    pod: Pod = field(default_factory=ProcessPod)

    def run(self, jobs: Sequence[Job], listen: Listener = silent) -> list[Run]:
        """What became of each job (see `Engine.run`)."""
        session = Session(self, jobs, listen)
        with interruptions(session.cancel):
            return session.run()

    @property
    def places(self) -> int:
        """How many jobs run at once."""
        wanted = self.workers or max(1, cores() // self.threads)
        return min(wanted, _by_files())


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by_files() -> int:
    """How many jobs the limit of open files allows: each holds five, and some are in use."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1 << 16 if limit == resource.RLIM_INFINITY else max(1, (limit - 64) // 5)
