"""Runs the program `script.py` beside it again, and stops it at the first number that is not
finite: `watched.py AFTER …`, where AFTER is how many epochs are known to be good.

It is run in a pod, with a backend's function `watch` put in the place of the one here; it needs
nothing of sailc. Where the program stops it prints the lines of it that led there.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from types import ModuleType


def watch() -> None:
    """From here on, look at everything."""


def loaded(path: Path) -> ModuleType:
    """The program as a module; `main` is not called."""
    module = ModuleType("script")
    module.__file__ = str(path)
    sys.modules["script"] = module
    text = path.read_text(encoding="utf-8")
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def main(path: Path, after: int) -> None:
    """Run the program; it is watched once `after` epochs are over."""
    program = loaded(path)
    told = program.report
    first = "compile" if 'report("compile"' in path.read_text(encoding="utf-8") else "start"

    def report(event: str, **facts: object) -> None:
        told(event, **facts)
        if (event, facts.get("epoch")) == ("epoch", after) or (after == 0 and event == first):
            watch()

    program.report = report  # pyright: ignore[reportAttributeAccessIssue]
    try:
        program.main()
    except FloatingPointError as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f.lineno for f in frames if f.filename == str(path)]
        facts = {
            "lines": getattr(error, "lines", lines),
            "gradient": getattr(error, "gradient", None),
            "found": str(error),
        }
        print(json.dumps({"event": "not finite", **facts}), flush=True)
        raise


if __name__ == "__main__":
    main(Path(__file__).with_name("script.py"), int(sys.argv.pop(1)))
