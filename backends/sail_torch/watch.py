"""Stops a program at the first number that is not finite, among PyTorch's operations.

This file is run beside a program whose training has run away (see `sailc.engines.watched`).
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

# What gives tensors with their channels second, as PyTorch has them; in SAIL they are last.
SPATIAL = re.compile(r"(conv|conv_transpose|max_pool|avg_pool)\dd|interpolate")


class NotFinite(FloatingPointError):
    """Numbers that are not finite. `lines` of the program led there, the innermost last; they
    are of a gradient, or of what is computed forward."""

    def __init__(self, text: str, lines: list[int], gradient: bool) -> None:
        super().__init__(text)
        self.lines, self.gradient = lines, gradient


class Watch(TorchFunctionMode):
    """Looks at what every operation gives, and later at its gradient. What is not finite there
    is told once it has reached the loss, or what is learned: it may be masked on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.suspects: list[NotFinite] = []
        self.learned: dict[int, torch.Tensor] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        result: object = func(*args, **(kwargs or {}))
        found = [a for a in args if isinstance(a, torch.Tensor) and a.is_leaf and a.requires_grad]
        self.learned.update((id(a), a) for a in found)
        name = getattr(func, "__name__", "")
        if name == "__get__":  # an attribute: the slopes of the step before, when they are emptied
            return result
        for value in several(result):
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                if is_channels_second(name, value, args):
                    mark(value)
                self.look(value, program_lines())
        if name == "backward":
            self.judge(args[0])
        return result

    def look(self, value: torch.Tensor, lines: list[int]) -> None:
        """Look at what the program makes at some lines."""
        self.suspect(value, lines, gradient=False)
        if value.grad_fn is not None:
            shape = value.shape if is_marked(value) else None
            value.grad_fn.register_hook(partial(self.look_back, lines, shape))

    def look_back(
        self,
        lines: list[int],
        second: torch.Size | None,
        given: Sequence[torch.Tensor | None],
        _: Sequence[object],
    ) -> None:
        """Look at the gradients that an operation gives to what it was made of; those of one shape
        have their channels second."""
        for value in given:
            if value is not None:
                if value.shape == second:
                    mark(value)
                self.suspect(value, lines, gradient=True)

    def suspect(self, value: torch.Tensor, lines: list[int], gradient: bool) -> None:
        """Note numbers that are not finite, and their shape as SAIL has it."""
        wrong = value.numel() - int(value.detach().isfinite().sum())
        if wrong:
            shape = tuple(value.shape)
            if is_marked(value):
                shape = (shape[0], *shape[2:], shape[1])
            text = f"{wrong} of {value.numel()} numbers, shape {shape}"
            self.suspects.append(NotFinite(text, lines, gradient))

    def judge(self, loss: object) -> None:
        """Raises the first `NotFinite` of a step if the step went wrong."""
        slopes = [x.grad for x in self.learned.values() if x.grad is not None]
        reached = [loss, *slopes] if isinstance(loss, torch.Tensor) else slopes
        if self.suspects and not all(bool(x.isfinite().all()) for x in reached):
            raise self.suspects[0]
        self.suspects.clear()


def mark(value: torch.Tensor) -> None:
    """Note that a tensor has its channels second."""
    setattr(value, "channels_second", True)  # noqa: B010  tensors declare no such attribute


def is_marked(value: object) -> bool:
    """Whether a tensor is known to have its channels second."""
    return isinstance(value, torch.Tensor) and getattr(value, "channels_second", False)


def is_channels_second(name: str, value: torch.Tensor, args: Sequence[object]) -> bool:
    """Whether what an operation gives has its channels second: by itself, or as what it is made
    of number by number."""
    if name == "movedim":
        return tuple(args[1:]) == (-1, 1)
    known = [a for a in (several(args[0]) if name == "cat" else args) if is_marked(a)]
    alike = [a for a in known if isinstance(a, torch.Tensor) and a.shape == value.shape]
    return bool(SPATIAL.fullmatch(name) or alike or (known and name in ("cat", "pad")))


def several(result: object) -> Sequence[object]:
    """What an operation gives, one or many."""
    return list(result) if isinstance(result, tuple | list) else [result]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def program_lines() -> list[int]:
    """The lines of the program that are being run, the innermost last."""
    stack = traceback.walk_stack(None)
    lines = [n for frame, n in stack if frame.f_code.co_filename.endswith("script.py")]
    return lines[::-1]


def watch() -> None:
    """From here on, look at everything."""
    Watch().__enter__()
