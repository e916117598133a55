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


@cache
def probe() -> Mapping[str, object]:
    """The facts of `hardware here { probe }`: architecture, cores, bytes of memory, accelerators,
    and whether counters of energy may be read. Nothing is imported and no program is run."""
    import platform

    gpus = _entries(Path("/proc/driver/nvidia/gpus"))
    rocm = _entries(Path("/sys/class/kfd/kfd/topology/nodes")) if Path("/dev/kfd").exists() else 0
    return {
        "arch": platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory": _memory(),
        "accelerator": "cuda" if gpus else "rocm" if rocm else "none",
        "devices": gpus or rocm,
        "energy": not (gpus or rocm) and _counts_energy(),
    }


def _entries(folder: Path) -> int:
    try:
        return len(list(folder.iterdir()))
    except OSError:
        return 0


def _counts_energy() -> bool:
    counters = [p / "energy_uj" for p in Path("/sys/class/powercap").glob("intel-rapl:[0-9]")]
    return bool(counters) and all(os.access(p, os.R_OK) for p in counters)
