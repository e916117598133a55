"""Runs a program that stops itself where its training begins; a SIGCONT lets it go on.

Its clock counts what the process computes, so that the time that it is stopped is not counted.

    python benchmarks/emitted/stopping.py PROGRAM [ARGUMENT…]
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import time
from pathlib import Path

_, program, *arguments = sys.argv
sys.argv = [program, *arguments]
sys.path[0] = str(Path(program).parent)
STOPPED: list[bool] = []


def clock() -> float:
    """Emitted programs time what is not training in `main`."""
    if not STOPPED and sys._getframe(1).f_code.co_name != "main":
        STOPPED.append(True)
        os.kill(os.getpid(), signal.SIGSTOP)
    return time.process_time()


time.perf_counter = clock
runpy.run_path(program, run_name="__main__")
