"""One call of the embedded engine: a loop, on one thread, over the jobs and what they print."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from sailc.diagnostics.runs import FixtureDamaged, ResultDamaged, StoreNotWritable
from sailc.engines.base import Finished, Kept, Listener, Noticed, Progress, Started, silent
from sailc.engines.diagnose import place
from sailc.engines.fair import interleaved
from sailc.engines.outcome import blank, facts_of, outcome, task_of
from sailc.pods import Message, Running
from sailc.store import Claim, Damaged, Job, Run, Status

if TYPE_CHECKING:
    from sailc.engines.local import LocalEngine

POLL = 0.2  # seconds between looks at a cell that another runner has


class Active(Struct):
    """A job that runs. `fate` is what it will be said to be if it does not end well."""

    index: int
    held: Claim
    running: Running
    deadline: float | None
    facts: dict[str, object]
    fate: Status = "failed"
    stopped: bool = False


class Session:
    """The state of one `LocalEngine.run`."""

    def __init__(self, engine: LocalEngine, jobs: Sequence[Job], listen: Listener) -> None:
        self.engine, self.jobs = engine, jobs
        self.listen: Listener = listen
        self.store = engine.store
        self._places = engine.places
        self._began = time.monotonic()
        self._keys = [""] * len(jobs)
        self._done: dict[int, Run] = {}
        self._waiting: deque[int] = deque()
        self._active: list[Active] = []
        self._asked = 0
        self._complained = False
        self._selector = DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._wake, EVENT_READ, partial(self._wake.recv, 64))

    def cancel(self) -> None:
        """End what runs: gently the first time, then at once. From a signal or a thread."""
        self._asked += 1
        with suppress(OSError):
            self._woken.send(b"!")

    def run(self) -> list[Run]:
        """The loop."""
        try:
            self._recall()
            while self._fill():
                self._turn()
            return [self._done[index] for index in range(len(self.jobs))]
        finally:
            self._abandon()

    # --- beginning -----------------------------------------------------------------------

    def _recall(self) -> None:
        """Settle what is kept; the rest waits, in fair order."""
        for index in interleaved(self.jobs):
            self._keys[index] = self.store.key(self.jobs[index])
            found = self._look(index)
            if isinstance(found, Damaged):
                self._warn(index, found)
            if not isinstance(found, Run):
                self._waiting.append(index)
        if self._waiting:
            self._prepare()

    def _prepare(self) -> None:
        try:
            self.store.prepare()
        except OSError as error:
            self._complain(self.jobs[self._waiting[0]], error)

    def _look(self, index: int) -> Run | Damaged | None:
        """Settle a job if its result is kept. One that failed before is tried again."""
        found, job = self.store.get(self._keys[index]), self.jobs[index]
        if not isinstance(found, Run):
            return found
        if not found.good:
            return None
        run = replace(found, scenario=job.scenario)  # programs alike share a result
        self._done[index] = run
        self.listen(Kept(job, run))
        return run

    def _warn(self, index: int, found: Damaged) -> None:
        job = self.jobs[index]
        damage = ResultDamaged(span=place(job), subject=job.subject, reason=found.reason)
        self.listen(Noticed(job, damage))

    def _fill(self) -> bool:
        """Begin what there is room and time for; whether anything is left to wait for."""
        for _ in range(len(self._waiting)):
            if self._asked:
                self._skip("cancelled")
            elif self._left() <= self._expected(self._waiting[0]):
                self._skip("not run: budget")
            elif self._room():
                self._begin(self._waiting.popleft())
            else:
                break
        return bool(self._waiting or self._active)

    def _room(self) -> bool:
        return len(self._active) < self._places

    def _skip(self, status: Status) -> None:
        index = self._waiting.popleft()
        self._finish(index, blank(self.jobs[index], self._keys[index], status))

    def _refuse(self, index: int, error: OSError) -> None:
        run = blank(self.jobs[index], self._keys[index], "failed", error.strerror or str(error))
        self._finish(index, run)

    def _begin(self, index: int) -> None:
        try:
            held = self.store.claim(self._keys[index])
        except OSError as error:
            self._complain(self.jobs[index], error)
            self._refuse(index, error)
            return
        if held is None:
            self._waiting.append(index)  # another runner has it: look again later
        elif isinstance(self._look(index), Run):
            held.release()  # another runner was faster
        else:
            self._start(index, held)

    def _start(self, index: int, held: Claim) -> None:
        job, engine = self.jobs[index], self.engine
        facts = facts_of(job, engine.pod.name, engine.threads, engine.timeout)
        try:
            task = task_of(job, held, self.store.folder, engine.threads, engine.grace)
            running = engine.pod.start(task, self._selector, partial(self._tell, job))
        except OSError as error:
            held.release()
            self._refuse(index, error)
            return
        deadline = None if engine.timeout is None else time.monotonic() + engine.timeout
        self._active.append(Active(index, held, running, deadline, facts))
        self.listen(Started(job))

    # --- waiting ---------------------------------------------------------------------------

    def _turn(self) -> None:
        """Wait for something to happen and take note of it."""
        for key, _ in self._selector.select(self._patience()):
            key.data()
        for active in tuple(self._active):
            if active.running.ended:
                self._conclude(active)
            else:
                self._press(active)

    def _patience(self) -> float | None:
        """Seconds until there is something to do unasked, if ever."""
        times = [a.deadline - time.monotonic() for a in self._active if a.deadline is not None]
        if self._waiting:
            times.append(POLL if self._room() else self._left())
        least = min(times, default=float("inf"))
        return None if least == float("inf") else max(0.0, least)

    def _press(self, active: Active) -> None:
        """Stop what has run for too long or is not wanted, by force what did not stop."""
        late = active.deadline is not None and time.monotonic() >= active.deadline
        if self._asked > 1 or (late and active.stopped):
            active.running.kill()
            active.deadline = None
        elif not active.stopped and (late or self._asked):
            active.stopped, active.fate = True, "timed out" if late else "cancelled"
            active.running.stop()
            active.deadline = time.monotonic() + self.engine.grace + 1

    def _conclude(self, active: Active) -> None:
        self._active.remove(active)
        job, ended = self.jobs[active.index], active.running.ended
        assert ended is not None
        run = outcome(job, active.held, ended, active.fate)
        try:
            if run.status != "cancelled":
                run = self.store.put(active.held, run, active.facts)
        except OSError as error:
            self._complain(job, error)
        finally:
            active.held.release()
        self._finish(active.index, run)

    # --- ending ----------------------------------------------------------------------------

    def _left(self) -> float:
        """Seconds of the budget that are left."""
        if self.engine.budget is None:
            return float("inf")
        return self._began + self.engine.budget - time.monotonic()

    def _expected(self, index: int) -> float:
        """Seconds that a job will take by what earlier runs took: of its scenario, else its
        estimate as far off as theirs were, else of any; 0 where nothing has run. What would not
        end within the budget is not begun."""
        if self.engine.budget is None:
            return 0.0
        taken = [(self.jobs[i], run.seconds) for i, run in self._done.items() if run.good]
        job = self.jobs[index]
        own = [t for j, t in taken if j.scenario == job.scenario]
        if own or not job.expected:
            return median(own or [t for _, t in taken] or [0.0])
        ratios = [t / j.expected for j, t in taken if j.expected]
        return job.expected * median(ratios or [0.0])

    def _tell(self, job: Job, message: Message) -> None:
        if message.get("event") == "damaged":
            file = "/".join(Path(str(message.get("file"))).parts[-2:])
            found = FixtureDamaged(span=place(job), subject=job.subject, file=file)
            self.listen(Noticed(job, found))
        else:
            self.listen(Progress(job, message))

    def _finish(self, index: int, run: Run) -> None:
        self._done[index] = run
        self.listen(Finished(self.jobs[index], run))

    def _complain(self, job: Job, error: OSError) -> None:
        """Say once that the store cannot be written."""
        if not self._complained:
            self._complained = True
            folder, reason = str(self.store.results), error.strerror or str(error)
            found = StoreNotWritable(span=place(job), folder=folder, reason=reason)
            self.listen(Noticed(job, found))

    def _abandon(self) -> None:
        """Leave nothing behind, also where a listener raised."""
        self.listen = silent
        limit = time.monotonic() + 2
        for active in self._active:
            active.running.kill()
        while any(a.running.ended is None for a in self._active) and time.monotonic() < limit:
            for key, _ in self._selector.select(0.1):
                key.data()
        for active in self._active:
            active.held.release()
        self.store.flush()
        self._selector.close()
        self._wake.close()
        self._woken.close()
