"""Runs programs that train: one after the other, or in turns."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

Told = tuple[list[dict], int]
"""What a process prints as JSON lines, and its peak memory in bytes."""

STOPPING = str(Path(__file__).with_name("stopping.py"))
TURN = 0.25  # seconds


def one_by_one(commands: list[list[str]], environment: Mapping[str, str]) -> list[Told]:
    """What programs tell that run one after the other."""
    found: list[Told] = []
    for command in commands:
        with tempfile.TemporaryFile("w+") as file:
            process = subprocess.Popen([sys.executable, *command], stdout=file, env=environment)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            found.append(_told(file, command, process.returncode, used.ru_maxrss))
    return found


def in_turns(commands: list[list[str]], environment: Mapping[str, str]) -> list[Told]:
    """What programs tell whose training goes on in turns, from where it begins in each."""
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in commands]
        running = [
            subprocess.Popen([sys.executable, STOPPING, *command], stdout=file, env=environment)
            for command, file in zip(commands, files, strict=True)
        ]
        for process in running:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        peaks = [0 for _ in commands]
        while any(process.returncode is None for process in running):
            for i, process in enumerate(running):
                if process.returncode is None:
                    os.kill(process.pid, signal.SIGCONT)
                    time.sleep(TURN)
                    os.kill(process.pid, signal.SIGSTOP)
                    ended, status, used = os.wait4(process.pid, os.WNOHANG)
                    if ended:
                        process.returncode = os.waitstatus_to_exitcode(status)
                        peaks[i] = used.ru_maxrss
        ended = zip(files, commands, running, peaks, strict=True)
        return [_told(file, c, process.returncode, peak) for file, c, process, peak in ended]


def _told(file, command: list[str], code: int, peak: int) -> Told:
    if code:
        raise SystemExit(f"{' '.join(command)} failed")
    file.seek(0)
    return [json.loads(line) for line in file], peak * 1024
