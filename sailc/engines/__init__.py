"""Engines: where and when the runs of a benchmark happen."""

from sailc.engines.base import (
    Engine,
    Event,
    Finished,
    Kept,
    Listener,
    Noticed,
    Progress,
    Started,
)
from sailc.engines.diagnose import diagnose
from sailc.engines.divergence import looked, second_look
from sailc.engines.local import LocalEngine

__all__ = [
    "Engine",
    "Event",
    "Finished",
    "Kept",
    "Listener",
    "LocalEngine",
    "Noticed",
    "Progress",
    "Started",
    "diagnose",
    "looked",
    "second_look",
]
