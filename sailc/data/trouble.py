"""How a reader, deep inside, gives up: with one of the troubles of `sailc.diagnostics.data`."""

from __future__ import annotations

from sailc.diagnostics.data import Trouble


class TroubleFound(Exception):
    """Carries a trouble up to `read_header`; it never leaves `sailc.data`."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble
