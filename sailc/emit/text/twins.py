"""Functions of one name that a program has twice: for a backend's tensors, and for arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable

DEFINED = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)


def calls(text: str, helper: str) -> bool:
    """Whether a text calls a function that another defines."""
    return any(re.search(rf"(?<![.\w]){name}\(", text) for name in DEFINED.findall(helper))


def defined(texts: Iterable[str]) -> frozenset[str]:
    """The names of the functions in some texts."""
    return frozenset(name for text in texts for name in DEFINED.findall(text))


def with_own_names(text: str, arrays: Iterable[str], tensors: Iterable[str]) -> str:
    """A text of NumPy's that calls those for arrays by names of their own, where the backend has
    others of the same name."""
    others = {name: h for h in tensors for name in DEFINED.findall(h)}
    for helper in arrays:
        for name in DEFINED.findall(helper):
            if others.get(name, helper) != helper:
                text = re.sub(rf"(?<![\w.]){name}\(", f"{name}_of_arrays(", text)
    return text
