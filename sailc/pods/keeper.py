"""The program that stands between a runner and a script, and ends with either.

    python -I -S keeper.py GRACE COMMAND…        (the standard library alone; never imported)

It leads a session of its own, so a Ctrl-C in the runner's terminal does not reach the script.
Its standard input is one end of a socket whose other end only the runner has. When that closes,
because the runner wants it or because the runner is dead (even by kill -9), the script and all
it started get TERM, and KILL after GRACE seconds. When the script ends, its exit code is written
to the socket and what it left running is killed. This needs no signal at a parent's death, which
Linux alone has, which follows the thread that forked, and which spares the children's children.
"""

import os
import resource
import select
import signal
import sys
import time

LINE = 0


def main(grace: float, command: list[str]) -> None:
    """Run the command; ends by killing its own process group."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        ended = children()  # before there is one, or its end could be missed
        keep(start(command), ended, grace)
    except OSError as error:
        print(f"{command[0]}: {error.strerror or error}", file=sys.stderr, flush=True)
        os.write(LINE, b"127\n")
    finally:
        os.killpg(0, signal.SIGKILL)


def children() -> int:
    """A descriptor that is ready when a child has ended; TERM is for the others of the group."""
    ready, write = os.pipe()
    os.set_blocking(ready, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, noted)
    return ready


def noted(_number: int, _frame: object) -> None:
    """A signal that only wakes; unlike an ignored one, it is not ignored by the script too."""


def start(command: list[str]) -> int:
    """The script's process, with nothing to read and Python's own signal settings undone."""
    empty = (os.POSIX_SPAWN_OPEN, LINE, os.devnull, os.O_RDONLY, 0)
    undone = (signal.SIGPIPE, signal.SIGXFSZ)
    return os.posix_spawn(command[0], command, os.environ, file_actions=[empty], setsigdef=undone)


def keep(script: int, ended: int, grace: float) -> None:
    """Wait until the script has ended, or was told to and has had its grace."""
    watched: list[int] = [LINE, ended]
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = select.select(watched, [], [], left)[0]
        pid, status = os.waitpid(script, os.WNOHANG)
        if pid:
            os.write(LINE, b"%d\n" % os.waitstatus_to_exitcode(status))
            return
        if not ready:
            return
        if ended in ready:
            os.read(ended, 4096)
        elif deadline is None:
            watched, deadline = [ended], time.monotonic() + grace
            os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
