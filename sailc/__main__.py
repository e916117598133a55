"""The command `sailc`. `--version` is answered before anything else is imported."""

from __future__ import annotations

import gc
import sys

from sailc import __version__


def collect_rarely() -> None:
    """Look for cyclic garbage seldom: what a compiler makes it keeps, so that looking takes a
    quarter of its time and finds next to nothing."""
    gc.set_threshold(200_000, 20, 20)


def main() -> None:
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"sailc {__version__}")
        return
    from sailc.cli.main import cli

    collect_rarely()
    cli(prog_name="sailc")


if __name__ == "__main__":
    main()
