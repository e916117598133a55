"""How runs get on, as bars on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from sailc.engines import Event, Finished, Kept, Noticed, Started
from sailc.engines import Progress as Step


class Bars:
    """A bar for all runs, and one for each that is at work."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed())
        self.progress = Progress(*columns, transient=True)
        self.whole = self.progress.add_task("all runs", total=total)
        self.tasks: dict[tuple[str, int], TaskID] = {}

    def __enter__(self) -> Bars:
        self.progress.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.__exit__(kind, value, trace)

    def listen(self, event: Event) -> None:
        match event:
            case Started(job):
                self.tasks[job.scenario, job.seed] = self.progress.add_task(job.subject, total=None)
            case Step(job, message):
                self._step(job.scenario, job.seed, message)
            case Finished(job, run) | Kept(job, run):
                task = self.tasks.pop((job.scenario, job.seed), None)
                if task is not None:
                    self.progress.remove_task(task)
                if not run.good:
                    self.progress.console.print(f"{job.subject}: {run.reason}", style="red")
                self.progress.advance(self.whole)
            case Noticed(_, diagnostic):
                self.progress.console.print(f"{diagnostic.code}: {diagnostic.message}")

    def _step(self, scenario: str, seed: int, message: Mapping[str, Any]) -> None:
        task = self.tasks.get((scenario, seed))
        event = message.get("event")
        if task is not None and event in ("epoch", "answer"):
            self.progress.update(task, completed=message.get(event), total=message.get(f"{event}s"))
