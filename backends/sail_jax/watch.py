"""Stops a program at the first number that is not finite, among JAX's operations.

This file is run beside a program whose training has run away (see `sailc.engines.watched`).
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp


def watch() -> None:
    """From here on, look at everything."""
    jax.clear_caches()
    program: Any = sys.modules["script"]
    if hasattr(program, "EPOCH"):
        program.EPOCH = by_steps(program)
    jax.config.update("jax_debug_nans", True)  # pyright: ignore[reportUnknownMemberType]
    jax.config.update("jax_debug_infs", True)  # pyright: ignore[reportUnknownMemberType]


def by_steps(program: ModuleType) -> Any:
    """Does what a program's `EPOCH` does, step by step: of a scan only the whole is looked at."""
    step: Any = jax.jit(program.step)  # pyright: ignore[reportUnknownMemberType]
    at = list(inspect.signature(program.epoch_of).parameters).index("orders")

    def epoch_of(*given: Any) -> tuple[Any, ...]:
        arguments, values = list(given), list[Any]()
        known: list[Any] = []
        for index in given[at]:
            arguments[at] = index
            *known, value = step(*arguments)
            arguments[: len(known)] = known
            values.append(value)
        return *known, jnp.stack(values).mean()

    return epoch_of
