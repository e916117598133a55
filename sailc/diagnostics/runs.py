"""E08: what can go wrong while a scenario runs, and with what is kept of it.

`subject` names the run as a table does: `LeNet on Digits, seed 3`. The span is a place in
the `.sail` source: the line that failed where that is known, else the head of the file.
"""

from __future__ import annotations

import signal

from sailc.diagnostics.base import Diagnostic


class ScriptCrashed(Diagnostic, frozen=True, kw_only=True):
    """A scenario's program stopped with an exception or an exit code that is not 0.

    ```text
    LeNet on Digits, seed 3, stopped with exit code 1 at `z` (Tensor[real, 64]): RuntimeError:
    not enough memory
    ```

    The place is that of the `.sail` line from which the innermost line of the program was
    written. The other runs are not affected, and the failed one stays in the table as a row with
    this reason. What it printed last is in `stderr.txt` of its folder under `.sail/results`,
    beside `script.py`, which runs by itself under a debugger. The next `sailc run` tries it again.
    """

    code = "E0801"
    title = "a run stopped with an error"
    subject: str
    exit: int
    exception: str = ""
    log: str = ""
    name: str = ""
    type: str = ""

    @property
    def message(self) -> str:
        kind = f" ({self.type})" if self.type else ""
        place = f" at `{self.name}`{kind}" if self.name else ""
        tail = f": {self.exception}" if self.exception else ""
        return f"{self.subject}, stopped with exit code {self.exit}{place}{tail}"

    @property
    def help(self) -> str:
        if self.exception.startswith("ModuleNotFoundError"):
            return "install the missing package for the Python that runs sailc, then run again"
        where = f"; all that it wrote is in {self.log}" if self.log else ""
        return f"mend the line that failed and run again: what is finished is kept{where}"


class ScriptKilled(Diagnostic, frozen=True, kw_only=True):
    """A scenario's program was ended by a signal from outside.

    ```text
    LeNet on Digits, seed 3, was killed by SIGKILL
    ```

    `SIGKILL` that nobody sent comes from the system when memory runs out; `SIGSEGV` and
    `SIGABRT` come from compiled code inside a package. The next `sailc run` tries it again.
    """

    code = "E0802"
    title = "a run was killed"
    subject: str
    signal: int

    @property
    def message(self) -> str:
        return f"{self.subject}, was killed by {signal_name(self.signal)}"

    @property
    def help(self) -> str:
        if self.signal == signal.SIGKILL:
            return (
                "the system kills like this when memory runs out: "
                "run fewer at a time, or make the batch or the model smaller"
            )
        if self.signal in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL):
            return "compiled code in a package crashed: its stack is in stderr.txt"
        return "run again: what is finished is kept"


class ScriptTimedOut(Diagnostic, frozen=True, kw_only=True):
    """A scenario's program did not end within the time that one run has.

    ```text
    LeNet on Digits, seed 3, had not ended after 600 s and was stopped
    ```

    It stays in the table as a row, `timed out`, and is tried again by the next `sailc run`.
    """

    code = "E0803"
    title = "a run took too long"
    subject: str
    limit: float

    @property
    def message(self) -> str:
        return f"{self.subject}, had not ended after {self.limit:g} s and was stopped"

    @property
    def help(self) -> str:
        return "allow a run more time, or give it less to do: fewer epochs, fewer points"


class NoResult(Diagnostic, frozen=True, kw_only=True):
    """A scenario's program ended well, exit code 0, but printed no result.

    ```text
    LeNet on Digits, seed 3, ended without printing its result
    ```

    A program prints one JSON object a line; the last, `{"event": "result", "metrics": {…}}`,
    is what counts. Something that calls `exit(0)` on the way (an `extern` package) keeps it from
    being printed.
    """

    code = "E0804"
    title = "a run gave no result"
    subject: str

    @property
    def message(self) -> str:
        return f"{self.subject}, ended without printing its result"

    @property
    def help(self) -> str:
        return "look for what ends the program early: an `extern` that calls exit, most likely"


class StoreNotWritable(Diagnostic, frozen=True, kw_only=True):
    """The folder `.sail`, where results are kept, cannot be written or locked.

    ```text
    I cannot write to .sail/results: No space left on device
    ```

    Results that are kept there already are still read. A result that could not be kept is in
    the table of this run, and is computed again by the next one.
    """

    code = "E0805"
    title = "results cannot be kept"
    folder: str
    reason: str

    @property
    def message(self) -> str:
        return f"I cannot write to {self.folder}: {self.reason}"

    @property
    def help(self) -> str:
        return "free some space, mend its permissions, or copy the workspace to a local disk"


class ResultDamaged(Diagnostic, frozen=True, kw_only=True):
    """A kept result is incomplete or was changed after it was written, so it is run again.

    ```text
    the kept result of LeNet on Digits, seed 3, is damaged (result.json has changed)
    ```

    Every kept result carries a checksum. One that does not agree counts as not there: a number
    that nobody can vouch for is not reported.
    """

    code = "W0801"
    title = "a kept result was damaged"
    subject: str
    reason: str

    @property
    def message(self) -> str:
        return f"the kept result of {self.subject}, is damaged ({self.reason})"

    @property
    def help(self) -> str:
        return "nothing to do: it is run again now"


class FixtureDamaged(Diagnostic, frozen=True, kw_only=True):
    """A kept fixture, data that an `extern fn` has computed, is incomplete or was changed after it
    was written, so it is computed again.

    ```text
    a kept fixture that CosmoNet on CosmoFlow, seed 0, reads is damaged (nbody-3f2a9c/71b0.h5)
    ```

    Every fixture carries a checksum; `sailc fixtures verify` compares them all.
    """

    code = "W0802"
    title = "a kept fixture was damaged"
    subject: str
    file: str

    @property
    def message(self) -> str:
        return f"a kept fixture that {self.subject}, reads is damaged ({self.file})"

    @property
    def help(self) -> str:
        return "nothing to do: it is computed again now"


class NotStarted(Diagnostic, frozen=True, kw_only=True):
    """A scenario's program could not be started at all.

    ```text
    LeNet on Digits, seed 3, could not be started: Cannot allocate memory
    ```

    The machine refused a new process: out of memory, of processes or of open files.
    """

    code = "E0806"
    title = "a run could not be started"
    subject: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.subject}, could not be started: {self.reason}"

    @property
    def help(self) -> str:
        return "close other programs or run fewer at a time, then run again"


def signal_name(number: int) -> str:
    """`SIGKILL` for 9; `signal 99` where the number has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
