"""From what became of a run to the diagnostic that says so, at its place in the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.diverged import TrainingDiverged
from sailc.diagnostics.runs import (
    NoResult,
    NotStarted,
    ScriptCrashed,
    ScriptKilled,
    ScriptTimedOut,
)
from sailc.emit.origin import Origin
from sailc.engines.divergence import Divergence, Seen, divergence
from sailc.source import Span
from sailc.store import Job, Run
from sailc.store.failure import failing_lines
from sailc.types.model import show

Trace = Callable[[int], Origin | None]
"""The source map: from a line of the emitted program to what it was written from."""


def place(job: Job) -> Span:
    """Where a diagnostic about a job points, if nothing better is known: its file's head."""
    return Span(job.source, 0, 0)


def diagnose(
    job: Job, run: Run, trace: Trace = lambda _: None, seen: Seen | None = None
) -> Diagnostic | None:
    """What to say about a run that failed or took too long; `None` about any other. `seen` is
    what a second look at a training that ran away has found."""
    match run.status:
        case "timed out":
            at = place(job)
            return ScriptTimedOut(span=at, subject=job.subject, limit=round(run.seconds, 1))
        case "failed":
            found = divergence(run)
            if found is not None:
                return _diverged(job, run, found, trace, seen)
            return _failure(job, run, _traced(trace, failing_lines(run.error or "", job.text)))
        case _:
            return None


def _traced(trace: Trace, lines: Iterable[int]) -> Origin | None:
    """What the innermost of some lines is of which the source is known."""
    found = (trace(line) for line in reversed(tuple(lines)))
    return next((o for o in found if o is not None), None)


def _diverged(
    job: Job, run: Run, found: Divergence, trace: Trace, seen: Seen | None
) -> TrainingDiverged:
    lines = seen.lines if seen is not None else failing_lines(run.error or "", job.text)
    origin = _traced(trace, lines) or Origin(place(job))
    return TrainingDiverged(
        span=origin.span,
        subject=job.subject,
        loss=found.loss,
        epoch=found.epoch,
        name=origin.name,
        type=_shown(origin),
        found=seen.found if seen is not None else "",
        gradient=seen.gradient if seen is not None else None,
        grown=found.grown,
    )


def _failure(job: Job, run: Run, origin: Origin | None) -> Diagnostic:
    subject, origin = job.subject, origin or Origin(place(job))
    span = origin.span
    if run.exit is None:
        return NotStarted(span=span, subject=subject, reason=run.reason)
    if run.exit < 0:
        return ScriptKilled(span=span, subject=subject, signal=-run.exit)
    if run.exit == 0:
        return NoResult(span=span, subject=subject)
    log = str(run.log.with_name("stderr.txt")) if run.log else ""
    return ScriptCrashed(
        span=span,
        subject=subject,
        exit=run.exit,
        exception=run.exception,
        log=log,
        name=origin.name,
        type=_shown(origin),
    )


def _shown(origin: Origin) -> str:
    return show(origin.type) if origin.type is not None else ""
