"""The command `sailc`. `--version` is answered before anything else is imported."""

from __future__ import annotations

import sys

from sailc import __version__


def main() -> None:
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"sailc {__version__}")
        return
    from sailc.cli.main import cli

    cli(prog_name="sailc")


if __name__ == "__main__":
    main()
