"""From what became of a run to the diagnostic that says so."""

from __future__ import annotations

from collections.abc import Callable

from sailc.diagnostics.base import Diagnostic
from sailc.diagnostics.runs import (
    NoResult,
    NotStarted,
    ScriptCrashed,
    ScriptKilled,
    ScriptTimedOut,
)
from sailc.source import Span
from sailc.store import Job, Run


def place(job: Job) -> Span:
    """Where a diagnostic about a job points, if nothing better is known: its file's head."""
    return Span(job.source, 0, 0)


def diagnose(
    job: Job, run: Run, span_of: Callable[[int], Span | None] = lambda _: None
) -> Diagnostic | None:
    """What to say about a run that failed or took too long; `None` about any other.

    `span_of` is the source map: from a line of the emitted script to its place in the source.
    """
    span = (span_of(run.line) if run.line else None) or place(job)
    match run.status:
        case "timed out":
            return ScriptTimedOut(span=span, subject=job.subject, limit=round(run.seconds, 1))
        case "failed":
            return _failure(job, run, span)
        case _:
            return None


def _failure(job: Job, run: Run, span: Span) -> Diagnostic:
    subject = job.subject
    if run.exit is None:
        return NotStarted(span=span, subject=subject, reason=run.reason)
    if run.exit < 0:
        return ScriptKilled(span=span, subject=subject, signal=-run.exit)
    if run.exit == 0:
        return NoResult(span=span, subject=subject)
    log = str(run.log.with_name("stderr.txt")) if run.log else ""
    return ScriptCrashed(
        span=span, subject=subject, exit=run.exit, exception=run.exception, log=log
    )
