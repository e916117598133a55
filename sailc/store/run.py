"""One cell of a benchmark: what is asked of it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from sailc.diagnostics.runs import signal_name
from sailc.store.failure import exception

Status = Literal[
    "ran", "kept", "failed", "timed out", "cancelled", "not run: budget", "not run", "pruned"
]


class Watch(Struct, frozen=True):
    """That a program is only run to see where a training ran away: by the Python program `text`,
    beside which it lies, once `after` epochs are over."""

    text: str
    after: int


class Job(Struct, frozen=True):
    """A scenario with a seed: one run.

    `text` is the emitted program, `data` the files it reads (relative ones are in the store's
    folder, where it runs), `versions` the packages it runs on
    (see `sailc.store.versions`); with the seed, these are all that can change a number.
    `source` is the path of the `.sail` file, as its author would write it; `keeps` says whether
    it keeps fixtures, in a folder that it is given. `expected` is how many seconds it is estimated
    to take, None where nothing tells. `device` is where it runs, as its backend says it (`cuda:1`).
    `watch` says that it is no run, but looks into one. `beside`
    are the texts of the modules that lie beside it, by name; its own text names them by their hash.
    """

    scenario: str
    title: str
    text: str
    seed: int
    data: tuple[Path, ...]
    versions: Mapping[str, str]
    backend: str
    source: str
    keeps: bool = False
    expected: float | None = None
    device: str = "cpu"
    watch: Watch | None = None
    beside: Mapping[str, str] = {}

    @property
    def subject(self) -> str:
        """How messages name the run: `LeNet on Digits, seed 3`."""
        return f"{self.title}, seed {self.seed}"


class Run(Struct, frozen=True):
    """What became of a job.

    `result` is the object that the program printed last, if it ended well. `error` is the end of
    what it wrote to stderr, or why it was not run; `line` the line of its `script.py` that failed,
    `exit` its exit code, negative for a signal. `log` is the folder's `log.jsonl`, where the folder
    was kept.
    """

    key: str
    scenario: str
    seed: int
    status: Status
    result: Mapping[str, object] | None = None
    error: str | None = None
    seconds: float = 0.0
    log: Path | None = None
    exit: int | None = None
    line: int | None = None

    @property
    def good(self) -> bool:
        """Whether it has a result that counts, from now or from before."""
        return self.status in ("ran", "kept")

    @property
    def exception(self) -> str:
        """The exception that ended it, in one line: `ValueError: bad`."""
        return exception(self.error or "")

    @property
    def reason(self) -> str:
        """Why it has no result, in one line; empty if it has one."""
        if self.good:
            return ""
        if self.status in ("not run", "pruned") and self.error:
            return self.error
        if self.status != "failed":
            return self.status
        if self.exit is not None and self.exit < 0:
            return f"killed by {signal_name(-self.exit)}"
        if self.exit == 0:
            return "printed no result"
        return self.exception or f"exit code {self.exit}"
