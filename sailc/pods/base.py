"""What an engine knows of a pod."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from selectors import BaseSelector
from typing import Protocol

from msgspec import Struct

Message = Mapping[str, object]
"""One JSON object that a script printed: `{"event": "epoch", "loss": 0.3, …}`."""


class Task(Struct, frozen=True):
    """A script to run: in the working directory `cwd`, its output kept in `folder`.

    `grace` is how many seconds it has between TERM and KILL when it is stopped.
    """

    script: Path
    arguments: tuple[str, ...]
    folder: Path
    cwd: Path
    threads: int = 1
    grace: float = 3.0


class Ended(Struct, frozen=True):
    """How a script ended.

    `exit` is its exit code, negative for a signal. `result` is the last `result` event that it
    printed, `stderr` the end of what it wrote there.
    """

    exit: int
    seconds: float
    result: Message | None
    stderr: str


class Running(Protocol):
    """A script in its pod."""

    @property
    def ended(self) -> Ended | None:
        """How it ended, once it has."""
        ...

    def stop(self) -> None:
        """Ask it to end: TERM to all its processes, KILL after the grace. Returns at once."""
        ...

    def kill(self) -> None:
        """End all its processes now."""
        ...


class Pod(Protocol):
    """A way to isolate a script."""

    @property
    def name(self) -> str:
        """Recorded with each run."""
        ...

    def start(
        self, task: Task, selector: BaseSelector, listen: Callable[[Message], None]
    ) -> Running:
        """Start a script; raises `OSError` where the machine refuses.

        The pod registers what it waits for with `selector`, each with a function to call when
        it is ready as `data`. `listen` gets what the script prints, as it prints it.
        """
        ...
