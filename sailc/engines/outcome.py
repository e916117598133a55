"""From a job to the task that a pod gets, and from how that ended to a run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from sailc.pods import Ended, Message, Task
from sailc.store import Claim, Job, Run, Status
from sailc.store.failure import failing_line
from sailc.store.machine import load, machine

ERROR = 16 << 10


def task_of(job: Job, held: Claim, cwd: Path, threads: int, grace: float) -> Task:
    """Lay the script into the claimed folder. It runs in the workspace, as its paths expect."""
    script = held.folder / "script.py"
    script.write_text(job.text, encoding="utf-8")
    for name, text in job.beside.items():
        (held.folder / f"{name}.py").write_text(text, encoding="utf-8")
    arguments = ("--seed", str(job.seed), "--out", str(held.folder))
    arguments += ("--device", job.device) if job.device != "cpu" else ()
    if job.watch is not None:
        script = held.folder / "watched.py"
        script.write_text(job.watch.text, encoding="utf-8")
        arguments = (str(job.watch.after), *arguments)
    if job.keeps:
        arguments += ("--fixtures", str(cwd / ".sail" / "fixtures"))
    return Task(script, arguments, held.folder, cwd, threads, grace)


def facts_of(job: Job, pod: str, threads: int, timeout: float | None) -> dict[str, object]:
    """What is recorded of a run beside what became of it."""
    return {
        "title": job.title,
        "source": job.source,
        "backend": job.backend,
        "device": job.device,
        "versions": dict(job.versions),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "pod": pod,
        "threads": threads,
        "timeout": timeout,
        "machine": dict(machine()),
        "load": load(),
    }


def outcome(job: Job, held: Claim, ended: Ended, fate: Status) -> Run:
    """The run that a script's end makes: `ran` if it ended well with a result, else `fate`."""
    result = _result(ended)
    run = Run(held.key, job.scenario, job.seed, "ran", result, None, ended.seconds, exit=ended.exit)
    if result is not None:
        return run
    # The script is named without the folder, which it will have left.
    error = ended.stderr[-ERROR:].replace(f"{held.folder}{os.sep}", "").strip()
    return replace(run, status=fate, error=error, line=failing_line(ended.stderr, job.text))


def blank(job: Job, key: str, status: Status, error: str | None = None) -> Run:
    """The run of a job that was not begun."""
    return Run(key, job.scenario, job.seed, status, error=error)


def _result(ended: Ended) -> Message | None:
    if ended.exit != 0 or ended.result is None or not isinstance(ended.result.get("metrics"), dict):
        return None
    return {name: value for name, value in ended.result.items() if name != "event"}
