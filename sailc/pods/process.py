"""The `process` pod: a script as a subprocess of its own session. No guarantee is claimed.

Three processes: the runner, the keeper (`keeper.py`), the script. The runner waits on the
script's two outputs and on its line to the keeper, never on a process id, so nothing is lost, or
killed by mistake, when ids are used again.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from selectors import EVENT_READ, BaseSelector
from signal import SIGKILL
from subprocess import PIPE, Popen
from typing import IO

from sailc.pods.base import Ended, Message, Task
from sailc.pods.output import Errors, Log

KEEPER = Path(__file__).with_name("keeper.py")
CHUNK = 1 << 16
MOST_LEFT = 1 << 20  # what a pipe can hold

THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NPROC",  # XLA's pool on a processor
)


class ProcessPod:
    """Starts scripts as subprocesses."""

    name = "process"

    def start(
        self, task: Task, selector: BaseSelector, listen: Callable[[Message], None]
    ) -> Process:
        """Start a script (see `Pod.start`)."""
        log, errors = Log(task.folder / "log.jsonl"), Errors(task.folder / "stderr.txt")
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                keeper = Popen(
                    command(task),
                    stdin=theirs.fileno(),
                    stdout=PIPE,
                    stderr=PIPE,
                    cwd=task.cwd,
                    env=environment(task.threads),
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        return Process(keeper, ours, log, errors, selector, listen)


def command(task: Task) -> list[str]:
    """The keeper's command line, the script's within it.

    The script sees the packages that sailc sees, the user's own included if sailc does, but
    nothing from the folder it lies in: a `random.py` there is no module.
    """
    user = ["-s"] if sys.flags.no_user_site else []
    script = [sys.executable, "-P", *user, "-X", "faulthandler", str(task.script), *task.arguments]
    return [sys.executable, "-I", "-S", str(KEEPER), str(task.grace), *script]


def environment(threads: int) -> Mapping[str, str]:
    """The runner's environment without what would change what Python imports or how it hashes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    python = {"PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    return kept | python | dict.fromkeys(THREADS, str(threads))


class Process:
    """A script that runs (see `Running`)."""

    def __init__(
        self,
        keeper: Popen[bytes],
        line: socket.socket,
        log: Log,
        errors: Errors,
        selector: BaseSelector,
        listen: Callable[[Message], None],
    ) -> None:
        self._keeper, self._line = keeper, line
        self._selector, self._listen = selector, listen
        self._began = time.perf_counter()
        self._log, self._errors = log, errors
        self._said = b""
        self._open: dict[IO[bytes], Callable[[bytes], None]] = {}
        self._watch(keeper.stdout, self._hear)
        self._watch(keeper.stderr, self._errors.feed)
        selector.register(line, EVENT_READ, self._keeper_spoke)
        self.ended: Ended | None = None

    def stop(self) -> None:
        """TERM to all its processes, KILL after the grace."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End all its processes now."""
        if self.ended is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._keeper.pid, SIGKILL)

    def _watch(self, stream: IO[bytes] | None, take: Callable[[bytes], None]) -> None:
        assert stream is not None
        os.set_blocking(stream.fileno(), False)
        self._open[stream] = take
        self._selector.register(stream, EVENT_READ, partial(self._read, stream))

    def _hear(self, chunk: bytes) -> None:
        for event in self._log.feed(chunk):
            self._listen(event)

    def _read(self, stream: IO[bytes]) -> int:
        """Take one chunk; returns its size, 0 where there is none."""
        if stream not in self._open:
            return 0
        try:
            chunk = os.read(stream.fileno(), CHUNK)
        except BlockingIOError:
            return 0
        if chunk:
            self._open[stream](chunk)
        else:
            self._close(stream)
        return len(chunk)

    def _close(self, stream: IO[bytes]) -> None:
        del self._open[stream]
        self._selector.unregister(stream)
        stream.close()

    def _keeper_spoke(self) -> None:
        if self.ended is not None:
            return
        try:
            said = self._line.recv(64)
        except ConnectionError:
            said = b""
        self._said += said
        if not said:
            self._end()

    def _end(self) -> None:
        seconds = time.perf_counter() - self._began
        self.kill()  # the keeper has done so, unless it was itself killed
        end = self._keeper.wait()
        self._selector.unregister(self._line)
        self._line.close()
        for stream in tuple(self._open):
            self._drain(stream)
        for event in self._log.close():
            self._listen(event)
        stderr = self._errors.close()
        self.ended = Ended(int(self._said or end), seconds, self._log.result, stderr)

    def _drain(self, stream: IO[bytes]) -> None:
        """What the script wrote last. A process that left the group may keep the pipe open."""
        left = MOST_LEFT
        while left > 0 and (size := self._read(stream)):
            left -= size
        if stream in self._open:
            self._close(stream)
