"""What a run records of the machine it ran on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def machine() -> Mapping[str, object]:
    """The system, the processor, its cores and the memory in bytes."""
    import platform

    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory": _memory(),
    }


def load() -> float | None:
    """How many processes wanted a core over the last minute, on average."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
