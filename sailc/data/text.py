"""Python text for emitted programs."""

from __future__ import annotations

import json

from sailc.data.header import Header


def quoted(text: str) -> str:
    """A Python string literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def call(function: str, *arguments: str, **named: str) -> str:
    """A call of `function`; the arguments are Python text."""
    return f"{function}({', '.join([*arguments, *(f'{k}={v}' for k, v in named.items())])})"


def imports(header: Header, *packages: str) -> tuple[str, ...]:
    """The lines that import what opens the file, and `packages`."""
    modules = (header.compression,) if header.compression else ()
    return (*(f"import {m}" for m in modules), *packages)


def opened_path(header: Header) -> str:
    """What a function that takes a path or an open file is given: a hole `{path}` in it."""
    return call(f"{header.compression}.open", "{path}") if header.compression else "{path}"
